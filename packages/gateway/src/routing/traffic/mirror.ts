import {
  copyExchange,
  type Exchange,
  type Handler,
  type HttpResponse,
  type MetricRegistry,
  type Policy,
  TrafficError,
} from '@headgate/core'
import type { MirrorConfig } from '../../config/schema/traffic-schema.ts'
import { metric } from '../../metrics/metric.ts'

const MIRRORED = metric({
  kind: 'counter',
  name: 'headgate_mirror_requests_total',
  labels: ['route', 'outcome'],
  help: 'Requests that the mirror of the route was to copy: "answered", whatever the answer, "failed", or "dropped" and not copied, as too many copies were under way or the body was not there or too large.',
})

/** What became of copies: answered, whatever the answer; failed; or not made at all. */
export type MirrorOutcome = 'answered' | 'failed' | 'dropped'

/** What to call for each exchange that a mirror was to copy. */
export function mirrorMetrics(metrics: MetricRegistry, route: string): (outcome: MirrorOutcome) => void {
  const counters = {
    answered: metrics.get(MIRRORED, { route, outcome: 'answered' }),
    failed: metrics.get(MIRRORED, { route, outcome: 'failed' }),
    dropped: metrics.get(MIRRORED, { route, outcome: 'dropped' }),
  }
  return (outcome) => counters[outcome].add(1)
}

/** The most of an answer that is read, so that its connection can be used again; beyond that, the connection goes. */
const MOST_READ = 1024 * 1024

/**
 * Sends copies of requests to a second handler, and drops what it answers. The exchange neither waits for its copy nor learns
 * of its failure; and copies are not made where one would have to be waited for: too many under way, a body still arriving.
 * @param handler must end each exchange by itself, as one with a timeout does
 * @param told of what became of each copy that was to be made
 */
export function mirror(
  config: Omit<MirrorConfig, 'upstream'>,
  handler: Handler,
  told: (outcome: MirrorOutcome) => void,
): Policy {
  let active = 0
  const ended = (isAnswered: boolean): void => {
    active--
    told(isAnswered ? 'answered' : 'failed')
  }
  return (next) =>
    function mirror(exchange) {
      if (exchange.clock.random() * 100 >= config.percent) return next(exchange)
      // Before it is sent: what stands further in changes the request.
      const copy = active < config.concurrency ? copyOf(exchange, config.body) : undefined
      const answer = next(exchange)
      if (copy === undefined) told('dropped')
      else {
        active++
        void send(copy, handler).then(ended)
      }
      return answer
    }
}

/** Undefined if it cannot be copied without waiting for its body. */
function copyOf(exchange: Exchange, limit: number): Exchange | undefined {
  const { request } = exchange
  const { whole } = request.body
  if (whole === undefined || whole.length > limit || request.upgrade !== undefined) return undefined
  return copyExchange(exchange, request.clone(), { apart: true })
}

/** Whether it was answered. Never rejects. */
async function send(copy: Exchange, handler: Handler): Promise<boolean> {
  let status: number | undefined
  let error: TrafficError | undefined
  try {
    const response = await handler(copy)
    status = response.status
    await dropped(response)
  } catch (thrown) {
    error = TrafficError.from(thrown)
  }
  copy.finish({ status, error, bytesSent: 0, bytesReceived: 0 })
  return error === undefined
}

function dropped({ body, tunnel }: HttpResponse): Promise<void> {
  const unwanted = new TrafficError('cancelled', 'nobody reads the answer to a mirrored request')
  if (tunnel !== undefined) tunnel.incoming.cancel(unwanted)
  if (body.whole !== undefined) return Promise.resolve()
  return new Promise((resolve) => {
    let size = 0
    const settle = (): void => resolve()
    body.flowTo({
      holdsNothing: true,
      write(chunk) {
        size += chunk.byteLength
        if (size <= MOST_READ) return true
        body.cancel(unwanted)
        resolve()
        return false
      },
      end: settle,
      fail: settle,
    })
  })
}
