import type { ExchangeTimes } from '../message/exchange-times.ts'
import type { Policy } from '../message/handler.ts'

/** Gives exchanges times of their own, in place of those of the connections that they use. */
export function times(own: ExchangeTimes): Policy {
  return (next) =>
    function times(exchange) {
      exchange.times = own
      return next(exchange)
    }
}
