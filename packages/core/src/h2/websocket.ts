import { isWebSocketKey, webSocketAccept } from '../fields/websocket.ts'
import { TrafficError } from '../message/errors.ts'
import type { Exchange } from '../message/exchange.ts'
import type { HeaderList } from '../message/headers.ts'
import type { HttpRequest } from '../message/request.ts'
import { HttpResponse, type Tunnel } from '../message/response.ts'
import type { Fields } from './field-list.ts'
import { responseFields } from './message-fields.ts'
import type { PeerSettings } from './settings.ts'

// A WebSocket of HTTP/2 is a CONNECT that is answered with 2xx (RFC 8441). Inside it is what HTTP/1.1 makes of it: GET with Upgrade,
// answered with 101, so that nothing else knows of two ways.

/** What the 2xx that an extended CONNECT was answered with is to HTTP/1.1: 101, and the proof that its key was seen (RFC 6455 4.2.2). */
export function switchedResponse(
  { headers }: HttpResponse,
  request: HttpRequest,
  tunnel: Tunnel,
): HttpResponse {
  const key = keyOf(request)
  headers.set('upgrade', 'websocket')
  headers.delete('content-length')
  headers.delete('sec-websocket-accept')
  if (key !== undefined) headers.set('sec-websocket-accept', webSocketAccept(key))
  const response = new HttpResponse(101, headers, undefined, tunnel)
  response.version = '2'
  return response
}

/** The head of the 200 that stands for 101 (RFC 8441 5), to be written at once. */
export function grantedFields(given: HeaderList, wallTime: number): Fields {
  const headers = given.clone()
  headers.delete('sec-websocket-accept')
  return responseFields(200, headers, undefined, false, wallTime)
}

/** Whoever asked by CONNECT takes any 2xx for the tunnel (RFC 9110 9.3.6): one without must not get out. */
export function notSwitched(status: number): TrafficError {
  const message = `a WebSocket was asked for, and the response of status ${status} opens none`
  return new TrafficError('unsupported_method', message)
}

/** @throws TrafficError where the upstream has not said that it takes WebSockets, or HTTP/1.1 brought no key, which the upstream, that sees none, cannot find out */
export function checkConnect({ request, endpoint }: Exchange, { enableConnectProtocol }: PeerSettings): void {
  if (!enableConnectProtocol) throw noConnectProtocol(endpoint)
  if (request.version === '2' || isWebSocketKey(keyOf(request))) return
  const message = 'Sec-WebSocket-Key is missing, or no 16 bytes in base64 (RFC 6455 4.2.1)'
  throw new TrafficError('malformed_request', message, { phase: 'send', replaySafe: 'unsent' })
}

function noConnectProtocol(endpoint: string): TrafficError {
  const message = `${endpoint || 'the upstream'} takes no WebSockets over HTTP/2: its SETTINGS have no SETTINGS_ENABLE_CONNECT_PROTOCOL (RFC 8441 3); enable extended CONNECT there, or speak HTTP/1.1 with it`
  return new TrafficError('upgrade_unsupported', message, { phase: 'send', replaySafe: 'unsent' })
}

function keyOf({ headers }: HttpRequest): string | undefined {
  return headers.get('sec-websocket-key')
}
