import type { Policy } from '../../message/handler.ts'
import { cache } from './cache.ts'
import type { CacheOptions } from './cache-options.ts'
import { ProcessStore, type ProcessStoreOptions } from './process-store.ts'
import type { CacheStore } from './store.ts'

/** Makes caches over one store. */
export type MakeCache = (options: Omit<CacheOptions, 'store'>) => Policy

/** All that `CacheOnUse` loads, in one piece: of two, each would bring its share of small files. */
export function loadedCache(store: CacheStore | undefined, options: ProcessStoreOptions): MakeCache {
  const kept = store ?? new ProcessStore(options)
  return (ofOne) => cache({ ...ofOne, store: kept })
}
