import type {
  CircuitListener,
  Circuits,
  CircuitState,
  Counter,
  Gauge,
  Labels,
  Limiter,
  MetricLayout,
} from '@headgate/core'
import type { GatewayConfig } from '../config/schema/schema.ts'
import { resolveUpstreams } from '../config/resolve/upstreams.ts'
import { endpointName } from '../settings/values/upstream-url.ts'
import * as catalogue from '../metric-catalogue.ts'

interface CircuitSeries {
  readonly open: Gauge
  readonly transitions: Readonly<Record<CircuitState, Counter>>
}

interface LimiterSeries {
  readonly active: Gauge
  readonly queued: Gauge
  readonly limit: Gauge
}

interface RouteSeries {
  readonly hedges: Counter
  readonly fallbacks: Counter
}

/** What is in force of them: the circuits of upstreams and of their endpoints, by upstream, and limiters, by name. */
export interface GuardsInForce {
  readonly circuits: ReadonlyMap<string, Circuits>
  readonly endpointCircuits: ReadonlyMap<string, Circuits>
  readonly limiters: ReadonlyMap<string, Limiter>
}

/** A circuit that is open, or was opened by hand. */
export interface OpenCircuit {
  readonly upstream: string
  readonly endpoint?: string
  /** In how many workers. */
  readonly workers: number
}

/** What is counted of breakers, concurrency limits, hedges and fallbacks: series are there for those that are configured. */
export class ResilienceMetrics {
  private readonly circuits = new Map<string, CircuitSeries>()
  /** By upstream, and by endpoint. */
  private readonly endpointCircuits = new Map<string, Map<string, CircuitSeries>>()
  private readonly limiters = new Map<string, LimiterSeries>()
  private readonly routes = new Map<string, RouteSeries>()
  private shown: GuardsInForce = { circuits: new Map(), endpointCircuits: new Map(), limiters: new Map() }

  /** Adds what a configuration needs and is not there yet. */
  define(layout: MetricLayout, config: GatewayConfig): void {
    for (const [upstream, { breaker, concurrency, endpoints }] of resolveUpstreams(config)) {
      if (breaker !== undefined && breaker.per !== 'endpoint' && !this.circuits.has(upstream))
        this.circuits.set(upstream, defineCircuit(layout, WHOLE, { upstream }))
      if (breaker !== undefined && breaker.per !== 'upstream')
        this.defineEndpointCircuits(layout, upstream, endpoints)
      if (concurrency !== undefined) this.defineLimiter(layout, upstreamLimiter(upstream))
    }
    for (const { name: route, hedge, fallback, concurrency } of config.routes) {
      if (concurrency !== undefined) this.defineLimiter(layout, routeLimiter(route))
      if ((hedge === undefined && fallback === undefined) || this.routes.has(route)) continue
      this.routes.set(route, {
        hedges: layout.counter(catalogue.HEDGES, { route }),
        fallbacks: layout.counter(catalogue.FALLBACKS, { route }),
      })
    }
  }

  /** Adds the series of endpoints that came while the gateway runs, as `UpstreamMetrics.defineLater` does, up to a number. */
  defineLater(layout: MetricLayout, upstream: string, names: readonly string[], isOwner: boolean): void {
    const series = this.endpointCircuits.get(upstream)
    for (const endpoint of names) {
      if (series === undefined || series.has(endpoint) || series.size >= MOST_ENDPOINTS) continue
      const labels = { upstream, endpoint }
      if (isOwner || layout.hasRoomFor(catalogue.ENDPOINT_BREAKER_OPEN, labels))
        series.set(endpoint, defineCircuit(layout, OF_ENDPOINT, labels))
    }
  }

  /** What to call when the circuit of an upstream changes its state. */
  onCircuit(upstream: string): (from: CircuitState, to: CircuitState) => void {
    const series = this.circuits.get(upstream)
    return (from, to) => {
      series?.transitions[to].add(1)
      series?.open.add(Number(isOpen(to)) - Number(isOpen(from)))
    }
  }

  /** What to call when the circuit of one of the upstream's endpoints changes its state. */
  onEndpointCircuit(upstream: string): CircuitListener {
    const series = this.endpointCircuits.get(upstream)
    return (endpoint, _from, to) => series?.get(endpoint)?.transitions[to].add(1)
  }

  onHedge(route: string): () => void {
    return () => this.routes.get(route)?.hedges.add(1)
  }

  onFallback(route: string): () => void {
    return () => this.routes.get(route)?.fallbacks.add(1)
  }

  /** Has these shown from now on, in place of those before. */
  show(guards: GuardsInForce): void {
    this.shown = guards
  }

  /** Limiters that are shown, by their names. */
  get currentLimiters(): ReadonlyMap<string, Limiter> {
    return this.shown.limiters
  }

  /** Brings what circuits and limiters know of themselves into the metrics, now and then. What is gone shows 0. */
  sample(): void {
    const { circuits, endpointCircuits, limiters } = this.shown
    for (const [upstream, { open }] of this.circuits)
      open.set(Number(isOpen(circuits.get(upstream)?.for(upstream).state ?? 'closed')))
    for (const [upstream, series] of this.endpointCircuits) {
      const states = endpointCircuits.get(upstream)?.states()
      for (const [endpoint, { open }] of series) open.set(Number(isOpen(states?.get(endpoint) ?? 'closed')))
    }
    for (const [name, series] of this.limiters) {
      const limiter = limiters.get(name)
      series.active.set(limiter?.inflight ?? 0)
      series.queued.set(limiter?.queued ?? 0)
      series.limit.set(Math.floor(limiter?.limit.limit ?? 0))
    }
  }

  private defineEndpointCircuits(
    layout: MetricLayout,
    upstream: string,
    endpoints: readonly { readonly url?: string | undefined }[],
  ): void {
    const series = this.endpointCircuits.get(upstream) ?? new Map<string, CircuitSeries>()
    this.endpointCircuits.set(upstream, series)
    for (const { url } of endpoints) {
      // Those that are found out later are not known by name yet.
      if (url === undefined) continue
      const endpoint = endpointName(url)
      if (!series.has(endpoint))
        series.set(endpoint, defineCircuit(layout, OF_ENDPOINT, { upstream, endpoint }))
    }
  }

  private defineLimiter(layout: MetricLayout, limiter: string): void {
    if (this.limiters.has(limiter)) return
    this.limiters.set(limiter, {
      active: layout.gauge(catalogue.CONCURRENCY_ACTIVE, { limiter }),
      queued: layout.gauge(catalogue.CONCURRENCY_QUEUED, { limiter }),
      limit: layout.gauge(catalogue.CONCURRENCY_LIMIT, { limiter }),
    })
  }
}

/** What the limiter of an upstream is called. */
export function upstreamLimiter(upstream: string): string {
  return `upstream ${upstream}`
}

/** What the limiter of a route is called. */
export function routeLimiter(route: string): string {
  return `route ${route}`
}

/** Of an upstream: no series ever goes. */
const MOST_ENDPOINTS = 500

const WHOLE = { open: catalogue.BREAKER_OPEN, transitions: catalogue.BREAKER_TRANSITIONS }
const OF_ENDPOINT = {
  open: catalogue.ENDPOINT_BREAKER_OPEN,
  transitions: catalogue.ENDPOINT_BREAKER_TRANSITIONS,
}

function defineCircuit(layout: MetricLayout, family: typeof WHOLE, labels: Labels): CircuitSeries {
  const to = (state: CircuitState): Counter => layout.counter(family.transitions, { ...labels, to: state })
  return {
    open: layout.gauge(family.open, labels),
    transitions: {
      closed: to('closed'),
      open: to('open'),
      'half-open': to('half-open'),
      'forced-open': to('forced-open'),
    },
  }
}

function isOpen(state: CircuitState): boolean {
  return state === 'open' || state === 'forced-open'
}
