import { comparedText, type HeaderList } from '@headgate/core'

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
