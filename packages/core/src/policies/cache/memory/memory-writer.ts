import type { WholeBody } from '../../../message/body.ts'
import { encodeHead } from '../head-codec.ts'
import type { CacheKey, EntryWriter, StoredHead } from '../store.ts'
import type { Label } from './labels.ts'
import type { RecentPurges } from './recent-purges.ts'
import { type RecordParts, sizeOf } from './records.ts'
import type { Shards } from './shards.ts'

/** What is stored, before its content is here. */
export interface WriterParts {
  readonly shard: number
  readonly label: Label
  readonly record: Omit<RecordParts, 'length' | 'block'>
  readonly receivedAt: number
}

/** Whose writer it is. */
export interface WriterOwner {
  readonly shards: Shards
  readonly purges: RecentPurges
  refused(): void
  /** Frees the blocks of a content that is not taken: later, if the lock is not to be had now. */
  discard(content: WrittenBlocks): void
}

/** The blocks of a content that is still written. */
export interface WrittenBlocks {
  readonly shard: number
  /** Of the shard when they were taken: after a reset, they are nobody's. */
  readonly epoch: number
  readonly slot: number
  readonly first: number
}

/** Takes a response: what is small is gathered here until the commit, what is large goes into its blocks at once. */
export class MemoryWriter implements EntryWriter {
  private readonly owner: WriterOwner
  private readonly parts: WriterParts
  private readonly announced: number | undefined
  private readonly begun: number
  /** Bytes of content that a record takes in. */
  private readonly inline: number
  private readonly limit: number
  private chunks: Uint8Array[] = []
  /** Instead of chunks. */
  private whole: WholeBody | undefined
  private size = 0
  private over = false
  private blocks: WrittenBlocks | undefined
  /** The block that is filled, how far, and the last of the chain. */
  private current = 0
  private filled = 0
  private last = 0

  /** @param begun the moment before the origin was asked, of `RecentPurges` */
  constructor(owner: WriterOwner, parts: WriterParts, announced: number | undefined, begun: number) {
    const { memory } = owner.shards.views
    this.owner = owner
    this.parts = parts
    this.announced = announced
    this.begun = begun
    this.inline = memory.pageSize / 4 - sizeOf({ ...parts.record, length: 0, block: undefined })
    this.limit = announced ?? memory.maxObject
  }

  write(chunk: Uint8Array): boolean {
    if (this.over) return false
    this.size += chunk.byteLength
    if (this.size <= this.limit && this.take(chunk)) return true
    this.abort()
    return false
  }

  /** What is small goes straight into its record. */
  writeAll(content: WholeBody): boolean {
    if (this.over) return false
    if (content.length > Math.min(this.inline, this.limit) || (this.announced ?? 0) > this.inline)
      return this.write(content.bytes) && this.commit()
    this.whole = content
    this.size = content.length
    return this.commit()
  }

  commit(): boolean {
    if (this.over) return false
    const { shards } = this.owner
    const isWhole = this.announced === undefined || this.size === this.announced
    if (isWhole && shards.lock.with(this.parts.shard, () => this.insert()) === true) {
      this.over = true
      this.chunks = []
      return true
    }
    this.abort()
    return false
  }

  abort(): void {
    if (this.over) return
    this.over = true
    this.chunks = []
    this.owner.refused()
    if (this.blocks !== undefined) this.owner.discard(this.blocks)
  }

  private take(chunk: Uint8Array): boolean {
    if (this.blocks === undefined && Math.max(this.size, this.announced ?? 0) <= this.inline) {
      this.chunks.push(new Uint8Array(chunk))
      return true
    }
    const gathered = this.chunks
    this.chunks = []
    return gathered.every((each) => this.fill(each)) && this.fill(chunk)
  }

  private fill(chunk: Uint8Array): boolean {
    const { blocks, views } = this.owner.shards
    for (let at = 0; at < chunk.byteLength; ) {
      if (this.blocks === undefined || this.filled === blocks.size) {
        if (!this.advance(chunk.byteLength - at)) return false
      }
      const count = Math.min(blocks.size - this.filled, chunk.byteLength - at)
      views.bytes.set(chunk.subarray(at, at + count), this.current * blocks.size + this.filled)
      this.filled += count
      at += count
    }
    return true
  }

  /** To the next block; there are as many as so many bytes take. */
  private advance(bytes: number): boolean {
    const { shards } = this.owner
    const next = this.blocks === undefined ? undefined : shards.blocks.next(this.current)
    if (next !== undefined) this.current = next
    else {
      const fresh = shards.lock.with(this.parts.shard, () => this.grow(Math.ceil(bytes / shards.blocks.size)))
      if (fresh === undefined) return false
      this.current = fresh
    }
    this.filled = 0
    return true
  }

  /** @returns the first of the blocks that were added; undefined if there is no room */
  private grow(count: number): number | undefined {
    const { shards } = this.owner
    const { shard } = this.parts
    let added: number | undefined
    for (let index = 0; index < count; index++) {
      if (this.blocks !== undefined && this.isLost(this.blocks)) return undefined
      const block = shards.blocks.take(shard, this.blocks === undefined ? undefined : this.last)
      if (block === undefined) return undefined
      added ??= block
      this.last = block
      if (this.blocks !== undefined) continue
      const slot = shards.threads.holdWriting(block)
      if (slot === undefined) {
        shards.blocks.free(shard, block)
        return undefined
      }
      this.blocks = { shard, epoch: shards.epoch(shard), slot, first: block }
    }
    return added
  }

  private insert(): boolean {
    const { shards, purges } = this.owner
    const { shard, label, record: parts, receivedAt } = this.parts
    if (this.blocks !== undefined && this.isLost(this.blocks)) return false
    const purged = purges.since(this.begun, parts.labels)
    if (purged === 'hard') return false
    const record = shards.insert(shard, label, {
      ...parts,
      staleSince: parts.staleSince ?? (purged === 'soft' ? receivedAt : undefined),
      length: this.size,
      block: this.blocks?.first,
    })
    if (record === undefined) return false
    if (this.whole !== undefined) shards.records.setWhole(record, this.whole)
    else if (this.blocks === undefined) shards.records.setContent(record, this.chunks)
    else shards.threads.giveBack(this.blocks.slot)
    shards.countAdmitted(shard)
    return true
  }

  private isLost({ shard, epoch }: WrittenBlocks): boolean {
    return this.owner.shards.epoch(shard) !== epoch
  }
}

/** @throws TypeError if the head has text that cannot be kept */
export function writerParts(shards: Shards, { text }: CacheKey, head: StoredHead): WriterParts {
  const { labels } = shards
  const label = labels.of('key', text)
  const { range, url } = head
  const part = range === undefined ? '' : `${range.first}-${range.last}`
  const all: Label[] = [label, labels.of('url', url), labels.of('route', head.route)]
  for (const tag of new Set(head.tags)) all.push(labels.of('tag', tag))
  for (const group of new Set(head.groups)) all.push(labels.of('group', group))
  return {
    shard: labels.shardOf(label),
    label,
    receivedAt: head.receivedAt,
    record: {
      labels: all,
      key: text,
      head: encodeHead(head),
      variant: labels.of('variant', `${head.variant}\n${part}`).low,
      staleSince: head.staleSince,
    },
  }
}
