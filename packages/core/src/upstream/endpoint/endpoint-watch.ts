import { judgedStatus } from '../../fields/grpc.ts'
import { onCallEnd, statusFollows } from '../../fields/grpc-end.ts'
import { TrafficError } from '../../message/errors.ts'
import type { Exchange } from '../../message/exchange.ts'
import type { HttpResponse } from '../../message/response.ts'
import type { Clock } from '../../time/clock.ts'
import type { OutlierDetector } from '../health/outlier.ts'
import type { OutlierRecord } from '../health/outlier-record.ts'
import type { PeakEwma } from '../balance/peak-ewma.ts'

/** What a failure counts as, in milliseconds, at least: one who refuses at once must not look fast. */
const FAILURE_LATENCY = 1_000

/** Sees how the attempts at one endpoint end. Its functions are made once, so that an exchange costs one promise more. */
export class EndpointWatch {
  private readonly detector: OutlierDetector | undefined
  private readonly record: OutlierRecord | undefined
  /** Undefined if nobody asks for it: then nothing is measured. */
  private readonly latency: PeakEwma | undefined
  private readonly clock: Clock

  constructor(
    endpoint: { readonly record: OutlierRecord | undefined; readonly latency: PeakEwma },
    detector: OutlierDetector | undefined,
    timed: boolean,
    clock: Clock,
  ) {
    this.detector = detector
    this.record = endpoint.record
    this.latency = timed ? endpoint.latency : undefined
    this.clock = clock
  }

  /** The same promise, seen. */
  watch(sent: Promise<HttpResponse>, exchange: Exchange): Promise<HttpResponse> {
    if (this.latency === undefined) return sent.then(this.responded, this.rejected)
    return this.timed(sent, this.latency, exchange)
  }

  private readonly responded = (response: HttpResponse): HttpResponse => {
    const { detector, record } = this
    if (detector === undefined || record === undefined) return response
    // What ends without a status has answered all the same.
    if (statusFollows(response))
      onCallEnd(response, (status) => detector.responded(record, judgedStatus(status ?? response)))
    else detector.responded(record, judgedStatus(response))
    return response
  }

  private readonly rejected = (thrown: unknown): never => {
    if (this.record !== undefined) this.detector?.rejected(this.record, TrafficError.from(thrown))
    throw thrown
  }

  private async timed(
    sent: Promise<HttpResponse>,
    latency: PeakEwma,
    exchange: Exchange,
  ): Promise<HttpResponse> {
    const started = this.clock.now()
    try {
      const response = await sent
      const now = this.clock.now()
      // A protocol that is switched to begins here; what a long poll takes cannot be told from a slow answer.
      latency.observe(now - started, now)
      return this.responded(response)
    } catch (thrown) {
      const now = this.clock.now()
      const taken = now - started
      const { source } = TrafficError.from(thrown)
      if (source === 'upstream' && exchange.cancellation === undefined) {
        latency.observe(Math.max(taken, FAILURE_LATENCY), now)
      } else if (taken > latency.at(now)) {
        // Given up before it answered: it would have taken longer than this.
        latency.observe(taken, now)
      }
      return this.rejected(thrown)
    }
  }
}
