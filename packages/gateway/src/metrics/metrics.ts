import {
  type Clock,
  type Counter,
  ERROR_FACTS,
  type EndpointStats,
  type ErrorCode,
  type Gauge,
  type Histogram,
  MetricLayout,
  renderExposition,
  type RouteMetrics,
  type TrafficError,
} from '@headgate/core'
import type { GatewayConfig } from '../config/schema/schema.ts'
import { resolveRateLimits } from '../config/resolve/rate-limits.ts'
import { resolveUpstreams } from '../config/resolve/upstreams.ts'
import { DiscoveryMetrics } from '../discovery/metrics.ts'
import { UpstreamMetrics } from './endpoint-metrics.ts'
import { LevelMetrics } from '../resilience/level-metrics.ts'
import { type OpenCircuit, ResilienceMetrics } from '../resilience/metrics.ts'
import { TrafficMetrics } from '../routing/traffic/traffic-metrics.ts'
import { HealthMetrics } from './health-metrics.ts'
import { ReloadMetrics } from './reload-metrics.ts'
import * as catalogue from '../metric-catalogue.ts'
import { GeoMetrics } from '../routing/geo/geo-metrics.ts'
import { GraphqlMetrics } from '../routing/graphql/metrics.ts'
import type { RateLimitTotals } from './rate-limit-totals.ts'

/** The name under which exchanges that no route takes are counted and logged. */
export const NO_ROUTE = '(none)'

/** How a part of the layout is told to another thread. */
export type MetricSegment = ReturnType<MetricLayout['describe']>

/**
 * All metrics of a gateway. Each thread makes its own from the same configuration and attaches it to memories of its own;
 * any of them can then show the sum of all memories. A reload adds what is new, and what is gone stays: no count is lost,
 * and none ever goes backwards.
 */
export class GatewayMetrics {
  /** Worker threads that serve: for the supervisor. */
  readonly workers: Gauge
  /** For the supervisor. */
  readonly workerCrashes: Counter
  /** For the supervisor. */
  readonly reloads: ReloadMetrics
  readonly accessLogDropped: Counter
  readonly eventLoopDelay: Histogram
  readonly resilience: ResilienceMetrics = new ResilienceMetrics()
  readonly health: HealthMetrics = new HealthMetrics()
  readonly discovery: DiscoveryMetrics = new DiscoveryMetrics()
  readonly geo: GeoMetrics = new GeoMetrics()
  readonly graphql: GraphqlMetrics = new GraphqlMetrics()
  readonly traffic: TrafficMetrics = new TrafficMetrics()
  private readonly layout = new MetricLayout()
  private readonly routes = new Map<string, RouteMetrics>()
  private readonly retries = new Map<string, Counter>()
  private readonly rateLimits = new Map<
    string,
    { readonly allowed: Counter; readonly limited: Counter; readonly storeErrors: Counter }
  >()
  private readonly errors: Readonly<Record<ErrorCode, Counter>>
  private readonly endpoints = new UpstreamMetrics()
  private readonly levels = new LevelMetrics()
  private readonly connections: { readonly active: Gauge; readonly total: Counter }
  private readonly process: {
    readonly startTime: Gauge
    readonly residentMemory: Gauge
    readonly cpu: Counter
  }
  /** Seconds since 1970, as it was when it was first asked for. */
  private startTime: number | undefined

  /** @param segments as they were laid out in the thread that started first; none there */
  constructor(config: GatewayConfig, segments: readonly MetricSegment[] = []) {
    const { layout } = this
    for (const segment of segments) layout.adopt(segment)
    this.workers = layout.gauge(catalogue.WORKERS)
    this.workerCrashes = layout.counter(catalogue.WORKER_CRASHES)
    this.reloads = new ReloadMetrics(layout)
    this.accessLogDropped = layout.counter(catalogue.ACCESS_LOG_DROPPED)
    this.eventLoopDelay = layout.histogram(catalogue.EVENT_LOOP_DELAY)
    this.process = {
      startTime: layout.gauge(catalogue.PROCESS_START_TIME),
      residentMemory: layout.gauge(catalogue.PROCESS_RESIDENT_MEMORY),
      cpu: layout.counter(catalogue.PROCESS_CPU),
    }
    this.connections = {
      active: layout.gauge(catalogue.DOWNSTREAM_ACTIVE),
      total: layout.counter(catalogue.DOWNSTREAM_TOTAL),
    }
    this.errors = defineErrors(layout)
    this.grow(config)
  }

  /** Adds what a further configuration needs and is not there yet. To be called before a snapshot of it is compiled. */
  grow(config: GatewayConfig): void {
    const { layout } = this
    for (const { name: route } of [...config.routes, { name: NO_ROUTE }]) {
      if (this.routes.has(route)) continue
      this.routes.set(route, defineRoute(layout, route, this.errors))
      this.retries.set(route, layout.counter(catalogue.RETRIES, { route }))
    }
    this.resilience.define(layout, config)
    this.levels.define(layout, config)
    this.discovery.define(layout, config)
    this.geo.define(layout, config)
    this.graphql.define(layout, config, NO_ROUTE)
    this.traffic.define(layout, config)
    for (const limit of resolveRateLimits(config).keys()) {
      if (this.rateLimits.has(limit)) continue
      const counter = (decision: string): Counter => layout.counter(catalogue.RATE_LIMIT, { limit, decision })
      const storeErrors = layout.counter(catalogue.RATE_LIMIT_STORE_ERRORS, { limit })
      this.rateLimits.set(limit, { allowed: counter('allowed'), limited: counter('limited'), storeErrors })
    }
    this.health.define(layout, config)
    for (const [name, { endpoints }] of resolveUpstreams(config)) {
      this.endpoints.define(layout, name, endpoints)
    }
  }

  /**
   * Makes place for endpoints that upstreams have by now.
   * @param isOwner whether this is the thread that lays out the metrics; the others find what that has laid out
   */
  defineEndpoints(
    names: Iterable<readonly [upstream: string, endpoints: readonly string[]]>,
    isOwner = false,
  ): void {
    for (const [upstream, endpoints] of names) {
      this.endpoints.defineLater(this.layout, upstream, endpoints, isOwner)
      this.resilience.defineLater(this.layout, upstream, endpoints, isOwner)
    }
  }

  /** How many parts the layout has: each thread has a memory for each. */
  get segments(): number {
    return this.layout.segments
  }

  /** For `adopt` in another thread. */
  describe(segment: number): MetricSegment {
    return this.layout.describe(segment)
  }

  /** Takes over what another thread added in its `grow`. To be called before the own one. */
  adopt(segment: MetricSegment): void {
    this.layout.adopt(segment)
  }

  /** Makes a memory for one thread to count into: for the last part of the layout, or the one that is named. */
  allocate(segment?: number): SharedArrayBuffer {
    return this.layout.allocate(segment)
  }

  /**
   * Counts into `memory` from now on; what a forerunner counted there stays.
   * @throws TypeError if it was made for another configuration
   */
  attach(memory: SharedArrayBuffer): void {
    this.layout.attach(memory)
  }

  /** For the supervisor: the thread that counted into `memory` is gone, and what it measured with it. */
  abandoned(memory: SharedArrayBuffer): void {
    this.layout.resetGauges(memory)
  }

  /** The sum of the memories, in the format that Prometheus reads; see `EXPOSITION_TYPE`. */
  render(memories: readonly SharedArrayBuffer[]): string {
    return renderExposition(this.layout, memories)
  }

  /** @throws TypeError if the configuration has no such route */
  route(name: string): RouteMetrics {
    return known(this.routes, name, 'route')
  }

  /** What to call for each retry on a route. */
  onRetry(route: string): () => void {
    const counter = known(this.retries, route, 'route')
    return () => counter.add(1)
  }

  /** What to call for each decision of a rate limit, by its id. */
  onRateLimit(id: string): (allowed: boolean) => void {
    const { allowed, limited } = known(this.rateLimits, id, 'rate limit')
    return (isAllowed) => (isAllowed ? allowed : limited).add(1)
  }

  /** What to call each time that the store of a rate limit, by its id, could not be asked. */
  onRateLimitStoreError(id: string): () => void {
    const { storeErrors } = known(this.rateLimits, id, 'rate limit')
    return () => storeErrors.add(1)
  }

  /** What each rate limit has decided, by its id, in all these memories. */
  rateLimitTotals(memories: readonly SharedArrayBuffer[]): Map<string, RateLimitTotals> {
    const totals = new Map<string, { allowed: number; limited: number }>()
    for (const { labels, total } of this.layout.totals(catalogue.RATE_LIMIT.name, memories)) {
      const { limit = '', decision } = labels
      const known = totals.get(limit) ?? { allowed: 0, limited: 0 }
      totals.set(limit, known)
      known[decision === 'allowed' ? 'allowed' : 'limited'] += total
    }
    return totals
  }

  /** Circuits that are open in some of the threads with these memories, and in how many. */
  openCircuits(memories: readonly SharedArrayBuffer[]): OpenCircuit[] {
    const names = [catalogue.BREAKER_OPEN.name, catalogue.ENDPOINT_BREAKER_OPEN.name]
    return names
      .flatMap((name) => this.layout.totals(name, memories))
      .filter(({ total }) => total > 0)
      .map(({ labels: { upstream = '', endpoint }, total }) => ({
        upstream,
        ...(endpoint !== undefined && { endpoint }),
        workers: total,
      }))
  }

  /** A connection of a client came or went. */
  readonly onConnection = (change: 1 | -1): void => {
    this.connections.active.add(change)
    if (change === 1) this.connections.total.add(1)
  }

  /** A request was refused before it was an exchange. */
  readonly onError = (error: TrafficError): void => {
    this.errors[error.code].add(1)
  }

  /**
   * Takes over what the pools of an upstream have counted; `stats` as `Upstream.stats` gives them.
   * @param owner the upstream: after a reload, another one of the same name may count from 0
   */
  recordUpstream(name: string, stats: readonly EndpointStats[], owner: object = this): void {
    this.endpoints.record(name, stats, owner)
    this.levels.record(name, stats)
  }

  /** Takes over what the checks of an upstream have counted, in the thread that makes them but sends no exchanges. */
  recordChecks(name: string, stats: readonly EndpointStats[], owner: object): void {
    this.endpoints.record(
      name,
      stats.map((each) => ({ ...each, available: 0 })),
      owner,
    )
  }

  /** Measures the process: in one thread only, before its metrics are shown. */
  sampleProcess(clock: Clock): void {
    const { user, system } = process.cpuUsage()
    this.process.cpu.setTotal((user + system) / 1e6)
    this.process.residentMemory.set(process.memoryUsage.rss())
    // Once: a clock that jumps must not look like a restart.
    this.startTime ??= Math.round(clock.wallTime() - process.uptime() * 1000) / 1000
    this.process.startTime.set(this.startTime)
  }
}

/** For a gateway without a supervisor: metrics in a memory of their own. */
export function standaloneMetrics(config: GatewayConfig): GatewayMetrics {
  const metrics = new GatewayMetrics(config)
  metrics.attach(metrics.allocate())
  return metrics
}

function defineErrors(layout: MetricLayout): Readonly<Record<ErrorCode, Counter>> {
  const codes = Object.keys(ERROR_FACTS) as ErrorCode[]
  const counters = codes.map((code) => [code, layout.counter(catalogue.ERRORS, { code })])
  return Object.fromEntries(counters) as Record<ErrorCode, Counter> // made from all codes
}

function defineRoute(
  layout: MetricLayout,
  route: string,
  errors: Readonly<Record<ErrorCode, Counter>>,
): RouteMetrics {
  const requests = (status_class: string): Counter =>
    layout.counter(catalogue.REQUESTS, { route, status_class })
  return {
    active: layout.gauge(catalogue.REQUESTS_ACTIVE, { route }),
    duration: layout.histogram(catalogue.REQUEST_DURATION, { route }),
    statusClasses: [requests('none'), ...['1xx', '2xx', '3xx', '4xx', '5xx'].map(requests)],
    requestBytes: layout.counter(catalogue.REQUEST_BYTES, { route }),
    responseBytes: layout.counter(catalogue.RESPONSE_BYTES, { route }),
    errors,
  }
}

function known<Value>(values: ReadonlyMap<string, Value>, name: string, what: string): Value {
  const value = values.get(name)
  if (value === undefined) throw new TypeError(`there are no metrics of ${what} ${JSON.stringify(name)}`)
  return value
}
