import type { HeaderList } from '../message/headers.ts'
import type { HttpVersion } from '../message/request.ts'
import { type MalformedCode, WireFault } from './fault.ts'

/**
 * How the end of a body is found (RFC 9112 6.3): by counting this many octets (0: there is none), by chunks, or
 * by the connection's end.
 */
export type Framing = number
export const NO_BODY: Framing = 0
export const CHUNKED: Framing = -1
export const UNTIL_CLOSE: Framing = -2

/** What the framing of a message depends on. */
export interface FramingFields {
  readonly version: HttpVersion
  /** All values of Content-Length and of Transfer-Encoding, joined by ", "; undefined if there is no such field. */
  readonly contentLength: string | undefined
  readonly transferEncoding: string | undefined
}

interface Rule {
  readonly section: string
  readonly applies: (fields: FramingFields) => boolean
  /** The framing, or why the message is refused. */
  readonly result: (fields: FramingFields) => Framing | string
}

const hasTransferEncoding = (fields: FramingFields): boolean => fields.transferEncoding !== undefined

/** Rules for what is ambiguous and hence refused, in both directions. The first that applies decides. */
const REFUSALS: readonly Rule[] = [
  {
    section: 'RFC 9112 6.1: TE in a message older than HTTP/1.1 is faulty framing',
    applies: (fields) => hasTransferEncoding(fields) && fields.version === '1.0',
    result: () => 'Transfer-Encoding in an HTTP/1.0 message',
  },
  {
    section: 'RFC 9112 6.1, 6.3 rule 3: both fields are an attempt at smuggling',
    applies: (fields) => hasTransferEncoding(fields) && fields.contentLength !== undefined,
    result: () => 'both Transfer-Encoding and Content-Length',
  },
  {
    section: 'RFC 9112 6.1: only the final coding frames, and only "chunked" is understood here',
    applies: (fields) =>
      hasTransferEncoding(fields) &&
      fields.transferEncoding !== 'chunked' &&
      fields.transferEncoding?.toLowerCase() !== 'chunked',
    result: () => 'a Transfer-Encoding other than "chunked"',
  },
  {
    section:
      'RFC 9112 6.3 rule 5: an invalid or repeated Content-Length; lists of equal values are refused too',
    applies: (fields) => fields.contentLength !== undefined && !isLength(fields.contentLength),
    result: () => 'a Content-Length that is not one decimal number below 2^53',
  },
]

const REQUEST_RULES: readonly Rule[] = [
  ...REFUSALS,
  { section: 'RFC 9112 6.3 rule 4', applies: hasTransferEncoding, result: () => CHUNKED },
  {
    section: 'RFC 9112 6.3 rule 6',
    applies: (fields) => fields.contentLength !== undefined,
    result: (fields) => Number(fields.contentLength),
  },
  { section: 'RFC 9112 6.3 rule 7', applies: () => true, result: () => NO_BODY },
]

const RESPONSE_RULES: readonly Rule[] = [
  ...REQUEST_RULES.slice(0, -1),
  { section: 'RFC 9112 6.3 rule 8', applies: () => true, result: () => UNTIL_CLOSE },
]

/** How the body of a request ends, or why the request is refused. */
export function requestFraming(fields: FramingFields): Framing | WireFault {
  // Most requests have neither field; the rules say the same.
  if (fields.contentLength === undefined && fields.transferEncoding === undefined) return NO_BODY
  return decide(REQUEST_RULES, fields, 'malformed_request')
}

/** How the body of a final response to `method` ends (RFC 9112 6.3 rules 1 and 2 come first). */
export function responseFraming(fields: FramingFields, method: string, status: number): Framing | WireFault {
  const framing = decide(RESPONSE_RULES, fields, 'malformed_response')
  if (framing instanceof WireFault) return framing
  return hasNoContent(method, status) ? NO_BODY : framing
}

/** Responses that never have content, whatever their fields say (RFC 9112 6.3 rule 1). */
export function hasNoContent(method: string, status: number): boolean {
  return method === 'HEAD' || status === 204 || status === 304 || status < 200
}

function decide(
  rules: readonly Rule[],
  fields: FramingFields,
  malformed: MalformedCode,
): Framing | WireFault {
  for (const rule of rules) {
    if (!rule.applies(fields)) continue
    const result = rule.result(fields)
    return typeof result === 'number'
      ? result
      : new WireFault(malformed, `${result} (${rule.section.split(':')[0]})`)
  }
  return NO_BODY
}

/** 1*DIGIT (RFC 9110 8.6), and small enough to count exactly. */
function isLength(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code < 0x30 || code > 0x39) return false
  }
  // 15 digits are below 2^53 whatever they are.
  if (text.length === 0 || text.length > 16) return false
  return text.length < 16 || Number(text) <= Number.MAX_SAFE_INTEGER
}

/** Whether a list field such as Connection names `token`, ignoring case (RFC 9110 5.6.1). */
export function listHas(value: string | undefined, token: string): boolean {
  if (value === undefined) return false
  if (value === token) return true
  return value.split(',').some((each) => each.trim().toLowerCase() === token)
}

/** Whether the connection may carry another message after this one (RFC 9112 9.3). */
export function isPersistent(version: HttpVersion, headers: HeaderList): boolean {
  const connection = headers.get('connection')
  if (connection === undefined) return version === '1.1'
  if (connection === 'keep-alive') return true
  if (listHas(connection, 'close')) return false
  return version === '1.1' || listHas(connection, 'keep-alive')
}
