import type { RespondConfig } from './traffic-config.ts'

export interface HedgeConfig {
  /** Milliseconds, or a percentile of what responses take, between 0 and 1. */
  readonly delay: number | { readonly percentile: number }
  readonly hedges: number
}

/** Times in milliseconds; all per worker. */
export interface ConcurrencyConfig {
  readonly limit: number | 'adaptive'
  readonly queue: number
  readonly queueTimeout: number
}

export interface FallbackConfig {
  /** One of these two is there, and only one. */
  readonly respond?: RespondConfig | undefined
  /** A key of what `resolveUpstreams` returns. */
  readonly upstream?: string | undefined
  readonly statuses: readonly number[]
}

/** Times in milliseconds; all per worker. */
export interface BreakerConfig {
  readonly per: 'upstream' | 'endpoint' | 'both'
  readonly consecutiveFailures: number
  readonly failurePercent: number
  readonly slowAfter?: number | undefined
  readonly slowPercent: number
  readonly minimumRequests: number
  readonly window: number
  readonly openFor: number
  readonly maxOpenFor: number
  readonly probes: number
}

export interface LoadSheddingConfig {
  /** Milliseconds. */
  readonly eventLoopDelay?: number | undefined
  /** Octets. */
  readonly memory?: number | undefined
}

/** The highest first: its position is the priority of an exchange. */
export const IMPORTANCES = ['high', 'normal', 'low'] as const
export type Importance = (typeof IMPORTANCES)[number]
