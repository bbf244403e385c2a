import { createHash } from 'node:crypto'
import type { CacheKey, Selection, StoredHead } from '../store.ts'

/** As short as can be while nobody finds two texts with the same one. */
function digest(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n'), 'latin1').digest('base64url').slice(0, 32)
}

/** Under which name the entries of a key are listed. */
export function keyName({ text }: CacheKey): string {
  return digest('key', text)
}

/** Of two entries of a key with the same one, the later takes the place of the other. */
export function variantName({ variant, range }: StoredHead): string {
  if (variant === '' && range === undefined) return '-'
  return digest(variant, range === undefined ? '' : `${range.first}-${range.last}`)
}

/** What a response is listed by, for purges: its URL, its route, its tags and its groups. */
export function labelsOf({ url, route, tags, groups }: StoredHead): readonly string[] {
  const labels = new Set([digest('url', url), digest('route', route)])
  for (const tag of tags) labels.add(digest('tag', tag))
  for (const group of groups) labels.add(digest('group', group))
  return [...labels]
}

/** What a purge goes by, among these; prefixes are in no list. */
export function labelOf(selection: Selection): string {
  switch (selection.by) {
    case 'all':
      return 'all'
    case 'key':
      return keyName(selection.key)
    case 'prefix':
      return 'prefix'
    default:
      return digest(selection.by, selection.value)
  }
}

/** The value of a selection as text, from which `selectionOf` makes it again. */
export function valueOf(selection: Selection): string {
  if (selection.by === 'all') return ''
  return selection.by === 'key' ? selection.key.text : selection.value
}

/** Undefined for what this version does not know. */
export function selectionOf(by: string, value: string): Selection | undefined {
  switch (by) {
    case 'all':
      return { by }
    case 'key':
      return { by, key: { text: value } }
    case 'url':
    case 'prefix':
    case 'tag':
    case 'route':
    case 'group':
      return { by, value }
    default:
      return undefined
  }
}
