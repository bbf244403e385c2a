import type { RateDecision } from './gcra.ts'

/**
 * The decision of a sliding window of two counters: what came in the window before counts by the part of it that still
 * overlaps. Never lets more than `limit` units into any window as long as those of the one before came evenly.
 * @param previous units that came in the window before
 * @param current those of this one
 * @param elapsed milliseconds since this window began
 */
export function slidingWindow(
  limit: number,
  length: number,
  previous: number,
  current: number,
  elapsed: number,
  cost: number,
): RateDecision {
  const used = previous * (1 - elapsed / length) + current
  const allowed = used + cost <= limit
  const taken = allowed ? cost : 0
  const remaining = Math.max(0, Math.floor(limit - used - taken))
  const reset = (current + taken > 0 ? 2 * length : length) - elapsed
  const wait = allowed ? 0 : waitFor(limit, length, previous, current, elapsed, cost)
  return { allowed, wait, limit, remaining, reset }
}

function waitFor(
  limit: number,
  length: number,
  previous: number,
  current: number,
  elapsed: number,
  cost: number,
): number {
  if (cost > limit) return Infinity
  // Within this window, as the one before slides out; else in the next, as this one does.
  const room = limit - current - cost
  if (room >= 0) return Math.ceil(Math.max(0, length * (1 - room / previous) - elapsed))
  return Math.ceil(length - elapsed + Math.max(0, length * (1 - (limit - cost) / current)))
}

/** What the counts are after `passed` windows. */
export function windowsBetween(
  passed: number,
  previous: number,
  current: number,
): { readonly previous: number; readonly current: number } {
  if (passed === 0) return { previous, current }
  return { previous: passed === 1 ? current : 0, current: 0 }
}

/** A sliding window in the memory of this thread. */
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
    const { limit, length, previous, current } = this
    const decision = slidingWindow(limit, length, previous, current, now - this.window * length, cost)
    if (decision.allowed) this.current += cost
    return decision
  }

  giveBack(cost: number): void {
    this.current = Math.max(0, this.current - cost)
  }

  /** What is left. */
  usage(now: number): Pick<RateDecision, 'limit' | 'remaining' | 'reset'> {
    const { limit, remaining, reset } = this.take(now, 0)
    return { limit, remaining, reset: this.previous + this.current === 0 ? 0 : reset }
  }

  private roll(window: number): void {
    if (window <= this.window) return
    const { previous, current } = windowsBetween(window - this.window, this.previous, this.current)
    this.previous = previous
    this.current = current
    this.window = window
  }
}
