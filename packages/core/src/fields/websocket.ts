import { createHash, randomBytes } from 'node:crypto'
import type { HttpRequest } from '../message/request.ts'
import { listMembers } from '../message/tokens.ts'

/** What the key is joined with before it is digested (RFC 6455 1.3). */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** A value of Sec-WebSocket-Key (RFC 6455 4.1). */
export function newWebSocketKey(): string {
  return randomBytes(16).toString('base64')
}

/** Whether it is 16 bytes in base64 (RFC 6455 4.2.1). */
export function isWebSocketKey(value: string | undefined): value is string {
  return value !== undefined && /^[A-Za-z0-9+/]{22}==$/.test(value)
}

/** The Sec-WebSocket-Accept that answers a key (RFC 6455 4.2.2). */
export function webSocketAccept(key: string): string {
  return createHash('sha1')
    .update(key + GUID)
    .digest('base64')
}

/** Whether a request asks for a WebSocket, as HTTP/1.1 does by Upgrade and HTTP/2 by extended CONNECT (RFC 6455 4.1, RFC 8441 5). */
export function asksWebSocket({ method, upgrade, body }: HttpRequest): boolean {
  if (upgrade === undefined || method !== 'GET' || body.length !== 0) return false
  return listMembers(upgrade).some((protocol) => protocol.toLowerCase() === 'websocket')
}
