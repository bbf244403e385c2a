import type { Handler, Policy } from '../../message/handler.ts'
import type { CacheOptions } from './cache-options.ts'
import type { MakeCache } from './loaded-cache.ts'
import type { ProcessStoreOptions } from './process-store.ts'
import type { CacheStore } from './store.ts'

/**
 * One store, and caches over it whose code is loaded when it is first used: most programs have none, and it is as large as a tenth of
 * a client. The first request waits for it; those after it go through at once.
 */
export class CacheOnUse {
  private readonly store: CacheStore | undefined
  private readonly options: ProcessStoreOptions
  private loading: Promise<MakeCache> | undefined
  private loaded: MakeCache | undefined

  /**
   * @param store where responses are kept. Default: a `ProcessStore`
   * @param options of that
   */
  constructor(store: CacheStore | undefined, options: ProcessStoreOptions) {
    this.store = store
    this.options = options
  }

  /** `cache` over this store. */
  policy(options: Omit<CacheOptions, 'store'>): Policy {
    return (next) => {
      let handler: Handler | undefined
      const over = (make: MakeCache): Handler => (handler ??= make(options)(next))
      return (exchange) => {
        if (this.loaded !== undefined) return over(this.loaded)(exchange)
        this.loading ??= this.load()
        return this.loading.then((make) => {
          if (exchange.cancellation !== undefined) throw exchange.cancellation
          return over(make)(exchange)
        })
      }
    }
  }

  private async load(): Promise<MakeCache> {
    const { loadedCache } = await import('./loaded-cache.ts')
    return (this.loaded = loadedCache(this.store, this.options))
  }
}
