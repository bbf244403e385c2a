import type { Clock } from '../../time/clock.ts'

/** A bucket of one second: as many messages at once, and as many in each second (GCRA: one number for each WebSocket). */
export class MessageRate {
  private readonly each: number
  private readonly clock: Clock
  /** `clock.now()` at which the bucket is full again. */
  private fullAt = 0

  constructor(perSecond: number, clock: Clock) {
    this.each = 1_000 / perSecond
    this.clock = clock
  }

  /** Whether one more is within it. */
  take(): boolean {
    const now = this.clock.now()
    const next = Math.max(this.fullAt, now) + this.each
    if (next - now > 1_000 + 1e-6) return false
    this.fullAt = next
    return true
  }
}
