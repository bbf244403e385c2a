import { judgedStatus } from '../../fields/grpc.ts'
import { onCallEnd, statusFollows } from '../../fields/grpc-end.ts'
import { TrafficError } from '../../message/errors.ts'
import type { Exchange } from '../../message/exchange.ts'
import type { HttpResponse } from '../../message/response.ts'
import type { CallResult, Circuit } from './breaker-state.ts'

/** Whether an outcome is a failure of the upstream. */
export type FailureTest = (outcome: HttpResponse | TrafficError) => boolean

/** The default of `failure`: what the upstream did not answer, or answered with 5xx, or with a gRPC status that stands for one (`judgedStatus`). */
export function isUpstreamFailure(outcome: HttpResponse | TrafficError): boolean {
  return outcome instanceof TrafficError ? outcome.source === 'upstream' : judgedStatus(outcome) >= 500
}

/**
 * The response that was sent for, once the circuit that let the call through knows how it ended. A call is measured until
 * its response's head; where that is one of gRPC, the status behind its messages says whether it failed. One that was given up, or that failed by our own doing, does not count; but one whose deadline passed
 * when it had been slow already counts as slow, else an upstream that hangs would never open the circuit.
 */
export async function recorded(
  sent: Promise<HttpResponse>,
  circuit: Circuit,
  permit: number,
  started: number,
  exchange: Exchange,
  failure: FailureTest,
): Promise<HttpResponse> {
  let response: HttpResponse
  try {
    response = await sent
  } catch (thrown) {
    const error = TrafficError.from(thrown)
    record(
      circuit,
      permit,
      resultOf(exchange, error, failure),
      isUpstreamTime(exchange, error),
      started,
      exchange,
    )
    throw error
  }
  if (statusFollows(response)) recordEnd(response, circuit, permit, started, exchange, failure)
  else record(circuit, permit, failure(response) ? 'failure' : 'success', true, started, exchange)
  return response
}

/** Records a call of gRPC by the status behind its messages. Without one it has answered, and no more is known of it. */
function recordEnd(
  response: HttpResponse,
  circuit: Circuit,
  permit: number,
  started: number,
  { clock }: Exchange,
  failure: FailureTest,
): void {
  const now = clock.now()
  const slow = now - started > circuit.slowAfter
  const call = circuit.answered(permit, slow, now, slow ? clock.random() : 0)
  onCallEnd(response, (status) => {
    const failed = failure(status ?? response)
    circuit.ended(call, failed, clock.now(), failed ? clock.random() : 0)
  })
}

function record(
  circuit: Circuit,
  permit: number,
  result: CallResult,
  timed: boolean,
  started: number,
  { clock }: Exchange,
): void {
  const now = clock.now()
  const slow = timed && now - started > circuit.slowAfter
  circuit.record(permit, result, slow, now, result === 'failure' || slow ? clock.random() : 0)
}

/** Whether the time that a failed call took was the upstream's doing. */
function isUpstreamTime(exchange: Exchange, error: TrafficError): boolean {
  const cause = exchange.cancellation ?? error
  return cause.source === 'upstream' || cause.code === 'deadline_exceeded'
}

function resultOf(exchange: Exchange, error: TrafficError, failure: FailureTest): CallResult {
  // Neither our own limits nor who left early say anything about the upstream.
  if (exchange.cancellation !== undefined || error.source !== 'upstream') return 'ignored'
  return failure(error) ? 'failure' : 'success'
}
