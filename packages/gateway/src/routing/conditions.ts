import { comparedText, type Exchange, type HeaderList } from '@headgate/core'

/** What is known of a request when its route is sought: an exchange whose client is known already. */
export type Subject = Pick<Exchange, 'request' | 'clientAddress' | 'clientScheme'> &
  Partial<Pick<Exchange, 'facts'>>

/** Something that must be true of a request beyond host, path and method. */
export interface Condition {
  /** In words, as `header x-canary is "true"`: two with the same words are the same. */
  readonly text: string
  /** How many single conditions it stands for: of two routes with the same pattern, the one with more is more specific. */
  readonly weight: number
  holds(subject: Subject): boolean
}

/** Whether all hold; none at all do. */
export function allHold(conditions: readonly Condition[] | undefined, subject: Subject): boolean {
  if (conditions === undefined) return true
  for (let index = 0; index < conditions.length; index++) {
    if (conditions[index]?.holds(subject) === false) return false
  }
  return true
}

export function weightOf(conditions: readonly Condition[] | undefined): number {
  return conditions?.reduce((sum, { weight }) => sum + weight, 0) ?? 0
}

/** Whether a range such as `text/*` or `application/json` takes the type; both in lower case. */
export function takesType(range: string, type: string): boolean {
  if (range === type || range === '*/*') return true
  return range.endsWith('/*') && type.startsWith(range.slice(0, -1))
}

/** The type of a Content-Type (RFC 9110 8.3.1), in lower case and without parameters. */
export function mediaType(value: string): string {
  const end = value.indexOf(';')
  return (end === -1 ? value : value.slice(0, end)).trim().toLowerCase()
}

/**
 * Whether Accept (RFC 9110 12.5.1) names a type that one of the ranges takes. Its own wildcards name nothing: a client that
 * takes anything has not asked for this one.
 */
export function asksFor(accept: string, ranges: readonly string[]): boolean {
  return accept.split(',').some((member) => {
    const [type = '', ...parameters] = member.split(';')
    const named = type.trim().toLowerCase()
    if (named.includes('*') || parameters.some((each) => /^\s*q=0(?:\.0{0,3})?\s*$/i.test(each))) return false
    return ranges.some((range) => takesType(range, named))
  })
}

/** Whether a value passes. Called for each value of a name, until one does. */
export type ValueTest = (value: string) => boolean

/** The whole value of a field, as text in UTF-8; several lines are one value, joined by ", " (RFC 9110 5.3). */
export function someHeader(headers: HeaderList, name: string, test: ValueTest): boolean {
  const value = headers.get(name)
  return value !== undefined && test(comparedText(value))
}

/**
 * Each value of a parameter, decoded as forms are (WHATWG URL 5.1). Names are decoded, too: `%76ersion` is `version` to the
 * application, so it is here.
 */
export function someQueryValue(query: string, name: string, test: ValueTest): boolean {
  for (let start = 1; start <= query.length; ) {
    const next = query.indexOf('&', start)
    const end = next === -1 ? query.length : next
    const pair = query.slice(start, end)
    const equals = pair.indexOf('=')
    const split = equals === -1 ? pair.length : equals
    if (pair !== '' && decoded(pair.slice(0, split)) === name && test(decoded(pair.slice(split + 1))))
      return true
    start = end + 1
  }
  return false
}

/** What cannot be decoded stands for itself. */
export function decoded(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text
  const spaced = text.replaceAll('+', ' ')
  try {
    return decodeURIComponent(spaced)
  } catch {
    return spaced
  }
}

/** Each value of a cookie (RFC 6265 4.2.1), on however many lines. Quotes around a value are not part of it. */
export function someCookie(headers: HeaderList, name: string, test: ValueTest): boolean {
  for (let index = 0; index < headers.size; index++) {
    if (headers.nameAt(index) === 'cookie' && someCookieOf(comparedText(headers.valueAt(index)), name, test))
      return true
  }
  return false
}

function someCookieOf(line: string, name: string, test: ValueTest): boolean {
  for (let start = 0; start < line.length; ) {
    const next = line.indexOf(';', start)
    const end = next === -1 ? line.length : next
    // Within the pair: to look for "=" in all that follows would take the square of a line without one.
    const pair = line.slice(start, end)
    const equals = pair.indexOf('=')
    if (equals !== -1 && pair.slice(0, equals).trim() === name) {
      const value = pair.slice(equals + 1).trim()
      if (test(/^".*"$/.test(value) ? value.slice(1, -1) : value)) return true
    }
    start = end + 1
  }
  return false
}
