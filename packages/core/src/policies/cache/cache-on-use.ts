import type { Handler, Policy } from '../../message/handler.ts'
import type { CacheOptions } from './cache-options.ts'
import type { ProcessStoreOptions } from './process-store.ts'
import type { CacheStore } from './store.ts'

/** The code of a cache, and its store. */
interface LoadedCache {
  readonly cache: (options: CacheOptions) => Policy
  readonly store: CacheStore
}

/**
 * One store, and caches over it whose code is loaded when it is first used: most programs have none, and it is as large as a tenth of
 * a client. The first request waits for it; those after it go through at once.
 */
export class CacheOnUse {
  private readonly store: CacheStore | undefined
  private readonly options: ProcessStoreOptions
  private loading: Promise<LoadedCache> | undefined
  private loaded: LoadedCache | undefined

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
      const over = ({ cache, store }: LoadedCache): Handler =>
        (handler ??= cache({ ...options, store })(next))
      return (exchange) => {
        if (this.loaded !== undefined) return over(this.loaded)(exchange)
        this.loading ??= this.load()
        return this.loading.then((loaded) => {
          if (exchange.cancellation !== undefined) throw exchange.cancellation
          return over(loaded)(exchange)
        })
      }
    }
  }

  private async load(): Promise<LoadedCache> {
    const { options } = this
    const [{ cache }, store] = await Promise.all([
      import('./cache.ts'),
      this.store ?? import('./process-store.ts').then(({ ProcessStore }) => new ProcessStore(options)),
    ])
    this.loaded = { cache, store }
    return this.loaded
  }
}
