import { createHash } from 'node:crypto'
import { TrafficError } from '../../message/errors.ts'
import type { HeaderList } from '../../message/headers.ts'
import type { HttpResponse } from '../../message/response.ts'
import { isUnavailable } from '../fallback.ts'
import { askedPart, isForMany } from './ask-for-all.ts'
import { askOrigin } from './ask-origin.ts'
import type { CacheContext, Lookup } from './cache-context.ts'
import type { CacheOutcome, Forwarded } from './cache-status.ts'
import { takeTurn } from './claim-wait.ts'
import type { OwnClaim } from './claims.ts'
import { clientHas, isConditional } from './conditional.ts'
import { Fetch } from './fetch.ts'
import { type Fetched, isForAll, type RunningFetch } from './fetched.ts'
import { forwardHead } from './forward-head.ts'
import { ageAt, freshFor, servesOnError } from './reuse.ts'
import type { StoredEntry, StoredHead } from './store.ts'
import { notModified, storedAnswer } from './stored-answer.ts'
import { storedFields } from './stored-fields.ts'
import { takeResponse } from './take-response.ts'
import { selectingFields, variantOf } from './vary.ts'
import { havingWaited, type LookUpAgain } from './waited.ts'

/**
 * Has the origin asked: once for all who want the same meanwhile, or for this one alone where that would make others wait for
 * nothing.
 * @param entry what is stored, and may not be used without the origin's word; released at the end
 */
export async function forward(
  context: CacheContext,
  lookup: Lookup,
  entry: StoredEntry | undefined,
  why: Forwarded,
  again: LookUpAgain | undefined,
): Promise<HttpResponse> {
  const { request } = lookup.exchange
  try {
    if (request.method === 'HEAD') return await forwardHead(context, lookup, why)
    const forMany = isForMany(request.headers, entry) && !lookup.asked.noStore
    if (!forMany || isUncollapsed(context, lookup) || again === undefined)
      return await alone(context, lookup, why)
    return await together(context, lookup, entry, why, again)
  } finally {
    entry?.release()
  }
}

/** As it is, conditions and range included. */
async function alone(context: CacheContext, lookup: Lookup, why: Forwarded): Promise<HttpResponse> {
  const { exchange, key, query, entries } = lookup
  const { request } = exchange
  request.query = query
  const { response, times } = await askOrigin(context, exchange)
  const { head, stored, reason } = takeResponse(context, request, response, key, times, entries)
  if (head !== undefined) context.uncollapsed.delete(missName(lookup))
  return context.tell(exchange, response, {
    hit: false,
    forwarded: why,
    stored,
    detail: reason,
    freshFor: freshOf(head),
  })
}

async function together(
  context: CacheContext,
  lookup: Lookup,
  entry: StoredEntry | undefined,
  why: Forwarded,
  again: LookUpAgain,
): Promise<HttpResponse> {
  const { exchange, asked } = lookup
  const { request, clock } = exchange
  const name = entry === undefined ? fetchName(lookup) : confirmationName(lookup, entry)
  const turn = takeTurn(context, lookup, name)
  if (turn instanceof Promise) {
    const since = clock.wallTime()
    const end = await turn
    if (end !== 'unshared') return again(havingWaited(lookup.waited, end, why, since))
    goUncollapsed(context, lookup)
    return alone(context, lookup, why)
  }
  const { fetch, collapsed, response: waiting } = join(context, lookup, name, entry, turn)
  const outcome: CacheOutcome = { hit: false, forwarded: why, collapsed }
  let response: HttpResponse | undefined
  try {
    response = await waiting
  } catch (thrown) {
    const error = TrafficError.from(thrown)
    const stale = exchange.cancellation === undefined && isUnavailable(error) && entry
    if (!stale || !servesOnError(stale.head, asked, clock.wallTime())) throw error
    // For the log: the answer hides it.
    exchange.error = error
    return onError(context, lookup, stale, outcome)
  }
  // Set before anybody is answered.
  const fetched = fetch.fetched as Fetched
  if (entry !== undefined && fetched.confirmed !== undefined)
    return confirmed(context, lookup, entry, fetched.confirmed, outcome)
  if (entry !== undefined && fetched.failed && servesOnError(entry.head, asked, clock.wallTime())) {
    response?.body.cancel(unwanted())
    return onError(context, lookup, entry, { ...outcome, forwardedStatus: fetched.status })
  }
  if (!collapsed) remember(context, lookup, fetched)
  if (response === undefined) return alone(context, lookup, why)
  const { head, reason, stored } = fetched
  if (collapsed && !isSameVariant(fetch, fetched, response, request.headers)) {
    response.body.cancel(unwanted())
    return head === undefined ? alone(context, lookup, why) : again()
  }
  if (collapsed) for (const each of fetched.omitted) response.headers.delete(each)
  const answer = forClient(lookup, response, fetched)
  return context.tell(exchange, answer, {
    ...outcome,
    forwardedStatus: answer.status === fetched.status ? undefined : fetched.status,
    stored,
    detail: reason,
    freshFor: freshOf(head),
  })
}

/** What is under way is joined: that it is of the same entry, or of none, makes sure that all may be answered by it. */
function join(
  context: CacheContext,
  lookup: Lookup,
  name: string,
  entry: StoredEntry | undefined,
  claim: OwnClaim | undefined,
): {
  readonly fetch: RunningFetch
  readonly collapsed: boolean
  readonly response: Promise<HttpResponse | undefined>
} {
  const running = context.fetches.get(name)
  if (running !== undefined)
    return { fetch: running, collapsed: true, response: running.flight.join(lookup.exchange) }
  const fetch = Fetch.under(name, context, lookup, entry, claim)
  const response = fetch.flight.join(lookup.exchange)
  fetch.start()
  return { fetch, collapsed: false, response }
}

/** Whether what came for another request is for this one, too. A failure is not stored, and may depend on the request as well. */
function isSameVariant(
  { flight }: RunningFetch,
  { head }: Fetched,
  response: HttpResponse,
  headers: HeaderList,
): boolean {
  if (head !== undefined) return variantOf(head.selecting, headers) === head.variant
  const selecting = selectingFields(response.headers)
  return (
    selecting !== undefined &&
    variantOf(selecting, headers) === variantOf(selecting, flight.exchange.request.headers)
  )
}

/** Those with credentials wait for each other alone: what they get is seldom for all. */
function missName({ key, exchange }: Lookup): string {
  return nameFor(`${key.text}\n${exchange.request.headers.has('authorization') ? 'credentials' : ''}`)
}

/** Those who ask for the same part wait for each other, too. */
function fetchName(lookup: Lookup): string {
  const part = askedPart(lookup.exchange.request.headers, undefined)
  return part === undefined ? missName(lookup) : nameFor(`${missName(lookup)}\n${part}`)
}

export function confirmationName({ key, exchange }: Lookup, { head }: StoredEntry): string {
  const { range, receivedAt, variant } = head
  const of = range === undefined ? '' : ` ${range.first}-${range.last}`
  const part = askedPart(exchange.request.headers, head)
  return nameFor(`${key.text}\n${receivedAt}${of} ${variant}${part === undefined ? '' : `\n${part}`}`)
}

/** Names are remembered by the thousand: of one of 32 KiB, which a client may choose, a digest is. */
const LONGEST_NAME = 512

function nameFor(text: string): string {
  return text.length <= LONGEST_NAME ? text : createHash('sha256').update(text, 'latin1').digest('base64')
}

function isUncollapsed(context: CacheContext, lookup: Lookup): boolean {
  const until = context.uncollapsed.get(missName(lookup))
  return until !== undefined && lookup.exchange.clock.now() < until
}

/** Nobody waits for what was not for all the last time ("hit-for-miss"). */
function remember(context: CacheContext, lookup: Lookup, fetched: Fetched): void {
  if (fetched.head !== undefined) context.uncollapsed.delete(missName(lookup))
  else if (isForAll(fetched) === false) goUncollapsed(context, lookup)
}

function goUncollapsed(context: CacheContext, lookup: Lookup): void {
  context.uncollapsed.set(missName(lookup), lookup.exchange.clock.now() + context.hitForMiss)
}

/** The origin was asked for all of it, whatever this client has: what it has it is not sent again. */
function forClient(
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

function confirmed(
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

function onError(
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

function freshOf(head: StoredHead | undefined): number | undefined {
  return head && head.lifetime - head.initialAge
}

function unwanted(): TrafficError {
  return new TrafficError('cancelled', 'the client has it already, or needs another')
}
