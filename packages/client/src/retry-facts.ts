import type { TrafficError } from '@headgate/core'
import type { HeadersInput } from './headers-input.ts'

/** What is known of an attempt that failed, for `retry.shouldRetry` and `retry.beforeRetry`. */
export interface FailedAttempt {
  readonly method: string
  readonly url: string
  /** Attempts made so far, this one included. */
  readonly attempt: number
  /** For a status of 400 or more, its code is `unexpected_status`. */
  readonly error: TrafficError
  /** Undefined if there was no response. */
  readonly status: number | undefined
  /** The response's fields. */
  readonly headers: Headers | undefined
  /** Whether the client would try again by itself. */
  readonly willRetry: boolean
  /** Whether the method may be repeated, by its definition (RFC 9110 9.2.2). */
  readonly idempotent: boolean
  /** Milliseconds since the call began. */
  readonly elapsed: number
  /** Milliseconds until the deadline; Infinity without one. */
  readonly remaining: number
}

/** What `retry.beforeRetry` changes of the request, for this and all further attempts. */
export interface RetryChanges {
  /** Put in the place of fields of the same name; undefined leaves one out. */
  readonly headers?: HeadersInput | undefined
  /** Where to send it instead, at the same origin: absolute, or a path relative to the URL of the attempt before. */
  readonly url?: string | URL | undefined
}

type MaybePromise<Value> = Value | Promise<Value>

export type ShouldRetry = (failed: FailedAttempt) => MaybePromise<boolean | undefined | void>
export type BeforeRetry = (failed: FailedAttempt) => MaybePromise<RetryChanges | undefined | void>
