import { listMembers } from '../message/tokens.ts'

/** A part that is asked for. In bytes, the last one included. */
export interface AskedRange {
  readonly first: number
  readonly last: number
}

const RANGES = /^bytes=(.*)$/is
const RANGE = /^(?:(\d{1,15})-(\d{0,15})|-(\d{1,15}))$/

/** A range of content that is shorter than where it begins. */
const BEYOND = 'beyond'

/**
 * The parts that Range asks for, in its order, of content of `length` bytes (RFC 9110 14.1.2, 14.2). Those that lie behind the end are
 * left out.
 * @param most how many it may ask for: many small ones cost more than the whole (RFC 9110 17.15)
 * @returns undefined where the whole is to be sent: it asks for more than `most`, in another unit, or makes no sense
 */
export function askedRanges(
  value: string | undefined,
  length: number,
  most: number,
): readonly AskedRange[] | 'unsatisfiable' | undefined {
  const [, set] = RANGES.exec(value ?? '') ?? []
  // What is so long asks for more parts than anybody is given.
  if (set === undefined || set.length > 32 * (most + 1)) return undefined
  const members = listMembers(set)
  if (members.length === 0 || members.length > most) return undefined
  const ranges: AskedRange[] = []
  for (const member of members) {
    const range = rangeOf(member, length)
    if (range === undefined) return undefined
    if (range !== BEYOND) ranges.push(range)
  }
  return ranges.length === 0 ? 'unsatisfiable' : ranges
}

/** The one part that is asked for; undefined also where there are several. */
export function askedRange(
  value: string | undefined,
  length: number,
): AskedRange | 'unsatisfiable' | undefined {
  const asked = askedRanges(value, length, 1)
  return typeof asked === 'object' ? asked[0] : asked
}

function rangeOf(text: string, length: number): AskedRange | typeof BEYOND | undefined {
  const match = RANGE.exec(text)
  if (match === null) return undefined
  const [, from, to, suffix] = match
  if (suffix !== undefined) {
    const count = Math.min(Number(suffix), length)
    // The end of nothing is all of it, and no Content-Range can say so (RFC 9110 14.1.2).
    if (count === 0) return Number(suffix) === 0 ? BEYOND : undefined
    return { first: length - count, last: length - 1 }
  }
  const first = Number(from)
  const last = to === '' ? length - 1 : Math.min(Number(to), length - 1)
  if (to !== '' && Number(to) < first) return undefined
  return first >= length ? BEYOND : { first, last }
}
