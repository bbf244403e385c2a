import { own } from '../message/own-options.ts'
import { TrafficError } from '../message/errors.ts'
import type { Exchange } from '../message/exchange.ts'
import type { Policy } from '../message/handler.ts'
import { JudgedBody } from '../message/judged-body.ts'
import type { HttpResponse } from '../message/response.ts'

/** Options of `sizeLimit`. Default: neither is limited. */
export interface SizeLimitOptions {
  /** The most bytes of content that a request may bring. */
  readonly request?: number | undefined
  /** The most bytes of content that a response may bring, as it comes to this policy: decoded, if it stands outside `decompress`. */
  readonly response?: number | undefined
}

/**
 * Refuses requests, and breaks responses, whose content is too large: by its length before anything is read, else as soon as it is
 * too much. Rejects with TrafficError `request_body_too_large` or `response_body_too_large`, or breaks the body with it.
 * @throws TypeError if a limit is not a number from 0
 */
export function sizeLimit(given: SizeLimitOptions): Policy {
  const options = own(given)
  const most = limitOf('request', options.request)
  const mostReturned = limitOf('response', options.response)
  return (next) =>
    function sizeLimit(exchange) {
      if (most !== undefined && !isWithin(exchange, most)) return Promise.reject(requestTooLarge(most))
      if (mostReturned === undefined) return next(exchange)
      return next(exchange).then((response) => limited(response, mostReturned))
    }
}

function limitOf(name: keyof SizeLimitOptions, limit: number | undefined): number | undefined {
  if (limit === undefined || limit >= 0) return limit
  throw new TypeError(`sizeLimit.${name}: ${limit} is not valid; allowed: bytes, 0 or more`)
}

/** Whether the request may pass; where its length is not known, what comes beyond the limit ends the exchange. */
function isWithin(exchange: Exchange, limit: number): boolean {
  const { request } = exchange
  const { body } = request
  if (body.length !== undefined) return body.length <= limit
  const exceeded = (error: TrafficError): void => exchange.cancel(error)
  request.body = new JudgedBody(body, sizeJudge(limit, requestTooLarge), exceeded)
  return true
}

function limited(response: HttpResponse, limit: number): HttpResponse {
  const { body } = response
  if (body.length === undefined) response.body = new JudgedBody(body, sizeJudge(limit, responseTooLarge))
  else if (body.length > limit) {
    const error = responseTooLarge(limit)
    body.cancel(error)
    throw error
  }
  return response
}

/** Counts what has come so far. */
function sizeJudge(
  limit: number,
  tooLarge: (limit: number) => TrafficError,
): (chunk: Uint8Array) => TrafficError | undefined {
  let received = 0
  return ({ byteLength }) => {
    received += byteLength
    return received <= limit ? undefined : tooLarge(limit)
  }
}

function requestTooLarge(limit: number): TrafficError {
  return new TrafficError('request_body_too_large', `the body is larger than the limit of ${limit} bytes`, {
    phase: 'request-body',
  })
}

function responseTooLarge(limit: number): TrafficError {
  const message = `the response has more content than the limit of ${limit} bytes; read it as a stream, or raise the limit`
  return new TrafficError('response_body_too_large', message, { phase: 'response-body' })
}
