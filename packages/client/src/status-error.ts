import { parseRetryAfter, TrafficError } from '@headgate/core'
import { ClientResponse } from './response/response.ts'
import { shown } from './shown-url.ts'

/** The origin answered, but with a status of 400 or more: `unexpected_status`. The response is there to be read, up to 64 KiB of its content. */
export class StatusError extends TrafficError {
  readonly response: ClientResponse

  /** @param now wall time, for a Retry-After that is a date */
  constructor(method: string, response: ClientResponse, now: number) {
    const { status, statusText, url } = response
    super(
      'unexpected_status',
      `${method} ${shown(url)} was answered with ${status} ${statusText}`.trimEnd(),
      {
        phase: 'response-head',
      },
    )
    this.response = response
    ClientResponse.keepPart(response)
    const wait = parseRetryAfter(response.header('retry-after'), now)
    if (wait !== undefined) this.retryAfter = wait
    this.attempts = response.attempts
  }

  /** The status that the origin answered with. */
  override get status(): number {
    return this.response.status
  }
}
