import { TrafficError } from '../../message/errors.ts'
import type { Exchange } from '../../message/exchange.ts'
import type { Policy } from '../../message/handler.ts'
import type { HttpResponse } from '../../message/response.ts'
import type { Clock } from '../../time/clock.ts'
import type { CallResult, Circuit } from './breaker-state.ts'
import type { Circuits } from './circuits.ts'
import { originKey } from '../origin-key.ts'

/** Options of `breaker`. */
export interface BreakerOptions {
  readonly circuits: Circuits
  /** What has a circuit of its own. Default: the origin. */
  readonly key?: ((exchange: Exchange) => string) | undefined
  /** Whether an outcome is a failure of the upstream. Default: `isUpstreamFailure`. */
  readonly failure?: ((outcome: HttpResponse | TrafficError) => boolean) | undefined
}

/**
 * Stops calling an upstream that keeps failing or has become slow, until a few probes show that it is well again. A call is
 * measured until its response's head. One that was given up, or that failed by our own doing, does not count; but one whose
 * deadline passed when it had been slow already counts as slow, else an upstream that hangs would never open the circuit.
 *
 * Rejects with `circuit_open`; `retryAfter` says when it will be tried again.
 */
export function breaker(options: BreakerOptions): Policy {
  const { circuits, key = originKey, failure = isUpstreamFailure } = options
  return (next) =>
    async function breaker(exchange) {
      const started = exchange.clock.now()
      const name = key(exchange)
      const circuit = circuits.for(name)
      const permit = circuit.enter(started)
      if (permit < 0) throw circuitOpen(name, circuit, started)
      let response: HttpResponse
      try {
        response = await next(exchange)
      } catch (thrown) {
        const error = TrafficError.from(thrown)
        record(
          circuit,
          permit,
          resultOf(exchange, error, failure),
          isUpstreamTime(exchange, error),
          started,
          exchange.clock,
        )
        throw error
      }
      record(circuit, permit, failure(response) ? 'failure' : 'success', true, started, exchange.clock)
      return response
    }
}

function record(
  circuit: Circuit,
  permit: number,
  result: CallResult,
  timed: boolean,
  started: number,
  clock: Clock,
): void {
  const now = clock.now()
  const slow = timed && now - started > circuit.slowCall
  circuit.record(permit, result, slow, now, result === 'failure' || slow ? clock.random() : 0)
}

/** Whether the time that a failed call took was the upstream's doing. */
function isUpstreamTime(exchange: Exchange, error: TrafficError): boolean {
  const cause = exchange.cancellation ?? error
  return cause.source === 'upstream' || cause.code === 'deadline_exceeded'
}

function resultOf(
  exchange: Exchange,
  error: TrafficError,
  failure: (outcome: TrafficError) => boolean,
): CallResult {
  // Neither our own limits nor who left early say anything about the upstream.
  if (exchange.cancellation !== undefined || error.source !== 'upstream') return 'ignored'
  return failure(error) ? 'failure' : 'success'
}

/** The default of `failure`: what the upstream did not answer, or answered with 5xx. */
export function isUpstreamFailure(outcome: HttpResponse | TrafficError): boolean {
  return outcome instanceof TrafficError ? outcome.source === 'upstream' : outcome.status >= 500
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
