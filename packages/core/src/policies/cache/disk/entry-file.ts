import { hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { decodeHead, encodeHead } from '../head-codec.ts'
import type { CacheKey, StoredHead } from '../store.ts'

/** Bytes of content that one checksum is for: what is given out was checked before. */
export const CHUNK: number = 64 * 1024

/** "HGC" and the version of this form. What begins otherwise is no entry. */
const MAGIC = 0x48474331
/** Before the texts: magic, checksum, lengths of key, head and name, checksums, length of content, purges, order. */
const FIXED = 48

/** What the file of an entry says. It is written once, and never changed. */
export interface EntryFile {
  readonly key: CacheKey
  readonly head: StoredHead
  /** Bytes of content. */
  readonly length: number
  /** A checksum of each chunk of the content. */
  readonly sums: readonly number[]
  /** The file with the content; empty where it is in this one, behind the rest. */
  readonly body: string
  /** The last purge that was recorded before the origin was asked. */
  readonly purges: number
  /** When it was written, in wall time: of two for the same place the later one holds. */
  readonly writtenAt: number
}

/** An entry's file as it was read. */
export interface ReadEntry extends EntryFile {
  /** Where content begins that is in this file. */
  readonly contentAt: number
}

/** What keys are known by on disk. */
export function hashOfKey({ text }: CacheKey): string {
  return hash('sha256', Buffer.from(text, 'latin1'), 'hex').slice(0, 32)
}

export function sumOf(chunk: Uint8Array): number {
  return crc32(chunk)
}

/**
 * @param content where it is in the same file
 * @throws TypeError if key or head cannot be kept as bytes
 */
export function encodeEntry(entry: EntryFile, content: Uint8Array | undefined): Buffer {
  const head = encodeHead(entry.head)
  const { text } = entry.key
  const { body, sums } = entry
  const contentAt = FIXED + text.length + head.length + body.length + 4 * sums.length
  const bytes = Buffer.allocUnsafe(contentAt + (content?.byteLength ?? 0))
  bytes.writeUInt32BE(MAGIC, 0)
  bytes.writeUInt32BE(text.length, 8)
  bytes.writeUInt32BE(head.length, 12)
  bytes.writeUInt32BE(body.length, 16)
  bytes.writeUInt32BE(sums.length, 20)
  bytes.writeDoubleBE(entry.length, 24)
  bytes.writeDoubleBE(entry.purges, 32)
  bytes.writeDoubleBE(entry.writtenAt, 40)
  let at = FIXED
  for (const each of [text, head, body]) at += bytes.write(each, at, 'latin1')
  for (const sum of sums) at = bytes.writeUInt32BE(sum, at)
  if (content !== undefined) bytes.set(content, at)
  bytes.writeUInt32BE(crc32(bytes.subarray(8, contentAt)), 4)
  return bytes
}

/** How many bytes of a file are needed to decode it; undefined for what is no entry. */
export function sizeOfEntry(bytes: Buffer): number | undefined {
  if (bytes.length < FIXED || bytes.readUInt32BE(0) !== MAGIC) return undefined
  return (
    FIXED +
    bytes.readUInt32BE(8) +
    bytes.readUInt32BE(12) +
    bytes.readUInt32BE(16) +
    4 * bytes.readUInt32BE(20)
  )
}

/** Undefined for what was not written whole, or has changed since. Content is another matter. */
export function decodeEntry(bytes: Buffer): ReadEntry | undefined {
  const contentAt = sizeOfEntry(bytes)
  if (contentAt === undefined || contentAt > bytes.length) return undefined
  if (crc32(bytes.subarray(8, contentAt)) !== bytes.readUInt32BE(4)) return undefined
  let at = FIXED
  const take = (length: number): string => bytes.toString('latin1', at, (at += length))
  const key = { text: take(bytes.readUInt32BE(8)) }
  const head = decodeHead(take(bytes.readUInt32BE(12)))
  const body = take(bytes.readUInt32BE(16))
  const sums: number[] = []
  for (; at < contentAt; at += 4) sums.push(bytes.readUInt32BE(at))
  const length = bytes.readDoubleBE(24)
  if (head === undefined || sums.length !== Math.ceil(length / CHUNK)) return undefined
  return {
    key,
    head,
    length,
    sums,
    body,
    purges: bytes.readDoubleBE(32),
    writtenAt: bytes.readDoubleBE(40),
    contentAt,
  }
}
