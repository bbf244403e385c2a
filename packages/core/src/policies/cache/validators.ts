import type { HeaderList } from '../../message/headers.ts'
import type { StoredHead } from './store.ts'

/** A strong or weak entity tag (RFC 9110 8.8.3). */
const ETAG = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/

/** A stored field: the first line of that name, in lower case. */
export function storedField({ fields }: Pick<StoredHead, 'fields'>, name: string): string | undefined {
  for (let index = 0; index < fields.length; index += 2) if (fields[index] === name) return fields[index + 1]
  return undefined
}

/** The entity tag of a stored response, if it is well-formed. */
export function storedTag(head: Pick<StoredHead, 'fields'>): string | undefined {
  const tag = storedField(head, 'etag')
  return tag !== undefined && ETAG.test(tag) ? tag : undefined
}

/** Whether both name the same representation, byte for byte (RFC 9110 8.8.3.2). */
export function sameStrong(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && one === other && one.startsWith('"')
}

/** Whether both name representations that may stand for each other (RFC 9110 8.8.3.2). */
export function sameWeak(one: string, other: string): boolean {
  return opaque(one) === opaque(other)
}

function opaque(tag: string): string {
  return tag.startsWith('W/') ? tag.slice(2) : tag
}

/** What a client asks under its own conditions, which are not those of the cache. */
const CONDITIONS: ReadonlySet<string> = new Set(['if-none-match', 'if-modified-since', 'if-range', 'range'])

/** Makes a request one for all of the representation, whatever the client has of it. */
export function withoutConditions(headers: HeaderList): void {
  headers.retain(isNoCondition)
}

function isNoCondition(name: string): boolean {
  return !CONDITIONS.has(name)
}

/**
 * Makes a request one that asks whether a stored response still holds (RFC 9111 4.3.1).
 * @returns false where it has no validator
 */
export function askWhetherModified(headers: HeaderList, head: StoredHead): boolean {
  const tag = storedTag(head)
  const modified = storedField(head, 'last-modified')
  if (tag !== undefined) headers.put('if-none-match', tag)
  if (modified !== undefined) headers.put('if-modified-since', modified)
  return tag !== undefined || modified !== undefined
}

/** Whether a 304, or a HEAD's 200, is about the stored response (RFC 9111 4.3.4, 4.3.5): none of its validators says otherwise. */
export function confirms(headers: HeaderList, head: StoredHead): boolean {
  const tag = headers.get('etag')
  const stored = storedTag(head)
  // A strong one names exactly one representation; a weak one is compared as such.
  if (tag !== undefined && stored !== undefined)
    return tag.startsWith('"') && stored.startsWith('"') ? tag === stored : sameWeak(tag, stored)
  if (tag !== undefined && ETAG.test(tag)) return false
  const modified = headers.get('last-modified')
  return modified === undefined || modified === (storedField(head, 'last-modified') ?? modified)
}

/** Fields that describe the stored content, or this message, and stay as they are (RFC 9111 3.2). */
const KEPT: ReadonlySet<string> = new Set(
  'content-length content-encoding content-range content-md5 content-digest etag transfer-encoding trailer'.split(
    ' ',
  ),
)

/** The stored fields as a 304 or a HEAD brings them up to date: those that it has replace the stored ones (RFC 9111 3.2). */
export function updatedFields(stored: readonly string[], fresh: readonly string[]): string[] {
  const replaced = new Set<string>()
  for (let index = 0; index < fresh.length; index += 2) replaced.add(fresh[index] as string) // pairs
  const fields: string[] = []
  const add = (list: readonly string[], wanted: (name: string) => boolean): void => {
    for (let index = 0; index < list.length; index += 2) {
      const name = list[index] as string // pairs
      if (wanted(name)) fields.push(name, list[index + 1] as string)
    }
  }
  add(stored, (name) => KEPT.has(name) || !replaced.has(name))
  add(fresh, (name) => !KEPT.has(name))
  return fields
}
