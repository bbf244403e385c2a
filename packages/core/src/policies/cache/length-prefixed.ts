/**
 * One part of a text that many are joined to: its length stands before it, so that no part can be taken for two, nor two for one,
 * whatever they hold. A part that is missing is another than an empty one.
 */
export function part(text: string | undefined): string {
  return text === undefined ? '-' : `${text.length}:${text}`
}

/** The parts of a text that `part` has made. */
export function partsOf(text: string): (string | undefined)[] {
  const parts: (string | undefined)[] = []
  let at = 0
  while (at < text.length) {
    if (text[at] === '-') {
      parts.push(undefined)
      at++
      continue
    }
    const colon = text.indexOf(':', at)
    const start = colon + 1
    const end = start + Number(text.slice(at, colon))
    // What nobody has made of parts ends here.
    if (colon < 0 || !(end >= start)) return parts
    parts.push(text.slice(start, end))
    at = end
  }
  return parts
}
