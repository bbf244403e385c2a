import type { ErrorCode } from '@headgate/client'
import type { Entity } from '../port/entity.ts'
import { event, type EventKind } from '../port/event.ts'
import type { HttpError } from './components/http-error.ts'
import type { HttpRequest } from './components/http-request.ts'
import type { HttpResponse } from './components/http-response.ts'
import type { RetryPolicy } from './components/retry-policy.ts'

/** What every event of a request tells. */
export interface RequestEvent {
  readonly entity: Entity
  /** The request's, when it happened. */
  readonly id: number
  /** With URL, method, header fields, content and times. */
  readonly request: HttpRequest
}

/** A tick has taken a request up: it is started, or waits. */
export interface HttpRequestSubmitted extends RequestEvent {
  readonly url: string
  readonly method: string
  /** Milliseconds; undefined where none was set. */
  readonly timeout: number | undefined
  /** Undefined: as the client has it. */
  readonly retryPolicy: RetryPolicy | undefined
}
export const HttpRequestSubmitted: EventKind<HttpRequestSubmitted> = event('HttpRequestSubmitted')

/** A response is here, whole: one of the three ends. */
export interface HttpResponseReceived<Value = unknown> extends RequestEvent {
  readonly status: number
  /** With header fields, content, and what the cache has done. */
  readonly response: HttpResponse<Value>
  /** Milliseconds from when it was handed to the client. */
  readonly duration: number
}
export const HttpResponseReceived: EventKind<HttpResponseReceived> = event('HttpResponseReceived')

/** There is no response, after all tries: one of the three ends. */
export interface HttpRequestFailed extends RequestEvent {
  readonly code: ErrorCode
  readonly error: HttpError
  readonly retryEligible: boolean
}
export const HttpRequestFailed: EventKind<HttpRequestFailed> = event('HttpRequestFailed')

/**
 * Its entity was despawned, or its `HttpRequest` removed or replaced, before it had ended: one of the three ends. It is told at once, also
 * outside of ticks.
 */
export type HttpRequestCancelled = RequestEvent
export const HttpRequestCancelled: EventKind<HttpRequestCancelled> = event('HttpRequestCancelled')

/**
 * A request is tried again: by the client, as its retry policy says; or by the program, which asks for it by sending this event
 * (`requestRetry`), once the request has ended.
 */
export interface HttpRequestRetryRequested {
  readonly entity: Entity
  readonly by: 'policy' | 'program'
  /** The rest is known of the policy's alone. */
  readonly id?: number
  readonly request?: HttpRequest
  /** Tries so far. */
  readonly attempt?: number
  /** Milliseconds until the next. */
  readonly delay?: number
  /** Why the last one failed. */
  readonly code?: ErrorCode
}
export const HttpRequestRetryRequested: EventKind<HttpRequestRetryRequested> =
  event('HttpRequestRetryRequested')

/** A request waits, since its domain has had as many as it may. It is told once for each request. */
export interface RateLimitExceeded extends RequestEvent {
  /** Host, with its port if that is no default. */
  readonly domain: string
  /** Milliseconds until the domain gets its next request. */
  readonly wait: number
  /** Whether `RateLimitManager` has it wait, or the option `rateLimit` of the client. */
  readonly by: 'world' | 'client'
}
export const RateLimitExceeded: EventKind<RateLimitExceeded> = event('RateLimitExceeded')

/** A piece of the content of a request with `stream: true`. */
export interface HttpBodyChunk extends RequestEvent {
  readonly chunk: Uint8Array
  /** Bytes before it. */
  readonly offset: number
}
export const HttpBodyChunk: EventKind<HttpBodyChunk> = event('HttpBodyChunk')
