import { own } from '../../message/own-options.ts'
import { BoundedMap } from '../bounded-map.ts'
import { gcra, type GcraParameters, gcraParameters, type RateDecision, type RateLimit } from './gcra.ts'
import { CalendarCount, type CalendarWindow } from './calendar-count.ts'
import { WindowCounter } from './window-counter.ts'

/** Where a rate limit keeps what it knows of each key: here, in shared memory, or on another machine. */
export interface RateLimitStore {
  /** Whether it is part of this process, and so cannot fail. */
  readonly local: boolean
  /**
   * Takes units out of a key's share, or reserves them where they are to be had within `maxWait` milliseconds. A store that
   * cannot reserve refuses instead. May reject.
   * @param now `clock.now()`; a store that others share goes by a clock that they share
   */
  take(key: string, cost: number, now: number, maxWait: number): RateDecision | Promise<RateDecision>
  /** Gives back what was taken for a request that another limit refuses. A store that cannot leaves it out. */
  giveBack?(key: string, cost: number, now: number): void | Promise<void>
}

/** Options of `LocalRateLimitStore`. */
export interface LocalRateLimitOptions extends RateLimit {
  /**
   * Token bucket (`gcra`), a sliding window of `per` milliseconds, which knows no burst, or a `calendar`, whose windows `window` tells: it
   * knows none, either. Default: gcra.
   */
  readonly algorithm?: 'gcra' | 'sliding-window' | 'calendar' | undefined
  /** The present window of a `calendar`. */
  readonly window?: (() => CalendarWindow) | undefined
  /** How many keys to keep; one that is forgotten starts with its full share again. Default 10,000. */
  readonly maxKeys?: number | undefined
}

/** What a key has left, for whoever looks without taking. */
export type RateUsage = Pick<RateDecision, 'limit' | 'remaining' | 'reset'>

/** How many keys a store knows, and how many fit. */
export interface StoreFill {
  readonly keys: number
  readonly capacity: number
}

/** What is kept of one key. */
interface Share {
  usage(now: number): RateUsage
  take(now: number, cost: number, maxWait: number): RateDecision
  giveBack(cost: number): void
}

/** A store in the memory of this thread. */
export class LocalRateLimitStore implements RateLimitStore {
  readonly local = true
  private readonly shares: BoundedMap<Share>
  private readonly capacity: number
  private readonly makeShare: () => Share

  /** @throws TypeError if an option is out of range */
  constructor(given: LocalRateLimitOptions) {
    const options = own(given)
    this.capacity = options.maxKeys ?? 10_000
    this.shares = new BoundedMap(this.capacity)
    const parameters = gcraParameters(options)
    const { rate, per = 1_000 } = options
    const { window } = options
    if (options.algorithm === 'calendar') {
      if (window === undefined) throw new TypeError('window is missing: a calendar has to tell its windows')
      this.makeShare = () => new CalendarCount(rate, window)
    } else if (options.algorithm === 'sliding-window') this.makeShare = () => new WindowCounter(rate, per)
    else this.makeShare = () => new TokenBucket(parameters)
  }

  take(key: string, cost: number, now: number, maxWait: number): RateDecision {
    let share = this.shares.get(key)
    if (share === undefined) {
      share = this.makeShare()
      this.shares.set(key, share)
    }
    return share.take(now, cost, maxWait)
  }

  giveBack(key: string, cost: number): void {
    this.shares.peek(key)?.giveBack(cost)
  }

  /** Gives a key its full share again; all keys without one. */
  reset(key?: string): void {
    if (key === undefined) this.shares.clear()
    else this.shares.delete(key)
  }

  /** What a key has left. It takes nothing, and does not count as a use. */
  usage(key: string, now: number): RateUsage {
    return (this.shares.peek(key) ?? this.makeShare()).usage(now)
  }

  /** Keys that are known; those that have their full share again are among them. */
  fill(): StoreFill {
    return { keys: this.size, capacity: this.capacity }
  }

  /** Keys that are known. */
  get size(): number {
    return this.shares.size
  }
}

class TokenBucket implements Share {
  private readonly parameters: GcraParameters
  private arrival = Number.NEGATIVE_INFINITY

  constructor(parameters: GcraParameters) {
    this.parameters = parameters
  }

  take(now: number, cost: number, maxWait: number): RateDecision {
    const result = gcra(this.parameters, this.arrival, now, cost, maxWait)
    this.arrival = result.arrival
    return result
  }

  giveBack(cost: number): void {
    this.arrival -= cost * this.parameters.interval
  }

  usage(now: number): RateUsage {
    const { limit, remaining, reset } = gcra(this.parameters, this.arrival, now, 0, 0)
    return { limit, remaining, reset }
  }
}
