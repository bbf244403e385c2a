import type { Pending } from './pending.ts'

/** What came between ticks, to be applied in the order of request ids whatever the order in which it came. */
export class Arrivals {
  /** In order, from `at` on. */
  private sorted: Pending[] = []
  private at = 0
  private fresh: Pending[] = []
  private isInOrder = true

  get size(): number {
    return this.sorted.length - this.at + this.fresh.length
  }

  add(pending: Pending): void {
    const last = this.fresh.at(-1)
    if (last !== undefined && last.id > pending.id) this.isInOrder = false
    this.fresh.push(pending)
  }

  /** To be called before a tick begins to apply: what comes later waits for the next one. */
  sort(): void {
    if (this.fresh.length === 0) return
    const rest = this.at === 0 ? this.sorted : this.sorted.slice(this.at)
    const all = rest.length === 0 ? this.fresh : rest.concat(this.fresh)
    this.sorted = rest.length === 0 && this.isInOrder ? all : all.sort((one, other) => one.id - other.id)
    this.isInOrder = true
    this.at = 0
    this.fresh = []
  }

  /** The next one; also one that has ended meanwhile. */
  take(): Pending | undefined {
    const pending = this.sorted[this.at]
    if (pending === undefined) {
      this.sorted = []
      this.at = 0
      return undefined
    }
    this.at++
    return pending
  }
}
