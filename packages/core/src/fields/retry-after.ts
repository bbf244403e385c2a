import { parseHttpDate } from './http-date.ts'

/** What a peer may ask for at most: what is longer stands for "not in the lifetime of this process". */
const LONGEST = 2 ** 31 * 1000

/**
 * How long a peer asks to wait before the next request (RFC 9110 10.2.3), in milliseconds; undefined if the field says nothing
 * that can be understood. A date that has passed is no wait.
 * @param value of Retry-After: seconds or an HTTP-date
 * @param now wall time in milliseconds since 1970-01-01 UTC
 */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  const text = value.trim()
  if (/^\d+$/.test(text)) return Math.min(LONGEST, Number(text) * 1000)
  const time = parseHttpDate(text, now)
  return time === undefined ? undefined : Math.min(LONGEST, Math.max(0, time - now))
}
