import { own } from '../../message/own-options.ts'
import { calendarDecision, type CalendarWindow, LARGEST_CALENDAR_COUNT } from './calendar-count.ts'
import { gcra, type GcraParameters, gcraParameters, type RateDecision } from './gcra.ts'
import type { LocalRateLimitOptions, RateLimitStore, RateUsage, StoreFill } from './rate-limit-store.ts'
import { SharedTable } from './shared-table.ts'
import { slidingWindow, windowsBetween } from './window-counter.ts'

/** Options of `SharedRateLimitStore`. */
export interface SharedRateLimitOptions extends Omit<LocalRateLimitOptions, 'maxKeys'> {
  /** As `allocateSharedTable` made it: the same one for all threads. */
  readonly memory: SharedArrayBuffer
  /** Milliseconds to add to a thread's `clock.now()` to have the time that all threads share. Default 0. */
  readonly skew?: number | undefined
}

/** What an algorithm makes of 64 bits of state. */
interface Meter {
  /** Reads the state off the scratch, and leaves there the one that follows from a request. */
  take(now: number, cost: number, maxWait: number): RateDecision
  /** Takes back what was taken, in the scratch. */
  giveBack(now: number, cost: number): void
  /** What is left by the state in the scratch. */
  usage(now: number): RateUsage
  /** Whether the state in the scratch is as good as none. */
  isSpent(now: number): boolean
}

/**
 * A store that threads share: exact across all of them, since a share is taken by compare-and-swap on the one state there is,
 * with no lock and no message. Decides as `LocalRateLimitStore` does.
 */
export class SharedRateLimitStore implements RateLimitStore {
  readonly local = true
  private readonly table: SharedTable
  private readonly meter: Meter
  private readonly skew: number
  /** Where the meter reads a state and writes the next: reused. */
  private readonly state = new BigInt64Array(1)
  private now = 0

  /** @throws TypeError if an option is out of range */
  constructor(given: SharedRateLimitOptions) {
    const options = own(given)
    const { rate, per = 1_000, skew = 0 } = options
    const parameters = gcraParameters(options)
    const { buffer } = this.state
    const { algorithm, window } = options
    if (algorithm === 'calendar') this.meter = new PackedCalendar(buffer, rate, window)
    else if (algorithm === 'sliding-window') this.meter = new PackedWindow(buffer, rate, per)
    else this.meter = new TokenBucket(buffer, parameters)
    this.skew = skew
    this.table = new SharedTable(options.memory, (state) => {
      this.state[0] = state
      return this.meter.isSpent(this.now)
    })
  }

  take(key: string, cost: number, now: number, maxWait: number): RateDecision {
    const { table, meter, state } = this
    const shared = now + this.skew
    this.now = shared
    const place = table.place(key)
    for (;;) {
      const before = table.read(place)
      state[0] = before
      const decision = meter.take(shared, cost, maxWait)
      if (!decision.allowed) return decision
      if (table.swap(place, before, state[0])) return decision
    }
  }

  giveBack(key: string, cost: number, now: number): void {
    const { table, meter, state } = this
    this.now = now + this.skew
    const place = table.place(key)
    for (;;) {
      const before = table.read(place)
      state[0] = before
      meter.giveBack(this.now, cost)
      if (table.swap(place, before, state[0])) return
    }
  }

  /** What a key has left. It takes nothing and makes no entry. */
  usage(key: string, now: number): RateUsage {
    this.state[0] = this.table.look(key)
    return this.meter.usage(now + this.skew)
  }

  /** Keys that have used something of their share, as of `now`: estimated from a part of a large table. */
  fill(now: number): StoreFill {
    this.now = now + this.skew
    return { keys: this.table.used(), capacity: this.table.capacity }
  }

  /** Gives a key its full share again; all keys without one. */
  reset(key?: string): void {
    if (key === undefined) this.table.clearAll()
    else this.table.clear(key)
  }
}

/** The theoretical arrival time as a double: 0, the start of the clock, is in the past as −Infinity is. */
class TokenBucket implements Meter {
  private readonly arrival: Float64Array
  private readonly parameters: GcraParameters

  constructor(state: ArrayBuffer, parameters: GcraParameters) {
    this.arrival = new Float64Array(state)
    this.parameters = parameters
  }

  take(now: number, cost: number, maxWait: number): RateDecision {
    const result = gcra(this.parameters, this.arrival[0] as number, now, cost, maxWait) // it has one element
    this.arrival[0] = result.arrival
    return result
  }

  giveBack(_now: number, cost: number): void {
    this.arrival[0] = Math.max(0, (this.arrival[0] as number) - cost * this.parameters.interval) // as above
  }

  usage(now: number): RateUsage {
    const { limit, remaining, reset } = gcra(this.parameters, this.arrival[0] as number, now, 0, 0) // as above
    return { limit, remaining, reset }
  }

  isSpent(now: number): boolean {
    return (this.arrival[0] as number) <= now // as above
  }
}

/** The count of a calendar's window, and the number of that window, 32 bits each. */
class PackedCalendar implements Meter {
  private readonly words: Uint32Array
  private readonly limit: number
  private readonly window: () => CalendarWindow

  constructor(state: ArrayBuffer, limit: number, window: (() => CalendarWindow) | undefined) {
    if (window === undefined) throw new TypeError('window is missing: a calendar has to tell its windows')
    if (limit > LARGEST_CALENDAR_COUNT)
      throw new TypeError(`rate of the shared calendar is ${limit}: use at most ${LARGEST_CALENDAR_COUNT}`)
    this.words = new Uint32Array(state)
    this.limit = limit
    this.window = window
  }

  take(_now: number, cost: number): RateDecision {
    const window = this.window()
    const count = this.countIn(window)
    const decision = calendarDecision(this.limit, count, cost, window)
    if (decision.allowed) this.pack(window, count + cost)
    return decision
  }

  giveBack(_now: number, cost: number): void {
    const window = this.window()
    this.pack(window, Math.max(0, this.countIn(window) - cost))
  }

  usage(): RateUsage {
    const window = this.window()
    const { limit, remaining, reset } = calendarDecision(this.limit, this.countIn(window), 0, window)
    return { limit, remaining, reset }
  }

  isSpent(): boolean {
    return this.countIn(this.window()) === 0
  }

  private countIn({ index }: CalendarWindow): number {
    const [count = 0, known] = this.words
    return known === index ? count : 0
  }

  private pack({ index }: CalendarWindow, count: number): void {
    this.words[0] = count
    this.words[1] = index
  }
}

const COUNT_BITS = 22
/** The largest limit of a sliding window whose two counts fit in 64 bits, beside the number of the window. */
export const LARGEST_SHARED_WINDOW: number = 2 ** COUNT_BITS - 1
const WINDOWS = 2 ** 20

/**
 * The two counts of a sliding window, 22 bits each, and its number, 20 bits: that of a key that was idle for exactly 2²⁰
 * windows (12 days at one second) looks like the present one, and such a key has a used share once.
 */
class PackedWindow implements Meter {
  private readonly words: Uint32Array
  private readonly limit: number
  private readonly length: number

  constructor(state: ArrayBuffer, limit: number, length: number) {
    if (limit > LARGEST_SHARED_WINDOW)
      throw new TypeError(
        `rate of the shared sliding window is ${limit}: use at most ${LARGEST_SHARED_WINDOW}`,
      )
    this.words = new Uint32Array(state)
    this.limit = limit
    this.length = length
  }

  take(now: number, cost: number): RateDecision {
    const { limit, length } = this
    const { window, previous, current } = this.countsAt(now)
    const decision = slidingWindow(limit, length, previous, current, now - window * length, cost)
    if (decision.allowed) this.pack(window, previous, current + cost)
    return decision
  }

  giveBack(now: number, cost: number): void {
    const { window, previous, current } = this.countsAt(now)
    this.pack(window, previous, Math.max(0, current - cost))
  }

  usage(now: number): RateUsage {
    const { limit, length } = this
    const { window, previous, current } = this.countsAt(now)
    const { remaining, reset } = slidingWindow(limit, length, previous, current, now - window * length, 0)
    return { limit, remaining, reset: previous + current === 0 ? 0 : reset }
  }

  isSpent(now: number): boolean {
    const { previous, current } = this.countsAt(now)
    return previous === 0 && current === 0
  }

  private countsAt(now: number): { window: number; previous: number; current: number } {
    const [low = 0, high = 0] = this.words
    const current = low & LARGEST_SHARED_WINDOW
    const previous = (low >>> COUNT_BITS) | ((high & 0xfff) << 10)
    const present = Math.floor(now / this.length)
    const passed = (present - (high >>> 12)) & (WINDOWS - 1)
    // Of two threads at the turn of a window, the one that is behind counts for the new one.
    if (passed === WINDOWS - 1) return { window: present + 1, previous, current }
    return { window: present, ...windowsBetween(passed, previous, current) }
  }

  /** Previous: 10 bits above the current count, 12 below the number of the window. */
  private pack(window: number, previous: number, current: number): void {
    this.words[0] = current | (previous << COUNT_BITS)
    this.words[1] = (previous >>> 10) | ((window & (WINDOWS - 1)) << 12)
  }
}
