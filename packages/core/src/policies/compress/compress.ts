import { acceptedCoding, IDENTITY } from '../../fields/accept-encoding.ts'
import { contentChanged } from '../../fields/content-changed.ts'
import { parseCacheControl } from '../../fields/cache-control.ts'
import { addVary } from '../../fields/vary-names.ts'
import { WholeBody } from '../../message/body.ts'
import type { Exchange } from '../../message/exchange.ts'
import type { Policy } from '../../message/handler.ts'
import type { HeaderList } from '../../message/headers.ts'
import { own } from '../../message/own-options.ts'
import type { HttpResponse } from '../../message/response.ts'
import {
  type AppliedCoding,
  APPLIED_CODINGS,
  type CodingLevels,
  encodeWhole,
  LEVELS,
  makeEncoder,
} from './encode.ts'
import { EncodedBody } from './encoded-body.ts'
import { mediaTypeTest } from './media-types.ts'

/** Options of `compress`. */
export interface CompressOptions {
  /** What is offered, the best one first, which counts where the client likes several alike. Default zstd, br, gzip. */
  readonly codings?: readonly AppliedCoding[]
  /** Media types to compress: `text/html`, `text/*`, `*+json`. Default `COMPRESSED_TYPES`. */
  readonly types?: readonly string[]
  /** Bytes of content from which on it is worth it, where its length is known. Default 1 KiB. */
  readonly minSize?: number
  /** Default gzip 5, br 4, zstd 3: what is answered is compressed while somebody waits. */
  readonly levels?: Partial<CodingLevels>
  /** Told of each response when all of it has left, with its bytes before and after. */
  readonly onCompressed?: (coding: AppliedCoding, before: number, after: number) => void
}

export const DEFAULT_LEVELS: CodingLevels = { gzip: 5, br: 4, zstd: 3 }
export const DEFAULT_MIN_SIZE = 1024

/** Text in its forms. Pictures, films, archives and most fonts are compressed already. */
export const COMPRESSED_TYPES: readonly string[] = [
  'text/*',
  '*+json',
  '*+xml',
  '*+text',
  'application/json',
  'application/xml',
  'application/javascript',
  'application/x-javascript',
  'application/ndjson',
  'application/x-ndjson',
  'application/wasm',
  'font/otf',
  'font/ttf',
  'image/bmp',
  'image/x-icon',
  'image/vnd.microsoft.icon',
]

/** Content up to this size that is here whole is encoded at once: at 40 MB/s, the slowest of the defaults, in 1.6 ms. */
const AT_ONCE = 64 * 1024

/**
 * Compresses responses for clients that accept it (RFC 9110 8.4, 12.5.3). What is a part, is encoded already, is small, is of another
 * media type, or says `no-transform`, passes as it is. Pieces leave as they come. A strong entity tag becomes a weak one, as the same
 * content has several encodings now, and fields go that told of the bytes before: Content-Length, digests, Accept-Ranges.
 * @throws TypeError if an option is out of range
 */
export function compress(given: CompressOptions = {}): Policy {
  const options = own(given)
  const { codings = APPLIED_CODINGS, minSize = DEFAULT_MIN_SIZE, onCompressed = () => undefined } = options
  const {
    gzip = DEFAULT_LEVELS.gzip,
    br = DEFAULT_LEVELS.br,
    zstd = DEFAULT_LEVELS.zstd,
  } = options.levels ?? {}
  const levels: CodingLevels = { gzip, br, zstd }
  for (const coding of APPLIED_CODINGS) checkLevel(coding, levels[coding])
  const isCompressed = mediaTypeTest(options.types ?? COMPRESSED_TYPES)

  const answer = (exchange: Exchange, accept: string | undefined, response: HttpResponse): HttpResponse => {
    const { headers, status } = response
    if (status === 304) return notModified(exchange, response)
    const isHead = exchange.request.method === 'HEAD'
    if (!mayBeEncoded(exchange, response, isCompressed) || lengthOf(response, isHead) < minSize)
      return response
    addVary(headers, ['accept-encoding'])
    const coding = acceptedCoding(accept, codings) ?? IDENTITY
    if (coding === IDENTITY) return response
    const { whole } = response.body
    changeFields(headers, coding)
    // A HEAD tells what a GET would have (RFC 9110 9.3.2).
    if (isHead) return response
    const told = (before: number, after: number): void => onCompressed(coding, before, after)
    if (whole !== undefined && whole.length <= AT_ONCE) {
      const encoded = WholeBody.fromBytes(encodeWhole(coding, levels[coding], whole.bytes))
      response.body = encoded
      headers.set('content-length', String(encoded.length))
      told(whole.length, encoded.length)
    } else
      response.body = new EncodedBody(
        response.body,
        () => makeEncoder(coding, levels[coding], whole === undefined),
        told,
      )
    return response
  }
  return (next) =>
    function compress(exchange) {
      const accept = exchange.request.headers.get('accept-encoding')
      return next(exchange).then((response) => answer(exchange, accept, response))
    }
}

function checkLevel(coding: AppliedCoding, level: number): void {
  const [least, most] = LEVELS[coding]
  if (!Number.isInteger(level) || level < least || level > most)
    throw new TypeError(
      `compress.levels.${coding}: ${level} is not valid; allowed: a whole number from ${least} to ${most}`,
    )
}

/** Whether clients that ask otherwise would be sent it otherwise. */
function mayBeEncoded(
  { request }: Exchange,
  { status, headers, tunnel }: HttpResponse,
  isCompressed: (type: string) => boolean,
): boolean {
  // A part is one of the bytes as they are (RFC 9110 14.2).
  if (status < 200 || status === 204 || status === 205 || status === 206 || tunnel !== undefined) return false
  if (headers.has('content-encoding') || headers.has('content-range')) return false
  const type = headers.get('content-type')
  if (type === undefined || !isCompressed(type)) return false
  return !saysNoTransform(headers) && !saysNoTransform(request.headers)
}

/** RFC 9111 5.2.1.6, 5.2.2.6. */
function saysNoTransform(headers: HeaderList): boolean {
  const value = headers.get('cache-control')
  return value !== undefined && parseCacheControl(value).noTransform
}

/** Bytes of the content that a GET has; Infinity where nobody knows. */
function lengthOf({ body, headers }: HttpResponse, isHead: boolean): number {
  return isHead ? Number(headers.get('content-length') ?? Infinity) : (body.length ?? Infinity)
}

function changeFields(headers: HeaderList, coding: AppliedCoding): void {
  contentChanged(headers)
  headers.set('content-encoding', coding)
}

/** It has the entity tag that the 200 would have (RFC 9110 15.4.5): the weak one that we have made of it, if that was asked about. */
function notModified({ request }: Exchange, response: HttpResponse): HttpResponse {
  const { headers } = response
  const tag = headers.get('etag')
  const isOurs = tag?.startsWith('"') === true && request.headers.get('if-none-match')?.includes(`W/${tag}`)
  if (isOurs !== true) return response
  headers.set('etag', `W/${tag}`)
  addVary(headers, ['accept-encoding'])
  return response
}
