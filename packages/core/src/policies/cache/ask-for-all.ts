import type { HeaderList } from '../../message/headers.ts'
import { isConditional } from './conditional.ts'
import type { StoredEntry, StoredHead } from './store.ts'
import { askWhetherModified, withoutConditions } from './validators.ts'

/**
 * Whether the answer to a request may be one for all who want the same: not where it asks for a part under a condition of its own,
 * and nothing is stored that this could be held against.
 */
export function isForMany(headers: HeaderList, entry: StoredEntry | undefined): boolean {
  return entry !== undefined || !headers.has('range') || !(headers.has('if-range') || isConditional(headers))
}

/**
 * The part that the origin is asked for, as Range names it; undefined where it is asked for all. Of what is stored whole, all is to be
 * new again. With If-Range, a client wants all of what has changed.
 * @param head of what is stored, if it is
 */
export function askedPart(headers: HeaderList, head: StoredHead | undefined): string | undefined {
  if (head !== undefined && head.range === undefined) return undefined
  return headers.has('if-range') ? undefined : headers.get('range')
}

/** Makes a request one for all who want the same: without the client's own conditions, and with ours where something is stored. */
export function askForAll(headers: HeaderList, head: StoredHead | undefined): void {
  const part = askedPart(headers, head)
  withoutConditions(headers)
  if (part !== undefined) headers.put('range', part)
  if (head !== undefined) askWhetherModified(headers, head)
}
