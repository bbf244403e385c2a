import {
  fieldText,
  type Foresight,
  isSecretField,
  type KeyFacts,
  redactQuery,
  type StoredFacts,
} from '@headgate/core'
import { type Described, FLAG, list, map, members, TEXT, TIME, WHOLE } from '../admin-api/schema.ts'
import { HIDDEN, redactText, redactUrls } from '../settings/redact-text.ts'
import { cacheWords, fieldOf, ruleWords } from '../features/cache/words.ts'

const KEY = members({ route: TEXT, url: TEXT, headers: map(TEXT), cookies: map(TEXT) })

const STORED = members({
  url: TEXT,
  status: WHOLE,
  bytes: WHOLE,
  age: WHOLE,
  freshFor: WHOLE,
  /** Whether it would answer, or is what the upstream would be asked about; several of them where they are parts. */
  chosen: FLAG,
  standsIn: FLAG,
  'etag?': TEXT,
  'lastModified?': TEXT,
  'range?': TEXT,
  'purgedAt?': TIME,
  vary: map(TEXT),
  tags: list(TEXT),
  groups: list(TEXT),
  rules: list(TEXT),
  store: TEXT,
})

/** What a cache would do about a request, and what it has. */
export const FORESEEN = members({ outcome: TEXT, 'key?': KEY, stored: list(STORED) })

export type ForeseenView = Described<typeof FORESEEN>

/** Without contents, and without what may be a secret. */
export function foreseenView(route: string, foresight: Foresight): ForeseenView {
  const { lookup } = foresight
  const stored = (lookup?.stored ?? []).map((facts, index) =>
    storedView(facts, lookup?.chosen.includes(index) === true),
  )
  return { outcome: cacheWords(foresight), ...(lookup && { key: keyView(route, lookup.key) }), stored }
}

function keyView(
  route: string,
  { scheme, host, path, query, headers, cookies }: KeyFacts,
): Described<typeof KEY> {
  return {
    route,
    url: `${scheme}://${host}${path}${redactQuery(query)}`,
    headers: Object.fromEntries(headers.map(([name, value]) => [name, shownValue(name, value)])),
    cookies: Object.fromEntries(cookies.map(([name, isThere]) => [name, isThere ? HIDDEN : NONE])),
  }
}

const NONE = '(none)'

function shownValue(name: string, value: string | undefined): string {
  if (value === undefined) return NONE
  return isSecretField(name) ? HIDDEN : redactText(fieldText(value))
}

function storedView(
  { head, length, from, age, freshFor, standsIn, variant }: StoredFacts,
  chosen: boolean,
): Described<typeof STORED> {
  const etag = fieldOf(head.fields, 'etag')
  const modified = fieldOf(head.fields, 'last-modified')
  const { range, staleSince } = head
  const [, search = ''] = /(\?.*)$/.exec(head.url) ?? []
  return {
    url: redactUrls(head.url.slice(0, head.url.length - search.length)) + redactQuery(search),
    status: head.status,
    bytes: length,
    age: Math.floor(age / 1000),
    // A part of a second is one where it is fresh, and none where it is stale: as `cacheWords` says it.
    freshFor: Math.ceil(freshFor / 1000),
    chosen,
    standsIn,
    ...(etag !== undefined && { etag: fieldText(etag) }),
    ...(modified !== undefined && { lastModified: fieldText(modified) }),
    ...(range && { range: `${range.first}-${range.last}/${range.complete}` }),
    ...(staleSince !== undefined && { purgedAt: new Date(staleSince).toISOString() }),
    vary: Object.fromEntries(variant.map(([name, value]) => [name, shownValue(name, value)])),
    tags: head.tags.map(fieldText),
    groups: head.groups.map((group) => redactUrls(fieldText(group))),
    rules: ruleWords(head.rules),
    store: from ?? 'memory',
  }
}
