import { parseHttpDate } from '../../fields/http-date.ts'
import type { HeaderList } from '../../message/headers.ts'
import type { StoredHead } from './store.ts'
import { sameStrong, sameWeak, storedField, storedTag } from './validators.ts'

/** What conditions are held against. */
export type Validated = Pick<StoredHead, 'status' | 'fields' | 'receivedAt'>

/** Conditions on the origin's own state, which no cache knows (RFC 9110 13.2.1): such requests are passed on. */
export function isForOrigin(headers: HeaderList): boolean {
  return headers.has('if-match') || headers.has('if-unmodified-since')
}

/**
 * Whether what is asked for is what the client takes it for, by If-Match, else by If-Unmodified-Since (RFC 9110 13.1.1, 13.1.4); true
 * without either. For who has the representation itself.
 */
export function isAsExpected(headers: HeaderList, head: Validated): boolean {
  const tags = headers.get('if-match')
  if (tags !== undefined) {
    if (tags.trim() === '*') return true
    return (tags.match(TAGS) ?? []).some((tag) => sameStrong(tag, storedTag(head)))
  }
  const since = headers.get('if-unmodified-since')
  return (
    since === undefined ||
    parseHttpDate(since, head.receivedAt) === undefined ||
    !isModifiedSince(since, head)
  )
}

/** Whether the request asks only for what the client does not have yet. */
export function isConditional(headers: HeaderList): boolean {
  return headers.has('if-none-match') || headers.has('if-modified-since')
}

/** Whether the client has already what is stored, so that 304 answers it (RFC 9110 13.2.2, RFC 9111 4.3.2). */
export function clientHas(headers: HeaderList, head: Validated): boolean {
  if (head.status < 200 || head.status > 299) return false
  const tags = headers.get('if-none-match')
  // If-Modified-Since means nothing beside it (RFC 9110 13.1.3).
  if (tags !== undefined) return names(tags, storedTag(head))
  const since = headers.get('if-modified-since')
  return since !== undefined && !isModifiedSince(since, head)
}

const TAGS = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g

function names(tags: string, stored: string | undefined): boolean {
  if (tags.trim() === '*') return true
  if (stored === undefined) return false
  // One, as it stands, is the usual case.
  return tags === stored || (tags.match(TAGS) ?? []).some((tag) => sameWeak(tag, stored))
}

/** Where the origin has not said when it was modified, it was when it was made (RFC 9111 4.3.2). */
function isModifiedSince(since: string, head: Validated): boolean {
  const { receivedAt } = head
  const limit = parseHttpDate(since, receivedAt)
  if (limit === undefined) return true
  const modified = storedField(head, 'last-modified') ?? storedField(head, 'date')
  const time = modified === undefined ? receivedAt : parseHttpDate(modified, receivedAt)
  return time === undefined || time > limit
}

/** A date is a strong validator only if the response was made a second or more after it (RFC 9110 8.8.2.2). */
const STRONG_AFTER = 1_000

/** Whether If-Range allows to send a part of what is stored (RFC 9110 13.1.5); true without it. */
export function allowsPart(headers: HeaderList, head: Validated): boolean {
  const condition = headers.get('if-range')
  if (condition === undefined) return true
  if (condition.startsWith('"') || condition.startsWith('W/')) return sameStrong(condition, storedTag(head))
  const modified = storedField(head, 'last-modified')
  if (modified !== condition) return false
  const time = parseHttpDate(modified, head.receivedAt)
  const made = parseHttpDate(storedField(head, 'date') ?? '', head.receivedAt)
  return time !== undefined && made !== undefined && made - time >= STRONG_AFTER
}
