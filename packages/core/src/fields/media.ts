/** How well a kind of answer fits what Accept asks for. */
interface Fit {
  readonly quality: number
  /** 3 for a type by name, 2 for `type/*`, 1 for all, 0 if it is not asked for. */
  readonly specificity: number
  /** Where in the list. */
  readonly position: number
}

interface MediaRange {
  readonly type: string
  readonly quality: number
}

const UNASKED: Fit = { quality: 0, specificity: 0, position: Infinity }

/**
 * Whether an error is better told as problem details (RFC 9457) than as plain text. By quality; where that is
 * equal, by how exactly each is named, then by order. Who accepts JSON of any kind can read problem details, and
 * who asks for HTML is a person at a browser and reads text. Without a preference, problem details it is.
 * @param accept the value of Accept (RFC 9110 12.5.1)
 */
export function prefersJson(accept: string | undefined): boolean {
  if (accept === undefined || accept === '*/*') return true
  const ranges = parseAccept(accept)
  const json = better(fit(ranges, 'application/problem+json'), fit(ranges, 'application/json'))
  const text = better(fit(ranges, 'text/plain'), fit(ranges, 'text/html'))
  return better(json, text) === json
}

/**
 * The media type that a client prefers, of several in lower case; of those that it likes alike, the one that it names most exactly, and then the
 * first. Undefined if it takes none of them.
 * @param accept the value of Accept (RFC 9110 12.5.1)
 */
export function preferredType(accept: string | undefined, types: readonly string[]): string | undefined {
  if (accept === undefined) return types[0]
  const ranges = parseAccept(accept)
  let preferred: { readonly type: string; readonly fit: Fit } | undefined
  for (const type of types) {
    const found = fit(ranges, type)
    if (found.quality > 0 && (preferred === undefined || better(preferred.fit, found) === found))
      preferred = { type, fit: found }
  }
  return preferred?.type
}

/** The left one unless the right one is better. */
function better(left: Fit, right: Fit): Fit {
  if (left.quality !== right.quality) return left.quality > right.quality ? left : right
  if (left.specificity !== right.specificity) return left.specificity > right.specificity ? left : right
  return left.position <= right.position ? left : right
}

/** The most specific range that takes the type decides (RFC 9110 12.5.1). */
function fit(ranges: readonly MediaRange[], type: string): Fit {
  let best = UNASKED
  for (const [position, range] of ranges.entries()) {
    const specificity = specificityOf(range.type, type)
    if (specificity > best.specificity) best = { quality: range.quality, specificity, position }
  }
  return best
}

function specificityOf(range: string, type: string): number {
  if (range === type) return 3
  if (range === '*/*') return 1
  return range.endsWith('/*') && type.startsWith(range.slice(0, -1)) ? 2 : 0
}

/** Parameters but for the weight are left out: neither of the answers has variants. What is malformed is passed over. */
function parseAccept(accept: string): MediaRange[] {
  return accept.split(',').flatMap((member) => {
    const [type = '', ...parameters] = member.split(';')
    const weight = parameters.map((each) => each.trim()).find((each) => /^q=/i.test(each))
    const quality = weight === undefined ? 1 : parseWeight(weight.slice(2))
    return quality === undefined ? [] : [{ type: type.trim().toLowerCase(), quality }]
  })
}

/** qvalue (RFC 9110 12.4.2). */
function parseWeight(text: string): number | undefined {
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(text) ? Number(text) : undefined
}
