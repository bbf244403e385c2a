import type { HttpResponse } from '../../message/response.ts'
import { TrafficError } from '../../message/errors.ts'
import { isUnavailable } from '../fallback.ts'
import { askOrigin, type OriginAnswer } from './ask-origin.ts'
import type { CacheContext, Lookup } from './cache-context.ts'
import type { Forwarded } from './cache-status.ts'
import { inTime } from './in-time.ts'
import { onError, unwanted } from './origin-answers.ts'
import { staleSince } from './recent-purges.ts'
import { servesOnError } from './reuse.ts'
import type { StoredEntry } from './store.ts'
import { confirmedHead } from './stored-head.ts'
import { confirms } from './validators.ts'
import { matching } from './vary.ts'

/**
 * A HEAD goes to the origin as it is, and brings what is stored up to date (RFC 9111 4.3.5). Where the origin fails, what is stale
 * answers it, as it would a GET (RFC 5861 4).
 * @param stale what is stored, if it is
 */
export async function forwardHead(
  context: CacheContext,
  lookup: Lookup,
  stale: StoredEntry | undefined,
  why: Forwarded,
): Promise<HttpResponse> {
  const { exchange, key, query, entries, asked } = lookup
  const { request, clock } = exchange
  request.query = query
  const mayStandIn = (): boolean => stale !== undefined && servesOnError(stale.head, asked, clock.wallTime())
  let answer: OriginAnswer
  try {
    answer = await inTime(exchange, mayStandIn, askOrigin(context, exchange))
  } catch (thrown) {
    const error = TrafficError.from(thrown)
    if (stale === undefined || exchange.cancellation !== undefined || !isUnavailable(error) || !mayStandIn())
      throw error
    exchange.error = error
    return onError(context, lookup, stale, { hit: false, forwarded: why })
  }
  const { response, times } = answer
  if (stale !== undefined && response.status >= 500 && mayStandIn()) {
    response.body.cancel(unwanted())
    return onError(context, lookup, stale, { hit: false, forwarded: why, forwardedStatus: response.status })
  }
  if (response.status === 200) {
    for (const entry of matching(entries, request.headers)) {
      if (entry.head.status !== 200) continue
      const updated = isSame(response, entry)
        ? confirmedHead(entry.head, request, response.headers, times, context.rules)
        : staleSince(entry.head, times.receivedAt)
      const head = typeof updated === 'string' ? staleSince(entry.head, times.receivedAt) : updated
      void context.update(key, entry, head)
    }
  }
  return context.tell(exchange, response, { hit: false, forwarded: why })
}

/** Whether what is stored is what a GET would bring now. */
function isSame({ headers }: HttpResponse, { head, length }: StoredEntry): boolean {
  const told = headers.get('content-length')
  return (told === undefined || told === String(length)) && confirms(headers, head)
}
