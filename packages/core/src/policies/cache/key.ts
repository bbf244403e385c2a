import { createHash } from 'node:crypto'
import { fieldValue } from '../../fields/field-text.ts'
import type { Exchange } from '../../message/exchange.ts'
import { HeaderList } from '../../message/headers.ts'
import type { HttpRequest } from '../../message/request.ts'
import { trimBlanks } from '../../message/tokens.ts'
import { part } from './length-prefixed.ts'
import type { CacheKey } from './store.ts'
import { toldTarget } from './told-target.ts'

/** Which parts of a request tell it from others. What an answer may depend on must be among them, or named by Vary. */
export interface CacheKeyParts {
  /** Parameters of the query. Default: all. */
  readonly query?:
    | 'all'
    | 'none'
    | { readonly only: readonly string[] }
    | { readonly without: readonly string[] }
    | undefined
  /** Whether the order of the parameters means nothing. Default false. */
  readonly sortQuery?: boolean | undefined
  /** Request fields, in lower case. Default: none. */
  readonly headers?: readonly string[] | undefined
  /** Names of cookies. Default: none. */
  readonly cookies?: readonly string[] | undefined
  /** Who asks, where the answer is for them. Default: nobody in particular. */
  readonly identity?: ((exchange: Exchange) => string) | undefined
}

/** What a request is looked up by, and what the origin is asked in its place. */
export interface KeyedRequest {
  readonly key: CacheKey
  /**
   * The query with which it is sent. A parameter that the key leaves out does not reach the origin: what it answers could
   * depend on it (parameter cloaking, unkeyed parameters).
   */
  readonly query: string
}

/** Makes keys of exchanges. */
export type MakeKey = (exchange: Exchange) => KeyedRequest

/**
 * A maker of keys: scheme, authority, canonical path and query, and the chosen parts, each with its length, so that two different
 * requests never have the same. HEAD has the key of GET.
 * @param scope what has entries of its own, as a route: two with the same URL may go to different upstreams
 */
export function keyMaker(parts: CacheKeyParts, scope: string): MakeKey {
  const { query = 'all', sortQuery = false, headers = [], cookies = [], identity } = parts
  // Entries made under other parts answer other requests.
  const shape = fieldValue(
    JSON.stringify([scope, query, sortQuery, headers, cookies, identity !== undefined]),
  )
  const first = part(shape)
  const plain = query === 'all' && !sortQuery
  return (exchange) => {
    const { request } = exchange
    const { scheme, authority, path } = request
    const search = plain ? request.query : chosenQuery(request.query, query, sortQuery)
    let text = `${first}${scheme === 'https' ? 's' : 'p'}${part(authority.text)}${part(path)}${part(search)}`
    for (const name of headers) text += part(request.headers.get(name))
    if (cookies.length > 0) text += cookieParts(request.headers, cookies)
    if (identity !== undefined) text += part(fieldValue(JSON.stringify(identity(exchange))))
    const told = toldTarget(request)
    if (told !== '') text += part(told)
    return { key: { text }, query: search }
  }
}

/** What a key is made of, for people. */
export interface KeyFacts {
  readonly scheme: string
  readonly host: string
  readonly path: string
  /** As much of it as the key has, "?" included. */
  readonly query: string
  /** Undefined where the request has no such field. */
  readonly headers: readonly (readonly [name: string, value: string | undefined])[]
  /** Whether the request has such a cookie. */
  readonly cookies: readonly (readonly [name: string, isThere: boolean])[]
}

/** What `keyMaker` makes a key of. @param query as the key has it */
export function keyFacts(
  { headers = [], cookies = [] }: CacheKeyParts,
  request: HttpRequest,
  query: string,
): KeyFacts {
  const { scheme, authority, path } = request
  const none = cookieParts(new HeaderList(), ['x'])
  return {
    scheme,
    host: authority.text,
    path,
    query,
    headers: headers.map((name) => [name, request.headers.get(name)]),
    cookies: cookies.map((name) => [name, cookieParts(request.headers, [name]) !== none]),
  }
}

/** The key of a request with content that says what is asked for (RFC 10008): of the same resource, and of the same content. */
export function withContent(key: CacheKey, request: HttpRequest, content: Uint8Array): CacheKey {
  const { method, headers } = request
  const described = ['content-type', 'content-encoding', 'content-language'].map((name) =>
    part(headers.get(name)),
  )
  const digest = createHash('sha256').update(content).digest('base64')
  return { text: `${key.text}${part(method)}${described.join('')}${digest}` }
}

/** "?" included, as in the request; names are compared as they stand, since only the origin knows what its escapes mean. */
function chosenQuery(query: string, chosen: NonNullable<CacheKeyParts['query']>, sorted: boolean): string {
  if (chosen === 'none' || query === '') return ''
  let pairs = query.slice(1).split('&')
  if (typeof chosen === 'object') {
    const only = 'only' in chosen
    const names = 'only' in chosen ? chosen.only : chosen.without
    pairs = pairs.filter((pair) => names.includes(nameOf(pair)) === only)
  }
  if (sorted) pairs = sortedByName(pairs)
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}

function nameOf(pair: string): string {
  const equals = pair.indexOf('=')
  return equals < 0 ? pair : pair.slice(0, equals)
}

/** Those of one name stay in their order, which has a meaning to many origins. */
function sortedByName(pairs: readonly string[]): string[] {
  return pairs.toSorted((one, other) => {
    const [left, right] = [nameOf(one), nameOf(other)]
    return left < right ? -1 : Number(left > right)
  })
}

/**
 * All values of a cookie that came several times, in all spellings of its name: which ones count, servers disagree on.
 */
function cookieParts(fields: HeaderList, names: readonly string[]): string {
  const pairs = (fields.get('cookie') ?? '').split(/[;,]/).map(trimBlanks)
  let text = ''
  for (const name of names) {
    const values = pairs.filter((pair) => cookieName(pair) === name).map(part)
    text += part(values.length === 0 ? undefined : values.join(''))
  }
  return text
}

/** As the most lenient of servers read it: without blanks and quotes (Express, Python), and unescaped (PHP). */
function cookieName(pair: string): string {
  const name = nameOf(pair)
    .trim()
    .replace(/^"(.*)"$/, '$1')
  if (!name.includes('%')) return name
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
