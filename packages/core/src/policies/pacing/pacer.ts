import { own } from '../../message/own-options.ts'
import type { Quota } from '../../fields/rate-limit.ts'
import { TrafficError } from '../../message/errors.ts'
import type { Exchange } from '../../message/exchange.ts'
import type { Clock } from '../../time/clock.ts'
import type { Timer } from '../../time/timer.ts'
import { learned, nextStart, type PaceState, UNKNOWN } from './pace-state.ts'
import { Waiter } from '../concurrency/waiter.ts'
import { WaitingLine } from '../concurrency/waiting-line.ts'

/** What a pacer goes by. */
export interface PacerOptions {
  /** For errors: whose quota it is. */
  readonly name: string
  readonly maxWait: number
  readonly queue: number
  readonly spread: number
}

/** Lets requests go as one server's quota allows, in the order in which they came. */
export class Pacer {
  private readonly clock: Clock
  private readonly options: PacerOptions
  private readonly line = new WaitingLine<Waiter>(1, 0)
  private readonly timer: Timer
  private state: PaceState = UNKNOWN
  private inflight = 0

  constructor(clock: Clock, given: PacerOptions) {
    const options = own(given)
    this.clock = clock
    this.options = options
    this.timer = clock.timer(() => this.serve())
  }

  /** Lets one go; undefined if at once. Rejects with `rate_limited`, or with the cancellation. */
  enter(exchange: Exchange): Promise<void> | undefined {
    const now = this.clock.now()
    const start = this.start(now)
    if (start <= now && this.line.size === 0) {
      this.go(now)
      return undefined
    }
    const { maxWait, queue } = this.options
    const wait = start - now
    // Where requests are under way, their answers may bring better news.
    if (this.inflight === 0 && wait > Math.min(maxWait, exchange.remaining()))
      return Promise.reject(this.refusal(wait))
    if (this.line.size >= queue) return Promise.reject(this.refusal(wait))
    return new Promise((resolve, reject) => {
      const waiter = new Waiter(exchange, this.line, 0, now, resolve, reject)
      this.line.add(waiter)
      waiter.expireIn(maxWait, () => this.refusal(this.start(this.clock.now()) - this.clock.now()))
      this.serve()
    })
  }

  /** One that went was answered, or failed: `quotas` is then empty. */
  answered(quotas: readonly Quota[], retryAfter: number | undefined): void {
    this.inflight--
    this.state = learned(this.state, quotas, retryAfter, this.clock.now())
    if (this.line.size > 0) this.serve()
  }

  /** One that was let go did not go. */
  withdrawn(): void {
    this.inflight--
    if (this.line.size > 0) this.serve()
  }

  private serve(): void {
    const now = this.clock.now()
    while (this.line.size > 0) {
      const start = this.start(now)
      if (start > now) {
        this.timer.arm(start - now)
        return
      }
      this.go(now)
      this.line.shift()?.serve()
    }
    this.timer.disarm()
  }

  private start(now: number): number {
    return nextStart(this.state, this.inflight, this.options.spread, now)
  }

  private go(now: number): void {
    this.inflight++
    // Most servers tell of no quota: what is not needed is not kept.
    if (this.state.remaining !== Infinity) this.state = { ...this.state, lastAt: now }
  }

  private refusal(wait: number): TrafficError {
    const { name, maxWait } = this.options
    const when = wait === Infinity ? 'when it has answered' : `in ${Math.ceil(wait)} ms`
    const error = new TrafficError(
      'rate_limited',
      `the quota that ${name} grants is used up: it takes more ${when}, and no more than ${maxWait} ms may be waited`,
      { phase: 'queue', replaySafe: 'unsent' },
    )
    if (wait !== Infinity) error.retryAfter = Math.max(0, wait)
    return error
  }
}
