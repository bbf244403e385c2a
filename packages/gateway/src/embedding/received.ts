import { type Cancellable, Exchange, type Handler, type HttpResponse, TrafficError } from '@headgate/core'

/**
 * What comes out of a client in the same program is an exchange that the client goes on to use: it counts its attempts in it, and
 * sends its request again. The gateway gets one of its own, as behind a socket, so that what either does with it stays its own.
 */
export function received(handler: Handler): Handler {
  return (exchange) => (exchange.attempts === 0 ? handler(exchange) : receive(exchange, handler))
}

async function receive(outer: Exchange, handler: Handler): Promise<HttpResponse> {
  const inner = new Exchange(outer.request.clone(), outer.clock, outer.peer)
  inner.deadline = outer.deadline
  inner.priority = outer.priority
  inner.inform = outer.inform
  inner.wire = outer.wire
  const worker: Cancellable = { cancelled: (error) => inner.cancel(error) }
  outer.occupy(worker)
  try {
    const response = await handler(inner)
    outer.onFinish((_outer, outcome) => inner.finish(outcome))
    return response
  } catch (thrown) {
    outer.release(worker)
    inner.finish({ status: undefined, error: TrafficError.from(thrown), bytesSent: 0, bytesReceived: 0 })
    throw thrown
  }
}
