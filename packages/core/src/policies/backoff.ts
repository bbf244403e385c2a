import type { TrafficError } from '../message/errors.ts'
import type { Exchange } from '../message/exchange.ts'
import type { Clock } from '../time/clock.ts'

/** How long to wait between tries. Milliseconds. */
export interface BackoffOptions {
  /** The most to wait before the second try; doubles with each further one. */
  readonly base: number
  readonly max: number
}

/**
 * Full jitter: anywhere between 0 and base · 2^(attempt − 1), at most `max` ("Exponential Backoff And Jitter", Brooker 2015).
 * @param attempt the one that failed, from 1
 */
export function backoff(options: BackoffOptions, attempt: number, clock: Clock): number {
  return clock.random() * Math.min(options.max, options.base * 2 ** (attempt - 1))
}

/** Waits `delay` milliseconds; rejects with the cancellation if the exchange is given up meanwhile. */
export function sleep(delay: number, exchange: Exchange): Promise<void> {
  return new Promise((resolve, reject) => {
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
