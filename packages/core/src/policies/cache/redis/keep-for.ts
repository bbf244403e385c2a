import type { StoredHead } from '../store.ts'

const HOUR = 3_600_000
/** The longest that anything is kept, in milliseconds. */
const MOST = 30 * 24 * HOUR
const LEAST = 1_000

/**
 * How long a response is of use from now on, in milliseconds: while it may be served, and, where the origin can be asked whether it
 * still holds, as long again and an hour at least.
 */
export function keepFor({
  lifetime,
  initialAge,
  staleWhileRevalidate,
  staleIfError,
  fields,
}: StoredHead): number {
  const served = Math.max(0, lifetime - initialAge) + Math.max(staleWhileRevalidate, staleIfError)
  const confirmable = fields.some((each, index) => index % 2 === 0 && isValidator(each))
  const kept = confirmable ? served + Math.max(served, HOUR) : served
  return Math.round(Math.min(Math.max(kept, LEAST), MOST))
}

function isValidator(name: string): boolean {
  return name === 'etag' || name === 'last-modified'
}
