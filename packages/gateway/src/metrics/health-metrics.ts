import type { Gauge, MetricLayout } from '@headgate/core'
import type { GatewayConfig } from '../config/schema/schema.ts'
import { resolveUpstreams } from '../config/resolve/upstreams.ts'
import * as catalogue from '../metric-catalogue.ts'

/** Whether somebody has paused health checks: for alerts, since a pause that is forgotten shows nowhere else. */
export class HealthMetrics {
  private readonly paused = new Map<string, Gauge>()

  /** Adds what a configuration needs and is not there yet. */
  define(layout: MetricLayout, config: GatewayConfig): void {
    for (const [upstream, { health }] of resolveUpstreams(config)) {
      if (!health || this.paused.has(upstream)) continue
      this.paused.set(upstream, layout.gauge(catalogue.UPSTREAM_CHECKS_PAUSED, { upstream }))
    }
  }

  /** For the thread that checks for all. */
  record(isPaused: (upstream: string) => boolean): void {
    for (const [upstream, gauge] of this.paused) gauge.set(Number(isPaused(upstream)))
  }
}
