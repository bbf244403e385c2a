import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { createServer } from 'node:tls'
import type { Certificate } from '../../../core/test/certificates.ts'

/** A TLS server that answers nothing, and what it got. */
export interface TlsPeer {
  readonly url: string
  /** What came after the handshake. */
  readonly received: string
  /** Waits until no connection is left. */
  emptied(): Promise<void>
  close(): Promise<void>
}

export async function tlsPeer({ key, cert }: Certificate): Promise<TlsPeer> {
  const sockets = new Set<Socket>()
  let received = ''
  const server = createServer({ key, cert }, (socket) => {
    socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')))
    socket.on('error', () => {})
  })
  server.on('tlsClientError', () => {})
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, // it listens on TCP
    get received() {
      return received
    },
    async emptied() {
      await Promise.all([...sockets].map((socket) => once(socket, 'close')))
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
