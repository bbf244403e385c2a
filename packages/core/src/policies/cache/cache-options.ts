import type { Exchange } from '../../message/exchange.ts'
import { own } from '../../message/own-options.ts'
import type { UrlParts } from '../../message/reference.ts'
import { type CacheRules, DEFAULT_RULES } from './cache-rules.ts'
import type { CacheOutcome } from './cache-status.ts'
import type { CacheKeyParts } from './key.ts'
import type { CacheStore } from './store.ts'

/** How a call wants its cache to be used: as the Fetch standard's `cache` (HTTP-network-or-cache fetch). */
export type RequestCacheMode =
  | 'default'
  | 'no-store'
  | 'reload'
  | 'no-cache'
  | 'force-cache'
  | 'only-if-cached'

/** Options of `cache`. Times in milliseconds. */
export interface CacheOptions {
  /** Where responses are kept. */
  readonly store: CacheStore
  /** `shared`: answers are for all who ask; `private`: all who ask are one. Default `shared`. */
  readonly mode?: 'shared' | 'private' | undefined
  /** What it calls itself in Cache-Status. Default `headgate`. */
  readonly name?: string | undefined
  /** The name of the route: with entries of its own, and for purges. Default empty. */
  readonly route?: string | undefined
  /** Which parts of a request tell it from others. Default: scheme, host, path and query. */
  readonly key?: CacheKeyParts | undefined
  /**
   * The URL that stored responses are known by, for purges and for what a change makes invalid: as clients know it, where the origin is
   * asked for another one. Default: that of the request.
   */
  readonly target?: ((exchange: Exchange) => UrlParts) | undefined
  /**
   * How long responses are fresh, against the origin's word, by status; `default` where the origin says nothing. That of 200 holds for its
   * parts (206), too, where these have none.
   */
  readonly ttl?: Readonly<Partial<Record<number | 'default', number>>> | undefined
  /** Clients cannot ask for the origin's word: their no-cache, max-age and the like mean nothing. Default false. */
  readonly ignoreRequestControl?: boolean | undefined
  /** Store what the origin forbids to store: no-store, private, no-cache. Default false. */
  readonly ignoreResponseControl?: boolean | undefined
  /** Store responses with Set-Cookie although nothing says that they are for all. Default: in a private cache. */
  readonly storeSetCookie?: boolean | undefined
  /** Lifetimes where the origin states none and Last-Modified is there. Default: a tenth of its age, a day at most. */
  readonly heuristic?: { readonly fraction: number; readonly max: number } | undefined
  /** Targeted fields that are for this cache, in lower case. Default `cdn-cache-control`, then `surrogate-control`. */
  readonly targets?: readonly string[] | undefined
  /** How long a stale response is used while it is revalidated, where the origin does not say. Default 0. */
  readonly staleWhileRevalidate?: number | undefined
  /** How long a stale response stands in for an origin that fails, where the origin does not say. Default 0. */
  readonly staleIfError?: number | undefined
  /** Requests that go past the cache. Default: none. */
  readonly bypass?: ((exchange: Exchange) => boolean) | undefined
  /** How a call wants its cache to be used. Default: `default`. */
  readonly requestMode?: ((exchange: Exchange) => RequestCacheMode) | undefined
  /** Tags of all that is stored. */
  readonly tags?: readonly string[] | undefined
  /** Variants of one key that are kept. Default 32. */
  readonly maxVariants?: number | undefined
  /** Parts of responses that are kept under one key. Default 64. */
  readonly maxParts?: number | undefined
  /** Bytes of a body on its way that are kept for late joiners and slow readers. Default 1 MiB. */
  readonly buffer?: number | undefined
  /** How long requests for what turned out not to be storable go their own ways. Default 10,000. */
  readonly hitForMiss?: number | undefined
  /** The most bytes of a QUERY's content that is kept in a key. Default 64 KiB. */
  readonly maxQuery?: number | undefined
  /** Whether responses get Cache-Status. Default true. */
  readonly status?: boolean | undefined
  /** Told of each request what became of it, before its response is returned. */
  readonly onOutcome?: ((exchange: Exchange, outcome: CacheOutcome) => void) | undefined
  /** Told of each revalidation in the background whether it went well. */
  readonly onRevalidated?: ((exchange: Exchange, well: boolean) => void) | undefined
  /** Told of what the store threw or rejected with. */
  readonly onStoreError?: ((error: unknown) => void) | undefined
}

/** The rules that follow from the options. @throws TypeError if a number is out of range */
export function rulesOf(given: CacheOptions): CacheRules {
  const options = own(given)
  const shared = options.mode !== 'private'
  const ttl = new Map<number | 'default', number>()
  for (const [status, lifetime] of Object.entries(options.ttl ?? {})) {
    if (lifetime !== undefined)
      ttl.set(status === 'default' ? status : Number(status), notNegative(`ttl.${status}`, lifetime))
  }
  const whole = ttl.get(200)
  // The same representation, of which somebody has asked for a part.
  if (whole !== undefined && !ttl.has(206)) ttl.set(206, whole)
  const { heuristic } = options
  return {
    ...DEFAULT_RULES,
    shared,
    ttl,
    ...(options.targets !== undefined && { targets: options.targets }),
    ...(heuristic !== undefined && { heuristicFraction: heuristic.fraction, heuristicMax: heuristic.max }),
    ignoreRequestControl: options.ignoreRequestControl ?? false,
    ignoreResponseControl: options.ignoreResponseControl ?? false,
    storeSetCookie: options.storeSetCookie ?? !shared,
    staleWhileRevalidate: notNegative('staleWhileRevalidate', options.staleWhileRevalidate ?? 0),
    staleIfError: notNegative('staleIfError', options.staleIfError ?? 0),
  }
}

function notNegative(name: string, value: number): number {
  if (value >= 0 && Number.isFinite(value)) return value
  throw new TypeError(`${name} of cache() is ${value}: use milliseconds, 0 or more`)
}
