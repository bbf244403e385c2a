import type { Circuits, CircuitState, Counter, Labels, Limiter, MetricRegistry } from '@headgate/core'
import { metric } from '../metrics/metric.ts'
import type { Reading } from '../metrics/shown.ts'

const BREAKER_OPEN = metric({
  kind: 'gauge',
  name: 'headgate_breaker_open',
  labels: ['upstream'],
  help: 'Workers in which the circuit of the upstream is open.',
})
const BREAKER_TRANSITIONS = metric({
  kind: 'counter',
  name: 'headgate_breaker_transitions_total',
  labels: ['upstream', 'to'],
  help: 'How often the circuit of the upstream came into that state, in any worker.',
})
const ENDPOINT_OPEN = metric({
  kind: 'gauge',
  name: 'headgate_endpoint_breaker_open',
  labels: ['upstream', 'endpoint'],
  help: 'Workers in which the circuit of the endpoint is open.',
})
const ENDPOINT_TRANSITIONS = metric({
  kind: 'counter',
  name: 'headgate_endpoint_breaker_transitions_total',
  labels: ['upstream', 'endpoint', 'to'],
  help: 'How often the circuit of the endpoint came into that state, in any worker.',
})
const CONCURRENCY_ACTIVE = metric({
  kind: 'gauge',
  name: 'headgate_concurrency_active',
  labels: ['limiter'],
  help: 'Exchanges that hold a slot of the concurrency limit, as in "upstream orders" or "route api".',
})
const CONCURRENCY_QUEUED = metric({
  kind: 'gauge',
  name: 'headgate_concurrency_queued',
  labels: ['limiter'],
  help: 'Exchanges that wait for a slot of the concurrency limit.',
})
const CONCURRENCY_LIMIT = metric({
  kind: 'gauge',
  name: 'headgate_concurrency_limit',
  labels: ['limiter'],
  help: 'Slots of the concurrency limit, of all workers together.',
})

const STATES = ['closed', 'open', 'half-open', 'forced-open'] as const satisfies readonly CircuitState[]

/** What the limiter of an upstream is called. */
export function upstreamLimiter(upstream: string): string {
  return `upstream ${upstream}`
}

/** What the limiter of a route is called. */
export function routeLimiter(route: string): string {
  return `route ${route}`
}

/** What to call when the circuit of an upstream changes its state. */
export function circuitMetrics(
  metrics: MetricRegistry,
  upstream: string,
): (from: CircuitState, to: CircuitState) => void {
  const open = metrics.get(BREAKER_OPEN, { upstream })
  const counters = new Map(STATES.map((to) => [to, metrics.get(BREAKER_TRANSITIONS, { upstream, to })]))
  return (from, to) => {
    counters.get(to)?.add(1)
    open.add(Number(isOpen(to)) - Number(isOpen(from)))
  }
}

/** Makes room for the circuit of one endpoint. */
export function endpointCircuitMetrics(
  metrics: MetricRegistry,
  labels: Labels<'upstream' | 'endpoint'>,
): void {
  metrics.get(ENDPOINT_OPEN, labels)
  for (const to of STATES) metrics.get(ENDPOINT_TRANSITIONS, { ...labels, to })
}

/** What counts that the circuit of an endpoint came into that state; undefined if there is no room for the endpoint. */
export function endpointTransitions(
  metrics: MetricRegistry,
  labels: Labels<'upstream' | 'endpoint'>,
  to: CircuitState,
): Counter | undefined {
  return metrics.find(ENDPOINT_TRANSITIONS, { ...labels, to })
}

/** Which of the circuits of an upstream are open. */
export function* circuitReadings(
  metrics: MetricRegistry,
  upstream: string,
  circuits: Circuits | undefined,
  endpointCircuits: Circuits | undefined,
): Iterable<Reading> {
  if (circuits !== undefined)
    yield [metrics.get(BREAKER_OPEN, { upstream }), Number(isOpen(circuits.for(upstream).state))]
  for (const [endpoint, state] of endpointCircuits?.states() ?? []) {
    const open = metrics.find(ENDPOINT_OPEN, { upstream, endpoint })
    if (open !== undefined) yield [open, Number(isOpen(state))]
  }
}

/** How far a concurrency limit is used; to be gone through once when it is made, so that it has its series. */
export function limiterReadings(
  metrics: MetricRegistry,
  limiter: string,
  { inflight, queued, limit }: Limiter,
): readonly Reading[] {
  return [
    [metrics.get(CONCURRENCY_ACTIVE, { limiter }), inflight],
    [metrics.get(CONCURRENCY_QUEUED, { limiter }), queued],
    [metrics.get(CONCURRENCY_LIMIT, { limiter }), Math.floor(limit.limit)],
  ]
}

/** A circuit that is open, or was opened by hand. */
export interface OpenCircuit {
  readonly upstream: string
  readonly endpoint?: string
  /** In how many workers. */
  readonly workers: number
}

/** Circuits that are open in some of the threads that count. */
export function openCircuits(metrics: MetricRegistry): OpenCircuit[] {
  const totals = [...metrics.totals(BREAKER_OPEN), ...metrics.totals(ENDPOINT_OPEN)]
  return totals.filter(({ total }) => total > 0).map(({ labels, total }) => ({ ...labels, workers: total }))
}

function isOpen(state: CircuitState): boolean {
  return state === 'open' || state === 'forced-open'
}
