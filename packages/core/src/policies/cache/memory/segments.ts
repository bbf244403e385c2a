import { PAGE, SHARD } from './cache-memory.ts'
import type { Doorkeeper } from './doorkeeper.ts'
import { KIND, type Pages } from './pages.ts'
import type { Records } from './records.ts'
import type { Views } from './views.ts'

/** A queue, by where its words are in a shard: first page, last page, bytes. */
export type Queue = typeof SHARD.small | typeof SHARD.main
const FIRST = 0
const LAST = 1
const BYTES = 2

/** The part of a shard that new ones have, until they are read again. */
const SMALL_SHARE = 0.1
/** Reads in the small queue that bring a record into the main one. */
const PROMOTED = 2

/**
 * The two queues of S3-FIFO, as logs: records lie one behind the other in pages, and a page is gone through when it is the
 * oldest. New records go into the small queue; what was read there twice moves to the main one, and what is read in the
 * main one goes round again. So a scan passes through a tenth of the memory. The hash of what falls out of the small queue is
 * kept for a while (its ghost, see `Doorkeeper`): what comes again goes into the main queue. All under the lock of the shard.
 */
export class Segments {
  private readonly views: Views
  private readonly pages: Pages
  private readonly records: Records
  private readonly door: Doorkeeper

  constructor(views: Views, pages: Pages, records: Records, door: Doorkeeper) {
    this.views = views
    this.pages = pages
    this.records = records
    this.door = door
  }

  /** Room for a record; undefined if none can be made. */
  reserve(shard: number, queue: Queue, size: number): number | undefined {
    let page = this.openPage(shard, queue, size)
    if (page === undefined) {
      const fresh = this.pages.take(shard, KIND.log)
      if (fresh === undefined) return undefined
      // Making room for it may have opened another one.
      page = this.openPage(shard, queue, size)
      if (page === undefined) this.append(shard, queue, (page = fresh))
      else this.pages.give(shard, fresh)
    }
    return this.extend(shard, queue, page, size)
  }

  /** For a record that is gone: frees its page where that was the last in it. @returns whether it was */
  lost(shard: number, record: number, blockBytes: number): boolean {
    const { views } = this
    const page = Math.floor(record / views.pageWords)
    const word = views.layout.page(page)
    const queue = views.at(word + PAGE.queue) as Queue // `append` wrote it
    const used = views.at(word + PAGE.used)
    const dead = views.at(word + PAGE.dead) + this.records.size(record)
    views.put(word + PAGE.dead, dead)
    this.count(shard, queue, -blockBytes)
    if (dead < used) return false
    this.unlink(shard, queue, page)
    this.count(shard, queue, -used)
    this.pages.give(shard, page)
    return true
  }

  /** A large content that a record has got, or has no longer. */
  count(shard: number, queue: Queue, bytes: number): void {
    this.views.add(this.views.layout.shard(shard) + queue + BYTES, bytes)
  }

  queueOf(record: number): Queue {
    const page = Math.floor(record / this.views.pageWords)
    return this.views.at(this.views.layout.page(page) + PAGE.queue) as Queue // `append` wrote it
  }

  bytesOf(shard: number): number {
    const base = this.views.layout.shard(shard)
    return this.views.at(base + SHARD.small + BYTES) + this.views.at(base + SHARD.main + BYTES)
  }

  /** Pages of a queue, the oldest first. */
  *pagesOf(shard: number, queue: Queue): Iterable<number> {
    const { views } = this
    let link = views.at(views.layout.shard(shard) + queue + FIRST)
    while (link !== 0) {
      const next = views.at(views.layout.page(link - 1) + PAGE.next)
      yield link - 1
      link = next
    }
  }

  /**
   * Makes room in the queue that has more than its share: goes through its oldest page, or takes the oldest record alone where
   * the page has records of large contents, of which it could hold more than the whole shard does.
   * @param force nothing of it is kept
   */
  evict(shard: number, force: boolean): boolean {
    const { views } = this
    const from = this.queueToEvict(shard)
    const first = views.at(views.layout.shard(shard) + from + FIRST)
    if (first === 0) return false
    const page = first - 1
    // What is kept of a page that is alone in its queue goes to its end, and gaps are left where it was.
    const isAlone = views.at(views.layout.shard(shard) + from + LAST) === first
    const closesUp = isAlone && this.isGappy(page) && !force
    if (this.hasLarge(page) && !closesUp) this.passOne(shard, from, page, force)
    else this.goThrough(shard, from, page, force)
    return true
  }

  private isGappy(page: number): boolean {
    const word = this.views.layout.page(page)
    return this.views.at(word + PAGE.dead) * 2 >= this.views.at(word + PAGE.used)
  }

  private hasLarge(page: number): boolean {
    for (const record of this.records.inPage(page))
      if (this.records.isThere(record) && this.records.block(record) !== undefined) return true
    return false
  }

  /** Drops records up to the first large one, and keeps those before it that have earned it. */
  private passOne(shard: number, from: Queue, page: number, force: boolean): void {
    const { records } = this
    const earned: number[] = []
    let dropped = false
    for (const record of records.inPage(page)) {
      if (!records.isThere(record)) continue
      if (!force && this.hasEarned(record, from)) {
        earned.push(record)
        continue
      }
      dropped = records.block(record) !== undefined
      if (this.leave(shard, from, record, 'dropped')) return
      if (dropped) break
    }
    // Where all have earned it, the oldest goes all the same: each time that one is kept it counts for less.
    if (!dropped) {
      const [oldest] = earned.splice(0, 1)
      if (oldest === undefined || this.leave(shard, from, oldest, 'dropped')) return
    }
    // Now that something is free, there is a page for them; if not, they stay where they are.
    for (const record of earned)
      if (!this.keepElsewhere(shard, from, record) || this.leave(shard, from, record, 'kept')) return
  }

  /** @returns whether its page is gone with it */
  private leave(shard: number, from: Queue, record: number, how: 'dropped' | 'kept'): boolean {
    if (how === 'dropped') this.drop(shard, from, record)
    return this.lost(shard, record, 0)
  }

  /** To the end of the main queue, unless there is no page for it. */
  private keepElsewhere(shard: number, from: Queue, record: number): boolean {
    const { records } = this
    const size = records.size(record)
    let open = this.openPage(shard, SHARD.main, size)
    if (open === undefined) {
      open = this.pages.takeFree(shard, KIND.log)
      if (open === undefined) return false
      this.append(shard, SHARD.main, open)
    }
    const blockBytes = records.blockBytes(record)
    this.count(shard, from, -blockBytes)
    this.count(shard, SHARD.main, blockBytes)
    this.keepReads(shard, record, from)
    records.move(record, this.extend(shard, SHARD.main, open, size))
    records.leave(record)
    return true
  }

  /** What is kept goes to the open page of the main queue, and then to the front of this one, which follows it. */
  private goThrough(shard: number, from: Queue, page: number, force: boolean): void {
    const { views, records } = this
    const word = views.layout.page(page)
    const used = views.at(word + PAGE.used)
    this.unlink(shard, from, page)
    this.count(shard, from, -used)
    // A page that is mostly gaps is closed up: what is left in it has not had its time.
    const isGappy = !force && this.isGappy(page)
    const to = isGappy ? from : SHARD.main
    let front = 0
    let size = 0
    for (let offset = 0; offset < used; offset += size) {
      const record = page * views.pageWords + offset / 4
      size = records.size(record)
      if (!records.isThere(record)) continue
      if (!isGappy && (force || !this.hasEarned(record, from))) {
        this.drop(shard, from, record)
        continue
      }
      if (!isGappy) this.keepReads(shard, record, from)
      front = this.keep(shard, from, to, record, page, front)
    }
    views.put(word + PAGE.used, 0)
    views.put(word + PAGE.dead, 0)
    if (front === 0) this.pages.give(shard, page)
    else {
      this.append(shard, to, page)
      this.extend(shard, to, page, front)
    }
  }

  private queueToEvict(shard: number): Queue {
    const base = this.views.layout.shard(shard)
    const small = this.views.at(base + SHARD.small + BYTES)
    const main = this.views.at(base + SHARD.main + BYTES)
    const hasMain = this.views.at(base + SHARD.main + FIRST) !== 0
    if (!hasMain) return SHARD.small
    const hasSmall = this.views.at(base + SHARD.small + FIRST) !== 0
    return hasSmall && small >= (small + main) * SMALL_SHARE ? SHARD.small : SHARD.main
  }

  private hasEarned(record: number, queue: Queue): boolean {
    return this.records.reads(record) >= (queue === SHARD.small ? PROMOTED : 1)
  }

  /** For one that is kept: in the main queue, each round uses up a read. */
  private keepReads(shard: number, record: number, queue: Queue): void {
    if (queue === SHARD.small) this.door.promoted(shard)
    this.records.setReads(record, queue === SHARD.small ? 0 : this.records.reads(record) - 1)
  }

  private drop(shard: number, queue: Queue, record: number): void {
    const { views, records } = this
    if (queue === SHARD.small) this.door.dropped(shard, records.hash(record), records.reads(record))
    this.count(shard, queue, -records.blockBytes(record))
    views.add(views.layout.shard(shard) + SHARD.evictions, 1)
    records.erase(shard, record)
  }

  /** To the open page of a queue, or to the front of the page that it is in. @returns how much of the front is used */
  private keep(shard: number, from: Queue, to: Queue, record: number, page: number, front: number): number {
    const { records } = this
    const size = records.size(record)
    const blockBytes = records.blockBytes(record)
    this.count(shard, from, -blockBytes)
    this.count(shard, to, blockBytes)
    const open = this.openPage(shard, to, size)
    const target =
      open === undefined ? page * this.views.pageWords + front / 4 : this.extend(shard, to, open, size)
    if (target !== record) records.move(record, target)
    return open === undefined ? front + size : front
  }

  /** The last page of a queue, if there is room in it. */
  private openPage(shard: number, queue: Queue, size: number): number | undefined {
    const { views } = this
    const last = views.at(views.layout.shard(shard) + queue + LAST)
    if (last === 0) return undefined
    const used = views.at(views.layout.page(last - 1) + PAGE.used)
    return used + size <= views.memory.pageSize ? last - 1 : undefined
  }

  private extend(shard: number, queue: Queue, page: number, size: number): number {
    const used = this.views.layout.page(page) + PAGE.used
    const offset = this.views.at(used)
    this.views.put(used, offset + size)
    this.count(shard, queue, size)
    return page * this.views.pageWords + offset / 4
  }

  private append(shard: number, queue: Queue, page: number): void {
    const { views } = this
    const base = views.layout.shard(shard) + queue
    const last = views.at(base + LAST)
    const word = views.layout.page(page)
    views.put(word + PAGE.next, 0)
    views.put(word + PAGE.prev, last)
    views.put(word + PAGE.queue, queue)
    if (last === 0) views.put(base + FIRST, page + 1)
    else views.put(views.layout.page(last - 1) + PAGE.next, page + 1)
    views.put(base + LAST, page + 1)
  }

  private unlink(shard: number, queue: Queue, page: number): void {
    const { views } = this
    const base = views.layout.shard(shard) + queue
    const next = views.at(views.layout.page(page) + PAGE.next)
    const prev = views.at(views.layout.page(page) + PAGE.prev)
    if (prev === 0) views.put(base + FIRST, next)
    else views.put(views.layout.page(prev - 1) + PAGE.next, next)
    if (next === 0) views.put(base + LAST, prev)
    else views.put(views.layout.page(next - 1) + PAGE.prev, prev)
  }
}
