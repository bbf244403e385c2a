import { own } from '../message/own-options.ts'
import { TrafficError } from '../message/errors.ts'
import type { Policy } from '../message/handler.ts'
import { LimitedBody } from '../message/limited-body.ts'

/** Options of `limits`. */
export interface LimitsOptions {
  /** The most octets of content that a request may bring. */
  readonly body: number
}

/** Refuses requests whose content is too large: by its length before anything is read, else as soon as it is too much. */
export function limits(given: LimitsOptions): Policy {
  const options = own(given)
  return (next) =>
    function limits(exchange) {
      const { request } = exchange
      const { body } = request
      if (body.length === undefined) {
        const exceeded = (error: TrafficError): void => exchange.cancel(error)
        request.body = new LimitedBody(body, options.body, () => tooLarge(options.body), exceeded)
      } else if (body.length > options.body) return Promise.reject(tooLarge(options.body))
      return next(exchange)
    }
}

function tooLarge(limit: number): TrafficError {
  return new TrafficError('request_body_too_large', `the body is larger than the limit of ${limit} bytes`, {
    phase: 'request-body',
  })
}
