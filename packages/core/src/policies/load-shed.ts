import { own } from '../message/own-options.ts'
import { TrafficError } from '../message/errors.ts'
import type { Exchange } from '../message/exchange.ts'
import type { Policy } from '../message/handler.ts'

/** How much this process has to do. */
export interface Load {
  /** How late the event loop is, in milliseconds. */
  readonly eventLoopDelay: number
  /** Resident memory, in bytes. */
  readonly memory: number
}

/** How much is too much; left out: no amount. */
export interface LoadLimits {
  /** Milliseconds. */
  readonly eventLoopDelay?: number | undefined
  /** Bytes. */
  readonly memory?: number | undefined
}

/** Options of `loadShed`. */
export interface LoadShedOptions {
  readonly limits: LoadLimits
  /** Measures; called at most once in `interval`. */
  readonly measure: () => Load
  /** Milliseconds. Default 250. */
  readonly interval?: number | undefined
  /** What a refused request is told to wait, in milliseconds. Default 1,000. */
  readonly retryAfter?: number | undefined
}

/** Of a limit, at which each priority is refused, the highest first. */
const REFUSED_FROM: readonly number[] = [1.25, 1, 0.75]

/** How near the load is to its limits: 1 where one is reached. */
export function pressure(load: Load, limits: LoadLimits): number {
  const { eventLoopDelay = Infinity, memory = Infinity } = limits
  return Math.max(load.eventLoopDelay / eventLoopDelay, load.memory / memory)
}

/**
 * Whether a request of that priority is too much: the lowest from three quarters of a limit on, the middle one from the limit,
 * the highest from a quarter beyond. So the load settles where what matters most still gets through.
 * @param priority 0, the highest, to 2
 */
export function isShed(priority: number, current: number): boolean {
  const index = Math.max(0, Math.min(REFUSED_FROM.length - 1, priority))
  return current >= (REFUSED_FROM[index] as number) // within the list
}

/** How near the load is to its limits, measured now and then: one for all routes. */
export class LoadGauge {
  private readonly options: LoadShedOptions
  private measuredAt = Number.NEGATIVE_INFINITY
  private current = 0

  /** @throws TypeError if a limit is not above 0 */
  constructor(given: LoadShedOptions) {
    const options = own(given)
    for (const [name, value] of Object.entries(options.limits)) {
      if (value !== undefined && !(value > 0))
        throw new TypeError(`${name} of the load limits is ${value}: use a number above 0`)
    }
    this.options = options
  }

  /** @param now by the clock */
  pressureAt(now: number): number {
    const { interval = 250, limits, measure } = this.options
    if (now - this.measuredAt >= interval) {
      this.measuredAt = now
      this.current = pressure(measure(), limits)
    }
    return this.current
  }

  /** Milliseconds after which asking again may help. */
  get retryAfter(): number {
    return this.options.retryAfter ?? 1_000
  }
}

/**
 * Refuses requests, those of low priority first, while this process is overloaded: with `overloaded`, at once and before any
 * work, as what is refused late has cost as much as what is served.
 */
export function loadShed(gauge: LoadGauge): Policy {
  return (next) =>
    function loadShed(exchange) {
      const current = gauge.pressureAt(exchange.clock.now())
      if (!isShed(exchange.priority ?? 1, current)) return next(exchange)
      return Promise.reject(overloaded(gauge, current, exchange))
    }
}

function overloaded(gauge: LoadGauge, current: number, exchange: Exchange): TrafficError {
  const percent = Math.round(current * 100)
  const message = `the load is at ${percent} % of its limit, too much for priority ${exchange.priority ?? 1}`
  const error = new TrafficError('overloaded', message, { phase: 'queue', replaySafe: 'unsent' })
  error.retryAfter = gauge.retryAfter
  return error
}
