import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

/** The types of TLS records (RFC 5246 6.2.1), which are told from outside in TLS 1.2. */
export const ALERT = 21
export const APPLICATION_DATA = 23

/** A relay that looks at the TLS 1.2 records which pass. */
export interface TlsRelay {
  readonly port: number
  /** The types of the records, in order. */
  readonly fromClient: readonly number[]
  readonly fromServer: readonly number[]
  /** Resolves when the client's side of the first connection, or the server's, has ended. */
  readonly clientEnded: Promise<void>
  readonly serverEnded: Promise<void>
}

/** Stands between a client and the server on `port` until the test is over. */
export async function tlsRelay(t: TestContext, port: number): Promise<TlsRelay> {
  const fromClient: number[] = []
  const fromServer: number[] = []
  const sockets: Socket[] = []
  const clientEnded = Promise.withResolvers<void>()
  const serverEnded = Promise.withResolvers<void>()
  const relay = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    sockets.push(near, far)
    pass(near, far, fromClient, clientEnded.resolve)
    pass(far, near, fromServer, serverEnded.resolve)
  })
  relay.listen(0, '127.0.0.1')
  await once(relay, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    relay.close()
  })
  const { port: own } = relay.address() as AddressInfo
  const ends = { clientEnded: clientEnded.promise, serverEnded: serverEnded.promise }
  return { port: own, fromClient, fromServer, ...ends }
}

function pass(from: Socket, to: Socket, types: number[], ended: () => void): void {
  let rest = Buffer.alloc(0)
  from.on('error', () => {})
  from.on('data', (bytes: Buffer) => {
    to.write(bytes)
    rest = Buffer.concat([rest, bytes])
    // A record is its type, two bytes of version, two of length, and that many more.
    while (rest.length >= 5 && rest.length >= 5 + rest.readUInt16BE(3)) {
      types.push(rest.readUInt8(0))
      rest = rest.subarray(5 + rest.readUInt16BE(3))
    }
  })
  from.on('end', () => {
    to.end()
    ended()
  })
}
