import type { Counter, Gauge, MetricLayout, PoolStats } from '@headgate/core'
import * as catalogue from './metric-catalogue.ts'

/** What is shown of a pool's statistics. */
type Shown = 'active' | 'idle' | 'pending' | 'opened' | 'failed' | 'reused'

const NOTHING: Readonly<Record<Shown, number>> = {
  active: 0,
  idle: 0,
  pending: 0,
  opened: 0,
  failed: 0,
  reused: 0,
}

/** The series of one upstream and endpoint. */
export type EndpointSeries = Readonly<Record<Shown, Counter | Gauge>>

export function defineEndpointSeries(
  layout: MetricLayout,
  upstream: string,
  endpoint: string,
): EndpointSeries {
  const labels = { upstream, endpoint }
  return {
    active: layout.gauge(catalogue.UPSTREAM_ACTIVE, labels),
    idle: layout.gauge(catalogue.UPSTREAM_IDLE, labels),
    pending: layout.gauge(catalogue.UPSTREAM_PENDING, labels),
    opened: layout.counter(catalogue.UPSTREAM_OPENED, labels),
    failed: layout.counter(catalogue.UPSTREAM_FAILED, labels),
    reused: layout.counter(catalogue.UPSTREAM_REUSED, labels),
  }
}

/** Brings what a pool counts for itself into the metrics, from time to time, so that the hot path counts once. */
export class EndpointMetrics {
  private readonly series: EndpointSeries
  private last: Readonly<Record<Shown, number>> = NOTHING

  constructor(series: EndpointSeries) {
    this.series = series
  }

  /** By difference: several pools may share a series, and a pool starts from 0 where its crashed forerunner did not. */
  record(stats: PoolStats): void {
    for (const name of Object.keys(NOTHING) as Shown[]) this.series[name].add(stats[name] - this.last[name])
    this.last = stats
  }
}

/** What an endpoint is called in logs and metrics: `host:port`, or `unix:/path`. */
export function endpointName(url: string): string {
  const [, scheme, authority] = /^(https?):\/\/(.*)$/.exec(url) ?? []
  if (authority === undefined) return url.replace(/^https\+/, '')
  return /:\d+$/.test(authority) ? authority : `${authority}:${scheme === 'https' ? 443 : 80}`
}
