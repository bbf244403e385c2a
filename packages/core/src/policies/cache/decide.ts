import { HttpResponse } from '../../message/response.ts'
import type { CacheContext, Lookup } from './cache-context.ts'
import type { Forwarded } from './cache-status.ts'
import { forward } from './forward.ts'
import { revalidateInBackground } from './revalidate.ts'
import { ageAt, freshFor, reuse, type Reuse } from './reuse.ts'
import { coversRange, storedAnswer } from './stored-answer.ts'
import type { StoredEntry } from './store.ts'
import { matching } from './vary.ts'
import type { LookUpAgain } from './waited.ts'

/**
 * Answers from what is stored, or has the origin asked.
 * @param again looks the request up once more; undefined where it has been often enough
 */
export function decide(
  context: CacheContext,
  lookup: Lookup,
  again: LookUpAgain | undefined,
): Promise<HttpResponse> {
  const { exchange, entries, asked, mode } = lookup
  const { request } = exchange
  const matched = entries.length === 0 ? entries : matching(entries, request.headers)
  // A reload asks for all of it, whatever is stored.
  const entry =
    mode === 'reload' ? undefined : matched.find(({ head, length }) => coversRange(head, length, request))
  if (entry !== undefined && cameMeanwhile(entry, lookup)) {
    const response = collapsed(context, lookup, entry)
    for (const each of entries) each.release()
    return Promise.resolve(response)
  }
  const verdict = entry && verdictOf(entry, lookup)
  if (entry !== undefined && verdict !== undefined && verdict !== 'stale' && verdict !== 'request') {
    const response = hit(context, lookup, entry, verdict)
    for (const each of entries) each.release()
    return Promise.resolve(response)
  }
  const why = mode === 'reload' ? 'request' : reasonOf(entries, matched, verdict)
  for (const each of entries) if (each !== entry) each.release()
  if (asked.onlyIfCached || mode === 'only-if-cached') {
    entry?.release()
    // RFC 9111 5.2.1.7.
    const outcome = { hit: false, detail: 'only-if-cached' }
    return Promise.resolve(context.tell(exchange, new HttpResponse(504), outcome))
  }
  return forward(context, lookup, entry, why, again)
}

function verdictOf({ head }: StoredEntry, { exchange, asked, mode }: Lookup): Reuse {
  if (mode === 'no-cache') return 'request'
  const verdict = reuse(head, asked, exchange.clock.wallTime())
  const any = mode === 'force-cache' || mode === 'only-if-cached'
  return any && verdict !== 'fresh' ? 'stale-accepted' : verdict
}

/** It is what the request has waited for: as good as if it had asked for it itself, whatever may be done with it later. */
function cameMeanwhile({ head }: StoredEntry, { waited }: Lookup): boolean {
  return waited !== undefined && head.receivedAt >= waited.since && head.staleSince === undefined
}

function collapsed(context: CacheContext, lookup: Lookup, entry: StoredEntry): HttpResponse {
  const { exchange, waited } = lookup
  const now = exchange.clock.wallTime()
  const response = storedAnswer(entry, entry.head, exchange.request, ageAt(entry.head, now))
  return context.tell(exchange, response, {
    hit: false,
    forwarded: waited?.why,
    stored: true,
    collapsed: true,
    freshFor: freshFor(entry.head, now),
  })
}

function hit(context: CacheContext, lookup: Lookup, entry: StoredEntry, verdict: Reuse): HttpResponse {
  const { exchange } = lookup
  const { head } = entry
  const now = exchange.clock.wallTime()
  const age = ageAt(head, now)
  const response = storedAnswer(entry, head, exchange.request, age)
  if (verdict === 'stale-while-revalidate') revalidateInBackground(context, lookup, entry)
  return context.tell(exchange, response, {
    hit: true,
    freshFor: freshFor(head, now),
    age,
    detail: verdict === 'fresh' ? undefined : verdict,
    from: entry.from,
  })
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
