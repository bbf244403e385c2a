import type { Counter, Gauge, MetricLayout } from '@headgate/core'
import type { GatewayConfig } from '../../config/schema/schema.ts'
import * as catalogue from '../../metric-catalogue.ts'
import type { GeoOutcome } from './geo.ts'
import type { GeoFile } from './geo-files.ts'

/** What is counted of databases of addresses: series are there once a configuration has one. */
export class GeoMetrics {
  private readonly built = new Map<string, Gauge>()
  private lookups: Readonly<Record<GeoOutcome, Counter>> | undefined
  private reloads: { readonly applied: Counter; readonly refused: Counter } | undefined

  /** Adds what a configuration needs and is not there yet. */
  define(layout: MetricLayout, { geo }: GatewayConfig): void {
    if (geo === undefined) return
    const lookup = (result: GeoOutcome): Counter => layout.counter(catalogue.GEO_LOOKUPS, { result })
    this.lookups ??= { found: lookup('found'), unknown: lookup('unknown'), failed: lookup('failed') }
    const reload = (result: string): Counter => layout.counter(catalogue.GEO_RELOADS, { result })
    this.reloads ??= { applied: reload('applied'), refused: reload('refused') }
    for (const database of geo.database) {
      if (!this.built.has(database)) this.built.set(database, layout.gauge(catalogue.GEO_BUILT, { database }))
    }
  }

  readonly onLookup = (outcome: GeoOutcome): void => {
    this.lookups?.[outcome].add(1)
  }

  onReload(applied: boolean): void {
    this.reloads?.[applied ? 'applied' : 'refused'].add(1)
  }

  /** For the thread that reads the databases. */
  inForce(files: readonly GeoFile[]): void {
    for (const [path, gauge] of this.built) gauge.set(files.find((each) => each.path === path)?.builtAt ?? 0)
  }
}
