import type { CircuitState, Counter, Gauge, Limiter, MetricLayout } from '@headgate/core'
import type { GatewayConfig } from '../config/config.ts'
import { resolveUpstreams } from '../config/upstreams.ts'
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

/** What is counted of breakers, concurrency limits, hedges and fallbacks: series are there for those that are configured. */
export class ResilienceMetrics {
  private readonly circuits = new Map<string, CircuitSeries>()
  private readonly limiters = new Map<string, LimiterSeries>()
  private readonly routes = new Map<string, RouteSeries>()
  private readonly watched = new Map<string, Limiter>()

  /** Adds what a configuration needs and is not there yet. */
  define(layout: MetricLayout, config: GatewayConfig): void {
    for (const [upstream, { breaker, concurrency }] of resolveUpstreams(config)) {
      if (breaker !== undefined && !this.circuits.has(upstream))
        this.circuits.set(upstream, defineCircuit(layout, upstream))
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

  /** What to call when the circuit of an upstream changes its state. */
  onCircuit(upstream: string): (from: CircuitState, to: CircuitState) => void {
    const series = this.circuits.get(upstream)
    return (from, to) => {
      series?.transitions[to].add(1)
      series?.open.add(Number(isOpen(to)) - Number(isOpen(from)))
    }
  }

  onHedge(route: string): () => void {
    return () => this.routes.get(route)?.hedges.add(1)
  }

  onFallback(route: string): () => void {
    return () => this.routes.get(route)?.fallbacks.add(1)
  }

  /** Has a limiter shown from now on, in place of one that had the name before. */
  watch(name: string, limiter: Limiter): void {
    this.watched.set(name, limiter)
  }

  /** Brings what limiters know of themselves into the metrics, now and then. */
  sample(): void {
    for (const [name, limiter] of this.watched) {
      const series = this.limiters.get(name)
      series?.active.set(limiter.inflight)
      series?.queued.set(limiter.queued)
      series?.limit.set(Math.floor(limiter.limit.limit))
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

function defineCircuit(layout: MetricLayout, upstream: string): CircuitSeries {
  const to = (state: CircuitState): Counter =>
    layout.counter(catalogue.BREAKER_TRANSITIONS, { upstream, to: state })
  return {
    open: layout.gauge(catalogue.BREAKER_OPEN, { upstream }),
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
