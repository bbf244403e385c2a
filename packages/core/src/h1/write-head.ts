import type { HttpRequest } from '../message/request.ts'
import { checkRequestLine, expectsContent } from '../message/request-line.ts'
import { CHUNKED, type Framing, framingToSend, NO_BODY } from './framing.ts'
import { HeadText } from './head-text.ts'

/** What a head says of its connection (RFC 9112 section 9). */
export type ConnectionOption = 'close' | 'keep-alive' | 'upgrade' | undefined

/** A body up to this size, in bytes, leaves in one write with its head. */
export const JOINED_BODY: number = 16 * 1024

/**
 * A request's head, and a small body behind it, ready to write.
 * @throws TrafficError `internal` if a part of it would break the framing
 */
export function requestHead(
  request: HttpRequest,
  framing: Framing,
  connection: ConnectionOption,
  body: string = '',
  webSocketKey?: string,
): string {
  checkRequestLine(request)
  const head = new HeadText(`${request.method} ${request.path}${request.query} HTTP/1.1`)
  head.field('host', request.authority.text)
  head.fields(request.headers)
  if (framing > NO_BODY) head.field('content-length', String(framing))
  else if (framing === CHUNKED) head.field('transfer-encoding', 'chunked')
  else if (expectsContent(request.method)) head.field('content-length', '0')
  appendConnection(head, connection, request.upgrade)
  if (webSocketKey !== undefined) head.field('sec-websocket-key', webSocketKey)
  return head.finish(body)
}

/**
 * The fields of a request, Host first, as they are written to an origin that speaks HTTP/1.1: for whoever shows what is sent.
 * @throws TrafficError `internal` if a part of it would break the framing
 */
export function sentFields(request: HttpRequest): [name: string, value: string][] {
  const connection = request.upgrade === undefined ? undefined : 'upgrade'
  const head = requestHead(request, framingToSend(request.body.length, '1.1'), connection)
  const lines = head.trimEnd().split('\r\n').slice(1)
  return lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()])
}

/** For requests and responses. */
export function appendConnection(
  head: HeadText,
  connection: ConnectionOption,
  upgrade: string | undefined,
): void {
  if (connection === undefined) return
  head.field('connection', connection)
  if (connection === 'upgrade') head.field('upgrade', upgrade ?? '')
}
