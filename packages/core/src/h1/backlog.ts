import type { Socket } from 'node:net'

/**
 * Octets behind the present request, not looked at before it is answered. They are read on up to a limit, although nobody
 * wants them yet: a peer that leaves is noticed only on a socket that is read.
 */
export class Backlog {
  private readonly socket: Socket
  private readonly limit: number
  private octets: Buffer | undefined

  /** @param limit octets from which on the socket is not read */
  constructor(socket: Socket, limit: number) {
    this.socket = socket
    this.limit = limit
  }

  get isEmpty(): boolean {
    return this.octets === undefined
  }

  get isFull(): boolean {
    return this.octets !== undefined && this.octets.length >= this.limit
  }

  /** Copied: the octets may stand in a buffer that the next read overwrites. */
  add(octets: Buffer): void {
    this.octets = Buffer.concat(this.octets === undefined ? [octets] : [this.octets, octets])
    if (this.isFull) this.socket.pause()
  }

  take(): Buffer | undefined {
    const { octets } = this
    this.octets = undefined
    return octets
  }
}
