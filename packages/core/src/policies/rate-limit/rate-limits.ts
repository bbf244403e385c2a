import { own } from '../../message/own-options.ts'
import { TrafficError } from '../../message/errors.ts'
import type { Exchange } from '../../message/exchange.ts'
import type { Handler, Policy } from '../../message/handler.ts'
import type { HttpResponse } from '../../message/response.ts'
import type { RateDecision, RateLimit } from './gcra.ts'
import { type QuotaField, quotaField } from './quota-field.ts'
import type { RateLimitStore } from './rate-limit-store.ts'
import { within } from './within.ts'

/** One of the limits of a route. */
export interface QuotaLimit extends RateLimit {
  /** What clients, logs and metrics know it by: printable ASCII. */
  readonly name: string
  readonly store: RateLimitStore
  /** Whose share a request takes from; undefined for one that this limit does not concern. It is told to nobody. */
  readonly key: (exchange: Exchange) => string | undefined
  /** How many units a request takes. Default 1. */
  readonly units?: ((exchange: Exchange) => number) | undefined
  /** What holds while the store fails: requests pass, are refused, or another store decides. Required where it may fail. */
  readonly onStoreError?: 'open' | 'closed' | RateLimitStore | undefined
  /** How long to wait for a store that may fail, in milliseconds. Default 100. */
  readonly storeTimeout?: number | undefined
  /** Whether clients are told of it. Default true. */
  readonly fields?: boolean | undefined
  /** Told of each decision: for statistics. */
  readonly onDecision?: ((allowed: boolean) => void) | undefined
  readonly onFailure?: ((error: unknown) => void) | undefined
}

/** Options of `rateLimits`. */
export interface RateLimitsOptions {
  /** In the order in which they are asked. */
  readonly limits: readonly QuotaLimit[]
}

/**
 * Lets a request through if all limits do. One that is refused takes nothing from any of them; it fails with `rate_limited`,
 * whose `retryAfter` says when asking again may help. Unlike `rateLimit`, it lets nobody wait.
 * @throws TypeError if a store may fail and nothing says what to do then
 */
export function rateLimits(given: RateLimitsOptions): Policy {
  const options = own(given)
  const { limits } = options
  for (const { name, store, onStoreError } of limits) {
    if (!store.local && onStoreError === undefined)
      throw new TypeError(`onStoreError of rate limit ${name} is missing: its store is not local`)
  }
  const field = quotaField(limits)
  return (next) =>
    function rateLimits(exchange) {
      const now = exchange.clock.now()
      let told = ''
      for (let index = 0; index < limits.length; index++) {
        const limit = limits[index] as QuotaLimit // within the list
        const key = limit.key(exchange)
        if (key === undefined) continue
        const decision = take(limit, key, exchange, now)
        if (decision instanceof Promise)
          return askRest({ limits, field, exchange, now }, next, index, decision, told)
        limit.onDecision?.(decision.allowed)
        if (!decision.allowed)
          return Promise.reject(refuse({ limits, field, exchange, now }, index, decision, told))
        if (field !== undefined) told = field.add(told, index, decision)
      }
      return field === undefined || told === '' ? next(exchange) : telling(next(exchange), field, told)
    }
}

function take(
  limit: QuotaLimit,
  key: string,
  exchange: Exchange,
  now: number,
): RateDecision | Promise<RateDecision> {
  try {
    return limit.store.take(key, limit.units?.(exchange) ?? 1, now, 0)
  } catch (error) {
    // A store that throws has failed like one that rejects.
    return Promise.reject(error)
  }
}

/** What is the same for all limits of one request. */
interface Asking {
  readonly limits: readonly QuotaLimit[]
  readonly field: QuotaField | undefined
  readonly exchange: Exchange
  readonly now: number
}

/** From the first store on that has to be waited for. */
async function askRest(
  asking: Asking,
  next: Handler,
  first: number,
  pending: Promise<RateDecision>,
  toldBefore: string,
): Promise<HttpResponse> {
  const { limits, field, exchange, now } = asking
  let told = toldBefore
  for (let index = first; index < limits.length; index++) {
    const limit = limits[index] as QuotaLimit // within the list
    const key = limit.key(exchange)
    if (key === undefined) continue
    const asked = index === first ? pending : take(limit, key, exchange, now)
    const decision = asked instanceof Promise ? await settled(asked, limit, key, exchange) : asked
    if (decision === undefined) continue
    limit.onDecision?.(decision.allowed)
    if (!decision.allowed) throw refuse(asking, index, decision, told)
    if (field !== undefined) told = field.add(told, index, decision)
  }
  return field === undefined || told === '' ? next(exchange) : telling(next(exchange), field, told)
}

/** The decision, whatever the store does; undefined if there is none and the request passes. */
async function settled(
  pending: Promise<RateDecision>,
  limit: QuotaLimit,
  key: string,
  exchange: Exchange,
): Promise<RateDecision | undefined> {
  const { name, storeTimeout = 100, onStoreError, onFailure } = limit
  try {
    return await within(pending, storeTimeout, exchange)
  } catch (error) {
    // The wait ended since the exchange did.
    if (exchange.cancellation !== undefined) throw exchange.cancellation
    onFailure?.(error)
    if (onStoreError === 'open') return undefined
    if (typeof onStoreError === 'object')
      return onStoreError.take(key, limit.units?.(exchange) ?? 1, exchange.clock.now(), 0)
    const message = `the store of rate limit ${name} does not answer, and it is closed then`
    const refusal = new TrafficError('rate_limited', message, {
      phase: 'queue',
      replaySafe: 'unsent',
      cause: error,
    })
    refusal.retryAfter = 1_000
    throw refusal
  }
}

function refuse(asking: Asking, refusing: number, decision: RateDecision, told: string): TrafficError {
  const { limits, field, exchange, now } = asking
  for (const limit of limits.slice(0, refusing)) giveBack(limit, exchange, now)
  const { name } = limits[refusing] as QuotaLimit // the caller's index
  const { wait, limit: units } = decision
  const message = `rate limit ${name} of ${units} is used up: try again in ${Math.ceil(wait)} ms`
  const error = new TrafficError('rate_limited', message, { phase: 'queue', replaySafe: 'unsent' })
  error.retryAfter = wait
  const all = field?.add(told, refusing, decision) ?? ''
  if (field !== undefined && all !== '') error.fields = field.lines(all)
  return error
}

/** As far as the store can; a failure costs one unit. */
function giveBack(limit: QuotaLimit, exchange: Exchange, now: number): void {
  const key = limit.key(exchange)
  if (key === undefined) return
  Promise.resolve(limit.store.giveBack?.(key, limit.units?.(exchange) ?? 1, now)).catch((error: unknown) =>
    limit.onFailure?.(error),
  )
}

function telling(response: Promise<HttpResponse>, field: QuotaField, told: string): Promise<HttpResponse> {
  return response.then((answer) => {
    answer.headers.add('ratelimit-policy', field.policy)
    answer.headers.add('ratelimit', told)
    return answer
  })
}
