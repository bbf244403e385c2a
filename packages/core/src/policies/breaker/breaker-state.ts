import { own } from '../../message/own-options.ts'
import { SlidingWindow } from './sliding-window.ts'

/** `forced-open`: opened by hand, until it is reset. */
export type CircuitState = 'closed' | 'open' | 'half-open' | 'forced-open'

/** When a circuit opens and closes. Times in milliseconds. */
export interface CircuitOptions {
  /** Opens after so many failures in a row; 0 for never. Default 5. */
  readonly consecutiveFailures?: number | undefined
  /** Opens when so many percent of the calls in the window failed; above 100 for never. Default 50. */
  readonly failurePercent?: number | undefined
  /** Opens when so many percent of the calls in the window were slow; above 100 for never. Default 80. */
  readonly slowPercent?: number | undefined
  /** A call that takes longer is slow. Default Infinity: none is. */
  readonly slowAfter?: number | undefined
  /** The percentages count from so many calls in the window on. Default 20. */
  readonly minimumRequests?: number | undefined
  /** Length of the window. Default 10,000, in 10 buckets. */
  readonly window?: number | undefined
  /** How long it stays open the first time; doubles each time that the probes fail. Default 5,000. */
  readonly openFor?: number | undefined
  /** How long it stays open at most. Default 60,000. */
  readonly maxOpenFor?: number | undefined
  /** How many calls try whether it is well again, at most at the same time; all must succeed to close it. Default 3. */
  readonly probes?: number | undefined
}

/** What a finished call says. `ignored`: nothing, as when it was given up. */
export type CallResult = 'success' | 'failure' | 'ignored'

/** A call that has answered. Its permit is that of the state which its answer has led to. */
export interface AnsweredCall {
  readonly permit: number
  readonly counted: boolean
}

/** What of its interval chance may take away or add, so that many callers do not probe at the same moment. */
const JITTER = 0.2
const BUCKETS = 10

/**
 * One circuit breaker, as a machine that is told the time and what happened. A permit names the state in which a call was let
 * through: one that ends in another says nothing about it.
 */
export class Circuit {
  state: CircuitState = 'closed'
  /** When it is tried again, while open. */
  opensUntil = 0
  readonly slowAfter: number
  private readonly options: Required<{ [Key in keyof CircuitOptions]: number }>
  private readonly window: SlidingWindow
  private readonly moved: ((from: CircuitState, to: CircuitState) => void) | undefined
  private permit = 0
  private consecutive = 0
  private openings = 0
  private probing = 0
  private succeeded = 0

  /**
   * @param moved told of each change of state
   * @throws TypeError if an option is out of range
   */
  constructor(given: CircuitOptions = {}, moved?: (from: CircuitState, to: CircuitState) => void) {
    const options = own(given)
    this.options = checked(options)
    this.moved = moved
    this.slowAfter = this.options.slowAfter
    this.window = new SlidingWindow({ length: this.options.window, buckets: BUCKETS })
  }

  /** Whether `enter` would let a call through. */
  admits(now: number): boolean {
    if (this.state === 'closed') return true
    if (this.state === 'forced-open') return false
    if (this.state === 'open') return now >= this.opensUntil
    return this.probing + this.succeeded < this.options.probes
  }

  /** Asks to let a call through: answers its permit, or −1 if it must not go. */
  enter(now: number): number {
    if (this.state === 'closed') return this.permit
    if (!this.admits(now)) return -1
    if (this.state === 'open') this.move('half-open')
    this.probing++
    return this.permit
  }

  /**
   * A call that was let through has ended.
   * @param random a number in [0, 1), to spread the end of the interval
   */
  record(permit: number, result: CallResult, slow: boolean, now: number, random: number): void {
    if (permit !== this.permit) return
    if (this.state === 'half-open') this.recordProbe(result, slow, now, random)
    else if (this.state === 'closed' && result !== 'ignored') this.recordCall(result, slow, now, random)
    // A call that was given up but had been slow before that was slow all the same.
    else if (this.state === 'closed' && slow) this.recordCall('success', true, now, random, this.consecutive)
  }

  /**
   * A call that was let through has answered, and tells later whether it has failed (`ended`, with what this returns). The answer counts of
   * a probe, which must not hold its place for as long as a stream lasts, and of a call that was slow.
   */
  answered(permit: number, slow: boolean, now: number, random: number): AnsweredCall {
    const counted = permit === this.permit && (slow || this.state === 'half-open')
    if (counted) this.record(permit, 'success', slow, now, random)
    return { permit: counted ? this.permit : permit, counted }
  }

  /** A call that had answered is over. One whose answer has counted says no more but that it failed after all. */
  ended({ permit, counted }: AnsweredCall, failed: boolean, now: number, random: number): void {
    if (!counted) this.record(permit, failed ? 'failure' : 'success', false, now, random)
    else if (!failed || permit !== this.permit) return
    else if (this.state === 'half-open') this.open(now, random)
    else if (this.state === 'closed') this.recordCall('failure', false, now, random)
  }

  /** Milliseconds until it may be tried again; undefined if nobody knows. */
  retryAfter(now: number): number | undefined {
    if (this.state === 'forced-open') return undefined
    // While probes are under way, the outcome is a matter of one call's length.
    return this.state === 'open' ? Math.max(0, this.opensUntil - now) : this.options.openFor
  }

  /** By hand: closed, with nothing remembered. */
  reset(): void {
    this.openings = 0
    this.close()
  }

  /** By hand: open until `reset`. */
  forceOpen(): void {
    if (this.state !== 'forced-open') this.move('forced-open')
  }

  private recordCall(
    result: CallResult,
    slow: boolean,
    now: number,
    random: number,
    consecutive = result === 'failure' ? this.consecutive + 1 : 0,
  ): void {
    this.consecutive = consecutive
    this.window.record(now, result === 'failure', slow)
    // Only what is bad can make it worse.
    if ((result === 'failure' || slow) && this.trips()) this.open(now, random)
  }

  private recordProbe(result: CallResult, slow: boolean, now: number, random: number): void {
    this.probing--
    if (result === 'failure' || slow) return this.open(now, random)
    if (result === 'success' && ++this.succeeded >= this.options.probes) {
      this.openings = 0
      this.close()
    }
  }

  private trips(): boolean {
    const { window, options } = this
    if (options.consecutiveFailures > 0 && this.consecutive >= options.consecutiveFailures) return true
    if (window.total < options.minimumRequests) return false
    return (
      100 * window.failures >= options.failurePercent * window.total ||
      100 * window.slow >= options.slowPercent * window.total
    )
  }

  private open(now: number, random: number): void {
    const { openFor, maxOpenFor } = this.options
    const interval = Math.min(maxOpenFor, openFor * 2 ** this.openings)
    this.openings++
    this.opensUntil = now + interval * (1 - JITTER + 2 * JITTER * random)
    this.move('open')
  }

  private close(): void {
    this.consecutive = 0
    this.window.clear()
    this.move('closed')
  }

  private move(state: CircuitState): void {
    const from = this.state
    this.state = state
    this.permit++
    this.probing = 0
    this.succeeded = 0
    if (from !== state) this.moved?.(from, state)
  }
}

const DEFAULTS = {
  consecutiveFailures: 5,
  failurePercent: 50,
  slowPercent: 80,
  slowAfter: Infinity,
  minimumRequests: 20,
  window: 10_000,
  openFor: 5_000,
  maxOpenFor: 60_000,
  probes: 3,
}

function checked(given: CircuitOptions): typeof DEFAULTS {
  const options = own(given)
  const all = { ...DEFAULTS }
  for (const key of Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]) {
    const value = options[key]
    if (value === undefined) continue
    // A percentage of 0 would open it at the first call, whatever became of that.
    const positive = key !== 'consecutiveFailures'
    if (!(positive ? value > 0 : value >= 0))
      throw new TypeError(`${key} of the breaker is ${value}: use a number ${positive ? 'above' : 'from'} 0`)
    all[key] = value
  }
  return all
}
