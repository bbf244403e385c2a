import { HEADER, PAGE, SHARD } from './cache-memory.ts'
import type { Views } from './views.ts'

/** What a page is for. 0 is a free one. */
export const KIND = { log: 1, blocks: 2, quarantine: 3 } as const
export type PageKind = (typeof KIND)[keyof typeof KIND]

/** Pages are looked at, and contents dropped, so often for one page that is wanted. */
const MOST_STEPS = 48
/** From this step on, what is oldest goes, whatever was read of it. */
const FORCED = 16

/**
 * `HEADER.pageHint` says where the search for a free page begins, so that nobody looks through all of them for each page of a full
 * memory: at this page, or nowhere (-1), or below that, at the only one that is free (`only`). A thread that ends between giving a
 * page back and saying so hides it until others come back.
 */
const NOWHERE = -1

function only(page: number): number {
  return NOWHERE - 1 - page
}

/** Makes room in a shard that is locked. */
export interface Reclaim {
  /** Frees what is gone and no longer read. */
  sweep(shard: number): void
  /** Drops what is worth least. @returns false if there is nothing to drop */
  evict(shard: number, force: boolean): boolean
  /** Locks another shard without waiting, for the same. @returns false if it is locked */
  elsewhere(shard: number, work: () => boolean): boolean
}

/**
 * The pages that all shards have in common. Whose a page is, is one word: it is taken by compare-and-swap, and what a shard
 * has is found by looking through these words, so that nothing is lost with a thread that ends in the middle.
 */
export class Pages {
  private readonly views: Views
  private readonly reclaim: Reclaim

  constructor(views: Views, reclaim: Reclaim) {
    this.views = views
    this.reclaim = reclaim
  }

  /**
   * A page for a shard that is locked, where room must be made for it if need be. Undefined if there is none.
   * @param goesWithout whether what was freed on the way is enough
   */
  take(shard: number, kind: PageKind, goesWithout: () => boolean = () => false): number | undefined {
    const free = this.takeFree(shard, kind)
    if (free !== undefined) return free
    this.reclaim.sweep(shard)
    for (let step = 0; step < MOST_STEPS && !goesWithout(); step++) {
      const page = this.takeFree(shard, kind)
      if (page !== undefined) return page
      const force = step >= FORCED
      const enough = this.countOf(shard) >= this.views.memory.pages / this.views.memory.shards
      // Who has less than its share takes it from who has more: a shard cannot be starved by those that were there first.
      const done = enough
        ? this.reclaim.evict(shard, force) || this.steal(shard, force)
        : this.steal(shard, force) || this.reclaim.evict(shard, force)
      if (!done) return undefined
    }
    return goesWithout() ? undefined : this.takeFree(shard, kind)
  }

  give(shard: number, page: number): void {
    const { tables, layout } = this.views
    this.views.add(layout.shard(shard) + SHARD.pages, -1)
    Atomics.store(tables, layout.page(page) + PAGE.owner, 0)
    const hint = Atomics.load(tables, HEADER.pageHint)
    const next = hint === NOWHERE ? only(page) : page
    if (Atomics.compareExchange(tables, HEADER.pageHint, hint, next) !== hint)
      Atomics.store(tables, HEADER.pageHint, page)
  }

  kindOf(page: number): number {
    return Atomics.load(this.views.tables, this.views.layout.page(page) + PAGE.owner) & 3
  }

  shardOf(page: number): number {
    return Atomics.load(this.views.tables, this.views.layout.page(page) + PAGE.owner) >>> 2
  }

  /** Pages of a shard; quarantined ones count. */
  countOf(shard: number): number {
    return this.views.at(this.views.layout.shard(shard) + SHARD.pages)
  }

  /** Drops something in another shard: the one that has most, of a few. */
  steal(shard: number, force: boolean): boolean {
    const { shards } = this.views.memory
    const others = Array.from({ length: shards }, (_, index) => index)
      .filter((each) => each !== shard && this.countOf(each) > 0)
      .sort((one, other) => this.countOf(other) - this.countOf(one))
    for (const other of others.slice(0, 4)) {
      const done = this.reclaim.elsewhere(other, () => {
        this.reclaim.sweep(other)
        return this.reclaim.evict(other, force)
      })
      if (done) return true
    }
    return false
  }

  /** A page that nobody has. */
  takeFree(shard: number, kind: PageKind): number | undefined {
    const { tables, memory } = this.views
    const hint = Atomics.load(tables, HEADER.pageHint)
    if (hint === NOWHERE) return undefined
    const begin = hint < NOWHERE ? only(hint) : hint
    for (let step = 0; step < memory.pages; step++) {
      const page = (begin + step) % memory.pages
      if (!this.claim(shard, page, kind)) continue
      const next = hint < NOWHERE && step === 0 ? NOWHERE : (page + 1) % memory.pages
      // What was given back meanwhile is where to begin.
      Atomics.compareExchange(tables, HEADER.pageHint, hint, next)
      return page
    }
    Atomics.compareExchange(tables, HEADER.pageHint, hint, NOWHERE)
    return undefined
  }

  private claim(shard: number, page: number, kind: PageKind): boolean {
    const { tables, layout } = this.views
    const word = layout.page(page)
    if (Atomics.load(tables, word + PAGE.owner) !== 0) return false
    if (Atomics.compareExchange(tables, word + PAGE.owner, 0, kind | (shard << 2)) !== 0) return false
    for (const each of [PAGE.next, PAGE.prev, PAGE.used, PAGE.queue, PAGE.dead]) tables[word + each] = 0
    this.views.add(layout.shard(shard) + SHARD.pages, 1)
    return true
  }
}
