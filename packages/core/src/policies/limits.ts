import type { Body, BodySink, WholeBody } from '../message/body.ts'
import { TrafficError } from '../message/errors.ts'
import type { Policy } from '../message/handler.ts'
import type { HeaderList } from '../message/headers.ts'

/** Options of `limits`. */
export interface LimitsOptions {
  /** The most octets of content that a request may bring. */
  readonly body: number
}

/** Refuses requests whose content is too large: by its length before anything is read, else as soon as it is too much. */
export function limits(options: LimitsOptions): Policy {
  return (next) =>
    function limits(exchange) {
      const { request } = exchange
      const { body } = request
      if (body.length === undefined) {
        request.body = new LimitedBody(body, options.body, (error) => exchange.cancel(error))
      } else if (body.length > options.body) return Promise.reject(tooLarge(options.body))
      return next(exchange)
    }
}

function tooLarge(limit: number): TrafficError {
  return new TrafficError('request_body_too_large', `the body is larger than the limit of ${limit} bytes`, {
    phase: 'request-body',
  })
}

/** A body of unknown length that breaks when it gets too long. */
class LimitedBody implements Body, BodySink {
  readonly length: undefined = undefined
  readonly whole: WholeBody | undefined = undefined
  private readonly inner: Body
  private readonly limit: number
  private readonly exceeded: (error: TrafficError) => void
  private sink: BodySink | undefined
  private received = 0

  constructor(inner: Body, limit: number, exceeded: (error: TrafficError) => void) {
    this.inner = inner
    this.limit = limit
    this.exceeded = exceeded
  }

  flowTo(sink: BodySink): void {
    this.sink = sink
    this.inner.flowTo(this)
  }

  resume(): void {
    this.inner.resume()
  }

  cancel(error: TrafficError): void {
    this.inner.cancel(error)
  }

  get holdsNothing(): boolean {
    return this.sink?.holdsNothing === true
  }

  write(chunk: Uint8Array): boolean {
    this.received += chunk.byteLength
    if (this.received <= this.limit) return this.sink?.write(chunk) ?? true
    const error = tooLarge(this.limit)
    this.inner.cancel(error)
    this.exceeded(error)
    // Whoever reads it need not be one whom the cancellation reaches.
    this.sink?.fail(error)
    this.sink = undefined
    return false
  }

  end(trailers?: HeaderList): void {
    this.sink?.end(trailers)
  }

  fail(error: TrafficError): void {
    this.sink?.fail(error)
  }
}
