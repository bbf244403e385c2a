import type { Body, WholeBody } from '../../message/body.ts'
import type { FetchClaims } from './claims.ts'

/** A value, or the promise of one: a store in memory answers at once, and who asks it pays for no promise. */
export type MaybePromise<Value> = Value | Promise<Value>

/** What a request is looked up by: made by `cacheKey`, so that two different requests never have the same. */
export interface CacheKey {
  /** Each character is one byte, none is a line feed. A store may hash it, but compares all of it. */
  readonly text: string
}

/** Which part of a representation is kept. In bytes, the last one included. */
export interface StoredRange {
  readonly first: number
  readonly last: number
  /** Of the whole representation. */
  readonly complete: number
}

/**
 * A stored response without its content. Immutable. All text is latin1 without line feeds, so that a store may keep it as
 * bytes; times are wall time in milliseconds, and so are durations. What Cache-Control and its like say is decided once,
 * when it is stored (`freshness.ts`), so that a hit parses nothing.
 */
export interface StoredHead {
  readonly status: number
  /** Name, value, name, value: names in lower case, as a `HeaderList` has them. */
  readonly fields: readonly string[]
  /** When the request was sent that brought it, or last confirmed it. */
  readonly requestedAt: number
  /** When the response came that brought it, or last confirmed it. */
  readonly receivedAt: number
  /** How old it was when it came (corrected_initial_age, RFC 9111 4.2.3). */
  readonly initialAge: number
  /** How old it may be and still be fresh (RFC 9111 4.2.1). */
  readonly lifetime: number
  /** How long after that it may be used while it is revalidated (RFC 5861 3). */
  readonly staleWhileRevalidate: number
  /** How long after that it may be used where the origin fails (RFC 5861 4). */
  readonly staleIfError: number
  /** Bits of `HEAD_RULES`. */
  readonly rules: number
  /** The request's fields that Vary names, in lower case, sorted, each once. */
  readonly selecting: readonly string[]
  /** Their normalised values as one text, made by `variantOf`; empty where Vary names none. */
  readonly variant: string
  /** The part that is kept, where it is not the whole. */
  readonly range?: StoredRange | undefined
  /** For purges by URL and by prefix, and for people. */
  readonly url: string
  readonly route: string
  /** For purges by tag. */
  readonly tags: readonly string[]
  /** Cache-Groups (RFC 9875), each as `groupOf` makes it: with its origin. */
  readonly groups: readonly string[]
  /** Set by a soft purge: stale since then, whatever its age. */
  readonly staleSince?: number | undefined
}

/** What a stored response says of its use. */
export const HEAD_RULES = {
  /** It may not be used without the origin's word (no-cache, RFC 9111 5.2.2.4). */
  noCache: 1,
  /** It may not be used when stale, whatever else allows it (must-revalidate, proxy-revalidate, s-maxage). */
  mustRevalidate: 2,
  /** Its lifetime was guessed (RFC 9111 4.2.2). */
  heuristic: 4,
  /** It does not change while it is fresh (RFC 8246). */
  immutable: 8,
  /** The request that brought it had Authorization, and the response says that it is for all (RFC 9111 3.5). */
  authorized: 16,
  /** Its status is 404, 500 or the like, and it was stored as one. */
  negative: 32,
} as const

/**
 * A stored response. `open` may be called any number of times until `release`; a body that was opened goes on whatever is
 * purged or evicted meanwhile.
 */
export interface StoredEntry {
  readonly head: StoredHead
  /** Bytes of content. */
  readonly length: number
  /** Which of several stores it was found in, where that is not the first of them: told in Cache-Status. A token. */
  readonly from?: string | undefined
  /**
   * The content from `first` to `last`, both included; all of it by default. Positions are those of what is kept, from 0.
   * What is small and in memory is a `WholeBody`.
   */
  open(first?: number, last?: number): Body
  /** Nothing more is opened. It may be updated and removed after that. */
  release(): void
}

/** Takes a response that is on its way. */
export interface EntryWriter {
  /**
   * Takes a chunk, whose memory is used again after the call: what is kept is copied.
   * @returns false if it is given up: too large, or no room; it is as if `abort` had been called
   */
  write(chunk: Uint8Array): boolean
  /**
   * `write` and `commit` in one, for who has all of the content at once: what came as text need not be turned into bytes before it is
   * copied. A writer without it is asked for the two.
   */
  writeAll?(content: WholeBody): MaybePromise<boolean>
  /**
   * All is here: from now on it is found.
   * @returns whether it was taken; false as well where its length is not what was announced
   */
  commit(): MaybePromise<boolean>
  /** It is not to be stored. */
  abort(): void
}

/** Which stored responses are meant. */
export type Selection =
  | { readonly by: 'all' }
  | { readonly by: 'url' | 'prefix' | 'tag' | 'route' | 'group'; readonly value: string }
  | { readonly by: 'key'; readonly key: CacheKey }

/** How a store is doing. Counters count since it was made. */
export interface StoreStats {
  readonly entries: number
  /** Bytes in use, heads and keys included. */
  readonly bytes: number
  /** The most bytes that it may use. */
  readonly capacity: number
  readonly admitted: number
  /** Not taken: too large, no room, or worth less than what is there. */
  readonly refused: number
  readonly evictions: number
}

/**
 * Keeps responses. What it throws or rejects with never breaks an exchange: it is taken as if nothing were stored. Who
 * writes one runs `CACHE_STORE_CASES` of `@headgate/core/testing` on it.
 */
export interface CacheStore {
  /** All that is stored under the key, the newest first. Each is released by who asked. */
  find(key: CacheKey): MaybePromise<readonly StoredEntry[]>
  /**
   * What else is stored under a key than what `find` has returned, where that looks no further than it must: other variants and parts may
   * be kept elsewhere. Default: nothing.
   */
  findMore?(key: CacheKey, found: readonly StoredEntry[]): MaybePromise<readonly StoredEntry[]>
  /** How many purges there have been: whoever asks the origin notes it before, for `begin`. */
  moment(): number
  /**
   * Whether a response that has come for that key is worth its room; where it is not, `begin` would return undefined, and need not be
   * asked with a head made for it. Default: it is.
   */
  admits?(key: CacheKey): boolean
  /**
   * Begins to store a response.
   * @param length bytes of content, where they are known
   * @param since the moment before the origin was asked: what a purge was for since then is not taken, or taken as stale, as it
   * may be older than the change that the purge was for
   * @returns undefined if it does not want it; one with the same `variant` and range is replaced at the commit
   */
  begin(key: CacheKey, head: StoredHead, length: number | undefined, since: number): EntryWriter | undefined
  /** Another head for the same content: after a 304 or a HEAD. @returns false if the entry is gone */
  update(key: CacheKey, entry: StoredEntry, head: StoredHead): MaybePromise<boolean>
  /** @returns false if it is gone already */
  remove(key: CacheKey, entry: StoredEntry): MaybePromise<boolean>
  /**
   * Removes what is meant, or marks it stale. What is on its way into the store meanwhile is not taken where it is meant.
   * @returns how many there were
   */
  purge(selection: Selection, how: 'hard' | 'soft', now: number): MaybePromise<number>
  stats(): StoreStats
  /** Who asks the origin, among threads that share the store. Default: each of them does. */
  readonly claims?: FetchClaims | undefined
  close(): Promise<void>
}
