import {
  type Body,
  type BodySink,
  type Cancellable,
  type Exchange,
  type HeaderList,
  type HttpResponse,
  RelayedBody,
  type TrafficError,
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
class Delivery extends RelayedBody implements Cancellable {
  private readonly exchange: Exchange
  private readonly status: number
  private received = 0
  private over = false
  private failure: TrafficError | undefined

  constructor(exchange: Exchange, status: number, inner: Body) {
    super(inner)
    this.exchange = exchange
    this.status = status
    exchange.occupy(this)
  }

  /** Whoever reads after the exchange was given up is told so. */
  override flowTo(sink: BodySink): void {
    if (this.failure === undefined) super.flowTo(sink)
    else sink.fail(this.failure)
  }

  /** For bodies that do not listen to the exchange themselves, as those of a transport in code. */
  cancelled(error: TrafficError): void {
    if (this.over) return
    this.inner.cancel(error)
    this.fail(error)
  }

  override cancel(error: TrafficError): void {
    super.cancel(error)
    this.finish(error)
  }

  override write(chunk: Uint8Array): boolean {
    this.received += chunk.byteLength
    return super.write(chunk)
  }

  override end(trailers?: HeaderList): void {
    this.finish(undefined)
    super.end(trailers)
  }

  override fail(error: TrafficError): void {
    if (this.over) return
    // Whoever gave the exchange up said why; the connection's end is only the consequence.
    const cause = this.exchange.cancellation ?? error
    cause.attempts = this.exchange.attempts
    this.failure = cause
    this.finish(cause)
    super.fail(cause)
  }

  private finish(error: TrafficError | undefined): void {
    this.over = true
    this.exchange.release(this)
    finish(this.exchange, this.status, this.received, error)
  }
}
