import type { Body, BodySink } from '../message/body.ts'
import { TrafficError } from '../message/errors.ts'
import type { Policy } from '../message/handler.ts'
import type { HeaderList } from '../message/headers.ts'

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
export function sizeLimit(options: SizeLimitOptions): Policy {
  const { response: limit } = options
  if (!(limit >= 0))
    throw new TypeError(`sizeLimit.response: ${limit} is not valid; allowed: octets, 0 or more`)
  return (next) =>
    async function sizeLimit(exchange) {
      const response = await next(exchange)
      const { body } = response
      if (body.length === undefined) response.body = new CountedBody(body, limit)
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

/** A body of unknown length that breaks when it gets too long. */
class CountedBody implements Body, BodySink {
  readonly length: undefined = undefined
  readonly whole: undefined = undefined
  private readonly inner: Body
  private readonly limit: number
  private sink: BodySink | undefined
  private received = 0

  constructor(inner: Body, limit: number) {
    this.inner = inner
    this.limit = limit
  }

  get holdsNothing(): boolean {
    return this.sink?.holdsNothing === true
  }

  flowTo(sink: BodySink): void {
    this.sink = sink
    this.inner.flowTo(this)
  }

  resume(): void {
    this.inner.resume()
  }

  cancel(error: TrafficError): void {
    this.sink = undefined
    this.inner.cancel(error)
  }

  write(chunk: Uint8Array): boolean {
    this.received += chunk.byteLength
    if (this.received <= this.limit) return this.sink?.write(chunk) ?? false
    const { sink } = this
    const error = tooLarge(this.limit)
    this.cancel(error)
    sink?.fail(error)
    return false
  }

  end(trailers?: HeaderList): void {
    this.sink?.end(trailers)
  }

  fail(error: TrafficError): void {
    this.sink?.fail(error)
  }
}
