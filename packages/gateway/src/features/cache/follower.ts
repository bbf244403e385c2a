import { type Clock, RedisPurgeFeed } from '@headgate/core'
import type { GatewayCache } from './memory.ts'
import type { CacheTier } from './tier.ts'

interface Following {
  readonly cache: GatewayCache
  readonly tier: CacheTier
  readonly feed: RedisPurgeFeed
}

/**
 * Has the purges of other gateways done in what this one keeps itself, in the one thread that follows them for all. Where some were
 * missed, all of it is dropped.
 */
export class PurgeFollower {
  private readonly clock: Clock
  private readonly report: (message: string) => void
  private following: Following | undefined

  /** @param report told when the store is away, and when it is there again */
  constructor(clock: Clock, report: (message: string) => void = () => {}) {
    this.clock = clock
    this.report = report
  }

  /** Follows for this cache from now on, and for no other. */
  follow(cache: GatewayCache | undefined): void {
    const before = this.following
    if (before?.cache.local === cache?.local && before?.tier.feedLink === cache?.tier?.feedLink) return
    this.stop()
    const tier = cache?.tier
    if (cache === undefined || tier === undefined) return
    const { prefix, self } = tier
    const feed = new RedisPurgeFeed(tier.feedLink, this.listenerOf(cache, tier), {
      prefix,
      self,
      clock: this.clock,
    })
    tier.feedLink.onChange = (state, reason) => this.tell(tier, state, reason)
    tier.link.connect()
    this.following = { cache, tier, feed }
    void feed.run()
  }

  stop(): void {
    this.following?.feed.stop()
    this.following = undefined
  }

  private listenerOf({ local }: GatewayCache, { purgesHeard }: CacheTier): PurgeListenerOf {
    const purge: PurgeListenerOf['purged'] = (...of) => {
      // What cannot be purged in memory is of a thread that has crashed, whose part is emptied; a disk that fails counts its errors.
      void (async () => local.purge(...of))().catch(() => {})
    }
    return {
      purged: purge,
      missed: () => purge({ by: 'all' }, 'hard', this.clock.wallTime()),
      heard: () => purgesHeard.now(),
    }
  }

  private tell(
    { config: { store, onStoreError } }: CacheTier,
    state: 'connected' | 'away',
    reason: string,
  ): void {
    const meanwhile =
      onStoreError === 'open'
        ? 'answers come from the memory and from upstreams, and purges of other gateways are not heard of'
        : 'answers come from upstreams alone'
    this.report(
      state === 'away'
        ? `the store ${store} of the cache is away: ${reason}; ${meanwhile}`
        : `the store ${store} of the cache is there again`,
    )
  }
}

type PurgeListenerOf = ConstructorParameters<typeof RedisPurgeFeed>[1]
