import {
  type Authority,
  canonicalAuthority,
  InvalidTarget,
  type Scheme,
  type TrafficError,
} from '@headgate/core'
import { invalidRequest } from './invalid-request.ts'
import { type Query, type QueryArrays, queryText } from './query.ts'
import { shown } from './shown-url.ts'

/** Where a request goes, ready for the wire. */
export interface RequestTarget {
  readonly scheme: Scheme
  readonly authority: Authority
  /** Percent-encoded, starts with "/". */
  readonly path: string
  /** "?" included; empty if there is none. */
  readonly query: string
}

/** Paths that need no closer look: nothing to encode, no dot segments (`%2e` is a dot, too), one slash at a time. */
const PLAIN_PATH = /^(?:\/(?!\.|\/|%2[eE])[\w\-.~!$&'()*+,;=:@%]*)+(?:\?[\w\-.~!$&'()*+,;=:@/?%]*)?$/

/**
 * Turns what a caller names into a target. With a base, a path is appended to the base's own; an absolute URL stands for itself.
 * Escapes in the path are sent as they were given: what `%2F` means is between the caller and the origin.
 * @throws TrafficError `invalid_request` if it is no http or https URL, or holds credentials, which `auth` is for
 */
export function requestTarget(url: string, base: RequestTarget | undefined): RequestTarget {
  if (base !== undefined && PLAIN_PATH.test(url)) {
    const mark = url.indexOf('?')
    const path = mark < 0 ? url : url.slice(0, mark)
    return {
      scheme: base.scheme,
      authority: base.authority,
      path: base.path === '/' ? path : base.path + path,
      query: mark < 0 ? '' : url.slice(mark),
    }
  }
  const plain = trimmed(url)
  return base === undefined || /^[a-z][a-z0-9+.-]*:/i.test(plain) ? absoluteTarget(plain) : below(base, plain)
}

const SPACE = 0x20

/** Without what a URL parser passes over (WHATWG URL 4.4): it must not hide how a URL begins. */
function trimmed(url: string): string {
  // Not by a pattern that ends in `$`: behind each blank within the URL it would look for the end of the run anew.
  let start = 0
  let end = url.length
  while (url.charCodeAt(start) <= SPACE) start++
  while (end > start && url.charCodeAt(end - 1) <= SPACE) end--
  return url.slice(start, end).replace(/[\t\n\r]+/g, '')
}

/** What stands before the paths of a client: its slash at the end, if any, is that of the paths. */
export function baseTarget(url: string): RequestTarget {
  const target = absoluteTarget(url)
  if (target.query !== '') throw invalid(url, 'a base has no query')
  return { ...target, path: target.path.replace(/\/+$/, '') || '/' }
}

/** Appends query parameters, encoded as forms encode them. */
export function withQuery(target: RequestTarget, query: Query, arrays?: QueryArrays): RequestTarget {
  const text = queryText(query, arrays)
  if (text === '') return target
  return { ...target, query: target.query === '' ? `?${text}` : `${target.query}&${text}` }
}

/** Its origin (RFC 6454), as `https://api.example.com`. */
export function originOf({ scheme, authority }: Pick<RequestTarget, 'scheme' | 'authority'>): string {
  return `${scheme}://${authority.text}`
}

/** The URL, for errors, `Response.url` and resolving references. */
export function targetUrl(target: RequestTarget): string {
  return originOf(target) + target.path + target.query
}

/** A reference that is no URL of its own stays below the base: on its origin, and under its path. */
function below(base: RequestTarget, url: string): RequestTarget {
  const path = /^[^?#]*/.exec(url)?.[0] ?? ''
  // "//host/path" would leave the base's origin without looking so, and to a URL parser "\\" is a slash.
  if (path.includes('\\')) throw invalid(url, 'it holds a backslash: write a slash, or %5C')
  if (path.startsWith('//')) throw invalid(url, 'it names another host: write the whole URL')
  const prefix = targetUrl({ ...base, path: base.path === '/' ? '' : base.path, query: '' })
  const target = absoluteTarget(path === '' ? prefix + url : `${prefix}/${url.replace(/^\//, '')}`)
  const within = base.path === '/' || target.path === base.path || target.path.startsWith(`${base.path}/`)
  if (!within || originOf(target) !== originOf(base))
    throw invalid(url, `it leads out of ${base.path}, the path of baseUrl: write the whole URL`)
  return target
}

function absoluteTarget(url: string): RequestTarget {
  const parsed = URL.parse(url)
  if (parsed === null) throw invalid(url, 'it is no absolute URL, and the client has no baseUrl')
  const scheme = parsed.protocol === 'https:' ? 'https' : 'http'
  if (parsed.protocol !== `${scheme}:`) throw invalid(url, 'its scheme is neither http nor https')
  if (parsed.username !== '' || parsed.password !== '')
    throw invalid(`${scheme}://***@${parsed.host}`, 'it holds credentials: use the option auth')
  const authority = canonicalAuthority(parsed.host, scheme === 'https' ? 443 : 80)
  if (authority instanceof InvalidTarget) throw invalid(url, authority.reason)
  return { scheme, authority, path: parsed.pathname, query: queryOf(parsed) }
}

/** With its mark, also where nothing follows it: to an origin, `/a?` and `/a` may be two things. */
function queryOf({ href, search, hash }: URL): string {
  if (search !== '') return search
  return href.endsWith('?', href.length - hash.length) ? '?' : ''
}

function invalid(url: string, reason: string): TrafficError {
  const message = `${JSON.stringify(shown(url))} is not a URL that can be requested: ${reason}`
  return invalidRequest(message)
}
