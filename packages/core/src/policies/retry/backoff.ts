import { own } from '../../message/own-options.ts'
import type { TrafficError } from '../../message/errors.ts'
import type { Exchange } from '../../message/exchange.ts'
import type { Clock } from '../../time/clock.ts'

/**
 * How chance spreads the waits ("Exponential Backoff And Jitter", Brooker 2015): anywhere below the step; in its upper half;
 * or between the base and three times the wait before.
 */
export type Jitter = 'full' | 'equal' | 'decorrelated'

/** How long to wait between tries. Milliseconds. */
export interface BackoffOptions {
  /** The most to wait before the second try; doubles with each further one. */
  readonly base: number
  /** The most to wait at all. */
  readonly max: number
  /** How chance spreads it: `full`, `equal` or `decorrelated`. Default: full, which spreads best what failed at the same moment. */
  readonly jitter?: Jitter | undefined
}

/**
 * How long to wait after an attempt that failed: base · 2^(attempt − 1), at most `max`, spread by chance.
 * @param attempt the one that failed, from 1
 * @param previous the wait before it, for decorrelated jitter; 0 if there was none
 */
export function backoff(given: BackoffOptions, attempt: number, clock: Clock, previous = 0): number {
  const options = own(given)
  const { base, max } = options
  const step = Math.min(max, base * 2 ** (attempt - 1))
  switch (options.jitter ?? 'full') {
    case 'full':
      return clock.random() * step
    case 'equal':
      return step / 2 + (clock.random() * step) / 2
    case 'decorrelated': {
      const most = Math.max(base, previous * 3)
      return Math.min(max, base + clock.random() * (most - base))
    }
  }
}

/** Waits `delay` milliseconds; rejects with the cancellation if the exchange is given up meanwhile. */
export async function sleep(delay: number, exchange: Exchange): Promise<void> {
  await elapsed(delay, exchange)
  // Of two timers that fire in the same tick, the other may have been the deadline's; nobody is told of it again.
  if (exchange.cancellation !== undefined) throw exchange.cancellation
}

function elapsed(delay: number, exchange: Exchange): Promise<void> {
  return new Promise((resolve, reject) => {
    if (exchange.cancellation !== undefined) return reject(exchange.cancellation)
    const worker = {
      cancelled(error: TrafficError): void {
        timer.disarm()
        reject(error)
      },
    }
    const timer = exchange.clock.timer(() => {
      exchange.release(worker)
      resolve()
    })
    exchange.occupy(worker)
    timer.arm(delay)
  })
}
