import type { CacheDirectives } from '../../fields/cache-control.ts'
import type { HttpRequest } from '../../message/request.ts'
import type { RequestCacheMode } from './cache-options.ts'
import type { Forwarded } from './cache-status.ts'
import { entryFor } from './joined-parts.ts'
import { reuse, type Reuse } from './reuse.ts'
import type { StoredEntry } from './store.ts'
import { matching } from './vary.ts'

/** What is stored under the key of a request, and how it wants caches to be used. */
export interface Found {
  readonly entries: readonly StoredEntry[]
  /** What the client asks of caches. */
  readonly asked: CacheDirectives
  readonly mode: RequestCacheMode
}

/** By what right a stored response answers. */
export type Right = Exclude<Reuse, 'stale' | 'request'>

/** What becomes of a request: what is stored answers, the origin is asked, or neither may be. */
export type Choice =
  | { readonly by: 'store'; readonly entry: StoredEntry; readonly right: Right }
  | {
      readonly by: 'origin' | 'nobody'
      /** Which stored response the origin is asked about. */
      readonly entry: StoredEntry | undefined
      readonly why: Forwarded
    }

/** Decides it. Whatever explains what a cache would do asks this, as the cache does. */
export function choose({ entries, asked, mode }: Found, request: HttpRequest, now: number): Choice {
  const matched = entries.length === 0 ? entries : matching(entries, request.headers)
  // A reload asks for all of it, whatever is stored.
  const entry = mode === 'reload' ? undefined : entryFor(matched, request)
  const verdict = entry && verdictOf(entry, asked, mode, now)
  if (entry !== undefined && verdict !== undefined && verdict !== 'stale' && verdict !== 'request')
    return { by: 'store', entry, right: verdict }
  const why = mode === 'reload' ? 'request' : reasonOf(entries, matched, verdict)
  // RFC 9111 5.2.1.7.
  const by = asked.onlyIfCached || mode === 'only-if-cached' ? 'nobody' : 'origin'
  return { by, entry, why }
}

/**
 * Whether what is kept further behind may answer where what was found does not: another variant, or another part. What is stale is
 * renewed by the origin.
 */
export function mayBeFurther(choice: Choice): boolean {
  return choice.by !== 'store' && (choice.why === 'vary-miss' || choice.why === 'partial')
}

/** What was found near and further behind, as one store would return it. */
export function newestFirst(
  near: readonly StoredEntry[],
  far: readonly StoredEntry[],
): readonly StoredEntry[] {
  if (far.length === 0) return near
  return [...near, ...far].sort((one, other) => other.head.receivedAt - one.head.receivedAt)
}

function verdictOf(
  { head }: StoredEntry,
  asked: CacheDirectives,
  mode: RequestCacheMode,
  now: number,
): Reuse {
  if (mode === 'no-cache') return 'request'
  const verdict = reuse(head, asked, now)
  const any = mode === 'force-cache' || mode === 'only-if-cached'
  return any && verdict !== 'fresh' ? 'stale-accepted' : verdict
}

function reasonOf(
  entries: readonly StoredEntry[],
  matched: readonly StoredEntry[],
  verdict: Reuse | undefined,
): Forwarded {
  if (verdict !== undefined) return verdict === 'request' ? 'request' : 'stale'
  if (entries.length === 0) return 'uri-miss'
  return matched.length === 0 ? 'vary-miss' : 'partial'
}
