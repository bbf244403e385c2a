import type { Route } from '../layer.ts'
import type { SplitConfig } from './setting.ts'
import type { Gauge, Counter, MetricRegistry } from '@headgate/core'
import { metric } from '../../metrics/metric.ts'
import { Kept } from '../../kept.ts'
import { Shared, type SharedKind } from '../../shared.ts'
import { memorySize, SplitWeights } from './split-weights.ts'

const REQUESTS = metric({
  kind: 'counter',
  name: 'headgate_split_requests_total',
  labels: ['route', 'upstream'],
  help: 'Exchanges that the split of the route sent to the upstream.',
})
const WEIGHT = metric({
  kind: 'gauge',
  name: 'headgate_split_weight',
  labels: ['route', 'upstream'],
  help: 'Weight of the upstream in the split of the route, as it is now.',
})

/** What is shown of an upstream in the split of a route. */
export function splitMetrics(
  metrics: MetricRegistry,
  route: string,
  upstream: string,
): { readonly requests: Counter; readonly weight: Gauge } {
  return {
    requests: metrics.get(REQUESTS, { route, upstream }),
    weight: metrics.get(WEIGHT, { route, upstream }),
  }
}

/** For the thread in which weights are changed. */
export function showWeights(metrics: MetricRegistry, splits: CompiledSplits): void {
  for (const [route, { weights }] of splits)
    for (const [upstream, weight] of Object.entries(weights.byName))
      splitMetrics(metrics, route, upstream).weight.set(weight)
}

/** The weights of the routes that split traffic, by the names of the routes. */
export type CompiledSplits = ReadonlyMap<string, CompiledSplit>

export interface CompiledSplit {
  readonly identity: string
  readonly weights: SplitWeights
}

type SplitRoute = Route<'split', SplitConfig>

/** Of the weights of a split. */
const MEMORY: SharedKind<SharedArrayBuffer> = { name: 'split' }

/** All splits of a configuration. One whose setting is the same as before goes on with the weights that it has by now. */
export function compileSplits(
  { routes }: { readonly routes: readonly SplitRoute[] },
  shared: Shared = new Shared(),
  kept: Kept = new Kept(),
): CompiledSplits {
  const splits = new Map<string, CompiledSplit>()
  for (const route of routes) {
    if (route.split === undefined) continue
    const identity = JSON.stringify([route.name, route.split])
    const { upstreams } = route.split
    const memory = shared.get(MEMORY, identity, () => new SharedArrayBuffer(memorySize(upstreams.length)))
    const weights = kept.keep('split', identity, () => new SplitWeights(upstreams, memory))
    // A thread that missed that the split was changed, and changed back, has that of before.
    weights.attach(memory)
    splits.set(route.name, { identity, weights })
  }
  return splits
}

/** Of a split: its own setting, and whose it is. */
export function splitIdentity({ name, split }: SplitRoute): string {
  return JSON.stringify([name, split])
}
