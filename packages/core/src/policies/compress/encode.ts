import zlib, { type Zlib } from 'node:zlib'
import type { Transform } from 'node:stream'

/** A content coding that responses are given (RFC 9110 8.4.1, RFC 7932, RFC 8878). */
export type AppliedCoding = 'gzip' | 'br' | 'zstd'

export const APPLIED_CODINGS: readonly AppliedCoding[] = ['zstd', 'br', 'gzip']

/** How much work is put into each coding. */
export type CodingLevels = Readonly<Record<AppliedCoding, number>>

/** The least and the most of each. */
export const LEVELS: Readonly<Record<AppliedCoding, readonly [least: number, most: number]>> = {
  gzip: [1, 9],
  br: [0, 11],
  zstd: [1, 19],
}

/** An encoder of node:zlib. */
export type Encoder = Transform & Zlib

/** How much one chunk that leaves an encoder holds at most. */
const CHUNK = 32 * 1024

const { constants } = zlib

/**
 * Encodes what arrives piece by piece.
 * @param isFlushed whether each piece that is written comes out at once, as it must where nobody knows when the next one comes
 */
export function makeEncoder(coding: AppliedCoding, level: number, isFlushed: boolean): Encoder {
  switch (coding) {
    case 'gzip': {
      const flush = isFlushed ? constants.Z_SYNC_FLUSH : constants.Z_NO_FLUSH
      return zlib.createGzip({ level, flush, chunkSize: CHUNK })
    }
    case 'br': {
      const flush = isFlushed ? constants.BROTLI_OPERATION_FLUSH : constants.BROTLI_OPERATION_PROCESS
      return zlib.createBrotliCompress({ flush, chunkSize: CHUNK, params: brotliParams(level) })
    }
    case 'zstd': {
      const flush = isFlushed ? constants.ZSTD_e_flush : constants.ZSTD_e_continue
      return zlib.createZstdCompress({ flush, chunkSize: CHUNK, params: zstdParams(level) })
    }
  }
}

/** Encodes what is here whole, while everybody waits. */
export function encodeWhole(coding: AppliedCoding, level: number, content: Uint8Array): Buffer {
  switch (coding) {
    case 'gzip':
      return zlib.gzipSync(content, { level, chunkSize: roomFor(content) })
    case 'br':
      return zlib.brotliCompressSync(content, {
        chunkSize: roomFor(content),
        params: brotliParams(level, content.byteLength),
      })
    case 'zstd':
      return zlib.zstdCompressSync(content, { chunkSize: roomFor(content), params: zstdParams(level) })
  }
}

/** Text comes out in a third of its size or less: one piece, which needs no copy into another. At least 64, as node:zlib asks for. */
function roomFor({ byteLength }: Uint8Array): number {
  return Math.max(1024, byteLength >> 1)
}

/** @param length bytes, where they are known: it works with a window of that size */
function brotliParams(level: number, length?: number): Record<number, number> {
  return {
    [constants.BROTLI_PARAM_QUALITY]: level,
    [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    ...(length !== undefined && { [constants.BROTLI_PARAM_SIZE_HINT]: length }),
  }
}

function zstdParams(level: number): Record<number, number> {
  return { [constants.ZSTD_c_compressionLevel]: level }
}
