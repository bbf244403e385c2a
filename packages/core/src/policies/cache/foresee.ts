import { askForAll, isForMany } from './ask-for-all.ts'
import type { Exchange } from '../../message/exchange.ts'
import type { Policy } from '../../message/handler.ts'
import { own } from '../../message/own-options.ts'
import { formatUrl, urlParts } from '../../message/reference.ts'
import { type CacheOptions, rulesOf } from './cache-options.ts'
import type { Forwarded } from './cache-status.ts'
import { type Choice, choose, mayBeFurther, newestFirst, type Right } from './choose.ts'
import { partsOf } from './joined-parts.ts'
import { type KeyedRequest, type KeyFacts, keyFacts, keyMaker } from './key.ts'
import { askedOf, keyWithContent } from './request-facts.ts'
import { ageAt, freshFor, servesOnError } from './reuse.ts'
import type { StoredEntry, StoredHead } from './store.ts'
import { variantFacts } from './vary.ts'
import { type Way, wayOf } from './way.ts'

/** A stored response as it is now, without its content. */
export interface StoredFacts {
  readonly head: StoredHead
  /** Bytes of content. */
  readonly length: number
  /** Which of several stores it is in; undefined for the first. */
  readonly from: string | undefined
  /** Milliseconds. */
  readonly age: number
  /** Milliseconds; below 0, for which it has been stale. */
  readonly freshFor: number
  /** Whether it may stand in for an origin that fails. */
  readonly standsIn: boolean
  /** The fields that Vary names, as the request that brought it had them, brought into one form. */
  readonly variant: readonly (readonly [name: string, value: string | undefined])[]
}

/** What a cache would do about a request. */
export interface Foresight {
  readonly way: Way
  /** Undefined where nothing is looked up. */
  readonly lookup?: ForeseenLookup | undefined
}

export interface ForeseenLookup {
  readonly key: KeyFacts
  /** The URL that what is stored for it is known by, for purges. */
  readonly url: string
  /** All that is stored under the key. */
  readonly stored: readonly StoredFacts[]
  /** What would answer, or what the origin would be asked about, as places in `stored`: several where these are parts. */
  readonly chosen: readonly number[]
  /** The same as one: what answers, or would once the origin has confirmed it. Undefined where nothing is chosen. */
  readonly meant: StoredFacts | undefined
  readonly choice:
    | { readonly by: 'store'; readonly right: Right }
    | { readonly by: 'origin' | 'nobody'; readonly why: Forwarded }
}

/**
 * Stands in the place of `cache` where nothing is to be sent: tells what that would do, by the same decisions, and does none of it. The
 * request goes on as the origin would be asked.
 */
export function foreseeCache(
  given: CacheOptions,
  tell: (exchange: Exchange, foresight: Foresight) => void,
): Policy {
  const options = own(given)
  const rules = rulesOf(options)
  const makeKey = keyMaker(options.key ?? {}, options.route ?? '')
  const lookUp = async (exchange: Exchange, { key, query }: KeyedRequest): Promise<ForeseenLookup> => {
    const { request, clock } = exchange
    const now = clock.wallTime()
    const asked = askedOf(exchange, rules)
    let entries = await options.store.find(key)
    try {
      const mode = options.requestMode?.(exchange) ?? 'default'
      const chooseOf = (found: readonly StoredEntry[]): Choice =>
        choose({ entries: found, asked, mode }, request, now)
      const nearest = chooseOf(entries)
      // All of it is told, while the cache looks further only where it must.
      entries = newestFirst(entries, (await options.store.findMore?.(key, entries)) ?? [])
      const { entry, ...choice } = mayBeFurther(nearest) ? chooseOf(entries) : nearest
      const factsOf = (each: StoredEntry): StoredFacts =>
        storedFacts(each, now, servesOnError(each.head, asked, now))
      const stored = entries.map(factsOf)
      const meant = entry && factsOf(entry)
      const facts = keyFacts(options.key ?? {}, request, query)
      const chosen = entry === undefined ? [] : partsOf(entry).map((part) => entries.indexOf(part))
      request.query = query
      if (request.method !== 'HEAD' && isForMany(request.headers, entry) && !asked.noStore)
        askForAll(request.headers, entry?.head)
      const url = formatUrl(options.target?.(exchange) ?? urlParts(request))
      return { key: facts, url, stored, chosen, meant, choice }
    } finally {
      for (const each of entries) each.release()
    }
  }
  return (next) => async (exchange) => {
    const way = wayOf(exchange, options)
    if (way === 'lookup') tell(exchange, { way, lookup: await lookUp(exchange, makeKey(exchange)) })
    else if (way === 'content')
      tell(exchange, { way, lookup: await lookUp(exchange, await keyWithContent(exchange, makeKey)) })
    else tell(exchange, { way })
    return next(exchange)
  }
}

function storedFacts({ head, length, from }: StoredEntry, now: number, standsIn: boolean): StoredFacts {
  const variant = variantFacts(head)
  return { head, length, from, age: ageAt(head, now), freshFor: freshFor(head, now), standsIn, variant }
}
