import type { Counter, EndpointStats, Gauge, MetricLayout } from '@headgate/core'
import { endpointName } from '../settings/values/upstream-url.ts'
import * as catalogue from '../metric-catalogue.ts'

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
  | 'spills'
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
  spills: 0,
  ejections: 0,
  checksPassed: 0,
  checksFailed: 0,
}

/** What ends with an endpoint; the others count. */
const OF_THE_MOMENT = ['active', 'idle', 'pending', 'available'] as const

/** How many endpoints of an upstream have series of their own, and what the others are called. */
const MOST_SERIES = 500
const OTHERS = '(others)'

/** What was brought in last, by the ids of endpoints. */
type Recorded = ReadonlyMap<number, EndpointStats>

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
    spills: layout.counter(catalogue.UPSTREAM_SPILLS, labels),
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
  private readonly recorded = new WeakMap<object, Map<string, Recorded>>()

  /** Adds the series of these endpoints that are not there yet; of those that are found later, none. */
  define(
    layout: MetricLayout,
    upstream: string,
    endpoints: readonly { readonly url?: string | undefined }[],
  ): void {
    const series = this.seriesOf(upstream)
    for (const { url } of endpoints) {
      const name = url === undefined ? undefined : endpointName(url)
      if (name !== undefined && !series.has(name))
        series.set(name, defineEndpointSeries(layout, upstream, name))
    }
  }

  /**
   * Adds the series of endpoints that came while the gateway runs, up to a number: no series ever goes. From then on they are
   * counted together.
   * @param isOwner whether the layout may grow; else only what there is room for is added
   */
  defineLater(layout: MetricLayout, upstream: string, names: readonly string[], isOwner: boolean): void {
    const series = this.seriesOf(upstream)
    for (const each of names) {
      if (series.has(each)) continue
      const name = isOwner && series.size >= MOST_SERIES ? OTHERS : each
      for (const wanted of new Set([name, ...(isOwner ? [] : [OTHERS])])) {
        const hasRoom =
          isOwner || layout.hasRoomFor(catalogue.UPSTREAM_ACTIVE, { upstream, endpoint: wanted })
        if (hasRoom && !series.has(wanted)) series.set(wanted, defineEndpointSeries(layout, upstream, wanted))
      }
    }
  }

  /** By difference: several pools may share a series, and a pool starts from 0 where its forerunner did not. */
  record(upstream: string, stats: readonly EndpointStats[], owner: object): void {
    const series = this.series.get(upstream)
    if (series === undefined)
      throw new TypeError(`there are no metrics of upstream ${JSON.stringify(upstream)}`)
    const byName = this.recorded.get(owner) ?? new Map<string, Recorded>()
    this.recorded.set(owner, byName)
    const last = byName.get(upstream) ?? new Map<number, EndpointStats>()
    const recorded = new Map<number, EndpointStats>()
    for (const each of stats) {
      recorded.set(each.id, each)
      const shown = series.get(each.endpoint) ?? series.get(OTHERS)
      for (const name of Object.keys(NOTHING) as Shown[]) {
        shown?.[name].add(each[name] - (last.get(each.id) ?? NOTHING)[name])
      }
    }
    for (const [id, gone] of last) {
      if (recorded.has(id)) continue
      const shown = series.get(gone.endpoint) ?? series.get(OTHERS)
      for (const name of OF_THE_MOMENT) shown?.[name].add(-gone[name])
    }
    byName.set(upstream, recorded)
  }

  private seriesOf(upstream: string): Map<string, EndpointSeries> {
    const series = this.series.get(upstream) ?? new Map<string, EndpointSeries>()
    this.series.set(upstream, series)
    return series
  }
}
