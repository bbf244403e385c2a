import { own } from '../../message/own-options.ts'
import { hasNoContent } from '../../message/response.ts'
import { type Body, WholeBody } from '../../message/body.ts'
import type { Policy } from '../../message/handler.ts'
import type { HttpResponse } from '../../message/response.ts'
import { ACCEPTED_CODINGS, type Coding, decodeWhole, MAX_CODINGS, parseCodings } from './content-coding.ts'
import { DecodedBody, type DecodeLimits, objectionTo, undecodable } from './decoded-body.ts'

/** Options of `decompress`. */
export interface DecompressOptions {
  /** The most bytes that a response may decode to. Default 1 GiB. */
  readonly maxSize?: number
  /** The most bytes for each byte received, once it is more than 1 MiB in all. Default 200. */
  readonly maxRatio?: number
}

/** Content up to this size that is here already is decoded at once: a stream and a thread cost more than that. */
const AT_ONCE = 16 * 1024
const AT_ONCE_DECODED = 256 * 1024

/**
 * Asks for compressed responses, unless the caller did or asked for a range, and decodes them: gzip, deflate, br and zstd, at most
 * five of them. Content-Encoding and Content-Length are removed then; `codedFieldsOf` tells what they were. What has another coding is delivered as it is.
 * What cannot be decoded fails with TrafficError `decompression_failed`.
 * @throws TypeError if an option is not a number above 0
 */
export function decompress(given: DecompressOptions = {}): Policy {
  const options = own(given)
  const { maxSize = 1024 ** 3, maxRatio = 200 } = options
  for (const [name, value] of Object.entries({ maxSize, maxRatio })) {
    if (!(value > 0))
      throw new TypeError(`decompress.${name}: ${value} is not valid; allowed: a number above 0`)
  }
  const limits = { maxSize, maxRatio }
  return (next) =>
    function decompress(exchange) {
      const { request } = exchange
      // A part of what is encoded cannot be decoded (RFC 9110 14.2 counts encoded bytes).
      if (!request.headers.has('accept-encoding'))
        request.headers.add('accept-encoding', request.headers.has('range') ? 'identity' : ACCEPTED_CODINGS)
      // Not `await`, which costs twice as much where it only passes a response on.
      return next(exchange).then((response) => {
        decode(response, request.method, limits)
        return response
      })
    }
}

/** What the fields said that describe the content before it was decoded. */
export interface CodedFields {
  readonly encoding: string
  readonly length: string | undefined
}

const codedFields = new WeakMap<HttpResponse, CodedFields>()

/** What `decompress` took from a response's fields; undefined if it decoded nothing. */
export function codedFieldsOf(response: HttpResponse): CodedFields | undefined {
  return codedFields.get(response)
}

function decode(response: HttpResponse, method: string, limits: DecodeLimits): void {
  const { status, headers, body } = response
  const encoding = headers.get('content-encoding')
  if (encoding === undefined || status === 206 || hasNoContent(method, status)) return
  const length = headers.get('content-length')
  const decoded = decodedContent(body, encoding, limits)
  if (decoded === undefined) return
  response.body = decoded
  codedFields.set(response, { encoding, length })
  headers.delete('content-encoding')
  headers.delete('content-length')
}

/**
 * The content of a message without its codings.
 * @param encoding the value of Content-Encoding
 * @returns undefined if one of them is not known, and the content must stay as it is
 * @throws TrafficError `decompression_failed` if there are more than anybody should undo; the body is given up then
 */
export function decodedContent(body: Body, encoding: string, limits: DecodeLimits): Body | undefined {
  const codings = parseCodings(encoding)
  if (codings === undefined) return undefined
  if (codings === 'too-many') {
    const error = undecodable('several codings', `more than ${MAX_CODINGS} are not undone`)
    body.cancel(error)
    throw error
  }
  return codings.reverse().reduce((coded, coding) => undone(coding, coded, limits), body)
}

function undone(coding: Coding, body: Body, limits: DecodeLimits): Body {
  const { whole } = body
  if (whole?.length === 0) return body
  const decoded =
    whole !== undefined && whole.length <= AT_ONCE ? decodeNow(coding, whole, limits) : undefined
  return decoded ?? new DecodedBody(body, coding, limits)
}

/**
 * Undefined if it is too large to be decoded while everybody waits, or cannot be decoded: then it is a stream that fails, for what is
 * wrong with a body is no fault of the head.
 */
function decodeNow(coding: Coding, whole: WholeBody, limits: DecodeLimits): WholeBody | undefined {
  try {
    const decoded = decodeWhole(coding, whole.bytes, AT_ONCE_DECODED)
    if (decoded === undefined || objectionTo(decoded.length, whole.length, limits) !== undefined)
      return undefined
    return WholeBody.fromBytes(decoded)
  } catch {
    return undefined
  }
}
