import type { Socket } from 'node:net'
import { PartialHead } from './partial-head.ts'

/**
 * Bytes behind the present request, not looked at before it is answered. They are read on up to a limit, although nobody
 * wants them yet: a peer that leaves is noticed only on a socket that is read. One read may bring thousands of requests, and one
 * request thousands of reads: what is here is not copied for each of them.
 */
export class Backlog {
  private readonly socket: Socket
  private readonly limit: number
  private first: Buffer | undefined
  /** What came while there was something already. */
  private further: PartialHead | undefined

  /** @param limit bytes from which on the socket is not read */
  constructor(socket: Socket, limit: number) {
    this.socket = socket
    this.limit = limit
  }

  get isEmpty(): boolean {
    return this.first === undefined && this.further === undefined
  }

  get isFull(): boolean {
    return (this.first?.length ?? 0) + (this.further?.bytes.length ?? 0) >= this.limit
  }

  /** @param kept whether the bytes stay where they are: those of the socket are overwritten by the next read, and copied */
  add(bytes: Buffer, kept: boolean): void {
    if (kept && this.isEmpty) this.first = bytes
    else {
      this.further ??= new PartialHead()
      this.further.append(bytes)
    }
    if (this.isFull) this.socket.pause()
  }

  /** All of them, which then are the caller's own; undefined if there are none. */
  take(): Buffer | undefined {
    const { first, further } = this
    this.first = undefined
    this.further = undefined
    if (further === undefined) return first
    return first === undefined ? further.bytes : Buffer.concat([first, further.bytes])
  }
}
