import { own } from '../message/own-options.ts'
import { TrafficError } from '../message/errors.ts'
import type { Exchange, TimeLimit } from '../message/exchange.ts'
import type { Policy } from '../message/handler.ts'
import { isIdempotent } from '../message/request.ts'
import type { HttpResponse } from '../message/response.ts'

/** Options of `timeout`. */
export interface TimeoutOptions {
  /** Milliseconds for the whole exchange, from the request's head to the response's last byte, all tries included. */
  readonly exchange?: number | undefined
  /** What the peer itself gives an exchange, in milliseconds; undefined if it says nothing. It can only shorten. */
  readonly asked?: ((exchange: Exchange) => number | undefined) | undefined
  /** Which responses may flow for longer: once the head of one is here, the time has been kept. Default: none but protocol switches. */
  readonly outlasts?: ((response: HttpResponse) => boolean) | undefined
}

/**
 * Sets the exchange's deadline, unless it has an earlier one, and cancels it when that has passed. Whoever waits for the response
 * learns it at once, even if what is inside does not listen. What is inside may have another answer for then: `TimeLimit.standIn`.
 */
export function timeout(given: TimeoutOptions): Policy {
  const options = own(given)
  const { exchange: most = Infinity, asked, outlasts = never } = options
  return (next) =>
    function timeout(exchange) {
      const limit = asked === undefined ? most : Math.min(most, asked(exchange) ?? Infinity)
      const deadline = exchange.startedAt + limit
      if (deadline >= exchange.deadline) return next(exchange)
      exchange.deadline = deadline
      const timeLimit: TimeLimit = { standIn: undefined }
      exchange.timeLimit = timeLimit
      // Nobody waits for it any more: nothing is sent.
      const remaining = exchange.remaining()
      if (remaining <= 0) return Promise.reject(deadlineExceeded(exchange, limit))
      return new Promise((resolve, reject) => {
        const timer = exchange.clock.timer(() => {
          const error = deadlineExceeded(exchange, limit)
          if (timeLimit.standIn?.(error) === true) {
            exchange.deadline = Infinity
            return
          }
          exchange.cancel(error)
          reject(error)
        })
        timer.arm(remaining)
        exchange.onFinish(() => timer.disarm())
        next(exchange).then((response: HttpResponse | undefined) => {
          resolve(response as HttpResponse)
          // Written in plain JavaScript, a policy may resolve with anything: what stands further out answers for that.
          if (response === undefined || response === null) return
          // A protocol switch ends the exchange as far as time is concerned: a WebSocket may live for days.
          if (response.tunnel !== undefined) timer.disarm()
          else if (outlasts(response)) {
            timer.disarm()
            exchange.deadline = Infinity
          }
          // Nobody takes what comes after the deadline.
          else if (exchange.cancellation !== undefined) response.body.cancel(exchange.cancellation)
        }, reject)
      })
    }
}

const never = (): boolean => false

/** Without the query, which may hold secrets. */
function placeOf({ request }: Exchange): string {
  const { method, scheme, authority, path } = request
  return `${method} ${scheme}://${authority.text}${path}`
}

function deadlineExceeded(exchange: Exchange, limit: number): TrafficError {
  return new TrafficError(
    'deadline_exceeded',
    `${placeOf(exchange)} was not complete within ${limit} ms (${exchange.attempts} ${exchange.attempts === 1 ? 'try' : 'tries'})`,
    {
      replaySafe: isIdempotent(exchange.request.method) ? 'idempotent' : 'unknown',
    },
  )
}
