import { type Clock, LocalRateLimitStore, SharedRateLimitStore } from '@headgate/core'
import type { GatewayConfig } from '../config/config.ts'
import type { RateLimitConfig } from '../config/rate-limit-config.ts'
import { resolveRateLimits } from '../config/rate-limits.ts'
import { allocateRateLimits, monotonic, type RateLimitMemory } from './memory.ts'

/** The stores of all rate limits of a configuration, by id. They outlive the exchanges, and may outlive a snapshot. */
export class RateLimitStores {
  private readonly stores = new Map<string, LocalRateLimitStore | SharedRateLimitStore>()
  private readonly identities = new Map<string, string>()

  /**
   * @param memory that of all threads; default: what is to be shared is this thread's own
   * @param previous of the configuration before: a limit whose own part is the same goes on
   */
  constructor(config: GatewayConfig, clock: Clock, memory?: RateLimitMemory, previous?: RateLimitStores) {
    const { origin, tables } = memory ?? allocateRateLimits({ ...config, workers: 1 })
    // Measured once: both clocks run alike from then on.
    const skew = monotonic() - origin - clock.now()
    for (const [id, limit] of resolveRateLimits(config)) {
      this.identities.set(id, JSON.stringify(limit))
      const kept = previous?.identities.get(id) === this.identities.get(id) && previous?.stores.get(id)
      if (kept) {
        this.stores.set(id, kept)
        continue
      }
      const table = tables.get(id)
      const options = storeOptions(limit)
      this.stores.set(
        id,
        table === undefined
          ? new LocalRateLimitStore({ ...options, maxKeys: limit.maxKeys })
          : new SharedRateLimitStore({ ...options, memory: table, skew }),
      )
    }
  }

  /** @throws TypeError if the configuration has no such limit */
  get(id: string): LocalRateLimitStore | SharedRateLimitStore {
    const store = this.stores.get(id)
    if (store === undefined) throw new TypeError(`there is no rate limit ${JSON.stringify(id)}`)
    return store
  }

  /**
   * Gives full shares again: to one key of one limit, or to all of them. Where the limit is shared, in all threads.
   * @throws TypeError as `get` does
   */
  reset(id: string, key?: string): void {
    this.get(id).reset(key)
  }
}

/** In the words of the policy. */
export function storeOptions({ rate, burst, algorithm }: RateLimitConfig): {
  readonly rate: number
  readonly per: number
  readonly burst: number
  readonly algorithm: 'gcra' | 'sliding-window'
} {
  return {
    rate: rate.requests,
    per: rate.per,
    burst: burst ?? rate.requests,
    algorithm: algorithm === 'token-bucket' ? 'gcra' : 'sliding-window',
  }
}
