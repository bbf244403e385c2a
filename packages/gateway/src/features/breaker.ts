import {
  breaker,
  type Circuits,
  type CircuitState,
  type Counter,
  type Gauge,
  type Labels,
  type MetricRegistry,
} from '@headgate/core'
import type { AttemptRow } from './layer.ts'
import { metric, type Reading } from '../metrics/metric.ts'
import { growingTimes } from '../settings/problems/fields.ts'
import type { Finding, Path } from '../settings/problems/problem.ts'
import { type Read, section } from '../settings/schema/section.ts'
import { integer, oneOf, time } from '../settings/schema/setting.ts'

export const breakerSetting = section('BreakerInput', () => ({
  per: oneOf(
    ['upstream', 'endpoint', 'both'],
    'What has a circuit: the upstream as a whole, each endpoint, which is then left out while it is open, or both.',
  ).prefault('upstream'),
  consecutiveFailures: integer('Opens after so many failures in a row; 0: never for that reason.', 5, 0),
  failurePercent: integer('Opens when so many percent of the exchanges in the window failed.', 50, 1, 100),
  slowAfter: time('An exchange whose response head takes longer is slow. Left out, none is.').optional(),
  slowPercent: integer('Opens when so many percent of the exchanges in the window were slow.', 80, 1, 100),
  minimumRequests: integer('The percentages count from so many exchanges in the window on.', 20, 1),
  window: time('How far back the percentages look.').prefault('10s'),
  openFor: time(
    'How long it stays open the first time; the time doubles each time that a probe fails.',
  ).prefault('5s'),
  maxOpenFor: time('Longest time for which it stays open.').prefault('1m'),
  probes: integer('Exchanges that try whether it is well again; all must succeed.', 3, 1),
}))

export type BreakerConfig = Read<typeof breakerSetting>

export function breakerChecks(written: unknown, path: Path): Finding[] {
  return growingTimes(written, path, { key: 'openFor', default: '5s' }, { key: 'maxOpenFor', default: '1m' })
}

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

const STATES = ['closed', 'open', 'half-open', 'forced-open'] as const satisfies readonly CircuitState[]

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

/**
 * What reads which of the circuits of an upstream are open. The series of the upstream is looked up here, and that of an endpoint
 * once: endpoints come and go.
 */
export function circuitReadings(
  metrics: MetricRegistry,
  upstream: string,
  circuits: Circuits | undefined,
  endpointCircuits: Circuits | undefined,
): () => Iterable<Reading> {
  const whole = circuits && metrics.get(BREAKER_OPEN, { upstream })
  const found = new Map<string, Gauge>()
  return function* () {
    if (circuits !== undefined && whole !== undefined)
      yield [whole, Number(isOpen(circuits.for(upstream).state))]
    for (const [endpoint, state] of endpointCircuits?.states() ?? []) {
      const open = found.get(endpoint) ?? metrics.find(ENDPOINT_OPEN, { upstream, endpoint })
      if (open === undefined) continue
      found.set(endpoint, open)
      yield [open, Number(isOpen(state))]
    }
  }
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

export const breakerLayer: AttemptRow<
  object,
  { readonly destination: { readonly guard: { readonly circuits: Circuits | undefined } } }
> = {
  name: 'breaker',
  once: 'attempt',
  about: 'fails at once while the upstream as a whole keeps failing',
  judged: false,
  build: ({ upstream }, { destination: { guard } }) =>
    guard.circuits && breaker({ circuits: guard.circuits, key: () => upstream }),
  tells: ({ upstream }) => upstream.breaker,
}
