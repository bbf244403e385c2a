import type { RateDecision } from './gcra.ts'

/**
 * A sliding window of two counters: what came in the window before counts by the part of it that still overlaps. Never lets
 * more than `limit` units into any window as long as those of the one before came evenly.
 */
export class WindowCounter {
  private readonly limit: number
  private readonly length: number
  private window = Number.NEGATIVE_INFINITY
  private previous = 0
  private current = 0

  /**
   * @param limit units in a window
   * @param length milliseconds
   */
  constructor(limit: number, length: number) {
    this.limit = limit
    this.length = length
  }

  /** Nothing can be reserved here: what does not fit now is refused. */
  take(now: number, cost: number): RateDecision {
    this.roll(Math.floor(now / this.length))
    const { limit, length } = this
    const elapsed = now - this.window * length
    const used = this.previous * (1 - elapsed / length) + this.current
    const allowed = used + cost <= limit
    if (allowed) this.current += cost
    const remaining = Math.max(0, Math.floor(limit - used - (allowed ? cost : 0)))
    const reset = (this.current > 0 ? 2 * length : length) - elapsed
    return { allowed, wait: allowed ? 0 : this.waitFor(cost, elapsed), limit, remaining, reset }
  }

  private roll(window: number): void {
    if (window <= this.window) return
    this.previous = window === this.window + 1 ? this.current : 0
    this.current = 0
    this.window = window
  }

  private waitFor(cost: number, elapsed: number): number {
    const { limit, length, previous, current } = this
    if (cost > limit) return Infinity
    // Within this window, as the one before slides out; else in the next, as this one does.
    const room = limit - current - cost
    if (room >= 0) return Math.ceil(Math.max(0, length * (1 - room / previous) - elapsed))
    return Math.ceil(length - elapsed + Math.max(0, length * (1 - (limit - cost) / current)))
  }
}
