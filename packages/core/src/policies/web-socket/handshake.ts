import { asksWebSocket, isWebSocketKey } from '../../fields/websocket.ts'
import { TrafficError } from '../../message/errors.ts'
import type { HttpRequest } from '../../message/request.ts'
import type { HttpResponse } from '../../message/response.ts'
import { isToken, listMembers } from '../../message/tokens.ts'
import type { Extensions } from './frame-rules.ts'

/** Whether a request would have a WebSocket, well asked for or not. */
export function namesWebSocket({ upgrade }: HttpRequest): boolean {
  return upgrade !== undefined && listMembers(upgrade.toLowerCase()).includes('websocket')
}

/** @throws TrafficError where it does not ask as RFC 6455 4.2.1 says; of RFC 8441 5, where there is no key */
export function checkRequest(request: HttpRequest): void {
  const { headers, version } = request
  if (!asksWebSocket(request))
    throw malformed('a WebSocket is asked for by GET without content (RFC 6455 4.1)')
  if (headers.get('sec-websocket-version') !== '13') {
    const error = malformed('Sec-WebSocket-Version is not 13 (RFC 6455 4.4)')
    error.fields = [['sec-websocket-version', '13']]
    throw error
  }
  if (version !== '2' && !isWebSocketKey(headers.get('sec-websocket-key')))
    throw malformed('Sec-WebSocket-Key is missing, or no 16 bytes in base64 (RFC 6455 4.2.1)')
  const protocols = listMembers(headers.get('sec-websocket-protocol') ?? '')
  if (!protocols.every(isToken) || new Set(protocols).size < protocols.length)
    throw malformed('Sec-WebSocket-Protocol names no protocol, or one of them twice (RFC 6455 4.1)')
}

function malformed(message: string): TrafficError {
  return new TrafficError('malformed_request', message)
}

/** What is wrong with the 101 for it (RFC 6455 4.2.2); undefined if nothing is. Sec-WebSocket-Accept is checked on the wire where it was made there. */
export function responseFault(request: HttpRequest, response: HttpResponse): string | undefined {
  const { headers } = response
  if (headers.get('upgrade')?.toLowerCase() !== 'websocket') return 'its Upgrade is not websocket'
  const protocol = headers.get('sec-websocket-protocol')
  const asked = listMembers(request.headers.get('sec-websocket-protocol') ?? '')
  if (protocol !== undefined && !asked.includes(protocol))
    return 'its Sec-WebSocket-Protocol was not asked for'
  const offered = new Set(extensionsIn(request.headers.get('sec-websocket-extensions')))
  if (!extensionsIn(headers.get('sec-websocket-extensions')).every((each) => offered.has(each)))
    return 'its Sec-WebSocket-Extensions were not asked for'
  return undefined
}

/** What the extensions of the response let frames have. */
export function agreedExtensions({ headers }: HttpResponse): Extensions {
  const names = extensionsIn(headers.get('sec-websocket-extensions'))
  if (names.length === 0) return 'none'
  return names.length === 1 && names[0] === 'permessage-deflate' ? 'permessage-deflate' : 'other'
}

function extensionsIn(list: string | undefined): string[] {
  return listMembers(list ?? '').map((each) => (each.split(';')[0] ?? '').trim().toLowerCase())
}
