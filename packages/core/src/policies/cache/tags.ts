import { fieldValue } from '../../fields/field-text.ts'
import type { HeaderList } from '../../message/headers.ts'

/** The most tags that one response may have: an origin that sends more has a defect, and a purge looks at all of them. */
const MOST_TAGS = 256

/**
 * The tags of a response: those of the configuration, and those that the origin names, in Cache-Tag (separated by commas) or
 * Surrogate-Key (by spaces).
 */
export function tagsOf(headers: HeaderList, own: readonly string[]): readonly string[] {
  const listed = headers.get('cache-tag')
  const keys = headers.get('surrogate-key')
  if (listed === undefined && keys === undefined) return own
  const tags = new Set(own)
  for (const tag of [...(listed?.split(',') ?? []), ...(keys?.split(/[ ,]/) ?? [])]) {
    if (tags.size >= MOST_TAGS) break
    const trimmed = tag.trim()
    if (trimmed !== '') tags.add(trimmed)
  }
  return Array.from(tags)
}

/** Tags of the configuration in the form of those that come in fields. */
export function ownTags(tags: readonly string[]): readonly string[] {
  return tags.map(fieldValue)
}
