import { Blocks } from './blocks.ts'
import { type CacheMemory, HEADER, SHARD } from './cache-memory.ts'
import { Doorkeeper } from './doorkeeper.ts'
import { type Label, LABEL_WORDS, Labels } from './labels.ts'
import { KIND, Pages } from './pages.ts'
import { type RecordParts, RECORD_WORDS, Records, sizeOf } from './records.ts'
import { type Queue, Segments } from './segments.ts'
import { ShardLock } from './shard-lock.ts'
import { ThreadTable } from './threads.ts'
import { Views } from './views.ts'

/** How many are dropped, at most, to make room for one more where the number of entries is at its limit. */
const MOST_DROPS = 8

/** All parts of the memory, put together for one thread, and what is done with a shard that is locked. */
export class Shards {
  readonly views: Views
  readonly threads: ThreadTable
  readonly lock: ShardLock
  readonly pages: Pages
  readonly blocks: Blocks
  readonly labels: Labels
  readonly records: Records
  readonly segments: Segments
  readonly door: Doorkeeper

  constructor(memory: CacheMemory, thread: number) {
    this.views = new Views(memory)
    this.threads = new ThreadTable(this.views, thread)
    this.lock = new ShardLock(this.views, this.threads, (shard) => this.reset(shard))
    this.pages = new Pages(this.views, {
      sweep: (shard) => this.blocks.sweep(shard),
      evict: (shard, force) => this.segments.evict(shard, force),
      elsewhere: (shard, work) => this.elsewhere(shard, work),
    })
    this.blocks = new Blocks(this.views, this.pages, this.threads)
    this.labels = new Labels(this.views)
    this.records = new Records(this.views, this.labels, this.blocks)
    this.door = new Doorkeeper(this.views)
    this.segments = new Segments(this.views, this.pages, this.records, this.door)
    for (const { slot, block } of this.threads.inherited()) this.freeInherited(slot, block)
  }

  /** What is stored under a key, the newest first. */
  find(shard: number, label: Label, key: string): number[] {
    const found: number[] = []
    this.labels.each(shard, label, (node, ordinal) => {
      const record = node - RECORD_WORDS
      if (ordinal === 0 && this.records.hasKey(record, key)) found.push(record)
    })
    return found
  }

  /** All records with a label, the key's excepted. */
  labelled(shard: number, label: Label): number[] {
    const found: number[] = []
    this.labels.each(shard, label, (node, ordinal) => found.push(node - RECORD_WORDS - ordinal * LABEL_WORDS))
    return found
  }

  *all(shard: number): Iterable<number> {
    for (const queue of [SHARD.small, SHARD.main] as const)
      for (const page of this.segments.pagesOf(shard, queue))
        for (const record of this.records.inPage(page)) if (this.records.isThere(record)) yield record
  }

  /**
   * A new record, in place of the one of the same variant. Its content is put in afterwards, where that is small.
   * @returns undefined if there is no room
   */
  insert(shard: number, label: Label, parts: RecordParts): number | undefined {
    const { records, segments } = this
    const old = this.find(shard, label, parts.key).find((each) => records.variant(each) === parts.variant)
    let queue: Queue = this.door.takeGhost(shard, label.low) ? SHARD.main : SHARD.small
    let reads = 0
    if (old !== undefined) {
      // What takes the place of one that is asked for is as likely to be asked for.
      queue = segments.queueOf(old)
      reads = records.reads(old)
      this.remove(shard, old)
    }
    this.limitEntries(shard)
    const record = segments.reserve(shard, queue, sizeOf(parts))
    if (record === undefined) return undefined
    records.write(shard, record, parts)
    records.setReads(record, reads)
    segments.count(shard, queue, records.blockBytes(record))
    return record
  }

  remove(shard: number, record: number, content: 'drop' | 'keep' = 'drop'): void {
    const blockBytes = this.records.blockBytes(record)
    this.records.erase(shard, record, content)
    this.segments.lost(shard, record, blockBytes)
  }

  epoch(shard: number): number {
    return this.views.at(this.views.layout.shard(shard) + SHARD.epoch)
  }

  countAdmitted(shard: number): void {
    this.views.add(this.views.layout.shard(shard) + SHARD.admitted, 1)
  }

  counted(shard: number): { readonly admitted: number; readonly evictions: number } {
    const base = this.views.layout.shard(shard)
    return {
      admitted: this.views.at(base + SHARD.admitted),
      evictions: this.views.at(base + SHARD.evictions),
    }
  }

  entries(): number {
    const { memory, layout, tables } = this.views
    let sum = 0
    for (let shard = 0; shard < memory.shards; shard++)
      sum += Atomics.load(tables, layout.shard(shard) + SHARD.entries)
    return sum
  }

  /**
   * Drops all of a shard that a thread has left in a state that nobody knows. It may be interrupted itself, and is then done again.
   */
  reset(shard: number): void {
    const { views, pages } = this
    const { layout, memory } = views
    const base = layout.shard(shard)
    views.add(base + SHARD.epoch, 1)
    for (const which of ['keys', 'labels'] as const) {
      const begin = layout.bucketsOf(shard, which)
      views.tables.fill(0, begin, begin + memory.buckets)
    }
    views.tables.fill(0, base + SHARD.entries, base + SHARD.pages)
    this.blocks.abandon(shard)
    let left = 0
    for (let page = 0; page < memory.pages; page++) {
      if (pages.shardOf(page) !== shard) continue
      if (pages.kindOf(page) === KIND.log) pages.give(shard, page)
      else if (pages.kindOf(page) !== 0) left++
    }
    views.put(base + SHARD.pages, left)
    Atomics.add(views.tables, HEADER.resets, 1)
    Atomics.store(views.tables, base + SHARD.dirty, 0)
  }

  /** Makes room elsewhere, or here, until one more may be stored. */
  private limitEntries(shard: number): void {
    const { maxEntries } = this.views.memory
    for (let drops = 0; drops < MOST_DROPS && this.entries() >= maxEntries; drops++) {
      const own = this.views.at(this.views.layout.shard(shard) + SHARD.entries) > 0
      if (!(own && this.segments.evict(shard, drops >= 4)) && !this.pages.steal(shard, true)) return
    }
  }

  private elsewhere(shard: number, work: () => boolean): boolean {
    if (!this.lock.attempt(shard)) return false
    try {
      return this.lock.change(shard, work)
    } finally {
      this.lock.release(shard)
    }
  }

  /** What an earlier life of this thread's number was writing. */
  private freeInherited(slot: number, block: number): void {
    const shard = this.blocks.shardOf(block)
    this.lock.with(shard, () => {
      if (this.threads.stillWrites(slot, block) && this.blocks.isOf(shard, block))
        this.blocks.free(shard, block)
      this.threads.giveBack(slot)
    })
  }
}
