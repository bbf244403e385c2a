import type { Clock } from '../time/clock.ts'
import type { Timer } from '../time/timer.ts'
import type { Http2Limits } from './connection-options.ts'

/**
 * Finds out whether a peer is still there that says nothing while streams are open, which TCP alone may not tell for hours: it is
 * asked by PING (RFC 9113 6.7).
 */
export class Liveness {
  private readonly limits: Http2Limits
  private readonly timer: Timer
  private readonly ask: () => void
  private readonly lost: () => void
  private isRunning = false
  private isAsking = false
  private heard = false

  /**
   * @param ask sends a PING
   * @param lost called when nothing came in answer
   */
  constructor(clock: Clock, limits: Http2Limits, ask: () => void, lost: () => void) {
    this.limits = limits
    this.ask = ask
    this.lost = lost
    this.timer = clock.timer(() => this.due())
  }

  /** Something came: any frame will do. */
  hear(): void {
    this.heard = true
  }

  /** There are streams. */
  start(): void {
    if (this.isRunning || this.limits.pingInterval === Infinity) return
    this.isRunning = true
    this.isAsking = false
    this.heard = false
    this.timer.arm(this.limits.pingInterval)
  }

  /** There are none, and nobody waits. */
  stop(): void {
    if (!this.isRunning) return
    this.isRunning = false
    this.timer.hold()
  }

  private due(): void {
    if (!this.isRunning) return
    if (this.heard) {
      this.heard = false
      this.isAsking = false
      this.timer.arm(this.limits.pingInterval)
    } else if (this.isAsking) {
      this.isRunning = false
      this.lost()
    } else {
      this.isAsking = true
      this.ask()
      this.timer.arm(this.limits.pingTimeout)
    }
  }
}
