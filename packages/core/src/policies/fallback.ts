import { own } from '../message/own-options.ts'
import { drain } from '../message/drain.ts'
import { type ErrorCode, TrafficError } from '../message/errors.ts'
import type { Exchange } from '../message/exchange.ts'
import type { Handler, Policy } from '../message/handler.ts'
import { canReplay, replayed } from '../message/replay.ts'

/** Options of `fallback`. */
export interface FallbackOptions {
  /** What answers in place of what failed. */
  readonly answer: Handler
  /** Whether `answer` sends the request on: then it must be possible to send it again, and somebody must still want it. */
  readonly forwards?: boolean | undefined
  /** Responses with these statuses count as failures. Default: none. */
  readonly statuses?: readonly number[] | undefined
  /** Called each time that it answers. */
  readonly onFallback?: ((exchange: Exchange) => void) | undefined
}

/** Refusals of ours that say that the upstream is not to be had. */
const UNAVAILABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'circuit_open',
  'concurrency_limited',
  'deadline_exceeded',
  'no_healthy_upstream',
  'pool_queue_full',
  'pool_queue_timeout',
])

/** Whether a failure is the upstream's, or keeps us from it; never what the peer did, nor what it is refused. */
export function isUnavailable(error: TrafficError): boolean {
  return error.source === 'upstream' || UNAVAILABLE.has(error.code)
}

/**
 * Answers in another way where the upstream fails. Where that cannot be done either, the first failure stands: it explains more
 * than what came of it.
 */
export function fallback(given: FallbackOptions): Policy {
  const options = own(given)
  const { answer, forwards = false, statuses = [], onFallback } = options
  const canAnswer = (exchange: Exchange, unsent: boolean): boolean =>
    !forwards || (exchange.cancellation === undefined && (unsent || canReplay(exchange.request.body)))
  const instead: Handler = (exchange) => {
    onFallback?.(exchange)
    if (forwards) exchange.request.body = replayed(exchange.request.body)
    return answer(exchange)
  }
  return (next) =>
    async function fallback(exchange) {
      try {
        const response = await next(exchange)
        if (response.status < 400 || !statuses.includes(response.status) || !canAnswer(exchange, false))
          return response
        drain(response.body, exchange.clock)
      } catch (thrown) {
        const error = TrafficError.from(thrown)
        if (!isUnavailable(error) || !canAnswer(exchange, error.replaySafe === 'unsent')) throw error
        // For the log: the response that follows hides it.
        exchange.error = error
        return instead(exchange).catch(() => {
          throw error
        })
      }
      return instead(exchange)
    }
}
