import { type CacheDirectives, LARGEST_DELTA, parseDelta } from '../../fields/cache-control.ts'
import { parseHttpDate } from '../../fields/http-date.ts'
import type { HeaderList } from '../../message/headers.ts'

/** When a response was asked for and came, by the wall clock, in milliseconds. */
export interface ResponseTimes {
  readonly requestedAt: number
  readonly receivedAt: number
}

/** What lifetimes are found by. */
export interface FreshnessRules {
  /** Whether s-maxage counts. */
  readonly shared: boolean
  /** The part of its age at which a response without a lifetime is still fresh (RFC 9111 4.2.2); 0 for none. */
  readonly heuristicFraction: number
  /** The most that is guessed, in milliseconds. */
  readonly heuristicMax: number
}

/** How long a response is fresh, in milliseconds, and whether that was guessed. */
export interface Lifetime {
  readonly lifetime: number
  readonly explicit: boolean
}

/** Of these, a lifetime may be guessed (RFC 9110 15.1). */
const HEURISTIC: ReadonlySet<number> = new Set([200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501])

/** Whether a status is cacheable by default: without the origin's word on it. */
export function isCacheableByDefault(status: number): boolean {
  return HEURISTIC.has(status)
}

/**
 * How old a response was when it came, in milliseconds (corrected_initial_age, RFC 9111 4.2.3). Date and Age are in whole
 * seconds, so the difference to a Date is rounded down.
 */
export function initialAge(headers: HeaderList, { requestedAt, receivedAt }: ResponseTimes): number {
  const date = dateOf(headers, receivedAt) ?? receivedAt
  const apparent = Math.max(0, Math.floor((receivedAt - date) / 1000)) * 1000
  // A clock that was set back meanwhile makes no response younger.
  const delay = Math.max(0, receivedAt - requestedAt)
  return Math.max(apparent, ageOf(headers) + delay)
}

/** What Age says, in milliseconds. What is not one number may be any age: it is stale. */
function ageOf(headers: HeaderList): number {
  const value = headers.get('age')
  if (value === undefined) return 0
  return (parseDelta(value) ?? LARGEST_DELTA) * 1000
}

/** When the origin made it; undefined where Date is missing or no date. */
function dateOf(headers: HeaderList, now: number): number | undefined {
  const value = headers.get('date')
  return value === undefined ? undefined : parseHttpDate(value, now)
}

/** RFC 9111 4.2.1. A targeted field takes the place of Cache-Control and Expires together (RFC 9213 2.2). */
export function lifetimeOf(
  status: number,
  headers: HeaderList,
  directives: CacheDirectives,
  targeted: boolean,
  receivedAt: number,
  rules: FreshnessRules,
): Lifetime {
  const stated = (rules.shared ? directives.sMaxAge : undefined) ?? directives.maxAge
  if (stated !== undefined) return { lifetime: stated * 1000, explicit: true }
  const date = dateOf(headers, receivedAt) ?? receivedAt
  const expires = targeted ? undefined : headers.get('expires')
  if (expires !== undefined) {
    // What is no date has expired (RFC 9111 5.3).
    const until = parseHttpDate(expires, receivedAt) ?? date
    return { lifetime: Math.min(Math.max(0, until - date), LARGEST_DELTA * 1000), explicit: true }
  }
  return { lifetime: guessed(status, headers, directives, date, rules), explicit: false }
}

function guessed(
  status: number,
  headers: HeaderList,
  directives: CacheDirectives,
  date: number,
  { heuristicFraction, heuristicMax }: FreshnessRules,
): number {
  if (!isCacheableByDefault(status) && !directives.public) return 0
  const modified = parseHttpDate(headers.get('last-modified') ?? '', date)
  if (modified === undefined || modified >= date) return 0
  return Math.min((date - modified) * heuristicFraction, heuristicMax)
}
