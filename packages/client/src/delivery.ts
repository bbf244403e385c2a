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
import type { Progress } from './progress.ts'
import type { CallFacts } from './response/call-facts.ts'

/** Who is told how far the content is, and how it ends. */
export interface DeliveryListeners {
  readonly facts: CallFacts
  readonly progress: Progress | undefined
}

/** Has the exchange end when its response's body does: at once if it is here already. */
export function deliver(
  exchange: Exchange,
  response: HttpResponse,
  listeners: DeliveryListeners,
): HttpResponse {
  const { status, body } = response
  const { whole } = body
  if (whole === undefined) {
    response.body = new Delivery(exchange, status, body, listeners)
    return response
  }
  if (whole.length > 0) listeners.progress?.moved(whole.length)
  listeners.facts.ended(exchange.clock.now(), undefined, undefined)
  finish(exchange, status, whole.length, undefined)
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
  private readonly listeners: DeliveryListeners
  private received = 0
  private over = false
  private failure: TrafficError | undefined

  constructor(exchange: Exchange, status: number, inner: Body, listeners: DeliveryListeners) {
    super(inner)
    this.exchange = exchange
    this.status = status
    this.listeners = listeners
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
    this.listeners.progress?.moved(chunk.byteLength)
    return super.write(chunk)
  }

  override end(trailers?: HeaderList): void {
    this.listeners.progress?.ended()
    this.finish(undefined, trailers)
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

  private finish(error: TrafficError | undefined, trailers?: HeaderList): void {
    this.over = true
    this.listeners.facts.ended(this.exchange.clock.now(), trailers, error)
    this.exchange.release(this)
    finish(this.exchange, this.status, this.received, error)
  }
}
