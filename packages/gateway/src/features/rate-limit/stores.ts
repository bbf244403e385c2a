import { type LimitedGateway, type LimitedRoute, type RateLimitConfig, resolveRateLimits } from './setting.ts'
import { randomBytes, randomUUID } from 'node:crypto'
import {
  allocateSharedTable,
  type CalendarWindow,
  type Clock,
  LocalRateLimitStore,
  SharedRateLimitStore,
} from '@headgate/core'
import type { ConsumedGateway } from '../consumers/setting.ts'
import { calendarWindow } from './calendar.ts'
import { Kept } from '../../kept.ts'
import { Shared, type SharedKind } from '../../shared.ts'

/** How full the store of a rate limit is. */
export interface LimitFill {
  /** Keys that it holds. */
  readonly keys: number
  readonly capacity: number
}

/** What a key has left of a rate limit. */
export interface LimitUsage {
  /** Requests at once, at most. */
  readonly limit: number
  readonly remaining: number
  /** Milliseconds until all of them are there again. */
  readonly reset: number
}

interface RateLimitTable {
  /** Tells it from one that was made for the same limit before. */
  readonly id: string
  readonly memory: SharedArrayBuffer
}

/** What a limit counts, and when all of that began: in milliseconds by the clock that threads have in common. */
const TABLE: SharedKind<RateLimitTable> = { name: 'rate limit' }
const ORIGIN: SharedKind<number> = { name: 'rate limits since' }

/** A configuration, as far as rate limits count. */
export interface CountedGateway extends LimitedGateway, ConsumedGateway {
  readonly routes: readonly LimitedRoute[]
  readonly workers: number
}

/** The stores of all rate limits of a configuration, by id. They outlive the exchanges, and may outlive a snapshot. */
export class RateLimitStores {
  private readonly stores = new Map<string, LocalRateLimitStore | SharedRateLimitStore>()
  private readonly clock: Clock

  /**
   * @param kept from the configuration before: a limit whose own part is the same goes on
   * @param shared by all threads; default: there are no others
   */
  constructor(config: CountedGateway, clock: Clock, kept: Kept = new Kept(), shared?: Shared) {
    const memory = shared ?? new Shared()
    // Times in tables count from there.
    const origin = memory.get(ORIGIN, '', monotonic)
    const usual = shared !== undefined && config.workers > 1 ? 'shared' : 'local'
    this.clock = clock
    // Measured once: both clocks run alike from then on.
    const skew = monotonic() - origin - clock.now()
    for (const [id, limit] of resolveRateLimits(config)) {
      const identity = JSON.stringify([id, limit])
      const options = { ...storeOptions(limit), ...windowOf(limit, clock) }
      const isShared = (limit.store ?? usual) === 'shared'
      const table = isShared ? shared?.get(TABLE, identity, () => makeTable(limit)) : undefined
      // A thread that missed a configuration may have a store like the present one in memory that the others have left.
      const store = kept.keep('rate limit', [identity, table?.id], () =>
        isShared
          ? new SharedRateLimitStore({ ...options, memory: (table ?? makeTable(limit)).memory, skew })
          : new LocalRateLimitStore({ ...options, maxKeys: limit.maxKeys }),
      )
      this.stores.set(id, store)
    }
  }

  /** @throws TypeError if the configuration has no such limit */
  get(id: string): LocalRateLimitStore | SharedRateLimitStore {
    const store = this.stores.get(id)
    if (store === undefined) throw new TypeError(`there is no rate limit ${JSON.stringify(id)}`)
    return store
  }

  /** Whether threads share what it counts. Throws as `get` does. */
  isShared(id: string): boolean {
    return this.get(id) instanceof SharedRateLimitStore
  }

  /** How full the stores are that threads share, or those that are this thread's own. */
  fills(kind: 'shared' | 'local'): Map<string, LimitFill> {
    const now = this.clock.now()
    const wanted = [...this.stores].filter(
      ([, store]) => store instanceof SharedRateLimitStore === (kind === 'shared'),
    )
    return new Map(wanted.map(([id, store]) => [id, store.fill(now)]))
  }

  /** What a key has left; nothing is taken. Throws as `get` does. */
  usage(id: string, key: string): LimitUsage {
    return this.get(id).usage(key, this.clock.now())
  }

  /**
   * Gives full shares again: to one key of one limit, or to all of them. Where the limit is shared, in all threads.
   * @throws TypeError as `get` does
   */
  reset(id: string, key?: string): void {
    this.get(id).reset(key)
  }
}

/** Milliseconds of the clock that all threads of a machine have in common, while `performance.now` starts with its thread. */
function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

function makeTable({ key, maxKeys }: RateLimitConfig): RateLimitTable {
  const hasOneKey = key.every(({ kind }) => kind === 'global')
  return { id: randomUUID(), memory: allocateSharedTable(hasOneKey ? 1 : maxKeys, randomBytes(8)) }
}

/** In the words of the policy. */
export function storeOptions({ rate, burst, algorithm }: RateLimitConfig): {
  readonly rate: number
  readonly per: number
  readonly burst: number
  readonly algorithm: 'gcra' | 'sliding-window' | 'calendar'
} {
  return {
    rate: rate.requests,
    per: rate.per,
    burst: burst ?? rate.requests,
    algorithm: rate.calendar !== undefined ? 'calendar' : algorithm === 'token-bucket' ? 'gcra' : algorithm,
  }
}

/** What a limit by the calendar counts within; nothing for others. */
function windowOf(
  { rate: { calendar }, zone = 'UTC' }: RateLimitConfig,
  clock: Clock,
): { readonly window?: () => CalendarWindow } {
  return calendar === undefined ? {} : { window: calendarWindow(calendar, zone, clock) }
}
