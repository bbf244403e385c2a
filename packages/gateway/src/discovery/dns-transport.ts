import { createSocket } from 'node:dgram'
import { connect, isIPv6 } from 'node:net'
import type { Clock } from '@headgate/core'

/** Where a name server listens. */
export interface NameServer {
  readonly host: string
  readonly port: number
}

/** Nothing longer can be said over TCP: its length has two bytes (RFC 1035 4.2.2). */
const LENGTH_BYTES = 2

/**
 * Sends a datagram and resolves with the first that comes back and is accepted, from the same place: the socket is
 * connected, and its port is another one each time. Rejects if none comes in time.
 * @param timeout milliseconds
 */
export function askByDatagram(
  { host, port }: NameServer,
  message: Buffer,
  isAccepted: (answer: Buffer) => boolean,
  timeout: number,
  clock: Clock,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
    const timer = clock.timer(() => settle(() => reject(new Error(`no answer within ${timeout} ms`))))
    let isSettled = false
    const settle = (end: () => void): void => {
      if (isSettled) return
      isSettled = true
      timer.disarm()
      socket.close()
      end()
    }
    timer.arm(timeout)
    socket.unref()
    socket.on('error', (error) => settle(() => reject(error)))
    socket.on('message', (answer) => {
      if (isAccepted(answer)) settle(() => resolve(answer))
    })
    socket.on('connect', () => {
      if (!isSettled) socket.send(message)
    })
    socket.connect(port, host)
  })
}

/** The same over TCP (RFC 7766), for what does not fit into a datagram. */
export function askByConnection(
  { host, port }: NameServer,
  message: Buffer,
  isAccepted: (answer: Buffer) => boolean,
  timeout: number,
  clock: Clock,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port })
    const timer = clock.timer(() =>
      settle(() => reject(new Error(`no answer over TCP within ${timeout} ms`))),
    )
    let received: Buffer = Buffer.alloc(0)
    const settle = (end: () => void): void => {
      timer.disarm()
      socket.destroy()
      end()
    }
    timer.arm(timeout)
    socket.unref()
    socket.on('error', (error) => settle(() => reject(error)))
    socket.on('close', () => settle(() => reject(new Error('the connection was closed before the answer'))))
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      if (received.length < LENGTH_BYTES) return
      const end = LENGTH_BYTES + received.readUInt16BE(0)
      if (received.length < end) return
      const answer = received.subarray(LENGTH_BYTES, end)
      settle(() =>
        isAccepted(answer) ? resolve(answer) : reject(new Error('the answer is to another question')),
      )
    })
    const length = Buffer.alloc(LENGTH_BYTES)
    length.writeUInt16BE(message.length)
    socket.write(Buffer.concat([length, message]))
  })
}
