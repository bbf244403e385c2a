import type {
  CacheKey,
  CacheStore,
  EntryWriter,
  MaybePromise,
  Selection,
  StoredEntry,
  StoredHead,
  StoreStats,
} from '../store.ts'
import { checkKey } from '../head-codec.ts'
import { type CacheMemory, HEADER } from './cache-memory.ts'
import { ClaimTable, releaseClaims } from './claim-table.ts'
import { MOST_LABELS } from './labels.ts'
import { LargeBody } from './large-body.ts'
import { type LargeContent, MemoryEntry } from './memory-entry.ts'
import { MemoryWriter, type WriterOwner, writerParts, type WrittenBlocks } from './memory-writer.ts'
import { purgeShards } from './purge.ts'
import { RecentHeads } from './recent-heads.ts'
import { RecentPurges } from './recent-purges.ts'
import { LONGEST_HEAD, LONGEST_KEY, sizeOf } from './records.ts'
import { Shards } from './shards.ts'
import { markEnded } from './threads.ts'
import { Views } from './views.ts'

const NONE: readonly StoredEntry[] = []

/**
 * A cache in memory that threads share: one copy of each response, whatever their number. Each thread makes one of these, over
 * the same memory. What is found is copied out under the lock of its shard; large content is lent or copied as it is read, and stays
 * for as long. A thread may end at any moment: the others go on, and at most the shard that it was changing is emptied.
 */
export class SharedMemoryStore implements CacheStore {
  readonly claims: ClaimTable | undefined
  private readonly shards: Shards
  private readonly purges: RecentPurges
  private readonly owner: WriterOwner
  private readonly heads = new RecentHeads()
  /** What could not be freed when it was to be. */
  private discarded: WrittenBlocks[] = []
  private closed = false

  /**
   * @param thread the number of this thread, below `threads` of the memory: no other that lives has the same, and it makes one
   * store over that memory
   * @param alone whether no other thread makes requests: none has to be told what this one has under way
   * @throws TypeError if there is no such number
   */
  constructor(memory: CacheMemory, thread: number, alone: boolean = false) {
    this.shards = new Shards(memory, thread)
    const { views, labels, threads, lock } = this.shards
    this.purges = new RecentPurges(views)
    this.claims = alone ? undefined : new ClaimTable(views, labels, threads, lock)
    // Who had this number before may have ended without anybody being told.
    releaseClaims(views)
    this.owner = {
      shards: this.shards,
      purges: this.purges,
      refused: () => this.countRefused(),
      discard: (content) => this.discard(content),
    }
  }

  find({ text }: CacheKey): readonly StoredEntry[] {
    const { labels, lock, views, door } = this.shards
    const label = labels.of('key', text)
    const shard = labels.shardOf(label)
    // Most misses end here, without a lock.
    if (Atomics.load(views.tables, labels.bucket(shard, label)) === 0) {
      door.sighted(shard, label, false)
      return NONE
    }
    if (this.closed || !lock.acquire(shard)) return NONE
    try {
      const records = this.shards.find(shard, label, text)
      door.sighted(shard, label, records.length > 0)
      if (records.length === 0) return NONE
      const entries: StoredEntry[] = []
      for (const record of records) {
        const entry = this.read(shard, record)
        if (entry !== undefined) entries.push(entry)
      }
      return entries
    } finally {
      lock.release(shard)
    }
  }

  admits({ text }: CacheKey): boolean {
    const { labels, door } = this.shards
    const label = labels.of('key', text)
    if (door.admits(labels.shardOf(label), label)) return true
    this.countRefused()
    return false
  }

  moment(): number {
    return this.purges.now
  }

  /** Throws a TypeError if the key or the head cannot be kept as bytes. */
  begin(key: CacheKey, head: StoredHead, length: number | undefined, since: number): EntryWriter | undefined {
    const { memory } = this.shards.views
    if (this.closed) return undefined
    checkKey(key)
    this.retryDiscarded()
    if (!this.admits(key)) return undefined
    const parts = writerParts(this.shards, key, head)
    const fixed = sizeOf({ ...parts.record, length: 0, block: undefined })
    const fits =
      (length ?? 0) <= memory.maxObject &&
      fixed <= memory.pageSize / 4 &&
      key.text.length <= LONGEST_KEY &&
      parts.record.head.length <= LONGEST_HEAD &&
      parts.record.labels.length <= MOST_LABELS
    if (fits) return new MemoryWriter(this.owner, parts, length, since)
    this.countRefused()
    return undefined
  }

  update(key: CacheKey, entry: StoredEntry, head: StoredHead): boolean {
    const parts = writerParts(this.shards, key, head)
    return this.changeEntry(key, entry, (shard, record) => {
      const { records } = this.shards
      if (
        records.variant(record) === parts.record.variant &&
        records.hasLabels(record, parts.record.labels) &&
        records.rewrite(shard, record, parts.record.head, head.staleSince)
      )
        return true
      const block = records.block(record)
      const length = records.length(record)
      const content = block === undefined ? records.content(record) : undefined
      const reads = records.reads(record)
      const size = sizeOf({ ...parts.record, length, block })
      this.shards.remove(shard, record, 'keep')
      const moved =
        size <= this.shards.views.memory.pageSize / 2
          ? this.shards.insert(shard, parts.label, { ...parts.record, length, block })
          : undefined
      if (moved === undefined) {
        if (block !== undefined) this.shards.blocks.drop(shard, block)
        return false
      }
      if (content !== undefined) records.setWhole(moved, content)
      records.setReads(moved, reads)
      return true
    })
  }

  remove(key: CacheKey, entry: StoredEntry): boolean {
    return this.changeEntry(key, entry, (shard, record) => {
      this.shards.remove(shard, record)
      return true
    })
  }

  purge(selection: Selection, how: 'hard' | 'soft', now: number): MaybePromise<number> {
    return purgeShards(this.shards, this.purges, selection, how, now)
  }

  stats(): StoreStats {
    const { views, segments } = this.shards
    const { memory } = views
    let bytes = 0
    let admitted = 0
    let evictions = 0
    for (let shard = 0; shard < memory.shards; shard++) {
      bytes += segments.bytesOf(shard)
      const counted = this.shards.counted(shard)
      admitted += counted.admitted
      evictions += counted.evictions
    }
    return {
      entries: this.shards.entries(),
      bytes,
      capacity: memory.pages * memory.pageSize,
      admitted,
      refused: Atomics.load(views.tables, HEADER.refused),
      evictions,
    }
  }

  /** What other threads have stays. */
  close(): Promise<void> {
    this.retryDiscarded()
    this.closed = true
    return Promise.resolve()
  }

  private read(shard: number, record: number): MemoryEntry | undefined {
    const { records, threads, views } = this.shards
    const { memory } = views
    const length = records.length(record)
    const block = records.block(record)
    // Too many are read at a time: as if it were not there.
    if (block !== undefined && !threads.hold(block)) return undefined
    const reads = records.reads(record)
    if (reads < 3) records.setReads(record, reads + 1)
    const id = records.id(record)
    const number = (id >>> 0) * memory.shards + shard
    const known = this.heads.find(number)
    const text = known === undefined ? records.headText(record) : ''
    return new MemoryEntry(
      { memory: memory.data, shard, id },
      length,
      records.staleSince(record),
      block === undefined ? records.content(record) : this.large(shard, block),
      known,
      () => this.heads.read(number, text),
    )
  }

  /** For a content that this thread holds once already, for its entry. */
  private large(shard: number, block: number): LargeContent {
    const { views, blocks, threads, lock } = this.shards
    const letGo = (): void => {
      // Gone meanwhile, and this was the last reader here: its room is free again, at once if the lock is.
      if (!threads.letGo(block) || !blocks.lingers(block) || !lock.attempt(shard)) return
      try {
        lock.change(shard, () => blocks.sweep(shard))
      } finally {
        lock.release(shard)
      }
    }
    const open = (begin: number, length: number): LargeBody => {
      threads.hold(block)
      return new LargeBody(views, blocks, block, begin, length, letGo, () => open(begin, length))
    }
    return { open, release: letGo }
  }

  private changeEntry(
    key: CacheKey,
    entry: StoredEntry,
    change: (shard: number, record: number) => boolean,
  ): boolean {
    if (!(entry instanceof MemoryEntry)) return false
    const { memory, shard, id } = entry.place
    if (this.closed || memory !== this.shards.views.memory.data) return false
    const label = this.shards.labels.of('key', key.text)
    const changed = this.shards.lock.with(shard, () => {
      const record = this.shards
        .find(shard, label, key.text)
        .find((each) => this.shards.records.id(each) === id)
      return record === undefined ? false : change(shard, record)
    })
    return changed === true
  }

  private countRefused(): void {
    Atomics.add(this.shards.views.tables, HEADER.refused, 1)
  }

  private discard(content: WrittenBlocks): void {
    const { lock, blocks, threads } = this.shards
    const { shard, epoch, slot, first } = content
    const done = lock.with(shard, () => {
      if (this.shards.epoch(shard) === epoch) blocks.free(shard, first)
      threads.giveBack(slot)
      return true
    })
    if (done !== true) this.discarded.push(content)
  }

  private retryDiscarded(): void {
    if (this.discarded.length === 0) return
    const again = this.discarded
    this.discarded = []
    for (const content of again) this.discard(content)
  }
}

/**
 * For who sees threads end: nobody waits any more for what that thread had locked, and what it was reading or writing is
 * free. Only for one that has surely ended.
 */
export function cacheThreadEnded(memory: CacheMemory, thread: number): void {
  const views = new Views(memory)
  markEnded(views, thread)
  releaseClaims(views)
}
