import type {
  Body,
  BodySink,
  Cancellable,
  Exchange,
  HeaderList,
  HttpResponse,
  TrafficError,
  WholeBody,
} from '@headgate/core'

/** Has the exchange end when its response's body does: at once if it is here already. */
export function deliver(exchange: Exchange, response: HttpResponse): HttpResponse {
  const { status, body } = response
  if (body.whole === undefined) response.body = new Delivery(exchange, status, body)
  else finish(exchange, status, body.whole.length, undefined)
  return response
}

/** Ends an exchange that has no response. */
export function deliverFailure(exchange: Exchange, error: TrafficError): void {
  finish(exchange, undefined, 0, error)
}

/** For a call, what was received is the response, and what was sent is the request. */
function finish(
  exchange: Exchange,
  status: number | undefined,
  received: number,
  error: TrafficError | undefined,
): void {
  exchange.finish({
    status,
    error: error ?? exchange.error,
    bytesReceived: received,
    bytesSent: exchange.request.body.length ?? 0,
  })
}

/** A body on its way to the caller, whose end is the exchange's. */
class Delivery implements Body, BodySink, Cancellable {
  readonly length: number | undefined
  readonly whole: WholeBody | undefined = undefined
  private readonly exchange: Exchange
  private readonly status: number
  private readonly inner: Body
  private sink: BodySink | undefined
  private received = 0
  private over = false

  constructor(exchange: Exchange, status: number, inner: Body) {
    this.exchange = exchange
    this.status = status
    this.inner = inner
    this.length = inner.length
    exchange.occupy(this)
  }

  /** For bodies that do not listen to the exchange themselves, as those of a transport in code. */
  cancelled(error: TrafficError): void {
    if (this.over) return
    this.inner.cancel(error)
    this.fail(error)
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
    this.finish(error)
  }

  get holdsNothing(): boolean {
    return this.sink?.holdsNothing === true
  }

  write(chunk: Uint8Array): boolean {
    this.received += chunk.byteLength
    return this.sink?.write(chunk) ?? true
  }

  end(trailers?: HeaderList): void {
    this.finish(undefined)
    this.sink?.end(trailers)
  }

  fail(error: TrafficError): void {
    if (this.over) return
    // Whoever gave the exchange up said why; the connection's end is only the consequence.
    const cause = this.exchange.cancellation ?? error
    cause.attempts = this.exchange.attempts
    this.finish(cause)
    this.sink?.fail(cause)
  }

  private finish(error: TrafficError | undefined): void {
    this.over = true
    this.exchange.release(this)
    finish(this.exchange, this.status, this.received, error)
  }
}
