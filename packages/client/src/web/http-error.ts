import { REASON_PHRASES } from '@headgate/core'
import { answer } from './web-answer.ts'

/** What may be said of a failure beside its status (RFC 9457). */
export interface HttpErrorDetails {
  /** What went wrong this time, for people: clients are told. */
  readonly detail?: string | undefined
  /** What kind of failure it is, as a URI. Default `about:blank`: what the status says. */
  readonly type?: string | undefined
  /** Default: the phrase of the status. */
  readonly title?: string | undefined
  /** More members of the problem document. */
  readonly members?: Readonly<Record<string, unknown>> | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** For the log alone. */
  readonly cause?: unknown
}

/** Known to all copies of this file: a handler may have it from another bundle than the engine. */
const ANSWER = Symbol.for('headgate.http-error')

/**
 * Thrown by a handler, it is what the client is told: a problem document (RFC 9457) with this status. All else that a handler throws is a 500 that
 * says nothing.
 *
 * ```ts
 * throw new HttpError(404, { detail: `there is no order ${id}` })
 * ```
 */
export class HttpError extends Error {
  override readonly name: string = 'HttpError'
  readonly status: number
  readonly details: HttpErrorDetails

  /** @throws RangeError if the status is no whole number from 400 to 599 */
  constructor(status: number, details: HttpErrorDetails = {}) {
    const { detail, title, cause } = details
    super(
      detail ?? title ?? REASON_PHRASES[status] ?? String(status),
      cause === undefined ? undefined : { cause },
    )
    if (!Number.isInteger(status) || status < 400 || status > 599)
      throw new RangeError(
        `the status of an HttpError is ${String(status)}; allowed: a whole number from 400 to 599`,
      )
    this.status = status
    this.details = details
  }

  static {
    Object.defineProperty(this.prototype, ANSWER, { value: problemOf })
  }
}

function problemOf(this: HttpError): Response {
  const { type = 'about:blank', title = REASON_PHRASES[this.status], detail, members, headers } = this.details
  const document = JSON.stringify({ type, title, status: this.status, detail, ...members })
  return answer(document, 'application/problem+json', {
    status: this.status,
    headers: { 'cache-control': 'no-store', ...headers },
  })
}

/** What stands for something that was thrown, where that says so itself. */
export function errorAnswer(thrown: unknown): Response | undefined {
  if (typeof thrown !== 'object' || thrown === null || !(ANSWER in thrown)) return undefined
  return (thrown as { readonly [ANSWER]: () => Response })[ANSWER]()
}
