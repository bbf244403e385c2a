import { own } from '../message/own-options.ts'
import { TrafficError } from '../message/errors.ts'
import type { Policy } from '../message/handler.ts'
import { LimitedBody } from '../message/limited-body.ts'

/** Options of `sizeLimit`. */
export interface SizeLimitOptions {
  /** The most octets of content that a response may bring, as it comes to this policy: decoded, if it stands outside `decompress`. */
  readonly response: number
}

/**
 * Breaks responses whose content is too large: by its length before anything is read, else as soon as it is too much.
 * Rejects with TrafficError `response_body_too_large`, or breaks the body with it.
 * @throws TypeError if the limit is not a number from 0
 */
export function sizeLimit(given: SizeLimitOptions): Policy {
  const options = own(given)
  const { response: limit } = options
  if (!(limit >= 0))
    throw new TypeError(`sizeLimit.response: ${limit} is not valid; allowed: octets, 0 or more`)
  return (next) =>
    async function sizeLimit(exchange) {
      const response = await next(exchange)
      const { body } = response
      if (body.length === undefined) response.body = new LimitedBody(body, limit, () => tooLarge(limit))
      else if (body.length > limit) {
        const error = tooLarge(limit)
        body.cancel(error)
        throw error
      }
      return response
    }
}

function tooLarge(limit: number): TrafficError {
  const message = `the response has more content than the limit of ${limit} octets; read it as a stream, or raise the limit`
  return new TrafficError('response_body_too_large', message, { phase: 'response-body' })
}
