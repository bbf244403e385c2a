import { own } from '../../message/own-options.ts'
import type { Exchange } from '../../message/exchange.ts'
import type { Handler, Policy } from '../../message/handler.ts'
import { ReplayBody } from '../../message/replay.ts'
import { isIdempotent } from '../../message/request.ts'
import type { HttpResponse } from '../../message/response.ts'
import { BoundedMap } from '../bounded-map.ts'
import { HedgeDelay, type HedgeDelayOptions } from './hedge-delay.ts'
import { HedgeRace } from './hedge-race.ts'
import { originKey } from '../origin-key.ts'
import type { RetryBudget } from '../retry/retry-budget.ts'

/** Options of `hedge`. */
export interface HedgeOptions {
  /** Milliseconds after which one more is sent, or the percentile of what responses took so far. */
  readonly delay: number | HedgeDelayOptions
  /** How many more are sent at most, each after one more delay. Default 1. */
  readonly hedges?: number | undefined
  /** Shared with `retry`, which stands outside of this policy and counts the requests. */
  readonly budget: RetryBudget
  /** What has latencies of its own. Default: the origin. */
  readonly key?: ((exchange: Exchange) => string) | undefined
  /** Whether a response is good enough to end the race. Default: status below 500. */
  readonly good?: ((response: HttpResponse) => boolean) | undefined
  /** Called before each further request. */
  readonly onHedge?: ((exchange: Exchange) => void) | undefined
}

const MAX_KEYS = 1_000

/**
 * Sends a request once more when its response takes longer than most do; the first good response wins, and the others are
 * cancelled ("The Tail at Scale", Dean and Barroso 2013). Only what is idempotent and can be sent again, and only within the
 * budget that retries share; each counts as an attempt. What fails before it is hedged is left to `retry`.
 * @throws TypeError if an option is out of range
 */
export function hedge(given: HedgeOptions): Policy {
  const options = own(given)
  const { hedges = 1, key = originKey, budget } = options
  if (!Number.isInteger(hedges) || hedges < 1)
    throw new TypeError(`hedges is ${hedges}: use a whole number above 0`)
  const good = options.good ?? ((response: HttpResponse) => response.status < 500)
  const delays = new BoundedMap<HedgeDelay>(MAX_KEYS)
  void new HedgeDelay(options.delay)
  return (next) =>
    function hedge(exchange) {
      if (!canHedge(exchange)) return next(exchange)
      // Where no retry policy counts requests, this one does.
      if (exchange.attempts === 0) {
        budget.request(exchange.startedAt)
        exchange.attempts = 1
      }
      const name = key(exchange)
      let delay = delays.get(name)
      if (delay === undefined) {
        delay = new HedgeDelay(options.delay)
        delays.set(name, delay)
      }
      const wait = delay.value
      if (wait === undefined) return measured(delay, exchange, next)
      const { onHedge } = options
      return new HedgeRace(exchange, next, { delay, wait, hedges, budget, good, onHedge }).run()
    }
}

async function measured(delay: HedgeDelay, exchange: Exchange, next: Handler): Promise<HttpResponse> {
  const started = exchange.clock.now()
  const response = await next(exchange)
  delay.record(exchange.clock.now() - started)
  return response
}

/** Whether sending it twice does no harm (RFC 9110 9.2.2), and is possible. */
export function canHedge(exchange: Exchange): boolean {
  const { method, upgrade, body } = exchange.request
  if (upgrade !== undefined || !isIdempotent(method)) return false
  // A spool can be read by one attempt at a time.
  return body.whole !== undefined || body instanceof ReplayBody
}
