import type { Counter, Gauge, MetricLayout } from '@headgate/core'
import type { GatewayConfig } from '../../config/schema/schema.ts'
import type { CompiledSplits } from '../split/splits.ts'
import { NO_VERSION } from '../api-version/api-version.ts'
import * as catalogue from './traffic-catalogue.ts'

interface SplitSeries {
  readonly requests: Counter
  readonly weight: Gauge
}

/** What became of copies: answered, whatever the answer; failed; or not made at all. */
export type MirrorOutcome = 'answered' | 'failed' | 'dropped'

type MirrorSeries = Readonly<Record<MirrorOutcome, Counter>>

/** What is counted of splits and mirrors: series are there for those that are configured. */
export class TrafficMetrics {
  private readonly splits = new Map<string, Map<string, SplitSeries>>()
  private readonly mirrors = new Map<string, MirrorSeries>()
  private readonly versions = new Map<string, Map<string, Counter>>()

  /** Adds what a configuration needs and is not there yet. */
  define(layout: MetricLayout, { routes }: GatewayConfig): void {
    for (const { name: route, split, mirror, apiVersions } of routes) {
      if (apiVersions !== undefined)
        this.defineVersions(layout, route, [...Object.keys(apiVersions.versions), NO_VERSION])
      for (const { upstream } of split?.upstreams ?? []) this.defineSplit(layout, route, upstream)
      if (mirror === undefined || this.mirrors.has(route)) continue
      const counter = (outcome: MirrorOutcome): Counter =>
        layout.counter(catalogue.MIRRORED, { route, outcome })
      this.mirrors.set(route, {
        answered: counter('answered'),
        failed: counter('failed'),
        dropped: counter('dropped'),
      })
    }
  }

  /** What to call for each exchange that a split sends to an upstream. */
  onSplit(route: string, upstream: string): () => void {
    const requests = this.splits.get(route)?.get(upstream)?.requests
    return () => requests?.add(1)
  }

  /** What to call for each exchange that a mirror was to copy. */
  onMirror(route: string): (outcome: MirrorOutcome) => void {
    const series = this.mirrors.get(route)
    return (outcome) => series?.[outcome].add(1)
  }

  /** What to call for each request of a route with versions of an API. */
  onApiVersion(route: string): (version: string) => void {
    const versions = this.versions.get(route)
    return (version) => versions?.get(version)?.add(1)
  }

  /** For the supervisor, which is where weights are changed. */
  recordWeights(splits: CompiledSplits): void {
    for (const [route, { weights }] of splits) {
      for (const [upstream, weight] of Object.entries(weights.byName))
        this.splits.get(route)?.get(upstream)?.weight.set(weight)
    }
  }

  private defineVersions(layout: MetricLayout, route: string, names: readonly string[]): void {
    const versions = this.versions.get(route) ?? new Map<string, Counter>()
    this.versions.set(route, versions)
    for (const version of names) {
      if (!versions.has(version))
        versions.set(version, layout.counter(catalogue.API_VERSIONS, { route, version }))
    }
  }

  private defineSplit(layout: MetricLayout, route: string, upstream: string): void {
    const targets = this.splits.get(route) ?? new Map<string, SplitSeries>()
    this.splits.set(route, targets)
    if (targets.has(upstream)) return
    targets.set(upstream, {
      requests: layout.counter(catalogue.SPLIT_REQUESTS, { route, upstream }),
      weight: layout.gauge(catalogue.SPLIT_WEIGHT, { route, upstream }),
    })
  }
}
