import { type CacheDirectives, NO_DIRECTIVES, parseCacheControl } from '../../fields/cache-control.ts'
import type { HeaderList } from '../../message/headers.ts'
import { HEAD_RULES, type StoredHead } from './store.ts'

/** Whether a stored response may be used, and by what right. */
export type Reuse =
  | 'fresh'
  /** Stale, and the client takes it (max-stale). */
  | 'stale-accepted'
  /** Stale, while it is revalidated in the background (RFC 5861 3). */
  | 'stale-while-revalidate'
  /** Not without the origin's word: it is stale. */
  | 'stale'
  /** Not without the origin's word, since the client asks for that. */
  | 'request'

/** What a request asks of caches (RFC 9111 5.2.1). Pragma is heeded where Cache-Control is missing (RFC 9111 5.4). */
export function requestControl(headers: HeaderList): CacheDirectives {
  const control = headers.get('cache-control')
  if (control !== undefined) return parseCacheControl(control)
  return headers.has('pragma') && /(?:^|[\s,])no-cache(?:$|[\s,])/i.test(headers.get('pragma') ?? '')
    ? PRAGMA_NO_CACHE
    : NO_DIRECTIVES
}

const PRAGMA_NO_CACHE: CacheDirectives = { ...NO_DIRECTIVES, noCache: true }

/** How old a stored response is, in milliseconds (RFC 9111 4.2.3). A clock that was set back makes it no younger than it came. */
export function ageAt(head: StoredHead, now: number): number {
  return head.initialAge + Math.max(0, now - head.receivedAt)
}

/**
 * What came by a clock that was ahead by more than this, in milliseconds, is stale: its age is not known, and it would be fresh until
 * that day comes.
 */
const MOST_AHEAD = 24 * 60 * 60_000

/** How long it is fresh from now on, in milliseconds; below 0, how long it has been stale. */
export function freshFor(head: StoredHead, now: number): number {
  const known = head.lifetime - ageAt(head, now)
  const left = head.receivedAt - now > MOST_AHEAD ? Math.min(known, 0) : known
  return head.staleSince === undefined ? left : Math.min(left, Math.min(0, head.staleSince - now))
}

/** RFC 9111 4: whether a stored response satisfies a request, whose key and selecting fields it matches. */
export function reuse(head: StoredHead, asked: CacheDirectives, now: number): Reuse {
  const left = freshFor(head, now)
  if (asked.noCache) return 'request'
  if ((head.rules & HEAD_RULES.noCache) !== 0) return 'stale'
  if (left > 0) return satisfies(head, asked, left, now) ? 'fresh' : 'request'
  if ((head.rules & HEAD_RULES.mustRevalidate) !== 0) return 'stale'
  if (asked.maxStale !== undefined && -left <= asked.maxStale * 1000 && satisfies(head, asked, left, now))
    return 'stale-accepted'
  if (asked.maxAge !== undefined || asked.minFresh !== undefined) return 'stale'
  return -left <= head.staleWhileRevalidate && head.staleWhileRevalidate > 0
    ? 'stale-while-revalidate'
    : 'stale'
}

/** Whether it is as young, and fresh for as long, as the client asks for. */
function satisfies(head: StoredHead, asked: CacheDirectives, left: number, now: number): boolean {
  if (asked.minFresh !== undefined && left < asked.minFresh * 1000) return false
  if (asked.maxAge === undefined || ageAt(head, now) <= asked.maxAge * 1000) return true
  // A reload of what does not change while it is fresh (RFC 8246 2); max-stale allows to go beyond max-age.
  return left > 0 && ((head.rules & HEAD_RULES.immutable) !== 0 || asked.maxStale !== undefined)
}

/** Whether a stored response may stand in for an origin that fails (RFC 9111 4.2.4, RFC 5861 4). */
export function servesOnError(head: StoredHead, asked: CacheDirectives, now: number): boolean {
  if ((head.rules & (HEAD_RULES.mustRevalidate | HEAD_RULES.noCache)) !== 0) return false
  const left = freshFor(head, now)
  if (left > 0) return true
  return -left <= Math.max(head.staleIfError, (asked.staleIfError ?? 0) * 1000)
}
