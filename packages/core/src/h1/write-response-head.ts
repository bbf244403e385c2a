import type { HeaderList } from '../message/headers.ts'
import { REASON_PHRASES } from '../message/reason-phrases.ts'
import { CHUNKED, type Framing, UNTIL_CLOSE } from './framing.ts'
import { HeadText } from './head-text.ts'
import { appendConnection, type ConnectionOption } from './write-head.ts'

const STATUS_LINES: string[] = []
for (let status = 100; status < 600; status++) {
  STATUS_LINES[status] = `HTTP/1.1 ${status} ${REASON_PHRASES[status] ?? ''}`
}

function statusLine(status: number): string {
  return STATUS_LINES[status] ?? `HTTP/1.1 ${status} `
}

/** The parts of a response's head. */
export interface ResponseHeadParts {
  readonly status: number
  readonly headers: HeaderList
  /** Undefined for a response that has no content by rule: its Content-Length, if told, is that of another one. */
  readonly framing: Framing | undefined
  readonly connection: ConnectionOption
  /** What 101 switches to; a policy may have removed the response's own field, which is hop-by-hop. */
  readonly upgrade: string | undefined
  /** Stands in for a missing Date (RFC 9110 6.6.1). */
  readonly date: string
}

/**
 * A response's head, and a small body behind it, ready to write.
 * @throws TrafficError `internal` if a part of it would break the framing
 */
export function responseHead(parts: ResponseHeadParts, body: string = ''): string {
  const { status, headers, framing } = parts
  const head = new HeadText(statusLine(status))
  head.fields(headers)
  if (framing === undefined) {
    const length = headers.get('content-length')
    if (length !== undefined && status !== 204 && status !== 101) head.field('content-length', length)
  } else if (framing === CHUNKED) head.field('transfer-encoding', 'chunked')
  else if (framing !== UNTIL_CLOSE) head.field('content-length', String(framing))
  if (!headers.has('date')) head.field('date', parts.date)
  const offered = status === 426 ? headers.get('upgrade') : undefined
  if (offered === undefined) appendConnection(head, parts.connection, headers.get('upgrade') ?? parts.upgrade)
  else appendOffer(head, parts.connection, offered)
  return head.finish(body)
}

/** The head of a 1xx response other than 101 (RFC 9110 15.2). */
export function informationalHead(status: number, headers: HeaderList): string {
  const head = new HeadText(statusLine(status))
  head.fields(headers)
  return head.finish()
}

/** 426 names the protocols that would do (RFC 9110 15.5.22). */
function appendOffer(head: HeadText, connection: ConnectionOption, upgrade: string): void {
  head.field('connection', connection === undefined ? 'upgrade' : `${connection}, upgrade`)
  head.field('upgrade', upgrade)
}
