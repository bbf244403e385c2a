import type { Counter, Gauge, MetricLayout } from '@headgate/core'
import type { GatewayConfig } from '../config/schema/schema.ts'
import { resolveUpstreams } from '../config/resolve/upstreams.ts'
import * as catalogue from '../metric-catalogue.ts'
import { sourceName } from './source-setting.ts'

interface SourceSeries {
  readonly endpoints: Gauge
  readonly failures: Counter
  readonly lastSuccess: Gauge
}

interface ListSeries {
  readonly added: Counter
  readonly removed: Counter
}

/** What is counted of endpoints that come and go: in the thread that looks for them, for all. */
export class DiscoveryMetrics {
  private readonly sources = new Map<string, SourceSeries>()
  private readonly lists = new Map<string, ListSeries>()

  /** Adds what a configuration needs and is not there yet. */
  define(layout: MetricLayout, config: GatewayConfig): void {
    for (const upstream of Object.keys(config.upstreams)) {
      if (this.lists.has(upstream)) continue
      this.lists.set(upstream, {
        added: layout.counter(catalogue.ENDPOINTS_ADDED, { upstream }),
        removed: layout.counter(catalogue.ENDPOINTS_REMOVED, { upstream }),
      })
    }
    for (const { endpoints } of resolveUpstreams(config).values()) {
      for (const endpoint of endpoints) {
        const source = sourceName(endpoint)
        if (source === undefined || this.sources.has(source)) continue
        this.sources.set(source, {
          endpoints: layout.gauge(catalogue.DISCOVERY_ENDPOINTS, { source }),
          failures: layout.counter(catalogue.DISCOVERY_FAILURES, { source }),
          lastSuccess: layout.gauge(catalogue.DISCOVERY_LAST_SUCCESS, { source }),
        })
      }
    }
  }

  /** @param time of the clock on the wall, in milliseconds */
  found(source: string, endpoints: number, time: number): void {
    const series = this.sources.get(source)
    series?.endpoints.set(endpoints)
    series?.lastSuccess.set(Math.round(time / 1_000))
  }

  failed(source: string): void {
    this.sources.get(source)?.failures.add(1)
  }

  /** The source is not watched any more. */
  ended(source: string): void {
    this.sources.get(source)?.endpoints.set(0)
  }

  /** The endpoints of an upstream have changed while it serves. */
  changed(upstream: string, added: number, removed: number): void {
    this.lists.get(upstream)?.added.add(added)
    this.lists.get(upstream)?.removed.add(removed)
  }
}
