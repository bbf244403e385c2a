import { own } from '../../message/own-options.ts'
import { onBodyEnd } from '../../message/body-end.ts'
import { TrafficError } from '../../message/errors.ts'
import type { Exchange } from '../../message/exchange.ts'
import type { Handler, Policy } from '../../message/handler.ts'
import type { HttpResponse } from '../../message/response.ts'
import type { Limiter } from './limiter.ts'

/** Options of `concurrency`. */
export interface ConcurrencyOptions {
  /** One for all exchanges, or the one for each: by origin, for instance. */
  readonly limiter: Limiter | ((exchange: Exchange) => Limiter)
  /** The class of an exchange, from 0, the highest. Default: its own `priority`. */
  readonly priority?: ((exchange: Exchange) => number) | undefined
  /** Whether an outcome shows too much load. Default: `isOverload`. */
  readonly overload?: ((outcome: HttpResponse | TrafficError) => boolean) | undefined
}

/**
 * Lets through only so many exchanges at the same time; the others wait in a bounded line, by priority, or are refused with
 * `concurrency_limited`. A slot is taken until the response's body has ended, so that it stands for what the upstream has to
 * do, whether this policy stands around the whole exchange or, further in than `retry`, around each attempt.
 */
export function concurrency(given: ConcurrencyOptions): Policy {
  const options = own(given)
  const { limiter, priority, overload = isOverload } = options
  const limiterOf = typeof limiter === 'function' ? limiter : () => limiter
  return (next) =>
    function concurrency(exchange) {
      const chosen = limiterOf(exchange)
      if (chosen.tryEnter()) return withSlot(chosen, exchange, next, overload)
      const wanted = priority?.(exchange) ?? exchange.priority ?? Math.floor(chosen.classes / 2)
      const lowest = chosen.classes - 1
      const line = Math.max(0, Math.min(lowest, Math.floor(wanted) || 0))
      return chosen.enter(exchange, line).then(() => {
        // Between the end of the wait and now it may have been given up.
        if (exchange.cancellation === undefined) return withSlot(chosen, exchange, next, overload)
        chosen.leave()
        throw exchange.cancellation
      })
    }
}

async function withSlot(
  limiter: Limiter,
  exchange: Exchange,
  next: Handler,
  overload: (outcome: HttpResponse | TrafficError) => boolean,
): Promise<HttpResponse> {
  const started = exchange.clock.now()
  const { inflight } = limiter
  let response: HttpResponse
  try {
    response = await next(exchange)
  } catch (thrown) {
    const error = TrafficError.from(thrown)
    limiter.leave()
    // What was cut short says nothing about how long it takes.
    if (overload(error)) limiter.record(exchange.clock.now() - started, inflight, true)
    throw error
  }
  limiter.record(exchange.clock.now() - started, inflight, overload(response))
  const slot = new Slot(limiter)
  // A tunnel has no body to go by; and a body that nobody reads ends with the exchange.
  if (response.body.whole === undefined || response.tunnel !== undefined)
    exchange.onFinish(() => slot.release())
  if (response.tunnel === undefined) onBodyEnd(response, () => slot.release())
  return response
}

/**
 * The default of `overload`: no answer in time, or one that says so (503, and 429, which asks for less). A deadline is no
 * measure: whoever asks may set it as short as they like.
 */
export function isOverload(outcome: HttpResponse | TrafficError): boolean {
  if (outcome instanceof TrafficError) return outcome.code === 'upstream_timeout'
  return outcome.status === 503 || outcome.status === 429
}

/** Given back once, however often the end is told. */
class Slot {
  private limiter: Limiter | undefined

  constructor(limiter: Limiter) {
    this.limiter = limiter
  }

  release(): void {
    const { limiter } = this
    this.limiter = undefined
    limiter?.leave()
  }
}
