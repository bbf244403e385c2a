import type { HeaderList } from '../message/headers.ts'
import type { HttpVersion } from '../message/request.ts'
import type { ErrorCode } from '../message/errors.ts'
import { hasNoContent } from '../message/response.ts'
import { isLength, isToken, listMembers, trimBlanks } from '../message/tokens.ts'
import { type MalformedCode, WireFault } from './fault.ts'

/**
 * How the end of a body is found (RFC 9112 6.3): by counting this many bytes (0: there is none), by chunks, or
 * by the connection's end.
 */
export type Framing = number
export const NO_BODY: Framing = 0
export const CHUNKED: Framing = -1
export const UNTIL_CLOSE: Framing = -2

/**
 * All decisions on framing are made in this file, as tables: how what arrives ends (`REQUEST_RULES`, `RESPONSE_RULES`), how
 * what we send is made to end (`SENDING_RULES`), and whether the connection outlives the message. The rest of h1 asks here.
 * Rule 2 of RFC 9112 6.3, on CONNECT, has no row: that method is neither accepted nor sent.
 */

/** What the framing of a message depends on. */
export interface FramingFields {
  readonly version: HttpVersion
  /** All values of Content-Length and of Transfer-Encoding, joined by ", "; undefined if there is no such field. */
  readonly contentLength: string | undefined
  readonly transferEncoding: string | undefined
}

/** A row of a table: of those that apply the first decides. */
export interface FramingRule {
  readonly section: string
  /** @param empty whether it is a response that has no content whatever its fields say; see `hasNoContent` */
  readonly applies: (fields: FramingFields, empty: boolean) => boolean
  /** The framing, or why the message is refused. */
  readonly result: (fields: FramingFields) => Framing | string
  /** Of the refusal, where it is another than that of a malformed message. */
  readonly code?: ErrorCode
}

const hasTransferEncoding = (fields: FramingFields): boolean => fields.transferEncoding !== undefined

/** Rules for what is ambiguous and hence refused, in both directions, even where there would be no content anyway. */
const CONTRADICTIONS: readonly FramingRule[] = [
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
]
const REFUSALS: readonly FramingRule[] = [
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

const BY_CHUNKS: FramingRule = {
  section: 'RFC 9112 6.3 rule 4: chunked, the final coding',
  applies: hasTransferEncoding,
  result: () => CHUNKED,
}
const BY_LENGTH: FramingRule = {
  section: 'RFC 9112 6.3 rule 6: a valid Content-Length',
  applies: (fields) => fields.contentLength !== undefined,
  result: (fields) => Number(fields.contentLength),
}

/** How a request ends. */
export const REQUEST_RULES: readonly FramingRule[] = [
  ...CONTRADICTIONS,
  {
    section: 'RFC 9112 6.1: a request with a coding that is not understood before a final "chunked" gets 501',
    applies: ({ transferEncoding }) => transferEncoding !== undefined && isCodedAndChunked(transferEncoding),
    result: () => 'a transfer coding before "chunked"',
    code: 'unsupported_transfer_coding',
  },
  ...REFUSALS,
  BY_CHUNKS,
  BY_LENGTH,
  {
    section: 'RFC 9112 6.3 rule 7: a request without either has no content',
    applies: () => true,
    result: () => NO_BODY,
  },
]

/** How a final response ends. */
export const RESPONSE_RULES: readonly FramingRule[] = [
  ...CONTRADICTIONS,
  ...REFUSALS,
  {
    section: 'RFC 9112 6.3 rule 1: to HEAD, 204 and 304 there is no content',
    applies: (_, empty) => empty,
    result: () => NO_BODY,
  },
  BY_CHUNKS,
  BY_LENGTH,
  {
    section: 'RFC 9112 6.3 rule 8: a response without either ends with the connection',
    applies: () => true,
    result: () => UNTIL_CLOSE,
  },
]

/** A row of the table by which what we send is framed. */
export interface SendingRule {
  readonly section: string
  readonly applies: (length: number | undefined, version: HttpVersion) => boolean
  readonly result: (length: number | undefined) => Framing
}

/** How content that we send is made to end, by its length and the version that the peer speaks. */
export const SENDING_RULES: readonly SendingRule[] = [
  {
    section: 'RFC 9112 6.2: the length, where it is known',
    applies: (length) => length !== undefined,
    result: (length) => length ?? NO_BODY,
  },
  {
    section: 'RFC 9112 6.1: no Transfer-Encoding to HTTP/1.0; the connection ends with the content',
    applies: (_, version) => version === '1.0',
    result: () => UNTIL_CLOSE,
  },
  { section: 'RFC 9112 7.1: chunks', applies: () => true, result: () => CHUNKED },
]

/** How content of that length, or of an unknown one, is sent to a peer of that version. */
export function framingToSend(length: number | undefined, version: HttpVersion): Framing {
  // Most content has a known length; the rules say the same.
  if (length !== undefined) return length
  return SENDING_RULES.find((rule) => rule.applies(length, version))?.result(length) ?? CHUNKED
}

/** How the body of a request ends, or why the request is refused. */
export function requestFraming(fields: FramingFields): Framing | WireFault {
  // Most requests have neither field; the rules say the same.
  if (fields.contentLength === undefined && fields.transferEncoding === undefined) return NO_BODY
  return decide(REQUEST_RULES, fields, false, 'malformed_request')
}

/** How the body of a final response to `method` ends, or why the response is refused. */
export function responseFraming(fields: FramingFields, method: string, status: number): Framing | WireFault {
  return decide(RESPONSE_RULES, fields, hasNoContent(method, status), 'malformed_response')
}

/**
 * Whether a peer that does not know that this response, which has no content, is to have none may yet send some: as much as its
 * fields announce, or until it closes where they announce nothing in answer to HEAD. When it comes, it may begin with what looks like
 * a response, and nothing tells it from the answer to the request that was sent meanwhile.
 */
export function mayBringContent(
  { contentLength, transferEncoding }: FramingFields,
  method: string,
  status: number,
): boolean {
  if (!hasNoContent(method, status)) return false
  if (transferEncoding !== undefined) return true
  if (contentLength !== undefined) return Number(contentLength) > 0
  return !hasNoContent('GET', status)
}

function decide(
  rules: readonly FramingRule[],
  fields: FramingFields,
  empty: boolean,
  malformed: MalformedCode,
): Framing | WireFault {
  for (const rule of rules) {
    if (!rule.applies(fields, empty)) continue
    const result = rule.result(fields)
    return typeof result === 'number'
      ? result
      : new WireFault(rule.code ?? malformed, `${result} (${rule.section.split(':')[0]})`)
  }
  return NO_BODY
}

/** Whether its framing is certain, and only codings within it are not known: any other order, or chunks in chunks, is faulty. */
function isCodedAndChunked(transferEncoding: string): boolean {
  const codings = transferEncoding.split(',').map((each) => trimBlanks(each).toLowerCase())
  const within = codings.slice(0, -1)
  return (
    codings.at(-1) === 'chunked' &&
    within.length > 0 &&
    within.every((coding) => isToken(coding) && coding !== 'chunked' && coding !== 'identity')
  )
}

/** Whether a list field such as Connection names `token`, ignoring case (RFC 9110 5.6.1). */
export function listHas(value: string | undefined, token: string): boolean {
  if (value === undefined) return false
  if (value === token) return true
  return listMembers(value).some((each) => each.length === token.length && each.toLowerCase() === token)
}

/** Whether the connection may carry another message after this one (RFC 9112 9.3). */
export function isPersistent(version: HttpVersion, headers: HeaderList): boolean {
  const connection = headers.get('connection')
  if (connection === undefined) return version === '1.1'
  if (connection === 'keep-alive') return true
  if (listHas(connection, 'close')) return false
  return version === '1.1' || listHas(connection, 'keep-alive')
}
