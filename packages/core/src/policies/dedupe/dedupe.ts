import { own } from '../../message/own-options.ts'
import type { Exchange } from '../../message/exchange.ts'
import type { Handler, Policy } from '../../message/handler.ts'
import type { HttpResponse } from '../../message/response.ts'
import { dedupeKey, isShareable, KEY_FIELDS } from './dedupe-key.ts'
import { Flight, type FlightRules } from './flight.ts'

/** Options of `dedupe`. */
export interface DedupeOptions {
  /** More request fields that tell requests apart, in lower case: those that carry credentials, and those that responses vary by. */
  readonly fields?: readonly string[] | undefined
  /** Who asks, where no field says so, as by a client certificate or address; requests of different ones are never one. */
  readonly identity?: ((exchange: Exchange) => string) | undefined
  /** Bytes of a streamed body to keep for late joiners and slow readers. Default 1 MiB. */
  readonly buffer?: number | undefined
  /** Whether a response may go to several who asked the same. Default: `isShareable`. */
  readonly shareable?: ((response: HttpResponse) => boolean) | undefined
}

const BUFFER = 1024 * 1024

/**
 * Sends a GET or HEAD once where the same is under way already, and answers all who asked with the one response. Not a cache:
 * who comes when the response is complete asks anew. It stands outside of `retry` and `hedge`.
 *
 * A failure fails all who waited. A response that was made for one goes to the first; the others then send their own request.
 * One whose exchange is cancelled leaves the others alone; the request is cancelled when the last one has left.
 */
export function dedupe(given: DedupeOptions = {}): Policy {
  const options = own(given)
  const { identity, buffer = BUFFER } = options
  const fields = [...KEY_FIELDS, ...(options.fields ?? [])]
  const shareable = options.shareable ?? ((response: HttpResponse) => isShareable(response, fields))
  return (next) => {
    const flights = new Map<string, Flight>()
    return function dedupe(exchange) {
      const request = dedupeKey(exchange, fields)
      if (request === undefined || exchange.cancellation !== undefined) return next(exchange)
      const key = identity === undefined ? request : `${request}\n${identity(exchange)}`
      let flight = flights.get(key)
      if (flight === undefined) {
        const closed: FlightRules['closed'] = (which) => {
          // Another may have begun since.
          if (flights.get(key) === which) flights.delete(key)
        }
        flight = new Flight(exchange, { buffer, shareable, closed })
        flights.set(key, flight)
        const joined = flight.join(exchange)
        void flight.start(next)
        return joined.then((response) => response ?? alone(exchange, next))
      }
      return flight.join(exchange).then((response) => response ?? alone(exchange, next))
    }
  }
}

function alone(exchange: Exchange, next: Handler): Promise<HttpResponse> {
  const { cancellation } = exchange
  return cancellation === undefined ? next(exchange) : Promise.reject(cancellation)
}
