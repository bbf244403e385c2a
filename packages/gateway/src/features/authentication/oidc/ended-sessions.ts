import type { LocalRateLimitStore, SharedRateLimitStore } from '@headgate/core'
import type { Session } from './session.ts'

type Store = LocalRateLimitStore | SharedRateLimitStore

/** What somebody ends: one session of ours, all that belong to one of the provider, or all of somebody. */
export type Ended = `id:${string}` | `sid:${string}` | `sub:${string}`

/**
 * Sessions that were ended before their time. They are in cookies, which a browser may still have, so that this is remembered: in
 * memory that all workers share, bounded, for as long as a session can last. It is the memory of rate limits with one request in
 * that time: what is left of it says when it was taken.
 */
export class EndedSessions {
  private readonly store: Store
  private readonly maxAge: number

  constructor(store: Store, maxAge: number) {
    this.store = store
    this.maxAge = maxAge
  }

  /** @param now by the clock that measures, as all of its times here */
  end(what: Ended, now: number): void {
    if (this.store.take(what, 1, now, 0).allowed) return
    this.store.reset(what)
    this.store.take(what, 1, now, 0)
  }

  /** @param age of the session, in milliseconds */
  hasEnded({ id, providerSession, subject }: Session, age: number, now: number): boolean {
    return (
      this.wasEnded(`id:${id}`, age, now) ||
      this.wasEnded(`sub:${subject}`, age, now) ||
      (providerSession !== undefined && this.wasEnded(`sid:${providerSession}`, age, now))
    )
  }

  /** Who logs in again, begins a session after that. */
  private wasEnded(what: Ended, age: number, now: number): boolean {
    const { reset } = this.store.usage(what, now)
    return reset > 0 && age >= this.maxAge - reset
  }
}
