import type { RateLimitStore } from '@headgate/core'

/** How long a store is left alone, in milliseconds. */
const REST = 250

const RESTING = new Error('the store could not be asked a moment ago, and is left alone')

/**
 * A store that may fail. When it has, it is left alone for a moment: else each request would wait as long for it as the first
 * one did.
 */
export class RestingStore implements RateLimitStore {
  readonly local = false
  private readonly store: RateLimitStore
  private asked = Number.NEGATIVE_INFINITY
  private restsUntil = Number.NEGATIVE_INFINITY

  constructor(store: RateLimitStore) {
    this.store = store
  }

  take(...[key, cost, now, maxWait]: Parameters<RateLimitStore['take']>): ReturnType<RateLimitStore['take']> {
    if (now < this.restsUntil) throw RESTING
    this.asked = now
    return this.store.take(key, cost, now, maxWait)
  }

  giveBack(key: string, cost: number, now: number): void | Promise<void> {
    return this.store.giveBack?.(key, cost, now)
  }

  /** To be told of each failure. */
  failed(error: unknown): void {
    if (error !== RESTING) this.restsUntil = this.asked + REST
  }
}
