import { own } from '../../message/own-options.ts'
import { TrafficError } from '../../message/errors.ts'
import type { Exchange } from '../../message/exchange.ts'
import type { Handler, Policy } from '../../message/handler.ts'
import type { HttpResponse } from '../../message/response.ts'
import { sleep } from '../retry/backoff.ts'
import type { RateDecision } from './gcra.ts'
import { originKey } from '../origin-key.ts'
import type { RateLimitStore } from './rate-limit-store.ts'
import { within } from './within.ts'

/** Options of `rateLimit`. */
export interface RateLimitOptions {
  readonly store: RateLimitStore
  /** Whose share a request takes from; undefined for one that is not limited. Default: the origin. */
  readonly key?: ((exchange: Exchange) => string | undefined) | undefined
  /** Units that a request takes. Default 1. */
  readonly cost?: ((exchange: Exchange) => number) | undefined
  /** Milliseconds to wait for units at most, within the deadline; beyond that a request is refused. Default 0. */
  readonly maxWait?: number | undefined
  /** What becomes of requests while the store fails: let through or refused. Required where the store is not local. */
  readonly onStoreError?: 'open' | 'closed' | undefined
  /** How long to wait for a store that is not local, in milliseconds; beyond that it has failed. Default 100. */
  readonly storeTimeout?: number | undefined
  /** Told of each decision: for RateLimit fields and statistics. */
  readonly onDecision?: ((exchange: Exchange, decision: RateDecision) => void) | undefined
  readonly onFailure?: ((exchange: Exchange, error: unknown) => void) | undefined
}

/**
 * Lets through as many requests of each key as its share allows; others wait for their turn, or are refused with
 * `rate_limited`, whose `retryAfter` says when asking again may help. Units of a request that is given up while it waits are
 * not given back: those behind it have their turns already.
 * @throws TypeError if the store may fail and nothing says what to do then
 */
export function rateLimit(given: RateLimitOptions): Policy {
  const options = own(given)
  const { store, key = originKey, cost, maxWait = 0, storeTimeout = 100 } = options
  if (!store.local && options.onStoreError === undefined)
    throw new TypeError("onStoreError of the rate limit must be 'open' or 'closed': its store is not local")
  return (next) =>
    function rateLimit(exchange) {
      const name = key(exchange)
      if (name === undefined) return next(exchange)
      const longest = Math.min(maxWait, exchange.remaining())
      const decision = asked(() => store.take(name, cost?.(exchange) ?? 1, exchange.clock.now(), longest))
      if (!(decision instanceof Promise)) return follow(decision, name, exchange, options, next)
      return within(decision, storeTimeout, exchange).then(
        (value) => follow(value, name, exchange, options, next),
        (error: unknown) => withoutStore(error, name, exchange, options, next),
      )
    }
}

/** A store that throws has failed like one that rejects. */
function asked(take: () => RateDecision | Promise<RateDecision>): RateDecision | Promise<RateDecision> {
  try {
    return take()
  } catch (error) {
    return Promise.reject(error)
  }
}

function follow(
  decision: RateDecision,
  key: string,
  exchange: Exchange,
  { onDecision }: RateLimitOptions,
  next: Handler,
): Promise<HttpResponse> {
  onDecision?.(exchange, decision)
  if (!decision.allowed) return Promise.reject(rateLimited(key, decision))
  return decision.wait > 0 ? afterWait(decision.wait, exchange, next) : next(exchange)
}

async function afterWait(wait: number, exchange: Exchange, next: Handler): Promise<HttpResponse> {
  await sleep(wait, exchange)
  return next(exchange)
}

function withoutStore(
  error: unknown,
  key: string,
  exchange: Exchange,
  { onStoreError, onFailure }: RateLimitOptions,
  next: Handler,
): Promise<HttpResponse> {
  // The wait ended since the exchange did.
  if (exchange.cancellation !== undefined) return Promise.reject(exchange.cancellation)
  onFailure?.(exchange, error)
  if (onStoreError === 'open') return next(exchange)
  const message = `the store of the rate limit does not answer, and it is closed then (${key})`
  const refusal = new TrafficError('rate_limited', message, {
    phase: 'queue',
    replaySafe: 'unsent',
    cause: error,
  })
  refusal.retryAfter = 1_000
  return Promise.reject(refusal)
}

function rateLimited(key: string, { wait, limit }: RateDecision): TrafficError {
  const when = wait === Infinity ? 'it costs more than can ever be had' : `try again in ${Math.ceil(wait)} ms`
  const error = new TrafficError(
    'rate_limited',
    `the rate limit of ${limit} for ${key} is used up: ${when}`,
    {
      phase: 'queue',
      replaySafe: 'unsent',
    },
  )
  if (wait !== Infinity) error.retryAfter = wait
  return error
}
