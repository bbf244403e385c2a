import type { Exchange } from '../../message/exchange.ts'
import type { Policy } from '../../message/handler.ts'
import { own } from '../../message/own-options.ts'
import { formatUrl } from '../../message/reference.ts'
import type { HttpResponse } from '../../message/response.ts'
import { CacheContext } from './cache-context.ts'
import { cacheName } from './cache-status.ts'
import { type CacheOptions, rulesOf } from './cache-options.ts'
import { newestFirst } from './choose.ts'
import { invalidated } from './invalidate.ts'
import type { KeyedRequest } from './key.ts'
import { decide } from './decide.ts'
import { askedOf, keyWithContent } from './request-facts.ts'
import type { MaybePromise, StoredEntry } from './store.ts'
import type { LookUpAgain, Waited } from './waited.ts'
import { wayOf } from './way.ts'

/**
 * Answers from what origins have answered before, as RFC 9111 allows it: what is fresh at once, what is stale after asking whether it
 * still holds, and what is not there by one request for all who wait for the same. It stands outside of `retry` and `hedge`.
 * @throws TypeError if an option is out of range
 */
export function cache(given: CacheOptions): Policy {
  const options = own(given)
  rulesOf(options)
  cacheName(options.name ?? 'headgate')
  return (next) => {
    const context = new CacheContext(options, next)
    return function cache(exchange) {
      switch (wayOf(exchange, options)) {
        case 'lookup':
          return lookUp(context, exchange, context.makeKey(exchange))
        case 'content':
          return lookUpContent(context, exchange)
        case 'write':
          return write(context, exchange)
        default:
          return bypass(context, exchange)
      }
    }
  }
}

/**
 * Looks a request up, and answers it. Where the store is in memory and has it, no promise is waited for. What nobody waits for any more
 * is not asked for: the end of an exchange undoes what policies outside have changed of its request, and what came for the target
 * that it has then would be stored under the key of another.
 */
function lookUp(
  context: CacheContext,
  exchange: Exchange,
  keyed: KeyedRequest,
  tries: number = 0,
  waited?: Waited,
): Promise<HttpResponse> {
  if (exchange.cancellation !== undefined) return Promise.reject(exchange.cancellation)
  const go = (entries: readonly StoredEntry[], isAll: boolean): Promise<HttpResponse> => {
    const asked = askedOf(exchange, context.rules)
    const mode = context.options.requestMode?.(exchange) ?? 'default'
    const again: LookUpAgain = (after) =>
      lookUp(context, exchange, keyed, after === undefined ? tries + 1 : tries, after ?? waited)
    const further = (): Promise<HttpResponse> | undefined => {
      const more = context.findMore(keyed.key, entries)
      return more && whileWanted(more, exchange, (others) => go(newestFirst(entries, others), true))
    }
    return decide(
      context,
      { ...keyed, exchange, entries, asked, mode, waited },
      tries < MOST_TRIES ? again : undefined,
      isAll ? undefined : further,
    )
  }
  return whileWanted(context.find(keyed.key), exchange, (entries) => go(entries, false))
}

/** Goes on with what was found, unless the exchange has ended meanwhile. */
function whileWanted(
  found: MaybePromise<readonly StoredEntry[]>,
  exchange: Exchange,
  go: (entries: readonly StoredEntry[]) => Promise<HttpResponse>,
): Promise<HttpResponse> {
  if (!(found instanceof Promise)) return go(found)
  return found.then((entries) => {
    if (exchange.cancellation === undefined) return go(entries)
    for (const each of entries) each.release()
    throw exchange.cancellation
  })
}

/** How often a request may wait for a response that turns out to be for others, before it goes by itself. */
const MOST_TRIES = 2

/** The content of a QUERY says what is asked for (RFC 10008): it is part of the key. */
async function lookUpContent(context: CacheContext, exchange: Exchange): Promise<HttpResponse> {
  return lookUp(context, exchange, await keyWithContent(exchange, context.makeKey))
}

async function bypass(context: CacheContext, exchange: Exchange): Promise<HttpResponse> {
  return context.tell(exchange, await context.next(exchange), { hit: false, forwarded: 'bypass' })
}

/** What the origin has changed is no longer stored as it was when the client learns of it. */
async function write(context: CacheContext, exchange: Exchange): Promise<HttpResponse> {
  const { method } = exchange.request
  const target = context.targetOf(exchange)
  // Under which URL a GET of it is stored.
  const { query } = context.makeKey(exchange)
  const response = await context.next(exchange)
  const now = exchange.clock.wallTime()
  const invalid = invalidated(method, target, response.status, response.headers)
  if (invalid.length > 0 && query !== target.query)
    invalid.push({ by: 'url', value: formatUrl({ ...target, query }) })
  for (const selection of invalid) await context.asked(() => context.store.purge(selection, 'hard', now), 0)
  return context.tell(exchange, response, { hit: false, forwarded: 'method' })
}
