import { own } from '../../message/own-options.ts'
import { drain } from '../../message/drain.ts'
import { TrafficError } from '../../message/errors.ts'
import type { Exchange } from '../../message/exchange.ts'
import type { Handler, Policy } from '../../message/handler.ts'
import { replayed } from '../../message/replay.ts'
import type { HttpResponse } from '../../message/response.ts'
import { spoolFor } from '../../message/spool.ts'
import { type BackoffOptions, sleep } from './backoff.ts'
import type { RetryBudget } from './retry-budget.ts'
import { failedStatus, hasUntriedEndpoint, isReplayable, nextDelay } from './retry-decision.ts'

/** Options of `retry`. */
export interface RetryOptions {
  /** Tries in all, the first included. With 1, a stale keep-alive connection is still replaced, once and free. */
  readonly attempts: number
  readonly backoff: BackoffOptions
  readonly budget: RetryBudget
  /** Responses with these statuses are tried again, 500 only where the method is idempotent: see `RETRY_STATUSES`. Default: none. */
  readonly statuses?: readonly number[] | undefined
  /** Whether a request with Idempotency-Key counts as idempotent: only its origin can promise that. Default false. */
  readonly idempotencyKey?: boolean | undefined
  /** The longest Retry-After to wait for, in milliseconds; what asks for more fails now. Default 60,000. */
  readonly maxRetryAfter?: number | undefined
  /** Octets of a streamed request body to keep, so that it can be sent again. Default 0: a stream is sent once. */
  readonly spool?: number | undefined
  /** Called when a further try is decided on, before the wait. */
  readonly onScheduled?: ((exchange: Exchange, error: TrafficError, delay: number) => void) | undefined
  /** Called before each further try. */
  readonly onRetry?: ((exchange: Exchange, error: TrafficError) => void) | undefined
}

/**
 * Tries again what failed, if that is safe: nothing was sent, or the peer refused it, or the method is idempotent and the
 * body can be sent again; inside the deadline, within the attempts, and within the budget. A response that cannot be bettered
 * within these is passed on as it is.
 */
export function retry(given: RetryOptions): Policy {
  const options = own(given)
  const { spool: spoolLimit = 0 } = options
  return (next) => {
    const tryAgain = attempts(options, next)
    if (spoolLimit === 0) return tryAgain
    return async function retry(exchange) {
      const spool = spoolFor(exchange.request.body, spoolLimit)
      if (spool === undefined) return tryAgain(exchange)
      exchange.request.body = spool.open()
      try {
        return await tryAgain(exchange)
      } finally {
        spool.settle()
      }
    }
  }
}

function attempts(given: RetryOptions, next: Handler): Handler {
  const options = own(given)
  const { attempts, statuses, idempotencyKey = false, maxRetryAfter = 60_000 } = options
  const limits = { backoff: options.backoff, attempts, maxRetryAfter }
  return async function retry(exchange) {
    options.budget.request(exchange.startedAt)
    let stale = false
    let previous = 0
    // Until then, each of the endpoints tried so far, or some of them, asks to be left alone.
    let freeAt = 0
    for (;;) {
      exchange.attempts++
      let response: HttpResponse | undefined
      let error: TrafficError | undefined
      try {
        response = await next(exchange)
        if (statuses !== undefined) error = failedStatus(exchange, response, statuses)
        if (error === undefined) return response
      } catch (thrown) {
        error = TrafficError.from(thrown)
        error.attempts = exchange.attempts
      }
      const replayable = isReplayable(exchange, error, idempotencyKey)
      if (replayable && error.staleConnection && !stale) {
        // Not the upstream's failure but a race with its keep-alive: at once, once, on a fresh connection, and free.
        stale = true
        exchange.freshConnection = true
      } else {
        const counted = stale ? exchange.attempts - 1 : exchange.attempts
        const now = exchange.clock.now()
        if (error.retryAfter !== undefined) freeAt = Math.max(freeAt, now + error.retryAfter)
        const asked = hasUntriedEndpoint(exchange) ? 0 : Math.max(0, freeAt - now)
        const delay = replayable ? nextDelay(exchange, asked, limits, counted, previous) : undefined
        if (delay === undefined || !options.budget.take()) {
          if (response !== undefined) return response
          throw error
        }
        if (response !== undefined) drain(response.body, exchange.clock)
        options.onScheduled?.(exchange, error, delay)
        await sleep(delay, exchange)
        previous = delay
      }
      exchange.request.body = replayed(exchange.request.body)
      if (exchange.endpoint !== '') (exchange.tried ??= []).push(exchange.endpoint)
      options.onRetry?.(exchange, error)
    }
  }
}
