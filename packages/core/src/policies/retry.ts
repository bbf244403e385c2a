import { TrafficError } from '../message/errors.ts'
import type { Exchange } from '../message/exchange.ts'
import type { Policy } from '../message/handler.ts'
import { backoff, type BackoffOptions, sleep } from './backoff.ts'
import type { RetryBudget } from './retry-budget.ts'

/** Options of `retry`. */
export interface RetryOptions {
  /** Tries in all, the first included. */
  readonly attempts: number
  readonly backoff: BackoffOptions
  readonly budget: RetryBudget
  /** Called before each further try. */
  readonly onRetry?: (exchange: Exchange, error: TrafficError) => void
}

/**
 * Tries again what failed, if that is safe: nothing was sent, or the peer refused it, or the method is idempotent and the
 * body can be sent again; inside the deadline, within the attempts, and within the budget.
 */
export function retry(options: RetryOptions): Policy {
  return (next) =>
    async function retry(exchange) {
      options.budget.request(exchange.startedAt)
      let { attempts: allowed } = options
      let stale = false
      for (;;) {
        exchange.attempts++
        try {
          return await next(exchange)
        } catch (thrown) {
          const error = TrafficError.from(thrown)
          error.attempts = exchange.attempts
          if (!isReplayable(exchange, error)) throw error
          if (error.staleConnection && !stale) {
            // Not the upstream's failure but a race with its keep-alive: at once, once, on a fresh connection, and free.
            stale = true
            exchange.freshConnection = true
            allowed++
          } else {
            // Never earlier than the upstream allows.
            const delay = Math.max(
              backoff(options.backoff, exchange.attempts, exchange.clock),
              error.retryAfter ?? 0,
            )
            if (exchange.attempts >= allowed || delay >= exchange.remaining()) throw error
            if (!options.budget.take()) throw error
            await sleep(delay, exchange)
          }
          options.onRetry?.(exchange, error)
        }
      }
    }
}

/** Rule 7 of the engine, as a pure decision. */
export function isReplayable(exchange: Exchange, error: TrafficError): boolean {
  if (exchange.cancellation !== undefined || error.source !== 'upstream') return false
  // Bytes that were read off the downstream connection are gone.
  if (exchange.request.body.whole === undefined && !(error.replaySafe === 'unsent')) return false
  return error.replaySafe !== 'unknown'
}
