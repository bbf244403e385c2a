import { type GrpcStatus, parsePushback, trailersOnlyStatus } from '../../fields/grpc.ts'
import { parseRetryAfter } from '../../fields/retry-after.ts'
import { type ErrorCode, type ReplaySafety, TrafficError } from '../../message/errors.ts'
import type { Exchange } from '../../message/exchange.ts'
import { canReplay } from '../../message/replay.ts'
import { isIdempotent } from '../../message/request.ts'
import type { HttpResponse } from '../../message/response.ts'
import { backoff, type BackoffOptions } from './backoff.ts'

/** The statuses that say that another try may help: transient by their definition (RFC 9110 15.5, 15.6; RFC 6585 4; RFC 8470 5.2). */
export const RETRY_STATUSES: readonly number[] = [408, 425, 429, 500, 502, 503, 504]

/** What another try only meets again: the response that the upstream has for this request. */
const LASTING: ReadonlySet<ErrorCode> = new Set([
  'malformed_response',
  'response_head_too_large',
  'response_body_too_large',
  'decompression_failed',
])

/** Whether the next try goes to an endpoint that has not failed at this exchange yet. */
export function hasUntriedEndpoint({ choices, endpoint, tried }: Exchange): boolean {
  if (tried === undefined) return choices > 1
  return new Set([...tried, endpoint]).size < choices
}

/**
 * Rule 7 of the engine, as a pure decision.
 * @param keyed whether a request with Idempotency-Key counts as idempotent
 * @param methods the only ones that are tried again, each as one that may be repeated; undefined: all, as they are defined
 */
export function isReplayable(
  exchange: Exchange,
  error: TrafficError,
  keyed = false,
  methods?: readonly string[],
): boolean {
  if (!canBeSentAgain(exchange, error) || error.lasting || LASTING.has(error.code)) return false
  if (methods !== undefined) return methods.includes(exchange.request.method)
  if (error.replaySafe !== 'unknown') return true
  return keyed && exchange.request.headers.has('idempotency-key')
}

/** What nobody's word makes up for: somebody wants the response still, the upstream has failed, and all of the request can be had again. */
export function canBeSentAgain(exchange: Exchange, error: TrafficError): boolean {
  if (exchange.cancellation !== undefined || error.source !== 'upstream') return false
  if (error.onlyElsewhere && !hasUntriedEndpoint(exchange)) return false
  // Bytes that were read off the downstream connection are gone.
  return error.replaySafe === 'unsent' || canReplay(exchange.request.body)
}

/**
 * A response that may be better at the next try, as the failure that it stands for; undefined for one to be passed on.
 * @param statuses those that are tried again
 * @param methods those that may be repeated, where they are named
 */
export function failedStatus(
  exchange: Exchange,
  response: HttpResponse,
  statuses: readonly number[],
  methods?: readonly string[],
): TrafficError | undefined {
  const { status } = response
  // All the good ones, at the cost of one comparison.
  if (status < 400 || !statuses.includes(status)) return undefined
  const { method } = exchange.request
  // An origin that keeps answers by Idempotency-Key answers the same 500 again (draft-ietf-httpapi-idempotency-key-header).
  if (status === 500 && !(methods?.includes(method) ?? isIdempotent(method))) return undefined
  return statusFailure(exchange, response)
}

/** A response of 400 or more, as a failure. */
export function statusFailure(exchange: Exchange, response: HttpResponse): TrafficError {
  const { status } = response
  const { method } = exchange.request
  const message = `the upstream answered ${status} (${exchange.endpoint || 'upstream'})`
  const replaySafe = statusSafety(status, method)
  const error = new TrafficError('unexpected_status', message, { phase: 'response-head', replaySafe })
  error.retryAfter = parseRetryAfter(response.headers.get('retry-after'), exchange.clock.wallTime())
  return error
}

/** The statuses of gRPC after which another try may help; that it may is for the owner of the method to say (gRFC A6). */
export const GRPC_RETRY_STATUSES = [
  'CANCELLED',
  'DEADLINE_EXCEEDED',
  'RESOURCE_EXHAUSTED',
  'ABORTED',
  'INTERNAL',
  'UNAVAILABLE',
] as const

/**
 * A response that is a listed status of gRPC and nothing else, as the failure that it stands for; undefined for any other. Each call is a
 * POST, so it is by listing a status that somebody says that it may be repeated. What is exhausted is only asked again where
 * the server says when, or elsewhere.
 */
export function failedGrpcStatus(
  exchange: Exchange,
  response: HttpResponse,
  statuses: readonly GrpcStatus[],
): TrafficError | undefined {
  const { headers } = response
  if (response.status !== 200 || !headers.has('grpc-status')) return undefined
  const status = trailersOnlyStatus(response)
  if (status === undefined || !statuses.includes(status)) return undefined
  const pushback = parsePushback(headers.get('grpc-retry-pushback-ms'))
  if (pushback === Infinity) return undefined
  const message = `the upstream answered ${status} (${exchange.endpoint || 'upstream'})`
  const details = { phase: 'response-head', replaySafe: 'refused' } as const
  const error = new TrafficError('unexpected_status', message, details)
  error.retryAfter = pushback ?? parseRetryAfter(headers.get('retry-after'), exchange.clock.wallTime())
  if (status === 'RESOURCE_EXHAUSTED' && error.retryAfter === undefined) error.onlyElsewhere = true
  return error
}

/** These say that the request was not processed (RFC 9110 15.5.2: 401 has not been applied); of any other, nobody knows. */
function statusSafety(status: number, method: string): ReplaySafety {
  if (status === 401 || status === 408 || status === 425 || status === 429) return 'refused'
  return isIdempotent(method) ? 'idempotent' : 'unknown'
}

/** What `nextDelay` goes by. */
export interface DelayLimits {
  readonly backoff: BackoffOptions
  /** Tries in all that are allowed. */
  readonly attempts: number
  /** The longest Retry-After to wait for, in milliseconds. */
  readonly maxRetryAfter: number
}

/**
 * How long to wait before the next try, never less than is asked; undefined if there is none: no attempt is left, too much is
 * asked, or the deadline would pass meanwhile.
 * @param asked milliseconds for which the endpoint of the next try asks to be left alone: 0 if it is another one that is free
 * @param made the tries so far that count
 * @param previous the wait before the attempt that failed; 0 if there was none
 */
export function nextDelay(
  exchange: Exchange,
  asked: number,
  limits: DelayLimits,
  made: number,
  previous: number,
): number | undefined {
  if (made >= limits.attempts) return undefined
  if (asked > limits.maxRetryAfter) return undefined
  const delay = Math.max(backoff(limits.backoff, made, exchange.clock, previous), asked)
  return delay >= exchange.remaining() ? undefined : delay
}
