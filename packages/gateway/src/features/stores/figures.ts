import {
  type Counter,
  DURATION_BOUNDS,
  type Gauge,
  type Histogram,
  type MetricRegistry,
} from '@headgate/core'
import { metric } from '../../metrics/metric.ts'

/** What became of a call of a store. */
export const CALL_OUTCOMES = ['answered', 'refused', 'late', 'lost', 'away'] as const
export type CallOutcome = (typeof CALL_OUTCOMES)[number]

const CALLS = metric({
  kind: 'counter',
  name: 'headgate_store_calls_total',
  labels: ['store', 'outcome'],
  help: 'Calls of a store: "answered", "refused" with an error, "late" given up as there was no answer in time, "lost" with the connection, "away" not sent as there was no connection.',
})

const DURATION = metric({
  kind: 'histogram',
  name: 'headgate_store_call_duration_seconds',
  labels: ['store'],
  bounds: DURATION_BOUNDS,
  help: 'Seconds until a store answered a call, errors included.',
})

const CONNECTIONS = metric({
  kind: 'gauge',
  name: 'headgate_store_connections',
  labels: ['store'],
  help: 'Connections to a store, of all threads.',
})

/** What a connection to a store counts. */
export interface StoreFigures {
  readonly calls: Readonly<Record<CallOutcome, Counter>>
  readonly duration: Histogram
  readonly connections: Gauge
}

export function storeFigures(metrics: MetricRegistry, store: string): StoreFigures {
  const calls = CALL_OUTCOMES.map((outcome) => [outcome, metrics.get(CALLS, { store, outcome })])
  return {
    calls: Object.fromEntries(calls) as Record<CallOutcome, Counter>, // one for each
    duration: metrics.get(DURATION, { store }),
    connections: metrics.get(CONNECTIONS, { store }),
  }
}
