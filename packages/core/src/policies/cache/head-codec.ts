import type { CacheKey, StoredHead, StoredRange } from './store.ts'

/** Of the form below. A store that outlives a version of Headgate takes what it cannot read as not there. */
const VERSION = '1'
/** Lines before the names: version, numbers, URL, route, variant, counts. */
const LINES = 6

/**
 * A stored head as text of one byte a character, for stores that keep bytes: lines, since no field value holds a line feed,
 * which one call takes apart again.
 * @throws TypeError if any of its text holds a line feed or a character beyond latin1: it would be read as something else
 */
export function encodeHead(head: StoredHead): string {
  const { range, selecting, tags, groups, fields } = head
  // Put together piece by piece: lists of the pieces took half as long again, of each response that is stored.
  let text = `${VERSION}\n${head.status} ${head.requestedAt} ${head.receivedAt} ${head.initialAge} ${head.lifetime} `
  text += `${head.staleWhileRevalidate} ${head.staleIfError} ${head.rules} ${head.staleSince ?? ''}`
  if (range !== undefined) text += ` ${range.first} ${range.last} ${range.complete}`
  text += `\n${head.url}\n${head.route}\n${head.variant}\n${selecting.length} ${tags.length} ${groups.length} ${fields.length}`
  for (const each of selecting) text += `\n${each}`
  for (const each of tags) text += `\n${each}`
  for (const each of groups) text += `\n${each}`
  for (const each of fields) text += `\n${each}`
  if (!isLatin1(text)) throw new TypeError(`${head.url}: its head holds a character beyond latin1`)
  const lines = LINES + selecting.length + tags.length + groups.length + fields.length
  // One too many, and everything behind it would be taken for something else.
  if (countOf(text, '\n') !== lines - 1)
    throw new TypeError(`${head.url}: its head holds a line feed within a value`)
  return text
}

/** Undefined for what is of another version, or was not made by `encodeHead`. */
export function decodeHead(text: string): StoredHead | undefined {
  const lines = text.split('\n')
  const [version, numberText = '', url = '', route = '', variant = '', countText = ''] = lines
  if (version !== VERSION || lines.length < LINES) return undefined
  const numbers = numberText.split(' ')
  const counts = countText.split(' ').map(Number)
  if ((numbers.length !== 9 && numbers.length !== 12) || counts.length !== 4) return undefined
  const [selecting = 0, tags = 0, groups = 0, fields = 0] = counts
  if (selecting + tags + groups + fields !== lines.length - LINES || fields % 2 !== 0) return undefined
  const values = numbers.map(Number)
  if (values.some((value) => !Number.isFinite(value))) return undefined
  const [status = 0, requestedAt = 0, receivedAt = 0, initialAge = 0, lifetime = 0] = values
  const [staleWhileRevalidate = 0, staleIfError = 0, rules = 0, staleSince = 0] = values.slice(5)
  let at = LINES
  const take = (count: number): string[] => lines.slice(at, (at += count))
  return {
    status,
    requestedAt,
    receivedAt,
    initialAge,
    lifetime,
    staleWhileRevalidate,
    staleIfError,
    rules,
    staleSince: numbers[8] === '' ? undefined : staleSince,
    range: rangeOf(values),
    url,
    route,
    variant,
    selecting: take(selecting),
    tags: take(tags),
    groups: take(groups),
    fields: take(fields),
  }
}

function rangeOf(values: readonly number[]): StoredRange | undefined {
  const [first, last, complete] = values.slice(9)
  if (first === undefined || last === undefined || complete === undefined) return undefined
  return { first, last, complete }
}

/** Whether each character is one byte. */
export function isLatin1(text: string): boolean {
  return !BEYOND_LATIN1.test(text)
}

const BEYOND_LATIN1 = /[^\0-\xff]/

/** @throws TypeError if a key cannot be kept as bytes */
export function checkKey({ text }: CacheKey): void {
  if (!isLatin1(text)) throw new TypeError('a key of the cache has a character beyond latin1')
}

function countOf(text: string, char: string): number {
  let count = 0
  for (let at = text.indexOf(char); at >= 0; at = text.indexOf(char, at + 1)) count++
  return count
}
