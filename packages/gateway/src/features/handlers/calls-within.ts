import { AsyncLocalStorage } from 'node:async_hooks'
import type { Exchange, Policy } from '@headgate/core'

/** Which exchange the code that runs works for: a call that it makes belongs to that. */
const answering = new AsyncLocalStorage<Exchange>()

/** Runs code for an exchange. */
export function runFor<Result>(exchange: Exchange, work: () => Result): Result {
  return answering.run(exchange, work)
}

/** Fields by which those further inside know that they work for the same request (W3C Trace Context, Baggage). */
const TRACE_FIELDS = ['traceparent', 'tracestate', 'baggage'] as const

/**
 * For the client of handlers: a call ends with the exchange for which it is made, has no more time than that has left, and carries its
 * request id and trace, but for what the call says itself.
 * @param idField of request ids, in lower case; undefined where there are none
 */
export function callsWithin(idField: string | undefined): Policy {
  return (next) =>
    function callsWithin(call) {
      const inbound = answering.getStore()
      if (inbound === undefined) return next(call)
      if (inbound.cancellation !== undefined) return Promise.reject(inbound.cancellation)
      const { headers } = call.request
      if (idField !== undefined && inbound.id !== '' && !headers.has(idField))
        headers.put(idField, inbound.id)
      for (const name of TRACE_FIELDS) {
        const told = inbound.request.headers.get(name)
        if (told !== undefined && !headers.has(name)) headers.put(name, told)
      }
      // The clocks may differ, what is left of the time does not.
      call.deadline = Math.min(call.deadline, call.clock.now() + inbound.remaining())
      const ended = { cancelled: call.cancel.bind(call) }
      inbound.occupy(ended)
      call.onFinish(() => inbound.release(ended))
      return next(call)
    }
}
