import zlib, { type Zlib } from 'node:zlib'
import type { Transform } from 'node:stream'

/** A content coding that can be undone (RFC 9110 8.4.1, RFC 7932, RFC 8878). */
export type Coding = 'gzip' | 'deflate' | 'br' | 'zstd'

/** What is asked for where the caller asks for nothing. */
export const ACCEPTED_CODINGS = 'gzip, deflate, br, zstd'

/** As many as Node's own fetch undoes; each further one multiplies what an attacker can make of few bytes. */
export const MAX_CODINGS = 5

const NAMES: Readonly<Record<string, Coding>> = {
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'deflate',
  br: 'br',
  zstd: 'zstd',
}

/**
 * The codings of a Content-Encoding value, in the order in which they were applied.
 * @returns undefined if one is not known, and the content must stay as it is; `too-many` if nobody should try
 */
export function parseCodings(value: string): Coding[] | 'too-many' | undefined {
  const codings: Coding[] = []
  for (const member of value.split(',')) {
    const name = member.trim().toLowerCase()
    if (name === '' || name === 'identity') continue
    const coding = Object.hasOwn(NAMES, name) ? NAMES[name] : undefined
    if (coding === undefined) return undefined
    codings.push(coding)
  }
  return codings.length > MAX_CODINGS ? 'too-many' : codings
}

/** A decoder of node:zlib: a stream that counts the bytes it has used. */
export type Decoder = Transform & Zlib & { readonly bytesWritten: number }

/** How much one chunk that leaves a decoder holds at most. */
const CHUNK = 32 * 1024

/** A window of 8 MiB is what RFC 9659 lets a sender ask for; without it, one of gigabytes could be. */
const ZSTD_LIMITS = { [zlib.constants.ZSTD_d_windowLogMax]: 23 }

/** @param first the first byte of the content */
export function makeDecoder(coding: Coding, first: number): Decoder {
  switch (coding) {
    case 'gzip':
      return zlib.createGunzip({ chunkSize: CHUNK })
    case 'deflate':
      return hasZlibHeader(first)
        ? zlib.createInflate({ chunkSize: CHUNK })
        : zlib.createInflateRaw({ chunkSize: CHUNK })
    case 'br':
      return zlib.createBrotliDecompress({ chunkSize: CHUNK })
    case 'zstd':
      return zlib.createZstdDecompress({ chunkSize: CHUNK, params: ZSTD_LIMITS })
  }
}

/** "deflate" means the zlib format (RFC 9110 8.4.1.2); some servers leave its header out, and browsers take that as well. */
function hasZlibHeader(first: number): boolean {
  return (first & 0x0f) === 8
}

/** What the `info` option of node:zlib adds, which its types leave out. */
interface WithInfo {
  readonly buffer: Buffer
  readonly engine: { readonly bytesWritten: number }
}

/**
 * Decodes what is here whole.
 * @returns undefined if the result is larger than `limit`
 * @throws Error if the content is not valid, not complete, or goes on behind its end, but for zeros behind gzip
 */
export function decodeWhole(coding: Coding, content: Uint8Array, limit: number): Buffer | undefined {
  const options = { maxOutputLength: limit, info: true }
  try {
    const { buffer, engine } = decodeSync(coding, content, options) as unknown as WithInfo
    const rest = content.subarray(engine.bytesWritten)
    if (rest.length > 0 && !(coding === 'gzip' && isPadding(rest))) throw new Error(TRAILING)
    return buffer
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') return undefined
    throw error
  }
}

function decodeSync(coding: Coding, content: Uint8Array, options: object): Buffer {
  switch (coding) {
    case 'gzip':
      return zlib.gunzipSync(content, options)
    case 'deflate':
      return hasZlibHeader(content[0] ?? 0)
        ? zlib.inflateSync(content, options)
        : zlib.inflateRawSync(content, options)
    case 'br':
      return zlib.brotliDecompressSync(content, options)
    case 'zstd':
      return zlib.zstdDecompressSync(content, { ...options, params: ZSTD_LIMITS })
  }
}

/** Zeros behind the last member of gzip, which tapes and block devices leave there: gzip(1) and browsers pass over them. */
export function isPadding(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0)
}

/** Said of bytes behind the end of what is encoded, which node:zlib passes over. */
export const TRAILING = 'bytes follow its end'
