import { bodyFrom } from '../../message/body.ts'
import { HeaderList } from '../../message/headers.ts'
import { HttpResponse } from '../../message/response.ts'
import type { CacheContext, Lookup } from './cache-context.ts'
import { choose, mayBeFurther, type Right } from './choose.ts'
import { forward } from './forward.ts'
import { partsOf } from './joined-parts.ts'
import { revalidateInBackground } from './revalidate.ts'
import { ageAt, freshFor } from './reuse.ts'
import { storedAnswer } from './stored-answer.ts'
import type { StoredEntry } from './store.ts'
import type { LookUpAgain } from './waited.ts'

/**
 * Answers from what is stored, or has the origin asked.
 * @param again looks the request up once more; undefined where it has been often enough
 * @param further asked where only other variants and parts were found; undefined where there is no other place to look for this one
 */
export function decide(
  context: CacheContext,
  lookup: Lookup,
  again: LookUpAgain | undefined,
  further: (() => Promise<HttpResponse> | undefined) | undefined,
): Promise<HttpResponse> {
  const { exchange, entries } = lookup
  const { request, clock } = exchange
  const choice = choose(lookup, request, clock.wallTime())
  const { by, entry } = choice
  const elsewhere = mayBeFurther(choice) ? further?.() : undefined
  if (elsewhere !== undefined) return elsewhere
  const answer =
    entry !== undefined && cameMeanwhile(entry, lookup)
      ? collapsed(context, lookup, entry)
      : by === 'store'
        ? hit(context, lookup, choice.entry, choice.right)
        : undefined
  if (answer !== undefined) {
    for (const each of entries) each.release()
    return Promise.resolve(answer)
  }
  const held = entry === undefined ? [] : partsOf(entry)
  for (const each of entries) if (!held.includes(each)) each.release()
  if (by === 'origin') return forward(context, lookup, entry, choice.why, again)
  entry?.release()
  const outcome = { hit: false, detail: 'only-if-cached' }
  return Promise.resolve(context.tell(exchange, nothingStored(), outcome))
}

/** RFC 9111 5.2.1.7. It is an answer, and no failure: nobody is to try again, or to stand in. */
function nothingStored(): HttpResponse {
  const headers = HeaderList.of({ 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' })
  return new HttpResponse(
    504,
    headers,
    bodyFrom('nothing is stored that answers this, and only-if-cached allows nothing else\n'),
  )
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

function hit(context: CacheContext, lookup: Lookup, entry: StoredEntry, right: Right): HttpResponse {
  const { exchange } = lookup
  const { head } = entry
  const now = exchange.clock.wallTime()
  const age = ageAt(head, now)
  const response = storedAnswer(entry, head, exchange.request, age)
  if (right === 'stale-while-revalidate') revalidateInBackground(context, lookup, entry)
  return context.tell(exchange, response, {
    hit: true,
    freshFor: freshFor(head, now),
    age,
    detail: right === 'fresh' ? undefined : right,
    from: entry.from,
  })
}
