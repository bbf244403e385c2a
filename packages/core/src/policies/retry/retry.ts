import { own } from '../../message/own-options.ts'
import type { GrpcStatus } from '../../fields/grpc.ts'
import { drain } from '../../message/drain.ts'
import { TrafficError } from '../../message/errors.ts'
import type { Exchange } from '../../message/exchange.ts'
import type { Handler, Policy } from '../../message/handler.ts'
import { replayed } from '../../message/replay.ts'
import type { HttpResponse } from '../../message/response.ts'
import { spoolFor } from '../../message/spool.ts'
import { type BackoffOptions, sleep } from './backoff.ts'
import type { RetryBudget } from './retry-budget.ts'
import {
  canBeSentAgain,
  failedGrpcStatus,
  failedStatus,
  hasUntriedEndpoint,
  isReplayable,
  nextDelay,
  statusFailure,
} from './retry-decision.ts'

/** A try that failed, for whoever has a say in what follows. */
export interface FailedTry {
  readonly exchange: Exchange
  readonly error: TrafficError
  /** The response that counts as the failure, if there is one. */
  readonly response: HttpResponse | undefined
  /** Whether it is tried again if nobody says otherwise. */
  readonly replayable: boolean
}

/** Options of `retry`. */
export interface RetryOptions {
  /** Tries in all, the first included. With 1, a stale keep-alive connection is still replaced, once and free. */
  readonly attempts: number
  readonly backoff: BackoffOptions
  readonly budget: RetryBudget
  /** Responses with these statuses are tried again, 500 only where the method is idempotent: see `RETRY_STATUSES`. Default: none. */
  readonly statuses?: readonly number[] | undefined
  /** Responses that are one of these statuses of gRPC, and nothing else, are tried again: see `failedGrpcStatus`. Default: none. */
  readonly grpcStatuses?: readonly GrpcStatus[] | undefined
  /** Whether a request with Idempotency-Key counts as idempotent: only its origin can promise that. Default false. */
  readonly idempotencyKey?: boolean | undefined
  /** The only methods that are tried again, each as one that may be repeated. Default: all, as RFC 9110 9.2.2 defines them. */
  readonly methods?: readonly string[] | undefined
  /**
   * Asked of each failure, statuses of 400 and more among them: true and false decide whether there is another try, undefined leaves it as
   * it is. A request that cannot be sent again is not, whatever is said, and attempts, deadline, Retry-After and budget hold. Default: nobody.
   */
  readonly judge?: ((failed: FailedTry) => Verdict | Promise<Verdict>) | undefined
  /** Called before each further try, after the wait, and waited for: it may change the exchange's request. What it throws ends the exchange. */
  readonly prepare?: ((failed: FailedTry) => void | Promise<void>) | undefined
  /** The longest Retry-After to wait for, in milliseconds; what asks for more fails now. Default 60,000. */
  readonly maxRetryAfter?: number | undefined
  /** Bytes of a streamed request body to keep, so that it can be sent again. Default 0: a stream is sent once. */
  readonly spool?: number | undefined
  /** Called when a further try is decided on, before the wait. */
  readonly onScheduled?: ((exchange: Exchange, error: TrafficError, delay: number) => void) | undefined
  /** Called before each further try. */
  readonly onRetry?: ((exchange: Exchange, error: TrafficError) => void) | undefined
}

type Verdict = boolean | undefined

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

/** A try that failed: with the response that counts as the failure, or without one. */
interface Failure {
  readonly error: TrafficError
  readonly response: HttpResponse | undefined
  /** Whether the statuses name it, or nothing had to. */
  readonly listed: boolean
}

/** What is known of an exchange once a try of it has failed. */
interface Tries {
  stale: boolean
  /** The last wait, in milliseconds. */
  delay: number
  /** Until then, each of the endpoints tried so far, or some of them, asks to be left alone. */
  freeAt: number
}

function attempts(given: RetryOptions, next: Handler): Handler {
  const options = own(given)
  // What follows a failure stands apart: an async function takes memory for all that it may ever have in hand.
  return async function retry(exchange) {
    options.budget.request(exchange.startedAt)
    let tries: Tries | undefined
    for (;;) {
      exchange.attempts++
      let failure: Failure | undefined
      try {
        const response = await next(exchange)
        failure = failureOf(exchange, response, options)
        if (failure === undefined) return response
      } catch (thrown) {
        const error = TrafficError.from(thrown)
        error.attempts = exchange.attempts
        failure = { error, response: undefined, listed: true }
      }
      tries ??= { stale: false, delay: 0, freeAt: 0 }
      const last = await beforeNext(exchange, failure, tries, options)
      if (last !== undefined) return last
    }
  }
}

/** Whether a response counts as a failure. */
function failureOf(
  exchange: Exchange,
  response: HttpResponse,
  { statuses, grpcStatuses, methods, judge }: RetryOptions,
): Failure | undefined {
  let error: TrafficError | undefined
  if (statuses !== undefined) error = failedStatus(exchange, response, statuses, methods)
  if (grpcStatuses !== undefined) error ??= failedGrpcStatus(exchange, response, grpcStatuses)
  if (error !== undefined) return { error, response, listed: true }
  if (judge === undefined || response.status < 400) return undefined
  return { error: statusFailure(exchange, response), response, listed: false }
}

/**
 * Waits until there may be another try.
 * @returns a response with which it ends instead
 * @throws TrafficError the failure, where it ends with that
 */
async function beforeNext(
  exchange: Exchange,
  { error, response, listed }: Failure,
  tries: Tries,
  options: RetryOptions,
): Promise<HttpResponse | undefined> {
  const { attempts, backoff, idempotencyKey: keyed = false, methods, judge, maxRetryAfter = 60_000 } = options
  const replayable = listed && isReplayable(exchange, error, keyed, methods)
  const failed: FailedTry = { exchange, error, response, replayable }
  if (error.staleConnection && !tries.stale && isReplayable(exchange, error, keyed)) {
    // Not the upstream's failure but a race with its keep-alive: at once, once, on a fresh connection, and free.
    tries.stale = true
    exchange.freshConnection = true
  } else {
    const counted = tries.stale ? exchange.attempts - 1 : exchange.attempts
    const now = exchange.clock.now()
    if (error.retryAfter !== undefined) tries.freeAt = Math.max(tries.freeAt, now + error.retryAfter)
    const asked = hasUntriedEndpoint(exchange) ? 0 : Math.max(0, tries.freeAt - now)
    const possible = judge === undefined ? replayable : canBeSentAgain(exchange, error)
    const limits = { backoff, attempts, maxRetryAfter }
    const delay = possible ? nextDelay(exchange, asked, limits, counted, tries.delay) : undefined
    const wanted = delay !== undefined && (judge === undefined || (await isWanted(failed, judge)))
    if (!wanted || !options.budget.take()) {
      if (response !== undefined) return response
      throw error
    }
    if (response !== undefined) drain(response.body, exchange.clock)
    options.onScheduled?.(exchange, error, delay)
    await sleep(delay, exchange)
    tries.delay = delay
    if (options.prepare !== undefined) await prepared(failed, options.prepare)
  }
  exchange.request.body = replayed(exchange.request.body)
  if (exchange.endpoint !== '') (exchange.tried ??= []).push(exchange.endpoint)
  options.onRetry?.(exchange, error)
  return undefined
}

/** What its caller throws is what the exchange fails with: nobody takes the response then. */
async function isWanted(failed: FailedTry, judge: NonNullable<RetryOptions['judge']>): Promise<boolean> {
  const { exchange, response, replayable } = failed
  try {
    return (await judge(failed)) ?? replayable
  } catch (thrown) {
    if (response !== undefined) drain(response.body, exchange.clock)
    throw thrown
  }
}

async function prepared(failed: FailedTry, prepare: NonNullable<RetryOptions['prepare']>): Promise<void> {
  await prepare(failed)
  // Nothing may be sent for what was given up meanwhile.
  if (failed.exchange.cancellation !== undefined) throw failed.exchange.cancellation
}
