import { own } from '../../message/own-options.ts'
import { TrafficError } from '../../message/errors.ts'
import type { Exchange } from '../../message/exchange.ts'
import type { Handler, Policy } from '../../message/handler.ts'
import type { HttpResponse } from '../../message/response.ts'
import type { Circuit } from './breaker-state.ts'
import { isUpstreamFailure, recorded } from './call-outcome.ts'
import type { Circuits } from './circuits.ts'
import { originKey } from '../origin-key.ts'

export { isUpstreamFailure } from './call-outcome.ts'

/** Options of `breaker`. */
export interface BreakerOptions {
  readonly circuits: Circuits
  /** What has a circuit of its own. Default: the origin. */
  readonly key?: ((exchange: Exchange) => string) | undefined
  /** Whether an outcome is a failure of the upstream. Default: `isUpstreamFailure`. */
  readonly failure?: ((outcome: HttpResponse | TrafficError) => boolean) | undefined
}

/**
 * Stops calling an upstream that keeps failing or has become slow, until a few probes show that it is well again.
 * `recorded` says what counts.
 *
 * Rejects with `circuit_open`; `retryAfter` says when it will be tried again.
 */
export function breaker(given: BreakerOptions): Policy {
  const options = own(given)
  const { circuits, key = originKey, failure = isUpstreamFailure } = options
  return (next) =>
    function breaker(exchange) {
      const started = exchange.clock.now()
      const name = key(exchange)
      const circuit = circuits.for(name)
      const permit = circuit.enter(started)
      if (permit < 0) return Promise.reject(circuitOpen(name, circuit, started))
      return recorded(asked(next, exchange), circuit, permit, started, exchange, failure)
    }
}

/** One that throws at once, as plain JavaScript may, has failed like one that rejects. */
function asked(next: Handler, exchange: Exchange): Promise<HttpResponse> {
  try {
    return next(exchange)
  } catch (thrown) {
    return Promise.reject(thrown)
  }
}

function circuitOpen(key: string, circuit: Circuit, now: number): TrafficError {
  const why = circuit.state === 'forced-open' ? 'was opened by hand' : `is ${circuit.state}`
  const wait = circuit.retryAfter(now)
  const advice =
    wait === undefined
      ? 'it stays so until it is reset'
      : `it is tried again in ${Math.ceil(wait)} ms at the earliest`
  const error = new TrafficError('circuit_open', `the circuit for ${key} ${why}: ${advice}`, {
    phase: 'queue',
    replaySafe: 'unsent',
  })
  error.retryAfter = wait
  return error
}
