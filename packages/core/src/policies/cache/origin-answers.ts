import { TrafficError } from '../../message/errors.ts'
import type { HttpResponse } from '../../message/response.ts'
import type { CacheContext, Lookup } from './cache-context.ts'
import type { CacheOutcome } from './cache-status.ts'
import { clientHas, isConditional } from './conditional.ts'
import type { Fetched } from './fetched.ts'
import { ageAt, freshFor } from './reuse.ts'
import type { StoredEntry, StoredHead } from './store.ts'
import { notModified, storedAnswer } from './stored-answer.ts'
import { storedFields } from './stored-fields.ts'

/** The origin was asked for all of it, whatever this client has: what it has it is not sent again. */
export function forClient(
  { exchange }: Lookup,
  response: HttpResponse,
  { head, receivedAt }: Fetched,
): HttpResponse {
  const { status, headers } = response
  if (!isConditional(exchange.request.headers)) return response
  const came = head ?? { status, fields: storedFields(headers), receivedAt }
  if (!clientHas(exchange.request.headers, came)) return response
  response.body.cancel(unwanted())
  return notModified(headers)
}

/** What is stored, once the origin has confirmed it. */
export function confirmed(
  context: CacheContext,
  { exchange }: Lookup,
  entry: StoredEntry,
  head: StoredHead,
  outcome: CacheOutcome,
): HttpResponse {
  const now = exchange.clock.wallTime()
  const answer = storedAnswer(entry, head, exchange.request, ageAt(head, now))
  return context.tell(exchange, answer, {
    ...outcome,
    forwardedStatus: 304,
    stored: true,
    freshFor: freshFor(head, now),
  })
}

/** What is stale, in place of an origin that has failed. */
export function onError(
  context: CacheContext,
  { exchange }: Lookup,
  entry: StoredEntry,
  outcome: CacheOutcome,
): HttpResponse {
  const { head } = entry
  const now = exchange.clock.wallTime()
  const age = ageAt(head, now)
  const answer = storedAnswer(entry, head, exchange.request, age)
  return context.tell(exchange, answer, {
    ...outcome,
    freshFor: freshFor(head, now),
    age,
    detail: 'stale-if-error',
  })
}

export function unwanted(): TrafficError {
  return new TrafficError('cancelled', 'the client has it already, or needs another')
}
