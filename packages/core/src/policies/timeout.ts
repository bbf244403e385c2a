import { TrafficError } from '../message/errors.ts'
import type { Policy } from '../message/handler.ts'

/** Options of `timeout`. */
export interface TimeoutOptions {
  /** Milliseconds for the whole exchange, from the request's head to the response's last octet, all tries included. */
  readonly exchange: number
}

/** Sets the exchange's deadline, unless it has an earlier one, and cancels it when that has passed. */
export function timeout(options: TimeoutOptions): Policy {
  return (next) =>
    function timeout(exchange) {
      const deadline = exchange.startedAt + options.exchange
      if (deadline >= exchange.deadline) return next(exchange)
      exchange.deadline = deadline
      const timer = exchange.clock.timer(() => {
        exchange.cancel(
          new TrafficError(
            'deadline_exceeded',
            `not complete within ${options.exchange} ms (${exchange.attempts} tries)`,
          ),
        )
      })
      timer.arm(exchange.remaining())
      exchange.onFinish(() => timer.disarm())
      return next(exchange).then((response) => {
        // A protocol switch ends the exchange as far as time is concerned: a WebSocket may live for days.
        if (response.status === 101) timer.disarm()
        return response
      })
    }
}
