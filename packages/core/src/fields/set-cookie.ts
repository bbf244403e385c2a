import { isFieldValue, trimBlanks } from '../message/tokens.ts'

/** A Set-Cookie value, taken apart (RFC 6265bis section 5.6). Names of attributes count, SameSite is for browsers. */
export interface SetCookie {
  /** Empty for a cookie that is a value only. */
  readonly name: string
  readonly value: string
  /** Milliseconds since 1970; Infinity for as long as the session. */
  readonly expires: number
  /** In lower case, without the dot before it; empty if there is none. */
  readonly domain: string
  /** Undefined if there is none, or none that starts with "/". */
  readonly path: string | undefined
  readonly secure: boolean
  readonly httpOnly: boolean
}

/** Bytes of name and value together, and of one attribute, that are taken (RFC 6265bis 5.6). */
const MAX_PAIR = 4096
const MAX_ATTRIBUTE = 1024
/** The longest that a cookie lives: 400 days (RFC 6265bis 5.5). */
const MAX_LIFE = 400 * 24 * 60 * 60 * 1000

/**
 * Parses a Set-Cookie value.
 * @param now milliseconds since 1970
 * @returns undefined if it is to be ignored
 */
export function parseSetCookie(text: string, now: number): SetCookie | undefined {
  if (!isFieldValue(text)) return undefined
  const [pair = '', ...attributes] = text.split(';')
  const equals = pair.indexOf('=')
  const name = equals < 0 ? '' : trimBlanks(pair.slice(0, equals))
  const value = trimBlanks(pair.slice(equals + 1))
  if (name.length + value.length > MAX_PAIR || (name === '' && value === '')) return undefined
  const found = collect(attributes)
  const path = found.get('path')
  return {
    name,
    value,
    expires: expiry(found.get('max-age'), found.get('expires'), now),
    domain: (found.get('domain') ?? '').replace(/^\./, '').toLowerCase(),
    path: path?.startsWith('/') ? path : undefined,
    secure: found.has('secure'),
    httpOnly: found.has('httponly'),
  }
}

/** By name in lower case; of several with one name the last that can be read counts. */
function collect(attributes: readonly string[]): Map<string, string> {
  const found = new Map<string, string>()
  for (const attribute of attributes) {
    const equals = attribute.indexOf('=')
    const name = trimBlanks(equals < 0 ? attribute : attribute.slice(0, equals)).toLowerCase()
    const value = equals < 0 ? '' : trimBlanks(attribute.slice(equals + 1))
    if (value.length > MAX_ATTRIBUTE) continue
    if (name === 'max-age' && !/^-?\d+$/.test(value)) continue
    if (name === 'expires' && parseCookieDate(value) === undefined) continue
    found.set(name, value)
  }
  return found
}

/** Max-Age counts before Expires. */
function expiry(maxAge: string | undefined, expires: string | undefined, now: number): number {
  const latest = now + MAX_LIFE
  if (maxAge !== undefined) {
    const seconds = Number(maxAge)
    return seconds <= 0 ? -Infinity : Math.min(now + seconds * 1000, latest)
  }
  const date = expires === undefined ? undefined : parseCookieDate(expires)
  return date === undefined ? Infinity : Math.min(date, latest)
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
/** RFC 6265bis 5.1.1: everything that is neither a letter, a digit nor ":" parts a date's tokens, more or less. */
const DELIMITERS = /[\t\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+/

/** Reads a date as user agents read it (RFC 6265bis 5.1.1); milliseconds since 1970, or undefined if it is none. */
export function parseCookieDate(text: string): number | undefined {
  let time: readonly number[] | undefined
  let day: number | undefined
  let month: number | undefined
  let year: number | undefined
  for (const token of text.split(DELIMITERS)) {
    const clock = /^(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\D.*)?$/s.exec(token)
    const number = /^(\d{1,4})(?:\D.*)?$/s.exec(token)?.[1]
    const name = MONTHS.indexOf(token.slice(0, 3).toLowerCase())
    if (time === undefined && clock !== null) time = clock.slice(1).map(Number)
    else if (day === undefined && number !== undefined && number.length <= 2) day = Number(number)
    else if (month === undefined && name >= 0) month = name
    else if (year === undefined && number !== undefined && number.length >= 2) year = fullYear(Number(number))
  }
  if (time === undefined || day === undefined || month === undefined || year === undefined) return undefined
  const [hour = 24, minute = 60, second = 60] = time
  if (hour > 23 || minute > 59 || second > 59 || year < 1601) return undefined
  const date = Date.UTC(year, month, day, hour, minute, second)
  // 31 February is no day.
  return new Date(date).getUTCDate() === day ? date : undefined
}

function fullYear(year: number): number {
  if (year >= 70 && year <= 99) return year + 1900
  return year <= 69 ? year + 2000 : year
}
