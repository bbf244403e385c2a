import type { Counter, Gauge, MetricRegistry } from '@headgate/core'
import { metric } from '../metrics/metric.ts'

const ENDPOINTS = metric({
  kind: 'gauge',
  name: 'headgate_discovery_endpoints',
  labels: ['source'],
  help: 'Endpoints that the source, as in "dns:orders.internal:9001", has found last.',
})

const FAILURES = metric({
  kind: 'counter',
  name: 'headgate_discovery_failures_total',
  labels: ['source'],
  help: 'How often the source could not be asked, or had no answer: what it found last is kept.',
})

const LAST_SUCCESS = metric({
  kind: 'gauge',
  name: 'headgate_discovery_last_success_time_seconds',
  labels: ['source'],
  help: 'When the source had an answer last, in seconds since 1970-01-01 UTC; 0 if never.',
})

const ADDED = metric({
  kind: 'counter',
  name: 'headgate_upstream_endpoints_added_total',
  labels: ['upstream'],
  help: 'Endpoints that came to the upstream while it served: by discovery, a reload or a call of the admin API.',
})

const REMOVED = metric({
  kind: 'counter',
  name: 'headgate_upstream_endpoints_removed_total',
  labels: ['upstream'],
  help: 'Endpoints that left the upstream while it served.',
})

/** What is counted of a source: in the thread that asks it, for all. */
export function sourceMetrics(
  metrics: MetricRegistry,
  source: string,
): { readonly endpoints: Gauge; readonly failures: Counter; readonly lastSuccess: Gauge } {
  return {
    endpoints: metrics.get(ENDPOINTS, { source }),
    failures: metrics.get(FAILURES, { source }),
    lastSuccess: metrics.get(LAST_SUCCESS, { source }),
  }
}

/** What is counted of the endpoints of an upstream that has a name of its own, as they come and go. */
export function changeMetrics(
  metrics: MetricRegistry,
  upstream: string,
): { readonly added: Counter; readonly removed: Counter } {
  return { added: metrics.get(ADDED, { upstream }), removed: metrics.get(REMOVED, { upstream }) }
}
