import { SHARD } from './cache-memory.ts'
import type { ThreadTable } from './threads.ts'
import type { Views } from './views.ts'

/** Looks at a lock that is held before the thread sleeps: most are held for a microsecond. */
const SPINS = 400
/** Sleeps of one millisecond at most before who waits gives up: the event loop is held up for no longer. */
const SLEEPS = 4

/**
 * The lock of a shard: one word, which says who has it. Whoever finds it held by a dead thread takes it over, and has the shard
 * reset if that one was changing it.
 */
export class ShardLock {
  private readonly views: Views
  private readonly threads: ThreadTable
  private readonly reset: (shard: number) => void

  constructor(views: Views, threads: ThreadTable, reset: (shard: number) => void) {
    this.views = views
    this.threads = threads
    this.reset = reset
  }

  /** @returns false if a living thread has it for too long */
  acquire(shard: number): boolean {
    const { tables, layout } = this.views
    const word = layout.shard(shard) + SHARD.lock
    // What a dead thread's number wrote into a lock would be taken from it at once.
    if (!this.threads.lives) return false
    for (let sleeps = 0; ; sleeps++) {
      for (let spin = 0; spin < SPINS; spin++) if (this.attempt(shard)) return true
      if (sleeps === SLEEPS) return false
      Atomics.store(tables, layout.shard(shard) + SHARD.waiting, 1)
      const owner = Atomics.load(tables, word)
      if (owner !== 0) Atomics.wait(tables, word, owner, 1)
    }
  }

  /** Without waiting. */
  attempt(shard: number): boolean {
    const { tables, layout } = this.views
    const word = layout.shard(shard) + SHARD.lock
    const { tag } = this.threads
    const owner = Atomics.load(tables, word)
    if (owner === 0) return Atomics.compareExchange(tables, word, 0, tag) === 0
    if (this.threads.isCurrent(owner)) return false
    if (Atomics.compareExchange(tables, word, owner, tag) !== owner) return false
    if (this.views.at(layout.shard(shard) + SHARD.dirty) === 1) this.reset(shard)
    return true
  }

  release(shard: number): void {
    const { tables, layout } = this.views
    const base = layout.shard(shard)
    Atomics.store(tables, base + SHARD.lock, 0)
    if (Atomics.load(tables, base + SHARD.waiting) === 0) return
    Atomics.store(tables, base + SHARD.waiting, 0)
    Atomics.notify(tables, base + SHARD.lock)
  }

  /**
   * Changes a shard that is locked. What is thrown on the way leaves it in a state that nobody knows: it is reset.
   */
  change<Result>(shard: number, work: () => Result): Result {
    const dirty = this.views.layout.shard(shard) + SHARD.dirty
    Atomics.store(this.views.tables, dirty, 1)
    try {
      const result = work()
      Atomics.store(this.views.tables, dirty, 0)
      return result
    } catch (thrown) {
      this.reset(shard)
      throw thrown
    }
  }

  /** Locks, changes, unlocks; undefined where the lock is not to be had. */
  with<Result>(shard: number, work: () => Result): Result | undefined {
    if (!this.acquire(shard)) return undefined
    try {
      return this.change(shard, work)
    } finally {
      this.release(shard)
    }
  }
}
