import type { Exchange } from '../../message/exchange.ts'
import { HttpResponse } from '../../message/response.ts'
import { Flight, type FlightRules } from '../dedupe/flight.ts'
import { askForAll } from './ask-for-all.ts'
import { beforeAsking, type FetchTimes, whenAnswered } from './ask-origin.ts'
import type { CacheContext, Lookup } from './cache-context.ts'
import type { ClaimEnd, OwnClaim } from './claims.ts'
import { type Fetched, isForAll, type RunningFetch } from './fetched.ts'
import { drain } from '../../message/drain.ts'
import { whenHere } from './maybe-promise.ts'
import { isSamePlace } from './same-place.ts'
import type { StoredEntry, StoredHead } from './store.ts'
import type { Kept } from './storing-body.ts'
import { isOfOneRequest } from './storable.ts'
import { confirmedHead } from './stored-head.ts'
import { takeResponse } from './take-response.ts'
import { confirms } from './validators.ts'

/** One request to the origin for all who want the same: for a response that is not stored, or for the origin's word on one that is. */
export class Fetch implements RunningFetch, FlightRules {
  readonly flight: Flight
  readonly buffer: number
  readonly closed: () => void
  /** Set before anybody who waits is answered. */
  fetched: Fetched | undefined
  private readonly context: CacheContext
  private readonly lookup: Lookup
  private readonly stale: StoredEntry | undefined
  private readonly claim: OwnClaim | undefined
  private storing = false
  /** The store's moment before the origin was asked. */
  private since = 0

  /**
   * @param claim that of this thread to ask, among those that share the store: it ends with the fetch
   * @param closed told when nobody can join any more
   */
  private constructor(
    context: CacheContext,
    lookup: Lookup,
    stale: StoredEntry | undefined,
    claim: OwnClaim | undefined,
    closed: () => void,
  ) {
    this.context = context
    this.lookup = lookup
    this.stale = stale
    this.claim = claim
    this.buffer = context.buffer
    this.closed = closed
    this.flight = new Flight(lookup.exchange, this)
  }

  shareable(): boolean {
    return this.fetched !== undefined && isShareable(this.fetched)
  }

  keepsRest(): boolean {
    return this.storing
  }

  /** One that others can join under that name until it is closed. @param claim that of this thread to ask, if there is one */
  static under(
    name: string,
    context: CacheContext,
    lookup: Lookup,
    stale: StoredEntry | undefined,
    claim: OwnClaim | undefined,
  ): Fetch {
    const { fetches } = context
    const fetch: Fetch = new Fetch(context, lookup, stale, claim, () => {
      if (fetches.get(name) === fetch) fetches.delete(name)
    })
    fetches.set(name, fetch)
    return fetch
  }

  start(): void {
    void this.flight.start((exchange) => this.send(exchange))
  }

  private async send(exchange: Exchange): Promise<HttpResponse> {
    const { context, stale, lookup } = this
    const { request } = exchange
    try {
      request.query = lookup.query
      askForAll(request.headers, stale?.head)
      const asked = beforeAsking(context, exchange)
      return this.take(exchange, await context.next(exchange), whenAnswered(asked, exchange))
    } catch (error) {
      this.endClaim(exchange.cancellation === undefined ? 'failed' : 'gone')
      throw error
    }
  }

  private take(exchange: Exchange, response: HttpResponse, times: FetchTimes): HttpResponse {
    const { context, stale, lookup } = this
    const { clock } = exchange
    const { status } = response
    const base = { status, receivedAt: times.receivedAt }
    this.since = times.since
    if (status === 304 && stale !== undefined) {
      drain(response.body, clock)
      this.fetched = { ...base, ...NOTHING_TAKEN, confirmed: this.confirm(stale, exchange, response, times) }
      return new HttpResponse(200)
    }
    const taken = takeResponse(context, exchange, response, lookup.key, times, lookup.entries, (kept) =>
      this.kept(kept),
    )
    this.storing = taken.head !== undefined
    const failed = status >= 500
    this.fetched = { ...base, ...taken, failed, confirmed: undefined }
    if (this.storing) this.claim?.arriving(clock.wallTime())
    else this.endClaim(endOf(this.fetched))
    // Something else is there now, which may not be stored: what was must not come back when the origin fails.
    if (stale !== undefined && taken.terms === undefined && !failed && !isRefusedAlone(status))
      this.remove(stale)
    return response
  }

  private confirm(
    stale: StoredEntry,
    { request }: Exchange,
    { headers }: HttpResponse,
    times: { readonly requestedAt: number; readonly receivedAt: number },
  ): StoredHead {
    // It is about another representation than ours: ours is not brought up to date by it (RFC 9111 4.3.4), and asked for anew.
    const head = confirms(headers, stale.head)
      ? confirmedHead(stale.head, request, headers, times, this.context.rules)
      : 'stale'
    if (typeof head !== 'string') {
      const updated = this.context.update(this.lookup.key, stale, head)
      whenHere(updated, (well) => this.endClaim(well === true ? 'stored' : 'gone'))
      return head
    }
    this.remove(stale)
    this.endClaim('gone')
    return { ...stale.head, receivedAt: times.receivedAt, requestedAt: times.requestedAt }
  }

  private remove(entry: StoredEntry): void {
    this.context.remove(this.lookup.key, entry)
  }

  /** Those who fell behind read on from the store. */
  private kept(kept: Kept): void {
    this.storing = false
    // What a purge was for meanwhile the next one may get stored.
    this.endClaim(kept === 'unkept' && this.context.moment() !== this.since ? 'gone' : kept)
    if (!this.flight.needsRest) return
    if (kept !== 'stored') return this.flight.giveRest(undefined)
    whenHere(this.context.find(this.lookup.key), (entries = []) => {
      const { head } = this.fetched ?? {}
      const entry = entries.find(
        (each) =>
          head !== undefined && isSamePlace(each.head, head) && each.head.receivedAt === head.receivedAt,
      )
      this.flight.giveRest(entry && ((first) => entry.open(first)))
      for (const each of entries) each.release()
    })
  }

  /** Those who wait in other threads go on. Only the first call counts. */
  private endClaim(how: ClaimEnd): void {
    this.claim?.end(how, this.lookup.exchange.clock.wallTime())
  }
}

/** Of a response that is not stored. */
function endOf(fetched: Fetched): ClaimEnd {
  if (fetched.failed) return 'failed'
  const forAll = isForAll(fetched)
  return forAll === undefined ? 'gone' : forAll ? 'unkept' : 'unshared'
}

/** It says nothing of what is stored: else any client could have it removed by a request that is refused. */
function isRefusedAlone(status: number): boolean {
  return status === 400 || isOfOneRequest(status)
}

const NOTHING_TAKEN = {
  terms: undefined,
  head: undefined,
  reason: undefined,
  omitted: [],
  failed: false,
} as const

/** A failure is told to all who wait, as each would meet it again, unless it is meant for one. */
function isShareable({ terms, confirmed, failed, reason }: Fetched): boolean {
  if (terms !== undefined || confirmed !== undefined) return true
  return failed && (reason === 'status' || reason === 'no-freshness' || reason === 'stale')
}
