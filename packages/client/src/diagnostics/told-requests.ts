import {
  type Body,
  type Exchange,
  type Handler,
  type HeaderList,
  type HttpResponse,
  REASON_PHRASES,
  RelayedBody,
  TrafficError,
} from '@headgate/core'
import * as channels from './channels.ts'
import { ToldRequest } from './told-request.ts'

/** Tells each request on undici's channels, if somebody listens. */
export function toldRequests(next: Handler): Handler {
  return (exchange) => (channels.isHeard() ? told(exchange, next) : next(exchange))
}

async function told(exchange: Exchange, next: Handler): Promise<HttpResponse> {
  const request = new ToldRequest(exchange)
  const before = request.headers.join('\n')
  channels.create.publish({ request })
  if (request.headers.join('\n') !== before) request.applyTo(exchange.request.headers)
  if (channels.sendHeaders.hasSubscribers && exchange.wire !== undefined)
    exchange.wire.onBegin = (connection) => {
      if (connection?.socket === undefined) return
      channels.sendHeaders.publish({ request, headers: request.head(), socket: connection.socket })
    }
  try {
    const response = await next(exchange)
    tellResponse(request, response)
    return response
  } catch (thrown) {
    tellFailure(request, exchange.cancellation ?? TrafficError.from(thrown))
    throw thrown
  } finally {
    if (exchange.wire !== undefined) exchange.wire.onBegin = undefined
  }
}

function tellResponse(request: ToldRequest, response: HttpResponse): void {
  const { status: statusCode, reason, body } = response
  channels.bodySent.publish({ request })
  const statusText = reason ?? REASON_PHRASES[statusCode] ?? ''
  channels.headers.publish({ request, response: { statusCode, statusText, headers: raw(response.headers) } })
  if (body.whole === undefined) response.body = new ToldBody(request, body)
  else {
    if (body.whole.length > 0) channels.bodyChunkReceived.publish({ request, chunk: body.whole.bytes })
    tellEnd(request, undefined)
  }
}

function tellEnd(request: ToldRequest, trailers: HeaderList | undefined): void {
  request.completed = true
  channels.trailers.publish({ request, trailers: trailers === undefined ? [] : raw(trailers) })
}

/** What was given up is told by the signal's own reason, so that an AbortError is known for one. */
function tellFailure(request: ToldRequest, failure: TrafficError): void {
  const { code, cause } = failure
  request.aborted = true
  channels.error.publish({ request, error: code === 'cancelled' && cause instanceof Error ? cause : failure })
}

function raw(fields: HeaderList): Buffer[] {
  return [...fields].flatMap(({ name, value }) => [Buffer.from(name, 'latin1'), Buffer.from(value, 'latin1')])
}

/** A response's content, whose end is told once. */
class ToldBody extends RelayedBody {
  private readonly request: ToldRequest

  constructor(request: ToldRequest, inner: Body) {
    super(inner)
    this.request = request
  }

  override write(chunk: Uint8Array): boolean {
    if (channels.bodyChunkReceived.hasSubscribers)
      channels.bodyChunkReceived.publish({ request: this.request, chunk: Buffer.from(chunk) })
    return super.write(chunk)
  }

  override end(trailers?: HeaderList): void {
    tellEnd(this.request, trailers)
    super.end(trailers)
  }

  override fail(error: TrafficError): void {
    this.failed(error)
    super.fail(error)
  }

  override cancel(error: TrafficError): void {
    this.failed(error)
    super.cancel(error)
  }

  private failed(error: TrafficError): void {
    if (!this.request.completed && !this.request.aborted) tellFailure(this.request, error)
  }
}
