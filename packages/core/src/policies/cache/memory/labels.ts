import { KeyHash } from '../../rate-limit/key-hash.ts'
import { HEADER } from './cache-memory.ts'
import type { Views } from './views.ts'

/** What a response is found by. The key is always the first. Variants are no labels of records, but hashed alike. */
export type LabelKind = 'key' | 'url' | 'tag' | 'route' | 'group' | 'variant'

const PREFIX: Record<LabelKind, string> = {
  key: '',
  url: 'u',
  tag: 't',
  route: 'r',
  group: 'g',
  variant: 'v',
}

/** A hash of a label: the bucket is taken from one half, what is compared from the other. */
export interface Label {
  readonly isKey: boolean
  readonly low: number
  readonly high: number
}

/** A label in a record: 24 bits of the hash over its number in the record, the next one of the bucket, and the one before. */
export const LABEL_WORDS = 3
export const MOST_LABELS = 255
const MOST_KNOWN = 1000

/**
 * Chains of labels, in buckets: one index for keys, and one, with the same links, for URLs, tags, routes and groups, so that a
 * purge costs what it removes. Links are indexes of words plus 1; the first of a chain has its bucket, negative, for the one before.
 */
export class Labels {
  private readonly views: Views
  private readonly keyHash: KeyHash
  /** Labels of what is said of many responses. */
  private readonly known = new Map<string, Label>()
  /** The keys that were asked for last: what is not found is stored soon after, with a claim in between. */
  private lastKey = ''
  private lastLabel: Label | undefined
  private olderKey = ''
  private olderLabel: Label | undefined

  constructor(views: Views) {
    this.views = views
    this.keyHash = new KeyHash(views.at(HEADER.seed), views.at(HEADER.seed + 1))
  }

  of(kind: LabelKind, value: string): Label {
    const text = PREFIX[kind] + value
    if (kind === 'url') return this.hashed(kind, text)
    if (kind === 'key') {
      if (this.lastLabel !== undefined && text === this.lastKey) return this.lastLabel
      const label =
        this.olderLabel !== undefined && text === this.olderKey ? this.olderLabel : this.hashed(kind, text)
      this.olderKey = this.lastKey
      this.olderLabel = this.lastLabel
      this.lastKey = text
      this.lastLabel = label
      return label
    }
    let label = this.known.get(text)
    if (label !== undefined) return label
    if (this.known.size >= MOST_KNOWN) this.known.clear()
    label = this.hashed(kind, text)
    this.known.set(text, label)
    return label
  }

  private hashed(kind: LabelKind, text: string): Label {
    const { keyHash } = this
    keyHash.hash(text)
    return { isKey: kind === 'key', low: keyHash.low, high: keyHash.high }
  }

  /** The shard of a key. */
  shardOf({ high }: Label): number {
    return high & (this.views.memory.shards - 1)
  }

  /** The bucket's first link, which may be looked at without the lock: 0 says that there is nothing. */
  bucket(shard: number, { isKey, high }: Label): number {
    const { layout, memory } = this.views
    const base = layout.bucketsOf(shard, isKey ? 'keys' : 'labels')
    return base + ((high >>> 8) & (memory.buckets - 1))
  }

  write(shard: number, node: number, ordinal: number, label: Label): void {
    const { views } = this
    const bucket = this.bucket(shard, label)
    const first = views.at(bucket)
    views.setWord(node, compared(label) | ordinal)
    views.setWord(node + 1, first)
    views.setWord(node + 2, -(bucket + 1))
    if (first !== 0) views.setWord(first - 1 + 2, node + 1)
    views.put(bucket, node + 1)
  }

  remove(node: number): void {
    const { views } = this
    const next = views.word(node + 1)
    const prev = views.word(node + 2)
    if (prev < 0) views.put(-prev - 1, next)
    else views.setWord(prev - 1 + 1, next)
    if (next !== 0) views.setWord(next - 1 + 2, prev)
  }

  /** A record has been copied: whoever points to its labels is told. @param from, to the first label, before and after */
  moved(from: number, to: number, count: number): void {
    const { views } = this
    const end = from + count * LABEL_WORDS
    // Two labels of one record may be neighbours: these links have moved with it.
    for (let node = to; node < to + count * LABEL_WORDS; node += LABEL_WORDS)
      for (const link of [node + 1, node + 2]) {
        const target = views.word(link) - 1
        if (target >= from && target < end) views.setWord(link, target - from + to + 1)
      }
    for (let node = to; node < to + count * LABEL_WORDS; node += LABEL_WORDS) {
      const next = views.word(node + 1)
      const prev = views.word(node + 2)
      if (prev < 0) views.put(-prev - 1, node + 1)
      else views.setWord(prev - 1 + 1, node + 1)
      if (next !== 0) views.setWord(next - 1 + 2, node + 1)
    }
  }

  /** The labels of a bucket with that hash, the newest first: the first word of each, and its number in its record. */
  each(shard: number, label: Label, see: (node: number, ordinal: number) => void): void {
    const { views } = this
    const wanted = compared(label)
    for (let link = views.at(this.bucket(shard, label)); link !== 0; link = views.word(link - 1 + 1)) {
      const word = views.word(link - 1)
      if ((word & ~0xff) === wanted) see(link - 1, word & 0xff)
    }
  }
}

function compared({ low }: Label): number {
  return low & ~0xff
}
