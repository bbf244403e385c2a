import { own } from '../../message/own-options.ts'
import type { Clock } from '../../time/clock.ts'

/** How many retries are allowed, in proportion to requests. */
export interface RetryBudgetOptions {
  /** Retries per request, over the window. Default 0.2. */
  readonly ratio?: number
  /** Retries a second that are always allowed. Default 3. */
  readonly floor?: number
}

/** The window over which requests are counted, in milliseconds: as in Finagle, whose budget this is. */
const WINDOW = 10_000

/**
 * Keeps retries from multiplying the load on an upstream that is failing already: a bucket that each request fills by `ratio`
 * and time fills by `floor` a second, and each retry empties by one. Shared by all that retries or hedges on one upstream.
 */
export class RetryBudget {
  private readonly ratio: number
  private readonly floor: number
  private readonly clock: Clock
  private tokens: number
  private updated: number
  /** Requests of the present and of the last half window: what the bucket may hold at most follows from them. */
  private requests = 0
  private earlier = 0
  private halfStarted: number

  constructor(clock: Clock, given: RetryBudgetOptions = {}) {
    const options = own(given)
    this.clock = clock
    this.ratio = options.ratio ?? 0.2
    this.floor = options.floor ?? 3
    this.tokens = this.floor
    this.updated = clock.now()
    this.halfStarted = this.updated
  }

  /**
   * A request came: its first try is free and adds to what may be retried.
   * @param now the time when it came, by the clock
   */
  request(now: number): void {
    this.roll(now)
    this.requests++
    this.tokens += this.ratio
  }

  /** Takes one retry out of the budget; false if none is left. */
  take(): boolean {
    this.refill(this.clock.now())
    if (this.tokens < 1) return false
    this.tokens -= 1
    return true
  }

  private roll(now: number): void {
    const passed = now - this.halfStarted
    if (passed < WINDOW / 2) return
    this.earlier = passed >= WINDOW ? 0 : this.requests
    this.requests = 0
    this.halfStarted = now
  }

  private refill(now: number): void {
    this.roll(now)
    const most = Math.max(this.floor, (this.requests + this.earlier) * this.ratio + this.floor)
    this.tokens = Math.min(most, this.tokens + ((now - this.updated) * this.floor) / 1000)
    this.updated = now
  }
}
