import { THREAD_WORDS } from './cache-memory.ts'
import type { Views } from './views.ts'

const GENERATION = 0
/** How many of the holds were ever in use: nobody looks at those behind. */
const HIGH = 1
const HOLDS = 2
const MOST = THREAD_WORDS - HOLDS

/** What a thread has in use: the first block of a content, plus 1; negative while it is still written. */
export type Hold = number

/**
 * The threads that use the memory, each by its number and generation (odd while it lives), and which large contents each has
 * in use. A hold is one word, written by its thread alone, and it is all there is: no count that a thread that ends in the
 * middle could leave wrong. Who wants to free a content looks through the holds of those that live.
 */
export class ThreadTable {
  /** What this thread writes into locks: never 0. */
  readonly tag: number
  private readonly views: Views
  private readonly base: number
  /** Slots that are not in use, the lowest last. */
  private readonly free: number[] = []
  private readonly held = new Map<number, { readonly slot: number; count: number }>()

  /** Begins a life of that number: who had it before is dead from now on. */
  constructor(views: Views, number: number) {
    if (!Number.isInteger(number) || number < 0 || number >= views.memory.threads)
      throw new TypeError(`${number} is no thread of a cache that was made for ${views.memory.threads}`)
    this.views = views
    this.base = views.layout.thread(number)
    const before = Atomics.load(views.tables, this.base + GENERATION)
    const generation = (before + 1) | 1
    Atomics.store(views.tables, this.base + GENERATION, generation)
    this.tag = tagOf(number, generation)
    for (let slot = MOST - 1; slot >= 0; slot--) {
      const hold = Atomics.load(views.tables, this.base + HOLDS + slot)
      // Who read for an earlier life reads no more. What it wrote is freed by who has the lock: see `inherited`.
      if (hold > 0) Atomics.store(views.tables, this.base + HOLDS + slot, 0)
      if (hold >= 0) this.free.push(slot)
    }
  }

  /** False once another has begun a life of this number, or this one was marked as ended. */
  get lives(): boolean {
    return this.isCurrent(this.tag)
  }

  /** Whether the thread that wrote this into a lock lives. */
  isCurrent(tag: number): boolean {
    return isCurrentTag(this.views, tag)
  }

  /** Has a content for reading. Under the lock of its shard. False if too many are in use. */
  hold(block: number): boolean {
    const known = this.held.get(block)
    if (known !== undefined) {
      known.count++
      return true
    }
    const slot = this.take(block + 1)
    if (slot === undefined) return false
    this.held.set(block, { slot, count: 1 })
    return true
  }

  /** @returns whether that was the last hold that this thread had of it */
  letGo(block: number): boolean {
    const known = this.held.get(block)
    if (known === undefined || --known.count > 0) return false
    this.held.delete(block)
    this.giveBack(known.slot)
    return true
  }

  /** Has a content that is still written. Under the lock of its shard. */
  holdWriting(block: number): number | undefined {
    return this.take(-(block + 1))
  }

  giveBack(slot: number): void {
    Atomics.store(this.views.tables, this.base + HOLDS + slot, 0)
    this.free.push(slot)
  }

  /** What an earlier life of this number was writing. */
  inherited(): { readonly slot: number; readonly block: number }[] {
    const found: { slot: number; block: number }[] = []
    const high = Atomics.load(this.views.tables, this.base + HIGH)
    for (let slot = 0; slot < high; slot++) {
      const hold = Atomics.load(this.views.tables, this.base + HOLDS + slot)
      if (hold < 0) found.push({ slot, block: -hold - 1 })
    }
    return found
  }

  /** Whether a hold is still what it was: others free what the dead wrote. */
  stillWrites(slot: number, block: number): boolean {
    return Atomics.load(this.views.tables, this.base + HOLDS + slot) === -(block + 1)
  }

  isHeld(block: number): boolean {
    let found = false
    this.each((hold, lives) => {
      if (lives && Math.abs(hold) === block + 1) found = true
      return hold
    })
    return found
  }

  /**
   * Shows every hold there is. Under the lock of the shard that the ones meant are in.
   * @param see returns what is to be there from now on: 0 takes a hold from a dead thread
   */
  each(see: (hold: Hold, lives: boolean) => Hold): void {
    const { tables, layout, memory } = this.views
    for (let number = 0; number < memory.threads; number++) {
      const base = layout.thread(number)
      const high = Atomics.load(tables, base + HIGH)
      const lives = (Atomics.load(tables, base + GENERATION) & 1) === 1
      for (let slot = 0; slot < high; slot++) {
        const hold = Atomics.load(tables, base + HOLDS + slot)
        if (hold !== 0 && see(hold, lives) !== hold)
          Atomics.compareExchange(tables, base + HOLDS + slot, hold, 0)
      }
    }
  }

  private take(hold: Hold): number | undefined {
    const slot = this.free.pop()
    if (slot === undefined) return undefined
    const { tables } = this.views
    if (Atomics.load(tables, this.base + HIGH) <= slot) Atomics.store(tables, this.base + HIGH, slot + 1)
    Atomics.store(tables, this.base + HOLDS + slot, hold)
    return slot
  }
}

/** Whether the thread that wrote this lives, in that life. @param tag what it writes into what it has; not 0 */
export function isCurrentTag({ tables, layout }: Views, tag: number): boolean {
  const number = (tag & 0xff) - 1
  const generation = Atomics.load(tables, layout.thread(number) + GENERATION)
  return tagOf(number, generation) === tag && (generation & 1) === 1
}

/**
 * For who sees threads end: from now on nobody waits for what that one had. No lock is taken, so this may be called from
 * anywhere, for a thread that has surely ended.
 */
export function markEnded(views: Views, number: number): void {
  const index = views.layout.thread(number) + GENERATION
  const generation = Atomics.load(views.tables, index)
  // By compare-and-swap, since its successor may have begun already.
  if ((generation & 1) === 1) Atomics.compareExchange(views.tables, index, generation, (generation + 1) | 0)
}

function tagOf(number: number, generation: number): number {
  return (generation << 8) | (number + 1)
}
