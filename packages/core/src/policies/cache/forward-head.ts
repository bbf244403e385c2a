import type { HttpResponse } from '../../message/response.ts'
import { askOrigin } from './ask-origin.ts'
import type { CacheContext, Lookup } from './cache-context.ts'
import type { Forwarded } from './cache-status.ts'
import { staleSince } from './recent-purges.ts'
import type { StoredEntry } from './store.ts'
import { confirmedHead } from './stored-head.ts'
import { confirms } from './validators.ts'
import { matching } from './vary.ts'

/** A HEAD goes to the origin as it is, and brings what is stored up to date (RFC 9111 4.3.5). */
export async function forwardHead(
  context: CacheContext,
  lookup: Lookup,
  why: Forwarded,
): Promise<HttpResponse> {
  const { exchange, key, query, entries } = lookup
  const { request } = exchange
  request.query = query
  const { response, times } = await askOrigin(context, exchange)
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
