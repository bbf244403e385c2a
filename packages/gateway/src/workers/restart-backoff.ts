import type { Clock } from '@headgate/core'

/** A worker that lived this long did not crash for what makes it crash at its start. Milliseconds. */
const STABLE_AFTER = 10_000
const FIRST_WAIT = 100
const LONGEST_WAIT = 5_000

/**
 * How long to wait before a crashed worker is replaced: not at all, unless it crashes soon after its start again
 * and again; then ever longer, or the machine would do nothing but start workers.
 */
export class RestartBackoff {
  private readonly clock: Clock
  private startedAt: number
  private early = 0

  constructor(clock: Clock) {
    this.clock = clock
    this.startedAt = clock.now()
  }

  started(): void {
    this.startedAt = this.clock.now()
  }

  /** Counts a crash, and answers the wait in milliseconds. */
  crashed(): number {
    if (this.clock.now() - this.startedAt >= STABLE_AFTER) this.early = 0
    const wait = this.early === 0 ? 0 : Math.min(FIRST_WAIT * 2 ** (this.early - 1), LONGEST_WAIT)
    this.early++
    return wait
  }
}
