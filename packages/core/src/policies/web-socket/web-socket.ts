import { TrafficError } from '../../message/errors.ts'
import type { Exchange } from '../../message/exchange.ts'
import type { Policy } from '../../message/handler.ts'
import { HttpResponse } from '../../message/response.ts'
import { agreedExtensions, checkRequest, namesWebSocket, responseFault } from './handshake.ts'
import type { OpenStreams } from '../open-streams.ts'
import { type WebSocketEnd, type WebSocketLimits, WebSocketSession } from './session.ts'
import type { WebSocketPlaces } from './web-socket-places.ts'

export interface WebSocketOptions {
  readonly limits: WebSocketLimits
  /** How many there may be. */
  readonly places: WebSocketPlaces
  /** Whose it is, for the limit by client. */
  readonly clientOf: (exchange: Exchange) => string
  /** @throws TrafficError for a page that may not have one */
  readonly admit?: ((exchange: Exchange) => void) | undefined
  /** Told when one has been opened. */
  readonly onOpen: () => void
  /** Told when one that was opened is over. */
  readonly onEnd: (end: WebSocketEnd) => void
  readonly open: OpenStreams
}

/**
 * Holds WebSockets to the rules of RFC 6455 and to limits, their handshake, their frames and how many there are. The responses of
 * other requests, and refusals of upstreams, pass.
 */
export function webSocket(options: WebSocketOptions): Policy {
  const { places, clientOf, admit } = options
  return (next) =>
    async function webSocket(exchange) {
      if (!namesWebSocket(exchange.request)) return next(exchange)
      checkRequest(exchange.request)
      admit?.(exchange)
      const leave = places.take(clientOf(exchange))
      exchange.onFinish(leave)
      const response = await next(exchange)
      if (response.tunnel !== undefined) return opened(exchange, response, options)
      leave()
      return response
    }
}

function opened(exchange: Exchange, response: HttpResponse, options: WebSocketOptions): HttpResponse {
  const { tunnel, headers, body } = response
  if (tunnel === undefined) return response
  const fault = responseFault(exchange.request, response)
  if (fault !== undefined) {
    const error = new TrafficError('malformed_response', `the upstream opened a WebSocket, and ${fault}`)
    tunnel.outgoing.fail(error)
    throw error
  }
  const { open, limits, onOpen, onEnd } = options
  const session = new WebSocketSession(tunnel, exchange.clock, limits, agreedExtensions(response))
  open.add(session)
  onOpen()
  exchange.onFinish(() => {
    open.delete(session)
    onEnd(session.finished())
  })
  const switched = new HttpResponse(response.status, headers, body, session)
  switched.version = response.version
  return switched
}
