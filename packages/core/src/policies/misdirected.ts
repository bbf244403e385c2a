import { drain } from '../message/drain.ts'
import type { Exchange } from '../message/exchange.ts'
import type { Policy } from '../message/handler.ts'
import { canReplay, replayed } from '../message/replay.ts'
import type { HttpResponse } from '../message/response.ts'

/**
 * Sends a request once more, on a connection of its own, when the origin says 421: whoever got it does not speak for that origin
 * (RFC 9110 15.5.20; Fetch 4.5, step 16), and did not act on it. A body that cannot be sent again leaves the response as it is.
 */
export function misdirected(): Policy {
  return (next) => {
    const again = (exchange: Exchange, response: HttpResponse): Promise<HttpResponse> => {
      const { request } = exchange
      drain(response.body, exchange.clock)
      exchange.freshConnection = true
      request.body = replayed(request.body)
      return next(exchange)
    }
    return function misdirected(exchange) {
      // Not `await`, which costs twice as much where it only passes a response on.
      return next(exchange).then((response) =>
        response.status === 421 && canReplay(exchange.request.body) ? again(exchange, response) : response,
      )
    }
  }
}
