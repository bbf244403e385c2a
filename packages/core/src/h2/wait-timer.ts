import type { Clock } from '../time/clock.ts'
import type { Timer } from '../time/timer.ts'

/**
 * One timer for a wait that each stream of a connection may have. It fires when the first one may be over; whoever owns it looks at all
 * of them then. So a stream costs no timer, and most waits that end in time cost nothing more.
 */
export class WaitTimer {
  private readonly clock: Clock
  private readonly timer: Timer
  private firesAt = Infinity

  /** @param look deals with those whose time is over. @returns `clock.now()` when the next one may be; Infinity if none waits */
  constructor(clock: Clock, look: (now: number) => number) {
    this.clock = clock
    this.timer = clock.timer(() => {
      this.firesAt = Infinity
      this.by(look(clock.now()))
    })
  }

  /** Another wait, which is over at `at` by `clock.now()`. */
  by(at: number): void {
    if (at >= this.firesAt) return
    this.firesAt = at
    this.timer.arm(Math.max(1, at - this.clock.now()))
  }

  stop(): void {
    this.firesAt = Infinity
    this.timer.disarm()
  }
}
