import { parseCacheControl } from '../../fields/cache-control.ts'
import { parseContentRange } from '../../fields/content-range.ts'
import type { HeaderList } from '../../message/headers.ts'
import type { CacheRules } from './cache-rules.ts'
import {
  initialAge,
  isCacheableByDefault,
  type Lifetime,
  lifetimeOf,
  type ResponseTimes,
} from './freshness.ts'
import { type ResponseControl, responseControl } from './response-control.ts'
import { HEAD_RULES } from './store.ts'
import { selectingFields } from './vary.ts'

/** Why a response is not stored: for Cache-Status and for people. */
export type NotStored =
  | 'method'
  | 'status'
  /** It is about the request alone: see `isOfOneRequest`. */
  | 'one-request'
  | 'request-no-store'
  | 'no-store'
  | 'private'
  | 'authorization'
  | 'set-cookie'
  | 'vary'
  | 'range'
  | 'no-freshness'
  | 'stale'
  | 'ttl'

/** How a response is to be stored. Times in milliseconds. */
export interface Storing {
  readonly initialAge: number
  readonly lifetime: number
  readonly staleWhileRevalidate: number
  readonly staleIfError: number
  /** Bits of `HEAD_RULES`. */
  readonly rules: number
  readonly selecting: readonly string[]
  /** Fields that are left out, in lower case: those that `no-cache="…"` and `private="…"` name. */
  readonly omitted: readonly string[]
}

/** A response as it came. */
export interface ReceivedResponse {
  readonly status: number
  readonly headers: HeaderList
}

/** A request, as far as it has a say in whether its response is stored. */
export interface AskingRequest {
  readonly method: string
  readonly headers: HeaderList
}

/** Statuses whose caching is understood (RFC 9110 15, RFC 9111 5.2.2.3): those that are final and known. */
const UNDERSTOOD = /^(?:20[0-6]|30[0-8]|4(?:0\d|1[0-7]|2[126]|51)|50[0-5])$/

/**
 * What answers no other request, whatever it says of its lifetime: it comes of the size, the pace or a field of this one, which no key
 * has. One client could have it kept for all (CPDoS). 428, 429, 431 and 511 must not be stored (RFC 6585 3 to 6).
 */
const OF_ONE_REQUEST: ReadonlySet<number> = new Set([
  408, 412, 413, 416, 417, 421, 425, 426, 428, 429, 431, 511,
])

export function isOfOneRequest(status: number): boolean {
  return OF_ONE_REQUEST.has(status)
}

/** Whether a response may be stored, and how (RFC 9111 section 3); else why not. */
export function storable(
  request: AskingRequest,
  response: ReceivedResponse,
  times: ResponseTimes,
  rules: CacheRules,
): Storing | NotStored {
  const { status, headers } = response
  if (request.method !== 'GET' && request.method !== 'QUERY') return 'method'
  if (status < 200 || status === 304) return 'status'
  if (isOfOneRequest(status)) return 'one-request'
  if (parseCacheControl(request.headers.get('cache-control')).noStore && !rules.ignoreRequestControl)
    return 'request-no-store'
  const selecting = selectingFields(headers)
  if (selecting === undefined) return 'vary'
  // On another status Content-Range means nothing (RFC 9110 14.4).
  if (status === 206 && !isWholePart(request, response)) return 'range'
  const control = responseControl(headers, rules)
  const refusal = rules.ignoreResponseControl ? undefined : forbidden(request, response, control, rules)
  if (refusal !== undefined) return refusal
  const { lifetime, explicit } = lifetimeBy(response, control, times, rules)
  if (!explicit && !isCacheableByDefault(status) && !control.directives.public) return 'status'
  return worthStoring(response, control, { lifetime, explicit }, times, rules, selecting)
}

/**
 * The single part of a range response whose place in the whole is known. For If-Range an origin may leave out what the client has had
 * (RFC 9110 15.3.7), and who asks without it would get a part of no type.
 */
function isWholePart(request: AskingRequest, { headers }: ReceivedResponse): boolean {
  const lacksType = request.headers.has('if-range') && !headers.has('content-type')
  return !lacksType && parseContentRange(headers.get('content-range'))?.total !== undefined
}

function forbidden(
  request: AskingRequest,
  { status, headers }: ReceivedResponse,
  { directives }: ResponseControl,
  rules: CacheRules,
): NotStored | undefined {
  if (directives.mustUnderstand) {
    // Then no-store is for those who do not know the directive (RFC 9111 5.2.2.3).
    if (!UNDERSTOOD.test(String(status))) return 'status'
  } else if (directives.noStore) return 'no-store'
  if (!rules.shared) return undefined
  if (directives.private) return 'private'
  const forAll = directives.public || directives.sMaxAge !== undefined
  if (request.headers.has('authorization') && !forAll && !directives.mustRevalidate) return 'authorization'
  if (
    headers.has('set-cookie') &&
    !rules.storeSetCookie &&
    !forAll &&
    !omits(directives.noCacheFields, directives.privateFields)
  )
    return 'set-cookie'
  return undefined
}

function omits(...lists: readonly (readonly string[])[]): boolean {
  return lists.some((names) => names.includes('set-cookie'))
}

/** The configuration's word goes before the origin's. */
function lifetimeBy(
  { status, headers }: ReceivedResponse,
  { directives, targeted }: ResponseControl,
  { receivedAt }: ResponseTimes,
  rules: CacheRules,
): Lifetime {
  const ttl = rules.ttl.get(status)
  if (ttl !== undefined) return { lifetime: ttl, explicit: true }
  const own = lifetimeOf(status, headers, directives, targeted, receivedAt, rules)
  const otherwise = rules.ttl.get('default')
  return own.explicit || otherwise === undefined || !isCacheableByDefault(status)
    ? own
    : { lifetime: otherwise, explicit: true }
}

/** What can neither be used nor confirmed later takes room for nothing. */
function worthStoring(
  { status, headers }: ReceivedResponse,
  { directives }: ResponseControl,
  { lifetime, explicit }: Lifetime,
  times: ResponseTimes,
  rules: CacheRules,
  selecting: readonly string[],
): Storing | NotStored {
  const imposed = rules.ttl.has(status)
  if (imposed && lifetime === 0) return 'ttl'
  const noCache = directives.noCache && !rules.ignoreResponseControl && !imposed
  const must =
    directives.mustRevalidate ||
    (rules.shared && (directives.proxyRevalidate || directives.sMaxAge !== undefined)) ||
    noCache
  const grace = (stated: number | undefined, own: number): number =>
    must ? 0 : stated === undefined ? own : stated * 1000
  const storing: Storing = {
    // A lifetime of ours begins when it came.
    initialAge: imposed ? 0 : initialAge(headers, times),
    lifetime,
    staleWhileRevalidate: grace(directives.staleWhileRevalidate, rules.staleWhileRevalidate),
    staleIfError: grace(directives.staleIfError, rules.staleIfError),
    rules:
      (noCache ? HEAD_RULES.noCache : 0) |
      (must ? HEAD_RULES.mustRevalidate : 0) |
      (explicit ? 0 : HEAD_RULES.heuristic) |
      (directives.immutable ? HEAD_RULES.immutable : 0),
    selecting,
    omitted: rules.ignoreResponseControl ? [] : omittedFields(directives, rules.shared),
  }
  const validated = headers.has('etag') || headers.has('last-modified')
  const left = lifetime - storing.initialAge + Math.max(storing.staleWhileRevalidate, storing.staleIfError)
  if (validated || (left > 0 && !noCache)) return storing
  return lifetime > 0 ? 'stale' : 'no-freshness'
}

/** Without those fields the rest may be used as it says (RFC 9111 5.2.2.4, 5.2.2.7). */
function omittedFields(
  { noCacheFields, privateFields }: ResponseControl['directives'],
  shared: boolean,
): readonly string[] {
  return shared ? [...noCacheFields, ...privateFields] : noCacheFields
}
