import type { Exchange } from '../../message/exchange.ts'
import type { Handler } from '../../message/handler.ts'
import { type UrlParts, urlParts } from '../../message/reference.ts'
import { BoundedMap } from '../bounded-map.ts'
import type { CacheDirectives } from '../../fields/cache-control.ts'
import type { Claim, ClaimEnd } from './claims.ts'
import { type CacheOptions, type RequestCacheMode, rulesOf } from './cache-options.ts'
import type { CacheRules } from './cache-rules.ts'
import { cacheName, cacheStatus, type CacheOutcome } from './cache-status.ts'
import type { RunningFetch } from './fetched.ts'
import { type KeyedRequest, keyMaker, type MakeKey } from './key.ts'
import { headOfPart, newestOf, partsOf } from './joined-parts.ts'
import type { CacheKey, CacheStore, MaybePromise, StoredEntry, StoredHead } from './store.ts'
import type { HttpResponse } from '../../message/response.ts'
import { ownTags } from './tags.ts'
import type { Waited } from './waited.ts'

/** Keys that turned out not to be storable, and those whose revalidation failed, are remembered for as many. */
const MOST_REMEMBERED = 10_000

/** What the parts of one cache share. */
export class CacheContext {
  readonly options: CacheOptions
  readonly rules: CacheRules
  readonly store: CacheStore
  readonly next: Handler
  readonly makeKey: MakeKey
  readonly name: string
  readonly labels: { readonly route: string; readonly tags: readonly string[] }
  readonly maxVariants: number
  readonly maxParts: number
  readonly buffer: number
  /** How long what was not for all is not waited for, in milliseconds. */
  readonly hitForMiss: number
  /** Requests that are under way for all who wait, by what they fetch. */
  readonly fetches: Map<string, RunningFetch> = new Map()
  /** What other threads have under way and is waited for here, by the same names. */
  readonly waits: Map<string, ClaimWaiting> = new Map()
  /** Until when, by the clock, a key goes uncollapsed. */
  readonly uncollapsed: BoundedMap<number> = new BoundedMap(MOST_REMEMBERED)
  /** Until when, by the clock, a key is not revalidated in the background. */
  readonly paused: BoundedMap<number> = new BoundedMap(MOST_REMEMBERED)

  constructor(options: CacheOptions, next: Handler) {
    this.options = options
    this.next = next
    this.store = options.store
    this.rules = rulesOf(options)
    this.makeKey = keyMaker(options.key ?? {}, options.route ?? '')
    this.name = cacheName(options.name ?? 'headgate')
    this.labels = { route: ownTags([options.route ?? ''])[0] ?? '', tags: ownTags(options.tags ?? []) }
    this.maxVariants = options.maxVariants ?? 32
    this.maxParts = options.maxParts ?? 64
    this.buffer = options.buffer ?? 1024 * 1024
    this.hitForMiss = options.hitForMiss ?? 10_000
  }

  /** By which URL the response to a request is known. */
  targetOf(exchange: Exchange): UrlParts {
    return this.options.target?.(exchange) ?? urlParts(exchange.request)
  }

  /** What is stored under the key; nothing where the store fails. */
  find(key: CacheKey): MaybePromise<readonly StoredEntry[]> {
    return this.asked(() => this.store.find(key), NO_ENTRIES)
  }

  /** Whether a response to what has that key is worth its room. */
  admits(key: CacheKey): boolean {
    const { store } = this
    return store.admits === undefined || (this.asked(() => store.admits?.(key) ?? true, true) as boolean) // it returns no promise
  }

  /** What else is stored under it than these, which the store has found; undefined where there is nothing else to look into. */
  findMore(key: CacheKey, found: readonly StoredEntry[]): MaybePromise<readonly StoredEntry[]> | undefined {
    const { store } = this
    return store.findMore && this.asked(() => store.findMore?.(key, found) ?? NO_ENTRIES, NO_ENTRIES)
  }

  /** The moment from which on purges concern what is about to be asked for. */
  moment(): number {
    return this.asked(() => this.store.moment(), 0) as number // it returns no promise
  }

  /** Whose turn it is to ask for what is named so; undefined where the store does not say. @param now wall time */
  claim(name: string, now: number, looked: boolean): Claim | undefined {
    const { claims } = this.store
    if (claims === undefined) return undefined
    return this.asked(() => claims.claim(name, now, this.hitForMiss, looked), undefined) as Claim | undefined // it returns no promise
  }

  /** Another head for what is stored; of several parts, for the one that says what holds for all. */
  update(key: CacheKey, entry: StoredEntry, head: StoredHead): MaybePromise<boolean> {
    const newest = newestOf(entry)
    return this.asked(
      () => this.store.update(key, newest, newest === entry ? head : headOfPart(head, newest)),
      false,
    )
  }

  /** Removes what is stored, with all of its parts. */
  remove(key: CacheKey, entry: StoredEntry): void {
    for (const part of partsOf(entry)) void this.asked(() => this.store.remove(key, part), false)
  }

  /** What the store returns, or `otherwise` where it throws or rejects: that breaks no exchange. */
  asked<Value>(ask: () => MaybePromise<Value>, otherwise: Value): MaybePromise<Value> {
    try {
      const value = ask()
      return value instanceof Promise ? value.catch((error: unknown) => this.failed(error, otherwise)) : value
    } catch (error) {
      return this.failed(error, otherwise)
    }
  }

  /** Tells what became of a request, in its response and to whoever counts. */
  tell(exchange: Exchange, response: HttpResponse, outcome: CacheOutcome): HttpResponse {
    if (this.options.status !== false) response.headers.add('cache-status', cacheStatus(this.name, outcome))
    this.options.onOutcome?.(exchange, outcome)
    return response
  }

  private failed<Value>(error: unknown, otherwise: Value): Value {
    this.options.onStoreError?.(error)
    return otherwise
  }
}

const NO_ENTRIES: readonly StoredEntry[] = []

/** What another thread has under way. */
export interface ClaimWaiting {
  /** Resolves with its end, and rejects with the exchange's own. */
  join(exchange: Exchange): Promise<ClaimEnd>
}

/** One request on its way through a cache. */
export interface Lookup extends KeyedRequest {
  readonly exchange: Exchange
  /** All that is stored under its key. */
  readonly entries: readonly StoredEntry[]
  /** What the client asks of caches. */
  readonly asked: CacheDirectives
  readonly mode: RequestCacheMode
  /** It has waited for another thread. */
  readonly waited: Waited | undefined
}
