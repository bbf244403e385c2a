import type { BlockList } from 'node:net'
import type { AccessLog, Clock, Handler, LoadGauge, MetricRegistry, OpenStreams } from '@headgate/core'
import type { Authenticators } from './features/authentication/authenticators.ts'
import type { GatewayCache } from './features/cache/memory.ts'
import type { Refusals } from './features/refusals.ts'
import type { LogEntry } from './features/handlers/handler-context.ts'
import type { GeoLookup } from './features/geo/geo-place.ts'
import type { RateLimitStores } from './features/rate-limit/stores.ts'

/** What a snapshot is compiled into: things that outlive it. */
export interface Surroundings {
  readonly clock: Clock
  readonly metrics: MetricRegistry
  readonly accessLog: AccessLog | undefined
  readonly trustedProxies: BlockList
  /** See `loopMark`; undefined where nothing is sent. */
  readonly loopKey?: Uint8Array | undefined
  readonly rateLimits: RateLimitStores
  readonly authenticators: Authenticators
  /** Absent: nobody is told of refusals. */
  readonly refusals?: Refusals | undefined
  /** Undefined where no route has a cache. */
  readonly cache?: Pick<GatewayCache, 'id' | 'store'> | undefined
  /** Where addresses are; absent: nothing is known of any. */
  readonly geo?: GeoLookup | undefined
  /** Undefined where no load is shed. */
  readonly load?: LoadGauge | undefined
  /** Told what handlers write into the log. Absent: nobody reads it. */
  readonly onLog?: ((entry: LogEntry) => void) | undefined
  /** Where exchanges end in place of code, for explanations. Absent: code runs. */
  readonly codeEnd?: Handler | undefined
  /** To be closed when this thread ends. */
  readonly openStreams?: OpenStreams | undefined
}
