import {
  AdaptiveLimit,
  type Clock,
  type ConcurrencyLimit,
  type Exchange,
  Limiter,
  originKey,
} from '@headgate/core'
import type { ConcurrencySettings } from './options.ts'

/** A crawler meets very many origins: those that are not in use are forgotten beyond this number. */
const MAX_ORIGINS = 1_000

/** One limit of requests under way for each origin. */
export class OriginLimiters {
  private readonly settings: ConcurrencySettings
  private readonly clock: Clock
  private readonly limiters = new Map<string, Limiter>()

  /** @throws TypeError if a setting is out of range */
  constructor(settings: ConcurrencySettings, clock: Clock) {
    this.settings = settings
    this.clock = clock
    this.make('none')
  }

  readonly of = (exchange: Exchange): Limiter => {
    const origin = originKey(exchange)
    let limiter = this.limiters.get(origin)
    if (limiter === undefined) {
      if (this.limiters.size >= MAX_ORIGINS) this.forgetUnused()
      limiter = this.make(origin)
      this.limiters.set(origin, limiter)
    }
    return limiter
  }

  private make(origin: string): Limiter {
    const { limit, queue = 1_000, queueTimeout = Infinity } = this.settings
    return new Limiter({ name: origin, limit: limitOf(limit, this.clock), queue, queueTimeout })
  }

  private forgetUnused(): void {
    for (const [origin, { inflight, queued }] of this.limiters)
      if (inflight + queued === 0) this.limiters.delete(origin)
  }
}

function limitOf(limit: ConcurrencySettings['limit'], clock: Clock): number | ConcurrencyLimit {
  if (typeof limit === 'number') return limit
  return new AdaptiveLimit(clock, limit === 'adaptive' ? {} : limit)
}
