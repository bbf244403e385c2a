import type { Counter, EndpointStats, Gauge, MetricRegistry } from '@headgate/core'
import { metric } from '../metrics/metric.ts'
import { listedName } from '../discovery/listed-endpoint.ts'
import type { CompiledUpstreams } from './upstreams.ts'
import { endpointCircuitMetrics } from '../features/breaker.ts'

const labels = ['upstream', 'endpoint'] as const

/** What is shown of an endpoint's statistics. */
const SHOWN = {
  active: metric({
    kind: 'gauge',
    name: 'headgate_upstream_connections_active',
    labels,
    help: 'Connections to the endpoint that serve an exchange.',
  }),
  idle: metric({
    kind: 'gauge',
    name: 'headgate_upstream_connections_idle',
    labels,
    help: 'Connections to the endpoint that wait for an exchange.',
  }),
  pending: metric({
    kind: 'gauge',
    name: 'headgate_upstream_connections_pending',
    labels,
    help: 'Exchanges that wait for a connection to the endpoint.',
  }),
  exchanges: metric({
    kind: 'gauge',
    name: 'headgate_upstream_exchanges_active',
    labels,
    help: 'Exchanges under way to the endpoint: over HTTP/2 a connection may serve several.',
  }),
  opened: metric({
    kind: 'counter',
    name: 'headgate_upstream_connections_opened_total',
    labels,
    help: 'Connections opened to the endpoint.',
  }),
  openedHttp2: metric({
    kind: 'counter',
    name: 'headgate_upstream_connections_http2_opened_total',
    labels,
    help: 'Connections opened to the endpoint that speak HTTP/2.',
    sparse: true,
  }),
  failed: metric({
    kind: 'counter',
    name: 'headgate_upstream_connections_failed_total',
    labels,
    help: 'Connections to the endpoint that could not be opened.',
  }),
  reused: metric({
    kind: 'counter',
    name: 'headgate_upstream_connections_reused_total',
    labels,
    help: 'Exchanges that were sent on a connection which had served another before.',
  }),
  available: metric({
    kind: 'gauge',
    name: 'headgate_upstream_endpoint_available',
    labels,
    help: 'Workers that send exchanges to the endpoint, or would if those that come before it were gone: none where it is marked down, draining or unhealthy, fewer where some have ejected it.',
  }),
  panics: metric({
    kind: 'counter',
    name: 'headgate_upstream_panics_total',
    labels,
    help: 'Exchanges that the endpoint got because so few endpoints were usable that all were used.',
  }),
  spills: metric({
    kind: 'counter',
    name: 'headgate_upstream_spills_total',
    labels,
    help: 'Exchanges that the endpoint got because those that come before it by priority or zone were short of usable endpoints.',
    sparse: true,
  }),
  ejections: metric({
    kind: 'counter',
    name: 'headgate_upstream_ejections_total',
    labels,
    help: 'How often a worker left the endpoint alone because it failed.',
  }),
  checksPassed: metric({
    kind: 'counter',
    name: 'headgate_upstream_health_checks_passed_total',
    labels,
    help: 'Active checks that found the endpoint well.',
  }),
  checksFailed: metric({
    kind: 'counter',
    name: 'headgate_upstream_health_checks_failed_total',
    labels,
    help: 'Active checks that did not.',
  }),
}

type Shown = keyof typeof SHOWN

/** What ends with an endpoint; the others count. */
const OF_THE_MOMENT = [
  'active',
  'idle',
  'pending',
  'exchanges',
  'available',
] as const satisfies readonly Shown[]

/** How many endpoints of an upstream have series of their own, and what those are called that were found beyond. */
const MOST_SERIES = 500
const OTHERS = '(others)'

/** The series of one upstream and endpoint. */
type EndpointSeries = ReadonlyMap<Shown, Counter | Gauge>

/** Brings what pools count for themselves into the metrics, from time to time, so that the hot path counts once. */
export class EndpointMetrics {
  private readonly metrics: MetricRegistry
  /** By upstream and endpoint: endpoints of the same name, as http and https on one port, share their series. */
  private readonly series = new Map<string, Map<string, EndpointSeries>>()
  /** What each upstream has brought in already, by the ids of its endpoints. */
  private readonly recorded = new WeakMap<object, ReadonlyMap<number, EndpointStats>>()

  constructor(metrics: MetricRegistry) {
    this.metrics = metrics
  }

  /**
   * Makes place for the endpoints of upstreams: for all that are configured, and up to a number for those that came while the
   * gateway runs, since no series ever goes; from then on they are counted together. For the thread that places series.
   */
  layOut(upstreams: CompiledUpstreams): void {
    if (!this.metrics.places) return
    for (const [name, { listed, upstream, guard }] of upstreams) {
      const configured = listed.filter(({ source }) => source === 'configured')
      for (const each of configured) this.place(name, listedName(each), guard.endpointCircuits !== undefined)
      for (const endpoint of [...listed.map(listedName), ...upstream.endpoints.map((each) => each.name)]) {
        const hasRoom = (this.series.get(name)?.size ?? 0) < MOST_SERIES
        const isKnown = this.series.get(name)?.has(endpoint) === true
        this.place(name, hasRoom || isKnown ? endpoint : OTHERS, guard.endpointCircuits !== undefined)
      }
    }
  }

  /**
   * Takes over how an upstream is. By difference: several pools may share a series, and a pool starts from 0 where its
   * forerunner did not.
   * @param owner the upstream: after a reload, another one of the same name may count from 0
   */
  record(upstream: string, stats: readonly EndpointStats[], owner: object): void {
    const last = this.recorded.get(owner)
    const recorded = new Map<number, EndpointStats>()
    for (const each of stats) {
      recorded.set(each.id, each)
      const before = last?.get(each.id)
      for (const [name, instrument] of this.seriesOf(upstream, each.endpoint) ?? [])
        instrument.add(each[name] - (before?.[name] ?? 0))
    }
    for (const [id, gone] of last ?? []) {
      if (recorded.has(id)) continue
      const series = this.seriesOf(upstream, gone.endpoint)
      for (const name of OF_THE_MOMENT) series?.get(name)?.add(-gone[name])
    }
    this.recorded.set(owner, recorded)
  }

  /** The same in the thread that makes the checks of an upstream but sends no exchanges. */
  recordChecks(upstream: string, stats: readonly EndpointStats[], owner: object): void {
    const without = stats.map((each) => ({ ...each, available: 0 }))
    this.record(upstream, without, owner)
  }

  private place(upstream: string, endpoint: string, hasCircuit: boolean): void {
    const known = this.series.get(upstream) ?? new Map<string, EndpointSeries>()
    this.series.set(upstream, known)
    if (!known.has(endpoint)) known.set(endpoint, seriesOf(this.metrics, { upstream, endpoint }))
    if (hasCircuit && endpoint !== OTHERS) endpointCircuitMetrics(this.metrics, { upstream, endpoint })
  }

  /** Undefined where there is no place for it. */
  private seriesOf(upstream: string, endpoint: string): EndpointSeries | undefined {
    const known = this.series.get(upstream) ?? new Map<string, EndpointSeries>()
    this.series.set(upstream, known)
    for (const each of [endpoint, OTHERS]) {
      const series = known.get(each)
      if (series !== undefined) return series
      if (this.metrics.find(SHOWN.active, { upstream, endpoint: each }) === undefined) continue
      const found = seriesOf(this.metrics, { upstream, endpoint: each })
      known.set(each, found)
      return found
    }
    return undefined
  }
}

function seriesOf(
  metrics: MetricRegistry,
  its: { readonly upstream: string; readonly endpoint: string },
): EndpointSeries {
  const names = Object.keys(SHOWN) as Shown[]
  return new Map(
    names.map((name) => [name, metrics.get<'counter' | 'gauge', 'upstream' | 'endpoint'>(SHOWN[name], its)]),
  )
}
