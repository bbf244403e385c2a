import { hasNoContent } from '../message/response.ts'
import { type Body, type BodySink, EMPTY_BODY } from '../message/body.ts'
import { TrafficError } from '../message/errors.ts'
import { type Cancellable, Exchange } from '../message/exchange.ts'
import type { Handler } from '../message/handler.ts'
import type { HeaderList } from '../message/headers.ts'
import { RelayedBody } from '../message/relayed-body.ts'
import { HttpRequest } from '../message/request.ts'
import type { HttpResponse } from '../message/response.ts'
import type { ConnectionOwner } from '../message/connections.ts'
import type { PooledConnection } from '../upstream/pool/pool-entry.ts'
import type { OpenConnection } from '../upstream/upstream.ts'

/**
 * Connections without sockets, for `UpstreamOptions.open`: what is sent on them is an exchange for `handler`, such as a gateway's, and
 * what it returns is the response. Pool, name resolution and address guard work as with sockets. What the handler rejects
 * with is what the upstream fails with, so that a test can play any failure.
 */
export function memoryTransport(handler: Handler): OpenConnection {
  return async (_connectSocket, admitted) => {
    await admitted()
    return new MemoryConnection(handler)
  }
}

class MemoryConnection implements PooledConnection, Cancellable {
  owner: ConnectionOwner<PooledConnection> | undefined
  closed = false
  private readonly handler: Handler
  private outer: Exchange | undefined
  private inner: Exchange | undefined
  private reject: ((error: TrafficError) => void) | undefined
  private passing: PassingBody | undefined

  constructor(handler: Handler) {
    this.handler = handler
  }

  send(exchange: Exchange): Promise<HttpResponse> {
    const inner = received(exchange)
    this.outer = exchange
    this.inner = inner
    exchange.occupy(this)
    return new Promise((resolve, reject) => {
      this.reject = reject
      // In a turn of its own, as what comes over a socket does.
      void Promise.resolve()
        .then(() => this.handler(inner))
        .then(
          (response) => {
            // It was cancelled meanwhile.
            if (this.inner !== inner) return response.body.cancel(gone())
            this.deliver(response)
            resolve(response)
          },
          (error: unknown) => this.break(TrafficError.from(error)),
        )
    })
  }

  cancelled(error: TrafficError): void {
    this.break(error)
  }

  destroy(): void {
    this.break(gone())
  }

  /** What a connection would make of it: lengths are told, and what has no content by rule has none. */
  private deliver(response: HttpResponse): void {
    const { method } = (this.inner as Exchange).request // the caller checked
    const { headers, status, tunnel } = response
    const { length } = response.body
    if (length !== undefined && status >= 200 && status !== 204 && !headers.has('content-length'))
      headers.append('content-length', String(length))
    if (hasNoContent(method, status)) response.body = EMPTY_BODY
    this.reject = undefined
    if (tunnel !== undefined) tunnel.onGone(() => this.break(gone()))
    else if (response.body.whole !== undefined) this.finished(status, response.body.whole.length)
    else {
      this.passing = new PassingBody(response.body, {
        over: (bytes) => this.finished(status, bytes),
        broken: (error) => this.break(error),
      })
      response.body = this.passing
    }
  }

  private finished(status: number, bytesSent: number): void {
    const { outer, inner } = this
    this.forget()
    inner?.finish({ status, error: undefined, bytesSent, bytesReceived: inner.request.body.length ?? 0 })
    outer?.release(this)
    this.owner?.released(this)
  }

  private break(error: TrafficError): void {
    if (this.closed) return
    this.closed = true
    const { outer, inner, reject, passing } = this
    this.forget()
    outer?.release(this)
    inner?.cancel(error)
    inner?.finish({ status: undefined, error, bytesSent: 0, bytesReceived: 0 })
    reject?.(error)
    passing?.break(error)
    this.owner?.closed(this)
  }

  private forget(): void {
    this.outer = undefined
    this.inner = undefined
    this.reject = undefined
    this.passing = undefined
  }
}

/** The exchange as its receiver sees it: what either side changes in it is its own. */
function received({ request, clock }: Exchange): Exchange {
  const { method, scheme, authority, path, query, body, upgrade } = request
  const headers = request.headers.clone()
  return new Exchange(
    new HttpRequest({ method, scheme, authority, path, query, headers, body, upgrade, version: '1.1' }),
    clock,
  )
}

function gone(): TrafficError {
  return new TrafficError('upstream_closed', 'the connection in memory was closed', {
    phase: 'response-body',
  })
}

/** Told how a body that passed ended. */
interface PassingOwner {
  over(bytes: number): void
  broken(error: TrafficError): void
}

/** A streamed body on its way, and what is known of it. */
class PassingBody extends RelayedBody {
  private readonly owner: PassingOwner
  private failure: TrafficError | undefined
  private bytes = 0

  constructor(inner: Body, owner: PassingOwner) {
    super(inner)
    this.owner = owner
  }

  override flowTo(sink: BodySink): void {
    if (this.failure !== undefined) return sink.fail(this.failure)
    super.flowTo(sink)
  }

  override cancel(error: TrafficError): void {
    this.sink = undefined
    super.cancel(error)
    this.owner.broken(error)
  }

  override write(chunk: Uint8Array): boolean {
    this.bytes += chunk.byteLength
    return this.sink?.write(chunk) ?? false
  }

  override end(trailers?: HeaderList): void {
    const { sink } = this
    this.sink = undefined
    this.owner.over(this.bytes)
    sink?.end(trailers)
  }

  override fail(error: TrafficError): void {
    const { sink } = this
    this.sink = undefined
    this.owner.broken(error)
    sink?.fail(error)
  }

  /** The connection is gone. */
  break(error: TrafficError): void {
    const { sink } = this
    this.sink = undefined
    this.failure = error
    this.inner.cancel(error)
    sink?.fail(error)
  }
}
