import {
  type CacheKey,
  type CacheStore,
  type Clock,
  type MaybePromise,
  RedisStore,
  type StoredEntry,
  TieredStore,
} from '@headgate/core'
import type { Kept } from '../../kept.ts'
import type { Shared, SharedKind } from '../../shared.ts'
import type { RedisLink } from '../stores/redis-link.ts'
import type { Stores } from '../stores/stores.ts'
import type { CacheTierConfig } from './setting.ts'

/** A store behind the memory, as this thread uses it. */
export interface CacheTier {
  readonly config: CacheTierConfig
  readonly prefix: string
  /** Of all threads of this gateway, in the purges that they make. */
  readonly self: string
  readonly link: RedisLink
  /** For who follows the purges of others. */
  readonly feedLink: RedisLink
  readonly store: RedisStore
  readonly purgesHeard: PurgesHeard
}

/** When all purges up to then were last known here, in tenths of a second. */
const HEARD: SharedKind<SharedArrayBuffer> = { name: 'purges of the cache' }

/** How long what is in memory is taken for up to date after that, in milliseconds. */
const MOST_SILENCE = 3_000

/** When purges of other gateways were last heard of: one thread hears, all see it. */
export class PurgesHeard {
  private readonly at: Int32Array
  private readonly clock: Clock

  constructor(memory: SharedArrayBuffer, clock: Clock) {
    this.at = new Int32Array(memory)
    this.clock = clock
  }

  now(): void {
    Atomics.store(this.at, 0, tenths(this.clock))
  }

  /** Whether there may be purges of which nobody here knows. */
  get areMissing(): boolean {
    const silence = (tenths(this.clock) - Atomics.load(this.at, 0)) * 100
    // A clock that was set back is right again with the next word.
    return silence > MOST_SILENCE || silence < 0
  }
}

/** As many as a place in shared memory holds: 68 years. */
function tenths(clock: Clock): number {
  return Math.floor(clock.wallTime() / 100) % 2 ** 31
}

/**
 * Opens the store behind the memory.
 * @param self the id of the memory
 * @throws Error if it cannot be used
 */
export function openTier(
  config: CacheTierConfig,
  self: string,
  { shared, kept, stores, clock }: { shared: Shared; kept: Kept; stores: Stores; clock: Clock },
): CacheTier {
  const prefix = `${stores.config(config.store).prefix}:{cache}:`
  const link = stores.link(config.store)
  const heard = shared.get(HEARD, JSON.stringify([config.store, self]), () => new SharedArrayBuffer(4))
  // What was not delivered while it was away is in the store: it goes on with its connection.
  const identity = [config, self, stores.identity(config.store)]
  const store = kept.keep('cache tier', identity, () => {
    return new RedisStore(link, { prefix, self, maxBytes: config.size, maxObject: config.largest })
  })
  const purgesHeard = new PurgesHeard(heard, clock)
  return { config, prefix, self, link, feedLink: stores.link(config.store, 'feed'), store, purgesHeard }
}

/** The memory, and the store behind it. */
export function storeWithTier(local: CacheStore, { config, store, purgesHeard }: CacheTier): CacheStore {
  // Whoever asks it counts its errors: they are in the figures of the store.
  const tiered = new TieredStore(local, store, { name: 'redis' })
  return config.onStoreError === 'open' ? tiered : new ClosedStore(tiered, purgesHeard)
}

/** Has nothing, and takes nothing, while there may be purges of which nobody here knows. */
class ClosedStore implements CacheStore {
  private readonly inner: CacheStore
  private readonly purgesHeard: PurgesHeard

  constructor(inner: CacheStore, purgesHeard: PurgesHeard) {
    this.inner = inner
    this.purgesHeard = purgesHeard
  }

  get claims(): CacheStore['claims'] {
    return this.inner.claims
  }

  find(key: CacheKey): MaybePromise<readonly StoredEntry[]> {
    return this.purgesHeard.areMissing ? NONE : this.inner.find(key)
  }

  findMore(key: CacheKey, found: readonly StoredEntry[]): MaybePromise<readonly StoredEntry[]> {
    return this.purgesHeard.areMissing ? NONE : (this.inner.findMore?.(key, found) ?? NONE)
  }

  moment(): number {
    return this.inner.moment()
  }

  begin(...of: Parameters<CacheStore['begin']>): ReturnType<CacheStore['begin']> {
    return this.purgesHeard.areMissing ? undefined : this.inner.begin(...of)
  }

  update(...of: Parameters<CacheStore['update']>): ReturnType<CacheStore['update']> {
    return this.inner.update(...of)
  }

  remove(...of: Parameters<CacheStore['remove']>): ReturnType<CacheStore['remove']> {
    return this.inner.remove(...of)
  }

  purge(...of: Parameters<CacheStore['purge']>): ReturnType<CacheStore['purge']> {
    return this.inner.purge(...of)
  }

  stats(): ReturnType<CacheStore['stats']> {
    return this.inner.stats()
  }

  close(): Promise<void> {
    return this.inner.close()
  }
}

const NONE: readonly StoredEntry[] = []
