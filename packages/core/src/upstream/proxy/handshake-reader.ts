import type { OnReadOpts, Socket } from 'node:net'
import { copyOf } from '../../message/copy-of.ts'
import { bufferOf, deliver } from '../connect/tls-over.ts'

/** An answer to a handshake is small. */
const BUFFER_SIZE = 4096

/**
 * Reads a socket for a handshake, and then leaves it to whoever it is for, with no byte lost: what came after the handshake is
 * given to `onread` first, or put back into the socket.
 */
export class HandshakeReader {
  /** For `connect`; undefined if the socket is to be read as a stream. */
  readonly onread: OnReadOpts | undefined
  private readonly after: OnReadOpts | undefined
  private readonly buffer: Buffer
  private socket: Socket | undefined
  private take: ((bytes: Buffer) => void) | undefined

  /** @param after where bytes go when the handshake is over */
  constructor(after: OnReadOpts | undefined) {
    this.after = after
    this.buffer = Buffer.allocUnsafe(after === undefined ? 0 : BUFFER_SIZE)
    this.onread =
      after === undefined
        ? undefined
        : { buffer: () => this.next(after), callback: (size, bytes) => this.read(after, size, bytes) }
  }

  begin(socket: Socket, take: (bytes: Buffer) => void): void {
    this.socket = socket
    this.take = take
    if (this.after === undefined) socket.on('readable', this.readable)
  }

  /** The handshake is over, and `rest` came behind it. */
  finish(rest: Buffer): void {
    const { socket, after } = this
    this.take = undefined
    if (after === undefined) {
      socket?.off('readable', this.readable)
      if (rest.length > 0) socket?.unshift(rest)
    } else if (rest.length > 0) {
      // Whoever takes the socket over does so within this turn.
      socket?.pause()
      setImmediate(() => {
        deliver(rest, after)
        socket?.resume()
      })
    }
  }

  private readonly readable = (): void => {
    // Once it is over, what is left in the socket is not ours.
    while (this.take !== undefined) {
      const bytes = this.socket?.read() as Buffer | null | undefined
      if (!bytes) return
      this.take(bytes)
    }
  }

  private next(after: OnReadOpts): Uint8Array {
    return this.take === undefined && this.socket !== undefined ? bufferOf(after) : this.buffer
  }

  private read(after: OnReadOpts, size: number, bytes: Uint8Array): boolean {
    if (bytes !== this.buffer) return after.callback(size, bytes)
    const chunk = copyOf(this.buffer, 0, size)
    if (this.take !== undefined) this.take(chunk)
    else deliver(chunk, after)
    return true
  }
}
