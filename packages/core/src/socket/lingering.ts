import type { Socket } from 'node:net'
import type { Timer } from '../time/timer.ts'
import type { PaceLimits } from '../message/exchange-times.ts'
import { isTakenFastEnough, judgedEvery, bytesTaken } from './write-watch.ts'

export interface LingeringOptions {
  /** How fast the peer must take what is left. */
  readonly pace: PaceLimits
  /** How long a peer that has closed its side, and takes nothing, is still answered. Milliseconds; 0: not at all. */
  readonly halfClosedTimeout: number
  /** How long, after our side is closed, we wait for the peer to close its own. Milliseconds. */
  readonly lingerTimeout: number
}

/**
 * The proper end of a connection: our side is closed once all is written, and the peer is given time to take it and to close
 * its own; what it still sends is thrown away. Closed at once, the kernel would answer that with a reset, which can destroy
 * the response before the peer has read it (RFC 9112 9.6).
 */
export class Lingering {
  private readonly socket: Socket
  private readonly timer: Timer
  private readonly options: LingeringOptions
  private taken = 0
  /** How fast the peer must take what is left. */
  pace: PaceLimits

  /** @param timer armed here; whoever owns it calls `timedOut` when it fires */
  constructor(socket: Socket, timer: Timer, options: LingeringOptions) {
    this.socket = socket
    this.timer = timer
    this.options = options
    this.pace = options.pace
  }

  /** The peer has closed its side, and is answered still, if it may be. */
  halfClosed(): void {
    if (this.options.halfClosedTimeout === 0) return void this.socket.destroy()
    this.taken = bytesTaken(this.socket)
    this.timer.arm(this.options.halfClosedTimeout)
  }

  /** One that has taken something meanwhile is still there; one that has yet to take something is the writer's to judge. */
  halfClosedTimedOut(): void {
    if (bytesTaken(this.socket) > this.taken || this.socket.writableNeedDrain) this.halfClosed()
    else this.socket.destroy()
  }

  begin(): void {
    this.socket.end()
    this.socket.resume()
    this.wait()
  }

  /** A slow peer may still be taking the response; one that takes nothing, or has it all, has had its time. */
  timedOut(): void {
    const taken = bytesTaken(this.socket) - this.taken
    const all = this.socket.writableLength === 0
    if (all ? taken > 0 : isTakenFastEnough(taken, this.pace)) this.wait()
    else this.socket.destroy()
  }

  private wait(): void {
    this.taken = bytesTaken(this.socket)
    this.timer.arm(this.socket.writableLength > 0 ? judgedEvery(this.pace) : this.options.lingerTimeout)
  }
}
