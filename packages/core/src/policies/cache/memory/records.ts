import { WholeBody } from '../../../message/body.ts'
import { PAGE, SHARD } from './cache-memory.ts'
import type { Blocks } from './blocks.ts'
import { LABEL_WORDS, type Label, type Labels } from './labels.ts'
import type { Views } from './views.ts'

/**
 * A record, in words: its size in bytes; bit 0 whether it is there, then 2 bits for how often it was read, 8 for the number of
 * labels from bit 8, and from bit 16 how many bytes of the room for the head are unused; the length of the key and, from bit
 * 16, the room for the head in units of 8 bytes; the length of the content; its first block plus 1, or 0 where the content
 * follows; its number; since when it is stale (2 words, NaN: it is not); variant; hash of the key. Labels, key, head and content
 * follow.
 */
const SIZE = 0
const FLAGS = 1
const KEY_AND_HEAD = 2
const LENGTH = 3
const BLOCK = 4
const ID = 5
const STALE = 6
const VARIANT = 8
const HASH = 9
export const RECORD_WORDS = 10

export const LONGEST_KEY = 0xffff
export const LONGEST_HEAD = 0xffff
/** Bytes of content that are copied out as text. */
const TEXT = 4096

/** What is put into a record. */
export interface RecordParts {
  /** The key's first. */
  readonly labels: readonly Label[]
  /** One byte a character, as the head. */
  readonly key: string
  readonly head: string
  readonly variant: number
  readonly staleSince: number | undefined
  readonly length: number
  /** Of a large content. */
  readonly block: number | undefined
}

/** Reads and writes records. A record is named by the index of its first word. All under the lock of its shard. */
export class Records {
  private readonly views: Views
  private readonly labels: Labels
  private readonly blocks: Blocks

  constructor(views: Views, labels: Labels, blocks: Blocks) {
    this.views = views
    this.labels = labels
    this.blocks = blocks
  }

  write(shard: number, record: number, parts: RecordParts): void {
    const { views } = this
    const { labels, key, head, length, block } = parts
    const room = Math.ceil(head.length / 8)
    views.add(views.layout.shard(shard) + SHARD.entries, 1)
    views.setWord(record + SIZE, sizeOf(parts))
    views.setWord(record + FLAGS, 1 | (labels.length << 8) | ((room * 8 - head.length) << 16))
    views.setWord(record + KEY_AND_HEAD, key.length | (room << 16))
    views.setWord(record + LENGTH, length)
    views.setWord(record + BLOCK, block === undefined ? 0 : block + 1)
    views.setWord(record + ID, this.nextId(shard))
    views.setTime(record + STALE, parts.staleSince ?? Number.NaN)
    views.setWord(record + VARIANT, parts.variant)
    views.setWord(record + HASH, labels[0]?.low ?? 0)
    views.bytes.write(key, this.keyAt(record), key.length, 'latin1')
    views.bytes.write(head, this.headAt(record), head.length, 'latin1')
    let node = record + RECORD_WORDS
    for (const [ordinal, label] of labels.entries()) {
      this.labels.write(shard, node, ordinal, label)
      node += LABEL_WORDS
    }
  }

  /** Puts another head in place, with a new number. False where there is no room for it. */
  rewrite(shard: number, record: number, head: string, staleSince: number | undefined): boolean {
    const { views } = this
    const unused = this.room(record) - head.length
    if (unused < 0 || unused > 0x7fff) return false
    views.bytes.write(head, this.headAt(record), head.length, 'latin1')
    views.setWord(record + FLAGS, (views.word(record + FLAGS) & 0xffff) | (unused << 16))
    views.setTime(record + STALE, staleSince ?? Number.NaN)
    views.setWord(record + ID, this.nextId(shard))
    return true
  }

  /** Takes it out of both indexes, and frees a large content unless that is to be kept. Its bytes stay until its page is gone through. */
  erase(shard: number, record: number, content: 'drop' | 'keep' = 'drop'): void {
    const { views } = this
    const count = this.labelCount(record)
    for (let index = 0; index < count; index++)
      this.labels.remove(record + RECORD_WORDS + index * LABEL_WORDS)
    views.setWord(record + FLAGS, views.word(record + FLAGS) & ~1)
    views.add(views.layout.shard(shard) + SHARD.entries, -1)
    const block = this.block(record)
    if (block !== undefined && content === 'drop') this.blocks.drop(shard, block)
  }

  /** Moves it to a lower address, or another page. */
  move(from: number, to: number): void {
    const { views } = this
    const size = this.size(from)
    const count = this.labelCount(from)
    views.bytes.copyWithin(to * 4, from * 4, from * 4 + size)
    this.labels.moved(from + RECORD_WORDS, to + RECORD_WORDS, count)
  }

  /** For what `move` has left behind. */
  leave(record: number): void {
    this.views.setWord(record + FLAGS, this.views.word(record + FLAGS) & ~1)
  }

  size(record: number): number {
    return this.views.word(record + SIZE)
  }

  isThere(record: number): boolean {
    return (this.views.word(record + FLAGS) & 1) === 1
  }

  /** How often it was read since this was last set: 3 is "or more". */
  reads(record: number): number {
    return (this.views.word(record + FLAGS) >> 1) & 3
  }

  setReads(record: number, reads: number): void {
    this.views.setWord(record + FLAGS, (this.views.word(record + FLAGS) & ~6) | (reads << 1))
  }

  labelCount(record: number): number {
    return (this.views.word(record + FLAGS) >>> 8) & 0xff
  }

  length(record: number): number {
    return this.views.word(record + LENGTH)
  }

  block(record: number): number | undefined {
    const block = this.views.word(record + BLOCK)
    return block === 0 ? undefined : block - 1
  }

  id(record: number): number {
    return this.views.word(record + ID)
  }

  variant(record: number): number {
    return this.views.word(record + VARIANT)
  }

  hash(record: number): number {
    return this.views.word(record + HASH)
  }

  staleSince(record: number): number | undefined {
    const time = this.views.time(record + STALE)
    return Number.isNaN(time) ? undefined : time
  }

  /** False where it was stale already: a second purge does not make it any younger. */
  markStale(record: number, now: number): void {
    if (this.staleSince(record) === undefined) this.views.setTime(record + STALE, now)
  }

  /** Whether its labels are these. */
  hasLabels(record: number, labels: readonly Label[]): boolean {
    if (this.labelCount(record) !== labels.length) return false
    return labels.every((label, index) => {
      const node = record + RECORD_WORDS + index * LABEL_WORDS
      return (this.views.word(node) & ~0xff) === (label.low & ~0xff)
    })
  }

  hasKey(record: number, key: string): boolean {
    if (this.keyLength(record) !== key.length) return false
    const { bytes } = this.views
    const begin = this.keyAt(record)
    for (let index = 0; index < key.length; index++)
      if (bytes[begin + index] !== key.charCodeAt(index)) return false
    return true
  }

  headText(record: number): string {
    const begin = this.headAt(record)
    return this.views.bytes.toString('latin1', begin, begin + this.headLength(record))
  }

  /** A copy of a content that follows. A small one is text, as a connection writes it in one with the head. */
  content(record: number): WholeBody {
    const { bytes } = this.views
    const begin = this.contentAt(record)
    const end = begin + this.length(record)
    if (end - begin <= TEXT) return WholeBody.fromLatin1(bytes.toString('latin1', begin, end))
    const copy = Buffer.allocUnsafe(end - begin)
    bytes.copy(copy, 0, begin, end)
    return WholeBody.fromBytes(copy)
  }

  setContent(record: number, chunks: readonly Uint8Array[]): void {
    let at = this.contentAt(record)
    for (const chunk of chunks) {
      this.views.bytes.set(chunk, at)
      at += chunk.byteLength
    }
  }

  setWhole(record: number, content: WholeBody): void {
    content.copyTo(this.views.bytes, this.contentAt(record))
  }

  /** Where the key begins, in bytes. */
  keyAt(record: number): number {
    return (record + RECORD_WORDS + this.labelCount(record) * LABEL_WORDS) * 4
  }

  keyLength(record: number): number {
    return this.views.word(record + KEY_AND_HEAD) & 0xffff
  }

  headAt(record: number): number {
    return this.keyAt(record) + this.keyLength(record)
  }

  headLength(record: number): number {
    return this.room(record) - (this.views.word(record + FLAGS) >>> 16)
  }

  /** Where a content that follows begins, in bytes. */
  contentAt(record: number): number {
    return this.headAt(record) + this.room(record)
  }

  private nextId(shard: number): number {
    const next = this.views.layout.shard(shard) + SHARD.nextId
    this.views.add(next, 1)
    return this.views.at(next)
  }

  private room(record: number): number {
    return (this.views.word(record + KEY_AND_HEAD) >>> 16) * 8
  }

  /** Bytes that a large content takes. */
  blockBytes(record: number): number {
    return this.block(record) === undefined
      ? 0
      : Math.ceil(this.length(record) / this.blocks.size) * this.blocks.size
  }

  /** The record at the begin of a page, and the end of those in it. */
  *inPage(page: number): Iterable<number> {
    const begin = page * this.views.pageWords
    const end = begin + this.views.at(this.views.layout.page(page) + PAGE.used) / 4
    for (let record = begin; record < end; record += this.size(record) / 4) yield record
  }
}

/** Bytes of a record, a multiple of 8. */
export function sizeOf({ labels, key, head, length, block }: RecordParts): number {
  const fixed = (RECORD_WORDS + labels.length * LABEL_WORDS) * 4 + key.length
  const content = block === undefined ? length : 0
  return Math.ceil((fixed + Math.ceil(head.length / 8) * 8 + content) / 8) * 8
}
