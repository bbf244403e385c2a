/** How an upstream's endpoint is chosen. */
export type BalanceWord = 'round-robin' | 'least-connections' | 'random' | 'peak-ewma' | 'consistent-hash'

/** What of a request is hashed; the names of headers are in lower case. */
export type HashKeyConfig =
  | { readonly kind: 'client-ip' }
  | { readonly kind: 'path' }
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'cookie'; readonly name: string }

export interface HashConfig {
  readonly key: HashKeyConfig
  /** Percent of the average load; absent: no bound. */
  readonly maxLoad?: number | undefined
}

export interface StickyConfig {
  readonly cookie: string
  /** Milliseconds; absent: as long as the client's session. */
  readonly maxAge?: number | undefined
  readonly secret?: string | undefined
}

/** Times in milliseconds. */
export interface OutliersConfig {
  /** 0 turns it off. */
  readonly consecutiveFailures: number
  readonly statuses: readonly number[]
  readonly successRate: { readonly requests: number; readonly endpoints: number } | false
  readonly interval: number
  readonly ejectionTime: number
  readonly maxEjectionTime: number
  readonly maxEjectionPercent: number
}

export interface StatusRange {
  readonly from: number
  readonly to: number
}

/** Times in milliseconds. */
export interface HealthConfig {
  readonly type: 'http' | 'tcp'
  readonly path: string
  readonly method: string
  readonly host?: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly statuses: readonly StatusRange[]
  readonly interval: number
  readonly timeout: number
  readonly healthyThreshold: number
  readonly unhealthyThreshold: number
}

/** What an upstream's configuration says about balancing and health. */
export interface BalancingConfig {
  readonly balance: BalanceWord
  /** Only with `consistent-hash`. */
  readonly hash?: HashConfig | undefined
  readonly sticky?: StickyConfig | undefined
  /** Milliseconds. */
  readonly slowStart: number
  /** Percent. */
  readonly panicThreshold: number
  readonly outliers: OutliersConfig | false
  readonly health: HealthConfig | false
}
