import { Limiter, type MetricRegistry } from '@headgate/core'
import type { Reading } from './metrics/metric.ts'
import type { Snapshot } from './snapshot.ts'
import { circuitReadings } from './features/breaker.ts'
import { limiterReadings, routeLimiter, upstreamLimiter } from './features/concurrency.ts'
import { levelReadings } from './upstreams/level-metrics.ts'

/** The concurrency limits of a snapshot, by their names: `upstream orders`, `route checkout`. */
export function* limitersOf({
  upstreams,
  routes,
}: Snapshot): Iterable<readonly [name: string, limiter: Limiter]> {
  for (const [name, { guard }] of upstreams)
    if (guard.limiter !== undefined) yield [upstreamLimiter(name), guard.limiter]
  for (const { config, kept } of routes.values()) {
    if (config.concurrency === undefined) continue
    const limiter = kept.find('concurrency', config.concurrency)
    if (limiter instanceof Limiter) yield [routeLimiter(config.name), limiter]
  }
}

/** What circuits, limiters and levels know of themselves. */
export function* readings(metrics: MetricRegistry, snapshot: Snapshot): Iterable<Reading> {
  for (const [name, { guard, levels, upstream }] of snapshot.upstreams) {
    yield* circuitReadings(metrics, name, guard.circuits, guard.endpointCircuits)
    if (levels.length > 0) yield* levelReadings(levels, upstream.stats())
  }
  for (const [name, limiter] of limitersOf(snapshot)) yield* limiterReadings(metrics, name, limiter)
}
