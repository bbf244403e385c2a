import { type ErrorCode, StatusError, type TrafficError } from '@headgate/client'
import { isIdempotent, RETRY_STATUSES } from '@headgate/core'
import { component, type Component } from '../../port/component.ts'
import type { ReceivedResponse } from './http-response.ts'

/** Why a request has failed, and whether it is worth another try. */
export interface HttpError {
  readonly code: ErrorCode
  readonly message: string
  /** All that is known: source, phase, `replaySafe`, cause. */
  readonly error: TrafficError
  /** The status of the response; undefined if there was none. */
  readonly status: number | undefined
  /** The response of a status of 400 or more, with up to 64 KiB of its content. */
  readonly response: ReceivedResponse | undefined
  /**
   * Whether another try may help and does no harm: the failure is one that passes, and the request was not seen by the origin, or refused
   * unseen, or may be repeated by its method.
   */
  readonly retryEligible: boolean
  /** Milliseconds after which another try may help, where somebody has said so. */
  readonly retryAfter: number | undefined
}

/** What came of a request that has failed, after all tries of the client. */
export const HttpError: Component<HttpError> = component<HttpError>('HttpError')

/** Failures of this process that pass. */
const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'deadline_exceeded',
  'pool_queue_full',
  'pool_queue_timeout',
  'no_healthy_upstream',
  'circuit_open',
  'rate_limited',
  'concurrency_limited',
  'overloaded',
])

/** What another try only meets again. */
const LASTING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'malformed_response',
  'response_head_too_large',
  'response_body_too_large',
  'decompression_failed',
  'too_many_redirects',
  'redirect_refused',
  'invalid_content',
])

/** @param response that of a status of 400 or more */
export function httpError(
  error: TrafficError,
  method: string,
  response: ReceivedResponse | undefined,
): HttpError {
  const { code, message, retryAfter } = error
  const status = error instanceof StatusError ? error.status : undefined
  return {
    code,
    message,
    error,
    status,
    response,
    retryEligible:
      status === undefined ? passes(error) && isSafe(error, method) : isWorthAnotherTry(status, method),
    retryAfter,
  }
}

function passes({ code, source }: TrafficError): boolean {
  return PASSING.has(code) || (source === 'upstream' && !LASTING.has(code))
}

function isSafe({ replaySafe }: TrafficError, method: string): boolean {
  return replaySafe !== 'unknown' || isIdempotent(method)
}

/** 408, 425 and 429 say that the request was not processed (RFC 9110 15.5.9, RFC 8470 5.2, RFC 6585 4); of others nobody knows. */
function isWorthAnotherTry(status: number, method: string): boolean {
  if (!RETRY_STATUSES.includes(status)) return false
  return status === 408 || status === 425 || status === 429 || isIdempotent(method)
}
