import type { OperationKey } from '../../routing/graphql/operation-key.ts'
import type { RequestRate } from '../values/request-rate.ts'

/** What requests are told apart by, where they are limited. */
export type RateLimitKey =
  | { readonly kind: 'client-ip' | 'country' | 'route' | 'global' | OperationKey }
  /** The name in lower case. */
  | { readonly kind: 'header'; readonly name: string }

export interface RateLimitConfig {
  readonly rate: RequestRate
  readonly burst?: number | undefined
  readonly algorithm: 'token-bucket' | 'sliding-window'
  /** What a request takes, in place of one. */
  readonly cost?: 'graphql-fields' | undefined
  /** At least one; all of them together. */
  readonly key: readonly RateLimitKey[]
  readonly bypass: {
    /** IP addresses and CIDR ranges: see `ipRanges`. */
    readonly addresses: readonly string[]
    /** Names in lower case. */
    readonly headers: Readonly<Record<string, string>>
  }
  /** Whether responses tell of it. */
  readonly fields: boolean
  /** Absent: shared where there are several workers. */
  readonly store?: 'local' | 'shared' | undefined
  /** Only matters where the store can fail. */
  readonly onStoreError?: 'open' | 'closed' | 'local' | undefined
  readonly maxKeys: number
}

export interface RouteRateLimitConfig extends RateLimitConfig {
  readonly name: string
}
