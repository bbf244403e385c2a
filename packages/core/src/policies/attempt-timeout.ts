import { own } from '../message/own-options.ts'
import { TrafficError } from '../message/errors.ts'
import { Fork } from '../message/fork.ts'
import type { Policy } from '../message/handler.ts'
import { isIdempotent } from '../message/request.ts'

/** Options of `attemptTimeout`. */
export interface AttemptTimeoutOptions {
  /** Milliseconds from the start of an attempt to its response's head. */
  readonly attempt: number
}

/**
 * Gives one attempt up that takes too long, so that a policy outside may make another; the exchange goes on. Stands inside of
 * `retry` and of `breaker`, to which it is a failure of the upstream.
 */
export function attemptTimeout(given: AttemptTimeoutOptions): Policy {
  const options = own(given)
  const { attempt } = options
  if (!(attempt > 0)) throw new TypeError(`attempt is ${attempt}: use milliseconds above 0`)
  return (next) =>
    async function attemptTimeout(exchange) {
      const fork = new Fork(exchange, exchange.request)
      fork.exchange.inform = exchange.inform
      const timer = exchange.clock.timer(() => {
        fork.exchange.cancel(
          new TrafficError('upstream_timeout', `no response head within ${attempt} ms of this attempt`, {
            phase: 'response-head',
            replaySafe: isIdempotent(exchange.request.method) ? 'idempotent' : 'unknown',
          }),
        )
      })
      timer.arm(attempt)
      try {
        const response = await next(fork.exchange)
        fork.adopt()
        return response
      } catch (thrown) {
        exchange.endpoint = fork.exchange.endpoint
        exchange.choices = fork.exchange.choices
        fork.drop('this attempt has failed')
        throw thrown
      } finally {
        timer.disarm()
      }
    }
}
