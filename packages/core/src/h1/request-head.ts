import type { HeaderList } from '../message/headers.ts'
import type { HeadLimits } from '../message/head-limits.ts'
import type { HttpVersion } from '../message/request.ts'
import { TOKEN_LOWER } from '../message/tokens.ts'
import { WireFault } from './fault.ts'
import { parseFields } from './fields.ts'
import { parseVersion } from './head.ts'
import type { FoundHead } from './head-buffer.ts'

const SPACE = 0x20

/** A request's head, as it stood on the wire. */
export interface RequestHead {
  readonly method: string
  readonly target: string
  readonly version: HttpVersion
  readonly headers: HeaderList
}

const COMMON_METHODS = ['GET', 'POST', 'PUT', 'HEAD', 'PATCH', 'DELETE', 'OPTIONS']

/** Parses a request's head (RFC 9112 section 3), which stands at `start` of `text`; its last CRLF ends at `end`. */
export function parseRequestHead(found: FoundHead, limits: HeadLimits): RequestHead | WireFault {
  const { text, start, end } = found
  const method = parseMethod(text, start)
  if (method === undefined) return malformed('the request line does not start with a method and one space')
  const targetStart = start + method.length + 1
  const targetEnd = text.indexOf(' ', targetStart)
  const lineEnd = text.indexOf('\r\n', targetStart)
  if (targetEnd < 0 || targetEnd > lineEnd || targetEnd === targetStart) {
    return malformed('the request line has no target or no version')
  }
  if (targetEnd - targetStart > limits.target) {
    return new WireFault(
      'request_target_too_long',
      `the request target is longer than ${limits.target} bytes`,
    )
  }
  const version = parseVersion(text, targetEnd + 1, lineEnd, 'malformed_request')
  if (version instanceof WireFault) return version
  const headers = parseFields(text, found.buffer, lineEnd + 2, end, limits.fields, 'malformed_request')
  if (headers instanceof WireFault) return headers
  return { method, target: text.slice(targetStart, targetEnd), version, headers }
}

function parseMethod(text: string, start: number): string | undefined {
  for (const method of COMMON_METHODS) {
    if (text.startsWith(method, start) && text.charCodeAt(start + method.length) === SPACE) return method
  }
  let end = start
  while (TOKEN_LOWER[text.charCodeAt(end)]) end++
  return end > start && text.charCodeAt(end) === SPACE ? text.slice(start, end) : undefined
}

function malformed(reason: string): WireFault {
  return new WireFault('malformed_request', `${reason} (RFC 9112 section 3)`)
}
