import { type CacheOutcome, type Counter, type Exchange, fact, type MetricRegistry } from '@headgate/core'
import { metric, type Reading } from '../../metrics/metric.ts'
import { diskProblem, type GatewayDisk } from './disk.ts'
import type { GatewayCache } from './memory.ts'
import { warming } from './warming/mark.ts'

/** What became of a request at the cache, in one word. */
export const CACHE_RESULTS = ['hit', 'miss', 'stale', 'revalidated', 'collapsed', 'bypass'] as const
export type CacheResult = (typeof CACHE_RESULTS)[number]

/** For the access log. */
export const cacheResult = fact<CacheResult>('what the cache did')

const REQUESTS = metric({
  kind: 'counter',
  name: 'headgate_cache_requests_total',
  labels: ['route', 'result'],
  help: 'Requests on routes with a cache: "hit" answered from it, "stale" from it although not fresh, "revalidated" from it after the upstream confirmed it, "collapsed" by what another request fetched, "miss" by the upstream, "bypass" past the cache.',
})

/** From what changes by the second to what is kept for a week. */
const AGE_BOUNDS = [1, 5, 10, 30, 60, 300, 900, 3_600, 21_600, 86_400, 604_800]

const AGE = metric({
  kind: 'histogram',
  name: 'headgate_cache_hit_age_seconds',
  labels: ['route'],
  help: 'How old responses were that were answered from the cache without the word of the upstream, stale ones among them: the time since the upstream made or confirmed them.',
  bounds: AGE_BOUNDS,
  sparse: true,
})

const REVALIDATIONS = metric({
  kind: 'counter',
  name: 'headgate_cache_background_revalidations_total',
  labels: ['route', 'outcome'],
  help: 'How often the upstream was asked in the background about a response that was served stale: "answered" or "failed".',
  sparse: true,
})

const STORE_ERRORS = metric({
  kind: 'counter',
  name: 'headgate_cache_store_errors_total',
  labels: ['route'],
  help: 'How often the store of the cache failed, which was taken as if nothing were stored.',
  sparse: true,
})

const ENTRIES = metric({
  kind: 'gauge',
  name: 'headgate_cache_entries',
  help: 'Responses that are stored in the cache.',
})

const BYTES = metric({
  kind: 'gauge',
  name: 'headgate_cache_bytes',
  help: 'Bytes of the cache in use, heads and keys included.',
})

const CAPACITY = metric({
  kind: 'gauge',
  name: 'headgate_cache_capacity_bytes',
  help: 'Bytes that the cache may use.',
})

const EVICTIONS = metric({
  kind: 'gauge',
  name: 'headgate_cache_evictions',
  help: 'Responses that gave way to others since the memory of the cache was made.',
})

const DISK_ENTRIES = metric({
  kind: 'gauge',
  name: 'headgate_cache_disk_entries',
  help: 'Responses that are stored on disk.',
})

const DISK_BYTES = metric({
  kind: 'gauge',
  name: 'headgate_cache_disk_bytes',
  help: 'Bytes that the files of the cache take.',
})

const DISK_CAPACITY = metric({
  kind: 'gauge',
  name: 'headgate_cache_disk_capacity_bytes',
  help: 'Bytes that the files of the cache may take.',
})

const DISK_EVICTIONS = metric({
  kind: 'gauge',
  name: 'headgate_cache_disk_evictions',
  help: 'Responses on disk that gave way to others since the cache was opened.',
})

const DISK_ERRORS = metric({
  kind: 'gauge',
  name: 'headgate_cache_disk_errors',
  help: 'How often a file of the cache could not be read or written, or was not what had been written, since the cache was opened. It was taken as if it were not there.',
})

const DISK_AVAILABLE = metric({
  kind: 'gauge',
  name: 'headgate_cache_disk_available',
  help: '1 while the cache on disk is in use, 0 where its folder could not be used when the configuration came into force.',
})

const WARMED = metric({
  kind: 'counter',
  name: 'headgate_cache_warmed_total',
  labels: ['route', 'result'],
  help: 'Requests by which the gateway warmed the cache, by what came of them: "stored", "fresh" (it was there), or "refused" (it was not stored). Other metrics do not count them.',
  sparse: true,
})

/** What the cache of a route tells. */
export interface CacheListener {
  readonly outcome: (exchange: Exchange, outcome: CacheOutcome) => void
  readonly revalidated: (exchange: Exchange, well: boolean) => void
  readonly storeFailed: () => void
}

export function cacheMetrics(metrics: MetricRegistry, route: string): CacheListener {
  const counters = new Map(
    CACHE_RESULTS.map((result): [CacheResult, Counter] => [result, metrics.get(REQUESTS, { route, result })]),
  )
  const ages = metrics.get(AGE, { route })
  const answered = metrics.get(REVALIDATIONS, { route, outcome: 'answered' })
  const failed = metrics.get(REVALIDATIONS, { route, outcome: 'failed' })
  const storeErrors = metrics.get(STORE_ERRORS, { route })
  const warmed = {
    stored: metrics.get(WARMED, { route, result: 'stored' }),
    fresh: metrics.get(WARMED, { route, result: 'fresh' }),
    refused: metrics.get(WARMED, { route, result: 'refused' }),
  }
  return {
    outcome(exchange, outcome) {
      const result = resultOf(outcome)
      cacheResult.state(exchange, result)
      const mark = warming.of(exchange)
      if (mark !== undefined) {
        mark.outcome = outcome
        warmed[outcome.hit ? 'fresh' : outcome.stored === true ? 'stored' : 'refused'].add(1)
        return
      }
      counters.get(result)?.add(1)
      if (outcome.age !== undefined) ages.record(outcome.age / 1000)
    },
    revalidated: (_, well) => (well ? answered : failed).add(1),
    storeFailed: () => storeErrors.add(1),
  }
}

/** In one word what Cache-Status says in several. */
function resultOf({ hit, forwarded, forwardedStatus, collapsed, detail }: CacheOutcome): CacheResult {
  if (hit) return detail === undefined ? 'hit' : 'stale'
  if (detail === 'stale-if-error') return 'stale'
  if (forwarded === 'bypass' || forwarded === 'method') return 'bypass'
  if (forwardedStatus === 304) return 'revalidated'
  return collapsed === true ? 'collapsed' : 'miss'
}

/** What has become of the requests of a route, in all threads. */
export function cacheTotals(metrics: MetricRegistry, route: string): Record<CacheResult, number> {
  const total = (result: CacheResult): number => metrics.total(REQUESTS, { route, result })
  return {
    hit: total('hit'),
    miss: total('miss'),
    stale: total('stale'),
    revalidated: total('revalidated'),
    collapsed: total('collapsed'),
    bypass: total('bypass'),
  }
}

/** What is stored: to be shown by one thread, as it is the same for all. */
export function cacheReadings(
  metrics: MetricRegistry,
  cache: Pick<GatewayCache, 'memoryStore' | 'disk'> | undefined,
): readonly Reading[] {
  if (cache === undefined) return []
  const { entries, bytes, capacity, evictions } = cache.memoryStore.stats()
  return [
    [metrics.get(ENTRIES, {}), entries],
    [metrics.get(BYTES, {}), bytes],
    [metrics.get(CAPACITY, {}), capacity],
    [metrics.get(EVICTIONS, {}), evictions],
    ...(cache.disk === undefined ? [] : diskReadings(metrics, cache.disk)),
  ]
}

function diskReadings(metrics: MetricRegistry, disk: GatewayDisk): readonly Reading[] {
  const stats = disk.store.stats()
  return [
    [metrics.get(DISK_AVAILABLE, {}), diskProblem(disk) === undefined ? 1 : 0],
    [metrics.get(DISK_ENTRIES, {}), stats.entries],
    [metrics.get(DISK_BYTES, {}), stats.bytes],
    [metrics.get(DISK_CAPACITY, {}), stats.capacity],
    [metrics.get(DISK_EVICTIONS, {}), stats.evictions],
    [metrics.get(DISK_ERRORS, {}), stats.errors],
  ]
}
