/** A rate, and how much of it may come at once. */
export interface RateLimit {
  /** Units (requests, where each costs 1) per `per` milliseconds. */
  readonly rate: number
  /** Milliseconds. Default 1,000. */
  readonly per?: number | undefined
  /** Units that may come at once after a pause. Default: `rate`. */
  readonly burst?: number | undefined
}

/** What a limit says to one request: also what the fields RateLimit and RateLimit-Policy tell. */
export interface RateDecision {
  readonly allowed: boolean
  /** If allowed, milliseconds to wait before going; if not, those after which asking again may help; Infinity for never. */
  readonly wait: number
  /** The most units at once. */
  readonly limit: number
  /** Units left now. */
  readonly remaining: number
  /** Milliseconds until all units are there again. */
  readonly reset: number
}

/** A rate limit in the terms of the algorithm. */
export interface GcraParameters {
  /** Milliseconds that one unit is worth. */
  readonly interval: number
  /** Milliseconds that the arrivals may run ahead. */
  readonly tolerance: number
  readonly burst: number
}

/** @throws TypeError if a number is not above 0 */
export function gcraParameters({ rate, per = 1_000, burst = rate }: RateLimit): GcraParameters {
  for (const [name, value] of Object.entries({ rate, per, burst })) {
    if (!(value > 0 && value < Infinity))
      throw new TypeError(`${name} of the rate limit is ${value}: use a number above 0`)
  }
  const interval = per / rate
  return { interval, tolerance: interval * burst, burst }
}

/** The decision, and the theoretical arrival time to remember. */
export interface GcraResult extends RateDecision {
  readonly arrival: number
}

/**
 * The token bucket as the generic cell rate algorithm (ITU-T I.371): all that is remembered of a key is one time, the
 * theoretical arrival of its next unit.
 * @param arrival what was remembered; −Infinity at first
 * @param maxWait what may have to wait so long is let in, and its units are reserved
 */
export function gcra(
  parameters: GcraParameters,
  arrival: number,
  now: number,
  cost: number,
  maxWait: number,
): GcraResult {
  const { interval, tolerance, burst } = parameters
  const start = Math.max(arrival, now)
  const next = start + cost * interval
  // Rounding must not refuse the last unit of a burst.
  const wait = Math.max(0, roundedOff(next - tolerance - now))
  if (cost > burst) return result(parameters, start, now, false, Infinity)
  return wait <= maxWait
    ? result(parameters, next, now, true, wait)
    : result(parameters, start, now, false, wait)
}

function result(
  { interval, tolerance, burst }: GcraParameters,
  arrival: number,
  now: number,
  allowed: boolean,
  wait: number,
): GcraResult {
  const ahead = arrival - now
  const remaining = Math.max(0, Math.floor(roundedOff((tolerance - ahead) / interval)))
  return { allowed, wait, limit: burst, remaining, reset: ahead, arrival }
}

/** To a millionth: what sums of fractions are off by is less. */
function roundedOff(value: number): number {
  return Math.round(value * 1e6) / 1e6
}
