import type { EndpointStats, Gauge, MetricLayout } from '@headgate/core'
import type { GatewayConfig } from '../config/schema/schema.ts'
import { resolveUpstreams } from '../config/resolve/upstreams.ts'
import * as catalogue from '../metric-catalogue.ts'

interface Placed {
  readonly priority: number
  readonly zone?: string | undefined
}

/** Which part of the exchanges each level of endpoints gets: series are there for upstreams with priorities or zones. */
export class LevelMetrics {
  private readonly upstreams = new Map<string, Map<string, Gauge>>()
  /** Where the gateway is, for each upstream. */
  private readonly zones = new Map<string, string | undefined>()

  /** Adds what a configuration needs and is not there yet. */
  define(layout: MetricLayout, config: GatewayConfig): void {
    for (const [upstream, settings] of resolveUpstreams(config)) {
      const zone = settings.zone ?? config.zone
      this.zones.set(upstream, zone)
      const levels = new Map(settings.endpoints.map((endpoint) => [levelKey(endpoint, zone), endpoint]))
      if (levels.size < 2) continue
      const known = this.upstreams.get(upstream) ?? new Map<string, Gauge>()
      this.upstreams.set(upstream, known)
      for (const [key, endpoint] of levels) {
        if (known.has(key)) continue
        const labels = { upstream, priority: String(endpoint.priority), zone: side(endpoint, zone) }
        known.set(key, layout.gauge(catalogue.UPSTREAM_LEVEL_SHARE, labels))
      }
    }
  }

  /** Takes over how an upstream is at this moment. */
  record(upstream: string, stats: readonly EndpointStats[]): void {
    const series = this.upstreams.get(upstream)
    if (series === undefined) return
    const zone = this.zones.get(upstream)
    for (const [key, gauge] of series) {
      const shares = stats.flatMap((each) => (levelKey(each, zone) === key ? each.levelShare : []))
      gauge.set(Math.max(0, ...shares))
    }
  }
}

function levelKey(endpoint: Placed, zone: string | undefined): string {
  return `${endpoint.priority} ${side(endpoint, zone)}`
}

/** `local`, `other`, or `any` where zones do not matter. */
function side(endpoint: Placed, zone: string | undefined): string {
  if (zone === undefined) return 'any'
  return endpoint.zone === zone ? 'local' : 'other'
}
