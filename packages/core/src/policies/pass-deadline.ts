import { own } from '../message/own-options.ts'
import { writeRequestTimeout } from '../fields/request-timeout.ts'
import type { Policy } from '../message/handler.ts'

/** Options of `passDeadline`. */
export interface PassDeadlineOptions {
  /** Milliseconds that an attempt has at most. Default: what is left of the exchange. */
  readonly attempt?: number | undefined
}

/**
 * Tells the upstream what is left of the time that the peer gave, in the field in which it said so, so that nobody works on
 * what nobody waits for any more. Stands inside of `retry`: each attempt has less.
 */
export function passDeadline(given: PassDeadlineOptions = {}): Policy {
  const options = own(given)
  const { attempt = Infinity } = options
  return (next) =>
    function passDeadline(exchange) {
      if (exchange.deadline !== Infinity)
        writeRequestTimeout(exchange.request.headers, Math.min(exchange.remaining(), attempt))
      return next(exchange)
    }
}
