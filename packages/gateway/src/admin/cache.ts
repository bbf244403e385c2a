import { type MetricRegistry, type Selection, systemClock } from '@headgate/core'
import {
  type AdminAnswer,
  type AdminOperation,
  type AdminRequest,
  json,
  operation,
  problem,
} from '../admin-api/operation.ts'
import { cacheShow } from './cache-show.ts'
import { type Described, list, members, oneOf, TEXT, WHOLE } from '../admin-api/schema.ts'
import type { GatewayCache } from '../features/cache/memory.ts'
import { isOfKnownRoute, purgeStore, readPurge } from '../explain/purge.ts'
import type { Warmer } from '../features/cache/warming/warmer.ts'
import { WARM_RUN, warmOperation, warmRuns } from './cache-warm.ts'
import { cacheTotals } from '../features/cache/figures.ts'
import { diskProblem } from '../features/cache/disk.ts'
import { hasCache } from '../features/cache/setting.ts'
import type { GatewayConfig } from '../config/schema/schema.ts'
import { redactUrls } from '../settings/redact-text.ts'
import { TIER, tierAnswer } from './cache-tier.ts'

/** What is asked of the supervisor. */
export interface CacheSource {
  readonly cache: Pick<GatewayCache, 'store' | 'memoryStore' | 'disk' | 'tier'> | undefined
  readonly metrics: MetricRegistry
  readonly warmer: Warmer
  readonly config: GatewayConfig
}

const RESULTS = { hit: WHOLE, miss: WHOLE, stale: WHOLE, revalidated: WHOLE, collapsed: WHOLE, bypass: WHOLE }
const DISK = members({
  path: TEXT,
  entries: WHOLE,
  bytes: WHOLE,
  capacity: WHOLE,
  admitted: WHOLE,
  refused: WHOLE,
  evictions: WHOLE,
  errors: WHOLE,
  /** Why nothing is kept there. */
  'problem?': TEXT,
})
const STATS = members({
  entries: WHOLE,
  bytes: WHOLE,
  capacity: WHOLE,
  admitted: WHOLE,
  refused: WHOLE,
  evictions: WHOLE,
  'disk?': DISK,
  'tier?': TIER,
  routes: list(members({ route: TEXT, ...RESULTS })),
  warming: list(WARM_RUN),
})
const PURGED = members({ purged: WHOLE, how: oneOf('hard', 'soft') })

export type CacheAnswer = Described<typeof STATS>
export type PurgeAnswer = Described<typeof PURGED>

/** The cache of routes, and what is removed from it by hand. */
export function cacheOperations(source: CacheSource): AdminOperation[] {
  return [
    operation({
      method: 'GET',
      path: '/cache',
      about:
        'the cache: what is stored here and in the store behind it, and what became of requests on each route that has one',
      id: 'showCache',
      result: STATS,
      answers: { 200: 'how it is doing', 404: 'no route has a cache' },
      handle: () => show(source),
    }),
    cacheShow(source),
    operation({
      method: 'POST',
      path: '/cache/purge',
      about:
        'remove stored responses, or mark them stale, in all workers at once, and in all gateways that share a store',
      id: 'purgeCache',
      result: PURGED,
      body: {
        type: 'object',
        description:
          'one of url, prefix, tag, route and all; soft marks as stale what is else removed. A url, or a prefix, is one that clients ask for: a url with its query, a prefix with all queries.',
        properties: {
          url: { type: 'string' },
          prefix: { type: 'string' },
          tag: { type: 'string' },
          route: { type: 'string' },
          all: { const: true },
          soft: { type: 'boolean' },
        },
        additionalProperties: false,
      },
      answers: {
        200: 'how many there were',
        400: 'the body is not as described',
        404: 'no route has a cache, or there is no such route',
        503: 'it holds in this gateway, and the store behind it is away: it is made up for when that is there again',
      },
      handle: (request) => purge(source, request),
    }),
    warmOperation(source),
  ]
}

async function show(source: CacheSource): Promise<AdminAnswer<CacheAnswer>> {
  const { cache, config, metrics } = source
  if (cache === undefined) return noCache()
  const routes = config.routes
    .filter(hasCache)
    .map(({ name }) => ({ route: name, ...cacheTotals(metrics, name) }))
  const { disk } = cache
  const said = diskProblem(disk)
  const onDisk = disk && {
    disk: { path: disk.config.path, ...disk.store.stats(), ...(said !== undefined && { problem: said }) },
  }
  const tier = cache.tier && { tier: await tierAnswer(cache.tier) }
  return json({ ...cache.memoryStore.stats(), ...onDisk, ...tier, routes, warming: warmRuns(source) })
}

async function purge(source: CacheSource, { body }: AdminRequest): Promise<AdminAnswer<PurgeAnswer>> {
  const { cache, config, warmer } = source
  if (cache === undefined) return noCache()
  const wanted = readPurge(body)
  if (typeof wanted === 'string') return problem(400, 'Bad request', wanted)
  const { selection, how } = wanted
  if (!isOfKnownRoute(selection, config))
    return problem(404, 'Not found', 'there is no such route: GET /routes lists them')
  const about = selection.by === 'all' ? 'all of it' : `${selection.by} ${shown(selection)}`
  try {
    const purged = await purgeStore(cache.store, wanted, config, systemClock.wallTime())
    warmer.purged()
    return json({ purged, how }, { change: { what: `purge of the cache: ${about}`, after: { purged, how } } })
  } catch (error) {
    if (cache.tier === undefined) throw error
    warmer.purged()
    const reason = redactUrls(error instanceof Error ? error.message : String(error))
    const detail = `it holds in the memory of this gateway, and not elsewhere: ${reason}. This gateway makes up for it before it reads from there again; ask once more to be sure`
    return {
      ...problem(503, 'Not purged everywhere', detail),
      change: { what: `purge of the cache of this gateway: ${about}`, after: { how } },
    }
  }
}

function shown(selection: Selection): string {
  return 'value' in selection ? redactUrls(selection.value) : ''
}

function noCache(): AdminAnswer<never> {
  return problem(404, 'Not found', 'no route has a cache: see "cache" of routes')
}
