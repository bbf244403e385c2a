import type { Counter, EndpointStats, Gauge, MetricLayout } from '@headgate/core'
import * as catalogue from './metric-catalogue.ts'

/** What is shown of an endpoint's statistics. */
type Shown =
  | 'active'
  | 'idle'
  | 'pending'
  | 'opened'
  | 'failed'
  | 'reused'
  | 'available'
  | 'panics'
  | 'ejections'
  | 'checksPassed'
  | 'checksFailed'

const NOTHING: Readonly<Record<Shown, number>> = {
  active: 0,
  idle: 0,
  pending: 0,
  opened: 0,
  failed: 0,
  reused: 0,
  available: 0,
  panics: 0,
  ejections: 0,
  checksPassed: 0,
  checksFailed: 0,
}

/** The series of one upstream and endpoint. */
type EndpointSeries = Readonly<Record<Shown, Counter | Gauge>>

function defineEndpointSeries(layout: MetricLayout, upstream: string, endpoint: string): EndpointSeries {
  const labels = { upstream, endpoint }
  return {
    active: layout.gauge(catalogue.UPSTREAM_ACTIVE, labels),
    idle: layout.gauge(catalogue.UPSTREAM_IDLE, labels),
    pending: layout.gauge(catalogue.UPSTREAM_PENDING, labels),
    opened: layout.counter(catalogue.UPSTREAM_OPENED, labels),
    failed: layout.counter(catalogue.UPSTREAM_FAILED, labels),
    reused: layout.counter(catalogue.UPSTREAM_REUSED, labels),
    available: layout.gauge(catalogue.UPSTREAM_AVAILABLE, labels),
    panics: layout.counter(catalogue.UPSTREAM_PANICS, labels),
    ejections: layout.counter(catalogue.UPSTREAM_EJECTIONS, labels),
    checksPassed: layout.counter(catalogue.UPSTREAM_CHECKS_PASSED, labels),
    checksFailed: layout.counter(catalogue.UPSTREAM_CHECKS_FAILED, labels),
  }
}

/** Brings what pools count for themselves into the metrics, from time to time, so that the hot path counts once. */
export class UpstreamMetrics {
  /** By upstream and endpoint: endpoints of the same name, as http and https on one port, share their series. */
  private readonly series = new Map<string, Map<string, EndpointSeries>>()
  /** What each upstream has brought in already, endpoint by endpoint. */
  private readonly recorded = new WeakMap<object, Map<string, readonly EndpointStats[]>>()

  /** Adds the series of these endpoints that are not there yet. */
  define(layout: MetricLayout, upstream: string, endpoints: readonly { readonly url: string }[]): void {
    const series = this.series.get(upstream) ?? new Map<string, EndpointSeries>()
    this.series.set(upstream, series)
    for (const { url } of endpoints) {
      const name = endpointName(url)
      if (!series.has(name)) series.set(name, defineEndpointSeries(layout, upstream, name))
    }
  }

  /** By difference: several pools may share a series, and a pool starts from 0 where its forerunner did not. */
  record(upstream: string, stats: readonly EndpointStats[], owner: object): void {
    const series = this.series.get(upstream)
    if (series === undefined)
      throw new TypeError(`there are no metrics of upstream ${JSON.stringify(upstream)}`)
    const byName = this.recorded.get(owner) ?? new Map<string, readonly EndpointStats[]>()
    this.recorded.set(owner, byName)
    const last = byName.get(upstream) ?? []
    for (const [index, each] of stats.entries()) {
      const shown = series.get(each.endpoint)
      if (shown === undefined) continue
      for (const name of Object.keys(NOTHING) as Shown[]) {
        shown[name].add(each[name] - (last[index] ?? NOTHING)[name])
      }
    }
    byName.set(upstream, stats)
  }
}

/** What an endpoint is called in logs and metrics: `host:port`, or `unix:/path`. */
export function endpointName(url: string): string {
  const [, scheme, authority] = /^(https?):\/\/(.*)$/.exec(url) ?? []
  if (authority === undefined) return url.replace(/^https\+/, '')
  return /:\d+$/.test(authority) ? authority : `${authority}:${scheme === 'https' ? 443 : 80}`
}
