import { TrafficError } from '../../message/errors.ts'
import type { HeaderList } from '../../message/headers.ts'
import type { HttpResponse } from '../../message/response.ts'
import { isUnavailable } from '../fallback.ts'
import { isForMany } from './ask-for-all.ts'
import { askOrigin } from './ask-origin.ts'
import type { CacheContext, Lookup } from './cache-context.ts'
import type { CacheOutcome, Forwarded } from './cache-status.ts'
import { takeTurn } from './claim-wait.ts'
import type { ClaimEnd, OwnClaim } from './claims.ts'
import { Fetch } from './fetch.ts'
import { confirmationName, fetchName, missName } from './fetch-names.ts'
import { type Fetched, isForAll, type RunningFetch, type Terms } from './fetched.ts'
import { forwardHead } from './forward-head.ts'
import { goesOnAlone, inTime } from './in-time.ts'
import { confirmed, forClient, onError, unwanted } from './origin-answers.ts'
import { servesOnError } from './reuse.ts'
import type { StoredEntry } from './store.ts'
import { takeResponse } from './take-response.ts'
import { selectingFields, variantOf } from './vary.ts'
import { havingWaited, type LookUpAgain } from './waited.ts'

/**
 * Has the origin asked: once for all who want the same meanwhile, or for this one alone where that would make others wait for
 * nothing.
 * @param entry what is stored, and may not be used without the origin's word; released at the end
 */
export function forward(
  context: CacheContext,
  lookup: Lookup,
  entry: StoredEntry | undefined,
  why: Forwarded,
  again: LookUpAgain | undefined,
): Promise<HttpResponse> {
  const answer = ask(context, lookup, entry, why, again)
  return entry === undefined ? answer : answer.finally(() => entry.release())
}

function ask(
  context: CacheContext,
  lookup: Lookup,
  entry: StoredEntry | undefined,
  why: Forwarded,
  again: LookUpAgain | undefined,
): Promise<HttpResponse> {
  const { request } = lookup.exchange
  if (request.method === 'HEAD') return forwardHead(context, lookup, entry, why)
  const forMany = isForMany(request.headers, entry) && !lookup.asked.noStore
  return !forMany || isUncollapsed(context, lookup) || again === undefined
    ? alone(context, lookup, why)
    : together(context, lookup, entry, why, again)
}

/** As it is, conditions and range included. */
async function alone(context: CacheContext, lookup: Lookup, why: Forwarded): Promise<HttpResponse> {
  const { exchange, key, query, entries } = lookup
  const { request } = exchange
  request.query = query
  const { response, times } = await askOrigin(context, exchange)
  const { terms, head, reason } = takeResponse(context, exchange, response, key, times, entries)
  if (terms !== undefined) goCollapsed(context, lookup)
  return context.tell(exchange, response, {
    hit: false,
    forwarded: why,
    stored: head !== undefined,
    detail: reason,
    freshFor: freshOf(terms),
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
  const mayStandIn = (): boolean => entry !== undefined && servesOnError(entry.head, asked, clock.wallTime())
  const standsIn = (thrown: unknown, outcome: CacheOutcome): HttpResponse => {
    const error = TrafficError.from(thrown)
    if (entry === undefined || exchange.cancellation !== undefined || !isUnavailable(error) || !mayStandIn())
      throw error
    // For the log: the answer hides it.
    exchange.error = error
    return onError(context, lookup, entry, outcome)
  }
  const turn = takeTurn(context, lookup, name)
  if (turn instanceof Promise) {
    const since = clock.wallTime()
    let end: ClaimEnd
    try {
      end = await (entry === undefined ? turn : inTime(exchange, mayStandIn, turn))
    } catch (thrown) {
      return standsIn(thrown, { hit: false, forwarded: why })
    }
    if (end !== 'unshared') return again(havingWaited(lookup.waited, end, why, since))
    goUncollapsed(context, lookup)
    return alone(context, lookup, why)
  }
  const { fetch, collapsed, response: waiting } = join(context, lookup, name, entry, turn)
  const outcome: CacheOutcome = { hit: false, forwarded: why, collapsed }
  let response: HttpResponse | undefined
  try {
    response = await (entry === undefined
      ? waiting
      : inTime(exchange, mayStandIn, waiting, () => goesOnAlone(exchange, fetch, waiting)))
  } catch (thrown) {
    return standsIn(thrown, outcome)
  }
  // Set before anybody is answered.
  const fetched = fetch.fetched as Fetched
  if (entry !== undefined && fetched.confirmed !== undefined)
    return confirmed(context, lookup, entry, fetched.confirmed, outcome)
  if (entry !== undefined && fetched.failed && mayStandIn()) {
    response?.body.cancel(unwanted())
    return onError(context, lookup, entry, { ...outcome, forwardedStatus: fetched.status })
  }
  if (!collapsed) remember(context, lookup, fetched)
  if (response === undefined) return alone(context, lookup, why)
  const { terms, reason } = fetched
  if (collapsed && !isSameVariant(fetch, fetched, response, request.headers)) {
    response.body.cancel(unwanted())
    return terms === undefined ? alone(context, lookup, why) : again()
  }
  if (collapsed) for (const each of fetched.omitted) response.headers.delete(each)
  const answer = forClient(lookup, response, fetched)
  return context.tell(exchange, answer, {
    ...outcome,
    forwardedStatus: answer.status === fetched.status ? undefined : fetched.status,
    stored: fetched.head !== undefined,
    detail: reason,
    freshFor: freshOf(terms),
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
  { terms }: Fetched,
  response: HttpResponse,
  headers: HeaderList,
): boolean {
  if (terms !== undefined) return variantOf(terms.selecting, headers) === terms.variant
  const selecting = selectingFields(response.headers)
  return (
    selecting !== undefined &&
    variantOf(selecting, headers) === variantOf(selecting, flight.exchange.request.headers)
  )
}

function isUncollapsed(context: CacheContext, lookup: Lookup): boolean {
  const { uncollapsed } = context
  const until = uncollapsed.size === 0 ? undefined : uncollapsed.get(missName(lookup))
  return until !== undefined && lookup.exchange.clock.now() < until
}

/** Nobody waits for what was not for all the last time ("hit-for-miss"). */
function remember(context: CacheContext, lookup: Lookup, fetched: Fetched): void {
  if (fetched.terms !== undefined) goCollapsed(context, lookup)
  else if (isForAll(fetched) === false) goUncollapsed(context, lookup)
}

function goCollapsed({ uncollapsed }: CacheContext, lookup: Lookup): void {
  if (uncollapsed.size > 0) uncollapsed.delete(missName(lookup))
}

function goUncollapsed(context: CacheContext, lookup: Lookup): void {
  context.uncollapsed.set(missName(lookup), lookup.exchange.clock.now() + context.hitForMiss)
}

function freshOf(terms: Terms | undefined): number | undefined {
  return terms && terms.lifetime - terms.initialAge
}
