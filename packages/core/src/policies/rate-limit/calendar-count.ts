import type { RateDecision } from './gcra.ts'

/** A window that begins and ends at times of its own, as a day or a month does. */
export interface CalendarWindow {
  /** Tells it from those before and behind it: a whole number from 1 to 2³² − 1. */
  readonly index: number
  /** Milliseconds until it ends. */
  readonly remaining: number
}

/** The largest limit of a window whose count fits in 32 bits. */
export const LARGEST_CALENDAR_COUNT: number = 2 ** 32 - 1

/** The decision of one counter, which starts anew with each window: all units may come at once. */
export function calendarDecision(
  limit: number,
  count: number,
  cost: number,
  { remaining: left }: CalendarWindow,
): RateDecision {
  const allowed = count + cost <= limit
  const used = allowed ? count + cost : count
  const wait = allowed ? 0 : cost > limit ? Infinity : left
  return { allowed, wait, limit, remaining: Math.max(0, limit - used), reset: used === 0 ? 0 : left }
}

/** Such a counter in the memory of this thread. */
export class CalendarCount {
  private readonly limit: number
  private readonly window: () => CalendarWindow
  private index = 0
  private count = 0

  /** @param window the present one */
  constructor(limit: number, window: () => CalendarWindow) {
    this.limit = limit
    this.window = window
  }

  /** Nothing can be reserved here: what does not fit now is refused. */
  take(_now: number, cost: number): RateDecision {
    const window = this.window()
    if (window.index !== this.index) {
      this.index = window.index
      this.count = 0
    }
    const decision = calendarDecision(this.limit, this.count, cost, window)
    if (decision.allowed) this.count += cost
    return decision
  }

  giveBack(cost: number): void {
    this.count = Math.max(0, this.count - cost)
  }

  /** What is left. */
  usage(now: number): Pick<RateDecision, 'limit' | 'remaining' | 'reset'> {
    const { limit, remaining, reset } = this.take(now, 0)
    return { limit, remaining, reset }
  }
}
