import { randomBytes } from 'node:crypto'
import {
  type CacheMemory,
  type CacheStore,
  cacheThreadEnded,
  type Clock,
  createCacheMemory,
  type DiskPort,
  SharedMemoryStore,
  TieredStore,
} from '@headgate/core'
import type { Kept } from '../../kept.ts'
import type { Shared, SharedKind } from '../../shared.ts'
import type { Finding } from '../../settings/problems/problem.ts'
import { fieldOf, type Fields, fieldsOf, isFields, listOf } from '../../settings/problems/fields.ts'
import { meant, nearestFirst, someOf } from '../../settings/problems/suggest.ts'
import type { Stores } from '../stores/stores.ts'
import { type GatewayDisk, makeDisk } from './disk.ts'
import { type CachedRoute, type CacheMemoryConfig, hasCache } from './setting.ts'
import { type CacheTier, openTier, storeWithTier } from './tier.ts'

/** A configuration, as far as its responses are stored. */
export interface CachedGateway {
  readonly cache: CacheMemoryConfig
  readonly routes: readonly CachedRoute[]
  readonly workers: number
}

/** What there is when a cache is opened. */
export interface CacheSurroundings {
  readonly shared: Shared
  readonly kept: Kept
  readonly stores: Stores
  readonly clock: Clock
  /** The way to the thread that has the index of what is on disk; undefined in that one. */
  readonly port: DiskPort | undefined
}

interface MadeMemory {
  /** Tells it from one that was made for the same setting before. */
  readonly id: string
  readonly memory: CacheMemory
}

const MEMORY: SharedKind<MadeMemory> = { name: 'cache' }

/** The cache of a configuration, as this thread uses it. */
export interface GatewayCache {
  readonly id: string
  readonly memory: CacheMemory
  /** What is in memory. */
  readonly memoryStore: CacheStore
  /** Behind that; undefined where there is none. */
  readonly disk: GatewayDisk | undefined
  /** What is kept on this machine: both. */
  readonly local: CacheStore
  /** Behind that; undefined where there is none. */
  readonly tier: CacheTier | undefined
  /** All of it. */
  readonly store: CacheStore
}

/** The lock of a cache has room for the numbers of so many threads; one is the supervisor. */
const MOST_WORKERS = 253

/** The number of the thread that makes the memory. */
export const SUPERVISOR_THREAD = 0

/** The number of a worker among the threads of the cache. */
export function workerThread(index: number): number {
  return index + 1
}

/**
 * The memory of the cache, the one that there was if it is as large, and this thread's way into it.
 * @param thread no other one that lives has the same number
 * @throws Error if the disk, or the store behind it, cannot be used
 * @returns undefined where no route has a cache
 */
export function openCache(
  config: CachedGateway,
  surroundings: CacheSurroundings,
  thread: number,
): GatewayCache | undefined {
  if (!config.routes.some(hasCache)) return undefined
  const { shared, kept, clock, port } = surroundings
  const { memory: size, disk: onDisk, tier: behind } = config.cache
  const { id, memory } = shared.get(MEMORY, JSON.stringify(size), () => ({
    id: randomBytes(8).toString('hex'),
    memory: createCacheMemory({
      bytes: size,
      threads: Math.min(config.workers, MOST_WORKERS) + 1,
      seed: randomBytes(8),
    }),
  }))
  // A thread has one store over a memory, or it would take itself for dead.
  const memoryStore = kept.keep(
    'cache',
    id,
    () => new SharedMemoryStore(memory, thread, config.workers === 1),
    (store) => void store.close(),
  )
  const disk = onDisk && makeDisk(onDisk, { shared, kept, clock, port }, thread)
  const session = disk?.shared.session
  const local =
    disk === undefined
      ? memoryStore
      : kept.keep('cache with disk', [id, session], () => {
          return new TieredStore(memoryStore, disk.store, { name: 'disk' })
        })
  const tier = behind && openTier(behind, id, surroundings)
  const store = tier === undefined ? local : storeWithTier(local, tier)
  return {
    id: session === undefined ? id : `${id} ${session}`,
    memory,
    memoryStore,
    disk,
    local,
    tier,
    store,
  }
}

/** To be called when a worker has surely ended: nobody waits any more for what it had locked. */
export function cacheWorkerEnded(cache: GatewayCache | undefined, index: number): void {
  if (cache === undefined) return
  cacheThreadEnded(cache.memory, workerThread(index))
  void cache.disk?.owner?.threadEnded(workerThread(index))
}

/** What no value of the cache shows alone. */
export function cacheChecks(input: Fields): Finding[] {
  return [...tierChecks(input), ...workerChecks(input)]
}

function tierChecks(input: Fields): Finding[] {
  const tier = fieldOf(fieldOf(input, 'cache'), 'tier')
  const store = isFields(tier) ? tier['store'] : tier
  const names = Object.keys(fieldsOf(input['stores']))
  if (typeof store !== 'string' || names.includes(store)) return []
  return [
    {
      path: ['cache', 'tier', ...(isFields(tier) ? ['store'] : [])],
      problem: 'is not the name of a store',
      allowed: () => `the name of one of stores (${someOf(nearestFirst(store, names)) || 'none is defined'})`,
      hint: () => meant(store, names),
    },
  ]
}

function workerChecks(input: Fields): Finding[] {
  const workers = fieldOf(input, 'workers')
  const index = listOf(fieldOf(input, 'routes')).findIndex(isCached)
  if (index < 0 || typeof workers !== 'number' || workers <= MOST_WORKERS) return []
  return [
    {
      path: ['routes', index, 'cache'],
      part: 'key',
      problem: `is shared by ${workers} workers, which are too many`,
      allowed: `at most ${MOST_WORKERS} workers where a route has a cache`,
    },
  ]
}

function isCached(route: unknown): boolean {
  const written = fieldOf(route, 'cache')
  return written === true || isFields(written)
}
