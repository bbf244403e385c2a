import type { OnReadOpts, Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import { own } from '../../message/own-options.ts'
import { SOCKET_DEFAULTS, TLS_DEFAULTS } from './node-options.ts'
import type { TlsMaterial } from './tls-material.ts'

/** Begins TLS on a connection that stands, as behind a proxy or a header of the PROXY protocol. */
export function tlsOver(
  plain: Socket,
  material: TlsMaterial,
  protocols: readonly string[] | undefined,
): TLSSocket {
  const options: ConnectionOptions & { allowHalfOpen: boolean } = {
    ...SOCKET_DEFAULTS,
    ...TLS_DEFAULTS,
    ...material.connectionOptions(protocols),
    socket: plain,
    allowHalfOpen: true,
  }
  const socket = connectTls(own(options))
  material.watch(socket)
  // The end of what it runs over is its own.
  plain.once('close', () => socket.destroy())
  return socket
}

export function bufferOf({ buffer }: OnReadOpts): Uint8Array {
  return typeof buffer === 'function' ? buffer() : buffer
}

/**
 * Reads a socket into `onread` that was not connected with it. For TLS over another socket: there node:tls takes the option and
 * never calls it.
 */
export function readInto(socket: Socket, onread: OnReadOpts): void {
  // Until then it is not read: whoever takes it over does so within this turn.
  setImmediate(() => socket.on('data', (chunk: Buffer) => deliver(chunk, onread)))
}

export function deliver(bytes: Buffer, after: OnReadOpts): void {
  for (let at = 0; at < bytes.length; ) {
    const buffer = bufferOf(after)
    const size = bytes.copy(buffer, 0, at)
    at += size
    after.callback(size, buffer)
  }
}
