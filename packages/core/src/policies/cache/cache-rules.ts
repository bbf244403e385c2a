import type { FreshnessRules } from './freshness.ts'

/** What decides on storing and reusing: the options of a cache with their defaults. Times in milliseconds. */
export interface CacheRules extends FreshnessRules {
  /** Targeted fields that are for this cache, in lower case, in their order (RFC 9213 2.2); Surrogate-Control is read by its own grammar. */
  readonly targets: readonly string[]
  /** Lifetimes against the origin's word, by status; `default` for all that have none. */
  readonly ttl: ReadonlyMap<number | 'default', number>
  /** Store whatever Cache-Control forbids to store: no-store, private, no-cache. Plainly against RFC 9111. */
  readonly ignoreResponseControl: boolean
  /** Clients cannot ask for the origin's word: their no-cache, max-age and the like mean nothing. */
  readonly ignoreRequestControl: boolean
  /** Store responses with Set-Cookie that are not said to be for all. */
  readonly storeSetCookie: boolean
  /** Grace where the origin states none. */
  readonly staleWhileRevalidate: number
  readonly staleIfError: number
}

/** RFC 9111 as it is, without guesses beyond those that it suggests. */
export const DEFAULT_RULES: CacheRules = {
  shared: true,
  heuristicFraction: 0.1,
  heuristicMax: 24 * 3600 * 1000,
  targets: ['cdn-cache-control', 'surrogate-control'],
  ttl: new Map(),
  ignoreResponseControl: false,
  ignoreRequestControl: false,
  storeSetCookie: false,
  staleWhileRevalidate: 0,
  staleIfError: 0,
}
