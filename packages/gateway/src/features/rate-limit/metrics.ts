import type { MetricRegistry } from '@headgate/core'
import { metric } from '../../metrics/metric.ts'

const REQUESTS = metric({
  kind: 'counter',
  name: 'headgate_rate_limit_requests_total',
  labels: ['limit', 'decision'],
  help: 'Requests that a rate limit allowed or limited; the limits of a route are called route/limit.',
  sparse: true,
})

const STORE_ERRORS = metric({
  kind: 'counter',
  name: 'headgate_rate_limit_store_errors_total',
  labels: ['limit'],
  help: 'How often the store of the rate limit could not be asked: it failed, or did not answer in time.',
  sparse: true,
})

/** What a rate limit tells of itself. */
export interface RateLimitListener {
  /** A request was allowed, or limited. */
  readonly decided: (allowed: boolean) => void
  /** Its store could not be asked. */
  readonly storeFailed: () => void
}

/** Counts what a rate limit, by its id, tells. */
export function rateLimitMetrics(metrics: MetricRegistry, limit: string): RateLimitListener {
  const allowed = metrics.get(REQUESTS, { limit, decision: 'allowed' })
  const limited = metrics.get(REQUESTS, { limit, decision: 'limited' })
  const storeErrors = metrics.get(STORE_ERRORS, { limit })
  return {
    decided: (isAllowed) => (isAllowed ? allowed : limited).add(1),
    storeFailed: () => storeErrors.add(1),
  }
}

/** What a rate limit has decided since the start. */
export interface RateLimitTotals {
  readonly allowed: number
  readonly limited: number
}

/** That of a rate limit, by its id, in all threads. */
export function rateLimitTotals(metrics: MetricRegistry, limit: string): RateLimitTotals {
  return {
    allowed: metrics.total(REQUESTS, { limit, decision: 'allowed' }),
    limited: metrics.total(REQUESTS, { limit, decision: 'limited' }),
  }
}
