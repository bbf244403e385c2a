import { mediaType } from '../../fields/media-type.ts'

/** Types that were judged: services have a dozen. Emptied when it is full, as whoever answers chooses them. */
const MOST_JUDGED = 256

/**
 * Whether a Content-Type is of one of the media types: `text/html`, `text/*` (all of that kind), `*+json` (all of that form).
 * @param types in any letter case
 */
export function mediaTypeTest(types: readonly string[]): (contentType: string) => boolean {
  const exact = new Set<string>()
  const kinds: string[] = []
  const forms: string[] = []
  for (const type of types.map((each) => each.toLowerCase())) {
    if (type.endsWith('/*')) kinds.push(type.slice(0, -1))
    else if (type.startsWith('*')) forms.push(type.slice(1))
    else exact.add(type)
  }
  const judged = new Map<string, boolean>()
  const judge = (contentType: string): boolean => {
    const type = mediaType(contentType)
    return (
      exact.has(type) ||
      kinds.some((kind) => type.startsWith(kind)) ||
      forms.some((form) => type.endsWith(form))
    )
  }
  return (contentType) => {
    const known = judged.get(contentType)
    if (known !== undefined) return known
    const verdict = judge(contentType)
    if (judged.size >= MOST_JUDGED) judged.clear()
    judged.set(contentType, verdict)
    return verdict
  }
}
