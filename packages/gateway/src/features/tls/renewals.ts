import type { MetricRegistry } from '@headgate/core'
import { metric, type Reading } from '../../metrics/metric.ts'

/** How a certificate stands that the gateway asks an authority for. */
export interface RenewalState {
  /** Of the certificate. */
  readonly names: readonly string[]
  /** The URL of its directory. */
  readonly directory: string
  /** When it is renewed, or tried again. Milliseconds since 1970-01-01 UTC. */
  readonly next: number
  /** In a row; 0 where the last try went well. */
  readonly failures: number
  /** Why the last try failed. */
  readonly reason: string | undefined
}

const RENEWALS = metric({
  kind: 'counter',
  name: 'headgate_acme_orders_total',
  labels: ['result'],
  help: 'Certificates that an authority was asked for, and that came, or failed to.',
})

const NEXT = metric({
  kind: 'gauge',
  name: 'headgate_acme_next_try_seconds',
  labels: ['name'],
  help: 'When a certificate of an authority is renewed, or tried again, in seconds since 1970-01-01 UTC, by its first name.',
})

const FAILURES = metric({
  kind: 'gauge',
  name: 'headgate_acme_failures',
  labels: ['name'],
  help: 'Tries in a row that brought no certificate, by its first name; 0 where the last one did.',
})

export function renewalReadings(metrics: MetricRegistry, states: Iterable<RenewalState>): Reading[] {
  return [...states].flatMap(({ names: [name = ''], next, failures }): Reading[] => [
    [metrics.get(NEXT, { name }), Math.round(next / 1000)],
    [metrics.get(FAILURES, { name }), failures],
  ])
}

/** A certificate came, or a try has failed. */
export function countOrder(metrics: MetricRegistry, applied: boolean): void {
  metrics.get(RENEWALS, { result: applied ? 'issued' : 'failed' }).add(1)
}
