import { type Foresight, type ForeseenLookup, HEAD_RULES, type StoredFacts, type Way } from '@headgate/core'
import type { CacheConfig } from './setting.ts'

const WAYS: Readonly<Record<Exclude<Way, 'lookup' | 'content'>, string>> = {
  write:
    'the upstream is asked, as the method may change something; what is stored of the URL is removed if that goes well',
  'bypass-method': 'past the cache: responses to this method are not stored',
  'bypass-upgrade': 'past the cache: it asks for another protocol',
  'bypass-condition': 'past the cache: If-Match and If-Unmodified-Since are for the upstream',
  'bypass-configured': 'past the cache: "bypass" of the route says so',
  'bypass-content': 'past the cache: it is a GET with content, or its content is too large for a key',
}

/** Whether a request would be answered from the cache, and why or why not. */
export function cacheWords({ way, lookup }: Foresight): string {
  if (lookup === undefined) return way === 'lookup' || way === 'content' ? '' : WAYS[way]
  const { choice, meant: entry, chosen } = lookup
  if (choice.by === 'store') {
    const for_ = entry === undefined ? '' : seconds(entry.freshFor)
    const parts = chosen.length > 1 ? `, ${chosen.length} parts together` : ''
    switch (choice.right) {
      case 'fresh':
        return `from the cache${parts}: it is fresh for ${seconds(Math.ceil((entry?.freshFor ?? 0) / 1000) * 1000)} more`
      case 'stale-accepted':
        return `from the cache${parts}: it has been stale for ${for_}, which the client takes (max-stale)`
      case 'stale-while-revalidate':
        return `from the cache${parts}: it has been stale for ${for_}, and the upstream is asked in the background`
    }
  }
  const reason = whyNot(lookup, entry)
  return choice.by === 'nobody'
    ? `504, as the client allows nothing but the cache (only-if-cached): ${reason}`
    : `the upstream is asked: ${reason}`
}

function whyNot({ choice, stored }: ForeseenLookup, entry: StoredFacts | undefined): string {
  if (choice.by === 'store') return ''
  switch (choice.why) {
    case 'uri-miss':
      return 'nothing is stored under the key'
    case 'vary-miss':
      return `what is stored is for others in ${namesOf(stored).join(', ')}`
    case 'partial':
      return 'what is stored does not cover the part that is asked for'
    case 'request':
      return 'the client wants it fresher than it is stored (no-cache, max-age, min-fresh)'
    default:
      return entry === undefined ? choice.why : `${staleness(entry)}${whatThen(entry)}`
  }
}

function staleness({ head, freshFor }: StoredFacts): string {
  if ((head.rules & HEAD_RULES.noCache) !== 0) return 'no-cache has it asked before each use'
  const since = `has been stale for ${seconds(freshFor)}`
  return head.staleSince === undefined ? `what is stored ${since}` : `what is stored ${since}, by a purge`
}

function whatThen({ head, standsIn }: StoredFacts): string {
  const asks = ['etag', 'last-modified'].some((name) => fieldOf(head.fields, name) !== undefined)
  return `${asks ? '; it is asked whether that still holds' : ''}${standsIn ? '; where it fails, that stands in for it' : ''}`
}

function namesOf(stored: readonly StoredFacts[]): string[] {
  return Array.from(new Set(stored.flatMap(({ head }) => head.selecting)))
}

/** A stored field. */
export function fieldOf(fields: readonly string[], name: string): string | undefined {
  const index = fields.findIndex((each, at) => at % 2 === 0 && each === name)
  return index < 0 ? undefined : fields[index + 1]
}

function seconds(milliseconds: number): string {
  return `${Math.floor(Math.abs(milliseconds) / 1000)} s`
}

const RULES: readonly (readonly [bit: number, words: string])[] = [
  [HEAD_RULES.noCache, 'no-cache'],
  [HEAD_RULES.mustRevalidate, 'must-revalidate'],
  [HEAD_RULES.immutable, 'immutable'],
  [HEAD_RULES.heuristic, 'its lifetime is guessed'],
]

/** What holds of the use of a stored response. */
export function ruleWords(rules: number): string[] {
  return RULES.flatMap(([bit, words]) => ((rules & bit) === 0 ? [] : [words]))
}

/** What a response must say to be stored, as far as that can be told before there is one. @param headers of the request, in lower case */
export function boundsOnStoring(
  headers: Readonly<Record<string, string>>,
  { ttl, statuses, ignore }: CacheConfig,
): string[] {
  if (
    /(?:^|[\s,])no-store(?:$|[\s,])/i.test(headers['cache-control'] ?? '') &&
    !ignore.includes('request-directives')
  )
    return ['its response is not stored, as the client forbids it (no-store)']
  const hasOwn = ttl !== undefined || Object.keys(statuses).length > 0
  const isBound = headers['authorization'] !== undefined && !ignore.includes('response-directives')
  return [
    ...(isBound
      ? [
          'as it has Authorization, its response is stored only where that says public, s-maxage or must-revalidate',
        ]
      : []),
    ...(hasOwn
      ? []
      : [
          'its response is stored only where that says how long it is fresh, or has ETag or Last-Modified, as the route has no ttl',
        ]),
  ]
}
