import type { HeaderList } from '../message/headers.ts'
import type { HttpVersion } from '../message/request.ts'
import { statusAt } from '../message/response.ts'
import { type MalformedCode, WireFault } from './fault.ts'
import { parseFields } from './fields.ts'
import type { FramingFields } from './framing.ts'
import type { FoundHead } from './head-buffer.ts'
import type { HeadLimits } from '../message/head-limits.ts'

/** The fields that decide on framing and on the connection, found in one pass; values of one name joined by ", ". */
export class ControlFields implements FramingFields {
  readonly version: HttpVersion
  contentLength: string | undefined
  transferEncoding: string | undefined
  host: string | undefined
  expect: string | undefined
  upgrade: string | undefined

  constructor(headers: HeaderList, version: HttpVersion) {
    this.version = version
    for (let index = 0; index < headers.size; index++) {
      switch (headers.nameAt(index)) {
        case 'host':
          this.host = joined(this.host, headers.valueAt(index))
          break
        case 'content-length':
          this.contentLength = joined(this.contentLength, headers.valueAt(index))
          break
        case 'transfer-encoding':
          this.transferEncoding = joined(this.transferEncoding, headers.valueAt(index))
          break
        case 'expect':
          this.expect = joined(this.expect, headers.valueAt(index))
          break
        case 'upgrade':
          this.upgrade = joined(this.upgrade, headers.valueAt(index))
          break
        default:
      }
    }
  }
}

function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before}, ${value}`
}

const SPACE = 0x20

/**
 * HTTP-version must be all of `start` to `end` (RFC 9112 2.3). A later minor version is taken for the latest one that we
 * know, as the minor version tells what its sender is capable of (RFC 9110 2.5).
 */
export function parseVersion(
  text: string,
  start: number,
  end: number,
  code: MalformedCode,
): HttpVersion | WireFault {
  if (end - start === 8 && text.startsWith('HTTP/1.', start)) {
    const minor = text.charCodeAt(start + 7)
    if (minor >= 0x31 && minor <= 0x39) return '1.1'
    if (minor === 0x30) return '1.0'
  }
  const version = text.slice(start, end)
  if (code === 'malformed_request' && /^HTTP\/\d\.\d$/.test(version)) {
    const isPreface = version === 'HTTP/2.0' && text.slice(0, start).trimStart() === 'PRI * '
    return new WireFault('unsupported_version', isPreface ? PREFACE : 'the version is not HTTP/1')
  }
  return new WireFault(code, 'the version is not HTTP/1 (RFC 9112 2.3)')
}

const PREFACE =
  'the version is not HTTP/1: it is the preface of HTTP/2, and this listener speaks http/1.1 alone (protocols), or TLS has chosen it'

/** A response's head, as it stood on the wire. */
export interface ResponseHead {
  readonly status: number
  /** The reason phrase; empty if there is none. */
  readonly reason: string
  readonly version: HttpVersion
  readonly headers: HeaderList
}

/** Parses a response's head (RFC 9112 section 4), which starts `text`; its last CRLF ends at `end`. */
export function parseResponseHead(found: FoundHead, limits: HeadLimits): ResponseHead | WireFault {
  const { text, start, end } = found
  const version = parseVersion(text, start, start + 8, 'malformed_response')
  if (version instanceof WireFault) return version
  const status = parseStatus(text, start + 8, limits.status)
  if (status === undefined)
    return new WireFault(
      'malformed_response',
      `the status line has no status from 100 to ${limits.status ?? 599} (RFC 9110 section 15)`,
    )
  const lineEnd = text.indexOf('\r\n', start)
  for (let index = start + 12; index < lineEnd; index++) {
    const code = text.charCodeAt(index)
    if (code < SPACE && code !== 0x09)
      return new WireFault('malformed_response', 'the reason phrase holds a control character')
  }
  const headers = parseFields(text, found.buffer, lineEnd + 2, end, limits.fields, 'malformed_response')
  if (headers instanceof WireFault) return headers
  return { status, reason: text.slice(start + 13, lineEnd), version, headers }
}

/** SP 3DIGIT, then SP and a reason, or the line's end: servers that leave out the last space are common. */
function parseStatus(text: string, start: number, most: number | undefined): number | undefined {
  if (text.charCodeAt(start) !== SPACE) return undefined
  const after = text.charCodeAt(start + 4)
  return after === SPACE || after === 0x0d ? statusAt(text, start + 1, most) : undefined
}
