import { cancelBody } from './body.ts'
import type { DownstreamConnection } from './connections.ts'
import { TrafficError } from './errors.ts'
import type { Exchange, Peer } from './exchange.ts'
import type { Handler } from './handler.ts'
import { HttpResponse } from './response.ts'

/** Answers what comes in on a connection. */
export interface Responder {
  /** Answers requests; what it rejects with, or throws, is answered by `refusal`. */
  readonly handler: Handler
  /** The response for a request that could not be accepted, or that the handler rejected. */
  refusal(error: TrafficError, exchange: Exchange | undefined, peer: Peer): HttpResponse
}

/** Whoever accepted a connection. */
export interface ServerConnectionOwner extends Responder {
  closed(connection: DownstreamConnection): void
}

/** A handler that throws instead of rejecting, or returns no promise, as plain JavaScript can, must not bring the process down. */
export function ask(responder: Responder, exchange: Exchange): Promise<HttpResponse> {
  try {
    return Promise.resolve(responder.handler(exchange)) // the same promise, if it is one
  } catch (thrown) {
    return Promise.reject(TrafficError.from(thrown))
  }
}

/** Nobody gets this response, if it is one. */
export function discard(response: HttpResponse, error: TrafficError): void {
  if (!(response instanceof HttpResponse)) return
  cancelBody(response.body, error)
  response.tunnel?.outgoing.fail(error)
}

/** @throws TrafficError `internal` where a handler, as plain JavaScript can, resolved with something else than a response */
export function checkResponse(got: unknown): void {
  if (got instanceof HttpResponse) return
  const what = got === null ? 'null' : typeof got
  throw new TrafficError(
    'internal',
    `a handler or a policy resolved with ${what}: it must resolve with an HttpResponse`,
  )
}
