import type { PathForm } from '@headgate/core'
import type { ApiVersionsConfig, LifecycleConfig } from './api-version-config.ts'
import type { AdminTokenConfig, ReloadConfig, VersionsConfig } from './change-config.ts'
import type {
  BreakerConfig,
  ConcurrencyConfig,
  FallbackConfig,
  HedgeConfig,
  Importance,
  LoadSheddingConfig,
} from './resilience-config.ts'
import type { SharedConfig } from './shared-config.ts'
import type { RateLimitConfig, RouteRateLimitConfig } from './rate-limit-config.ts'
import type { BalancingConfig } from './balancing-config.ts'
import type { FailoverConfig } from './failover-config.ts'
import type { Address } from '../values/address.ts'
import type { DiscoveredConfig, DiscoveryConfig } from './discovery-config.ts'
import type { GeoConfig } from './geo-config.ts'
import type { GraphqlConfig } from './graphql-config.ts'
import type { MatchConfig } from './match-config.ts'
import type {
  HeaderChangesConfig,
  MirrorConfig,
  RedirectConfig,
  RespondConfig,
  RewriteConfig,
  SplitConfig,
} from './traffic-config.ts'

/**
 * A checked configuration: every default filled in, durations in milliseconds, sizes in bytes, host names,
 * paths and URLs in canonical form. Plain data, so it can be sent to a worker thread as it is.
 */
export interface GatewayConfig {
  /** Worker threads; by default one per core. */
  readonly workers: number
  /** At least one. */
  readonly listeners: readonly ListenerConfig[]
  readonly admin: AdminConfig | false
  readonly reload: ReloadConfig
  readonly versions: VersionsConfig
  /** IP addresses and CIDR ranges: see `ipRanges`. */
  readonly trustedProxies: readonly string[]
  readonly paths: PathForm
  readonly limits: LimitsConfig
  readonly timeouts: TimeoutsConfig
  readonly minimumByteRate: MinimumByteRateConfig
  readonly drain: DrainConfig
  readonly forwarding: ForwardingConfig
  readonly requestId: RequestIdConfig | false
  readonly accessLog: AccessLogConfig | false
  /** Where it is; absent: zones do not matter. */
  readonly zone?: string | undefined
  /** The named groups; read it through `resolveUpstreams`, which adds the inline ones. */
  readonly upstreams: Readonly<Record<string, UpstreamConfig>>
  readonly discovery: DiscoveryConfig
  readonly geo?: GeoConfig | undefined
  readonly loadShedding?: LoadSheddingConfig | undefined
  /** Whether clients may shorten the time that an exchange has. */
  readonly deadlines: boolean
  /** Read it through `resolveRateLimits`, which adds those of the routes. */
  readonly rateLimits: Readonly<Record<string, RateLimitConfig>>
  /** At least one, each with a name of its own. */
  readonly routes: readonly RouteConfig[]
  /** What routes share and where they have it from, to be shown; absent where they share nothing. */
  readonly shared?: SharedConfig | undefined
  /** Where the values of variables stand, by their places as they are written: they are shown by their names. */
  readonly variables?: readonly { readonly path: readonly PropertyKey[]; readonly written: string }[]
}

export interface ListenerConfig {
  readonly address: Address
  readonly tls?: ListenerTlsConfig | undefined
  /** Per worker. */
  readonly maxConnections: number
}

export interface ListenerTlsConfig {
  /** Path of the PEM file with the certificate chain. */
  readonly cert: string
  /** Path of the PEM file with the private key. */
  readonly key: string
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
}

export interface AdminConfig {
  readonly address: Address
  /** Exact hosts and `*.suffix` patterns. */
  readonly hosts: readonly string[]
  readonly token?: AdminTokenConfig | undefined
}

export interface LimitsConfig {
  /** Bytes. */
  readonly head: number
  readonly fields: number
  /** Bytes. */
  readonly target: number
  /** Bytes; no limit when absent. */
  readonly body?: number | undefined
}

/** All in milliseconds; Infinity where it is off. */
export interface TimeoutsConfig {
  readonly connect: number
  readonly requestHead: number
  readonly responseHead: number
  readonly bodyIdle: number
  readonly streamIdle: number
  readonly keepAlive: number
  readonly halfClosed: number
  readonly exchange?: number | undefined
  /** 0 turns it off. */
  readonly workerStall: number
}

/** All in milliseconds, Infinity where it is off; absent: as in the `timeouts` of the whole gateway, but `attempt`. */
export interface RouteTimeoutsConfig {
  readonly attempt?: number | undefined
  readonly responseHead?: number | undefined
  readonly bodyIdle?: number | undefined
  readonly streamIdle?: number | undefined
}

export interface MinimumByteRateConfig {
  /** Bytes per second; 0 turns it off. */
  readonly rate: number
  /** Milliseconds. */
  readonly grace: number
}

export interface DrainConfig {
  /** Milliseconds. */
  readonly timeout: number
}

export interface ForwardingConfig {
  readonly forwarded: boolean
  readonly xForwarded: boolean
  readonly via: string | false
}

export interface RequestIdConfig {
  /** Lower case. */
  readonly header: string
  readonly accept: boolean
}

export interface AccessLogConfig {
  /** A path, or `stdout`. */
  readonly path: string
  readonly format: 'auto' | 'json' | 'short'
  /** In lower case. */
  readonly headers: readonly string[]
}

export interface UpstreamConfig extends BalancingConfig, FailoverConfig {
  /** At least one. */
  readonly endpoints: readonly EndpointConfig[]
  readonly pool: PoolConfig
  /** Absent: as in the `timeouts` of the whole gateway. */
  readonly timeouts?: { readonly connect?: number | undefined } | undefined
  readonly tls?: UpstreamTlsConfig | undefined
  readonly breaker?: BreakerConfig | undefined
  readonly concurrency?: ConcurrencyConfig | undefined
}

export interface EndpointConfig extends DiscoveredConfig {
  /** `http://host[:port]`, `https://host[:port]`, `unix:/path` or `https+unix:/path`, canonical; absent where DNS tells it. */
  readonly url?: string | undefined
  readonly weight: number
  readonly priority: number
  readonly zone?: string | undefined
}

/** Per endpoint and worker; times in milliseconds. */
export interface PoolConfig {
  readonly maxConnections: number
  readonly maxPending: number
  readonly pendingTimeout: number
  readonly idleTimeout: number
  readonly maxAge: number
}

export interface UpstreamTlsConfig {
  /** Path of a PEM file. */
  readonly ca?: string | undefined
  readonly servername?: string | undefined
  readonly verify: boolean
}

export interface RouteConfig {
  readonly name: string
  readonly match: MatchConfig
  /** Higher is looked at first. */
  readonly priority: number
  readonly apiVersions?: ApiVersionsConfig | undefined
  readonly lifecycle?: LifecycleConfig | undefined
  /** The name of a group or a URL; either is a key of what `resolveUpstreams` returns. One of these four is there, and only one. */
  readonly upstream?: string | undefined
  readonly split?: SplitConfig | undefined
  readonly redirect?: RedirectConfig | undefined
  readonly respond?: RespondConfig | undefined
  readonly mirror?: MirrorConfig | undefined
  readonly rewrite?: RewriteConfig | undefined
  readonly requestHeaders?: HeaderChangesConfig | undefined
  readonly responseHeaders?: HeaderChangesConfig | undefined
  /** Complete: what the route does not say is as for all. */
  readonly paths: PathForm
  readonly preserveHost: boolean
  /** Milliseconds, Infinity where it is off; absent: as `timeouts.exchange`. */
  readonly timeout?: number | undefined
  readonly retry: RetryConfig | false
  readonly hedge?: HedgeConfig | undefined
  readonly timeouts?: RouteTimeoutsConfig | undefined
  /** Absent: that of the whole gateway. */
  readonly minimumByteRate?: MinimumByteRateConfig | undefined
  readonly concurrency?: ConcurrencyConfig | undefined
  readonly importance: Importance
  readonly fallback?: FallbackConfig | undefined
  readonly graphql?: GraphqlConfig | undefined
  /** Limits of its own, or names of those of the gateway. */
  readonly rateLimit?: readonly (string | RouteRateLimitConfig)[] | undefined
  readonly limits?: { readonly body?: number | undefined } | undefined
}

export interface RetryConfig {
  /** Total tries, the first included. */
  readonly attempts: number
  readonly backoff: {
    /** Milliseconds. */
    readonly base: number
    /** Milliseconds. */
    readonly max: number
    readonly jitter: 'full' | 'equal' | 'decorrelated'
  }
  readonly statuses: readonly number[]
}
