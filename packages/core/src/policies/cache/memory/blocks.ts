import { BLOCKS_OF_A_PAGE, PAGE, SHARD } from './cache-memory.ts'
import { KIND, type Pages } from './pages.ts'
import type { ThreadTable } from './threads.ts'
import type { Views } from './views.ts'

const NEXT = 0
const LINGERING = 1
const FULL = 2 ** BLOCKS_OF_A_PAGE - 1

/**
 * Large contents: chains of blocks, so that one takes no more than half a block too much. A content that is gone while
 * somebody reads it stays until nobody does. All but `next` is called under the lock of the shard.
 */
export class Blocks {
  readonly size: number
  private readonly views: Views
  private readonly pages: Pages
  private readonly threads: ThreadTable

  constructor(views: Views, pages: Pages, threads: ThreadTable) {
    this.views = views
    this.pages = pages
    this.threads = threads
    this.size = views.memory.pageSize / BLOCKS_OF_A_PAGE
  }

  /** The block behind; undefined at the end of the chain. */
  next(block: number): number | undefined {
    const next = Atomics.load(this.views.tables, this.views.layout.block(block) + NEXT)
    return next === 0 ? undefined : next - 1
  }

  /** A block, at the end of a chain if there is one. Undefined if there is no room. */
  take(shard: number, last: number | undefined): number | undefined {
    const { views } = this
    const partial = views.layout.shard(shard) + SHARD.partial
    if (views.at(partial) === 0) {
      // What is dropped to make room may leave blocks in pages that this shard has.
      const page = this.pages.take(shard, KIND.blocks, () => views.at(partial) !== 0)
      if (page !== undefined) this.list(shard, page)
      else if (views.at(partial) === 0) return undefined
    }
    const page = views.at(partial) - 1
    const used = views.layout.page(page) + PAGE.used
    const vacant = ~views.at(used)
    const bit = 31 - Math.clz32(vacant & -vacant)
    views.put(used, views.at(used) | (1 << bit))
    if (views.at(used) === FULL) this.unlist(shard, page)
    const block = page * BLOCKS_OF_A_PAGE + bit
    const word = views.layout.block(block)
    Atomics.store(views.tables, word + NEXT, 0)
    views.put(word + LINGERING, 0)
    if (last !== undefined) Atomics.store(views.tables, views.layout.block(last) + NEXT, block + 1)
    return block
  }

  /** Frees a content, or has it linger until nobody reads it. */
  drop(shard: number, first: number): void {
    const { views } = this
    if (!this.threads.isHeld(first)) return this.free(shard, first)
    const lingering = views.layout.shard(shard) + SHARD.lingering
    views.put(views.layout.block(first) + LINGERING, views.at(lingering) + 1)
    views.put(lingering, first + 1)
  }

  /** Whether a content is gone, and waits for its last reader. Needs no lock. */
  lingers(first: number): boolean {
    return Atomics.load(this.views.tables, this.views.layout.block(first) + LINGERING) !== 0
  }

  free(shard: number, first: number): void {
    for (let block: number | undefined = first; block !== undefined; ) {
      const next = this.next(block)
      const page = Math.floor(block / BLOCKS_OF_A_PAGE)
      const used = this.views.layout.page(page) + PAGE.used
      const before = this.views.at(used)
      this.views.put(used, before & ~(1 << (block % BLOCKS_OF_A_PAGE)))
      this.views.put(this.views.layout.block(block) + LINGERING, 0)
      if (before === FULL) this.list(shard, page)
      if (this.views.at(used) === 0) {
        this.unlist(shard, page)
        this.pages.give(shard, page)
      }
      block = next
    }
  }

  /** Frees what nobody reads any more, and what dead threads were writing. */
  sweep(shard: number): void {
    this.freeLingering(shard)
    this.threads.each((hold, lives) => {
      if (lives || hold > 0 || !this.isIn(shard, -hold - 1)) return hold
      if (this.isOf(shard, -hold - 1)) this.free(shard, -hold - 1)
      return 0
    })
    const quarantined = this.views.layout.shard(shard) + SHARD.quarantined
    if (this.views.at(quarantined) === 1) this.release(shard, KIND.quarantine)
  }

  /**
   * For a reset, after which nobody knows what is in the pages: they are free, but where a living thread still reads or writes
   * in one of them they all wait until it does not.
   */
  abandon(shard: number): void {
    const base = this.views.layout.shard(shard)
    this.views.put(base + SHARD.partial, 0)
    this.views.put(base + SHARD.lingering, 0)
    this.release(shard, KIND.blocks)
  }

  /** @param from the least kind that is released: quarantined pages, or those in use as well */
  private release(shard: number, from: number): void {
    const { views, pages } = this
    let held = false
    this.threads.each((hold, lives) => {
      const block = Math.abs(hold) - 1
      if (!this.isIn(shard, block) || this.kindOf(block) < from) return hold
      if (!lives) return 0
      held = true
      return hold
    })
    for (let page = 0; page < views.memory.pages; page++) {
      if (pages.kindOf(page) < from || pages.shardOf(page) !== shard) continue
      const owner = views.layout.page(page) + PAGE.owner
      if (held) Atomics.store(views.tables, owner, KIND.quarantine | (shard << 2))
      else pages.give(shard, page)
    }
    views.put(views.layout.shard(shard) + SHARD.quarantined, held ? 1 : 0)
  }

  private freeLingering(shard: number): void {
    const { views } = this
    const head = views.layout.shard(shard) + SHARD.lingering
    let kept: number | undefined
    for (let link = views.at(head); link !== 0; ) {
      const first = link - 1
      const word = views.layout.block(first) + LINGERING
      link = views.at(word) - 1
      if (this.threads.isHeld(first)) kept = word
      else {
        if (kept === undefined) views.put(head, link)
        else views.put(kept, link + 1)
        this.free(shard, first)
      }
    }
  }

  /** The shard that a block is in, or was in last. */
  shardOf(block: number): number {
    return this.pages.shardOf(Math.floor(block / BLOCKS_OF_A_PAGE))
  }

  /** Whether it is one of a shard's blocks, and not left over from before a reset. */
  isOf(shard: number, block: number): boolean {
    return this.isIn(shard, block) && this.kindOf(block) === KIND.blocks
  }

  private isIn(shard: number, block: number): boolean {
    return this.shardOf(block) === shard && this.kindOf(block) !== 0
  }

  private kindOf(block: number): number {
    return this.pages.kindOf(Math.floor(block / BLOCKS_OF_A_PAGE))
  }

  /** Among those that have a block to give. */
  private list(shard: number, page: number): void {
    const { views } = this
    const partial = views.layout.shard(shard) + SHARD.partial
    const first = views.at(partial)
    views.put(views.layout.page(page) + PAGE.next, first)
    views.put(views.layout.page(page) + PAGE.prev, 0)
    if (first !== 0) views.put(views.layout.page(first - 1) + PAGE.prev, page + 1)
    views.put(partial, page + 1)
  }

  private unlist(shard: number, page: number): void {
    const { views } = this
    const next = views.at(views.layout.page(page) + PAGE.next)
    const prev = views.at(views.layout.page(page) + PAGE.prev)
    if (prev === 0) views.put(views.layout.shard(shard) + SHARD.partial, next)
    else views.put(views.layout.page(prev - 1) + PAGE.next, next)
    if (next !== 0) views.put(views.layout.page(next - 1) + PAGE.prev, prev)
  }
}
