/** A part that is asked for. In bytes, the last one included. */
export interface AskedRange {
  readonly first: number
  readonly last: number
}

const RANGE = /^bytes=[ \t]*(?:(\d{1,15})-(\d{0,15})|-(\d{1,15}))[ \t]*$/i

/**
 * The one part that Range asks for, of content of `length` bytes (RFC 9110 14.1.2, 14.2).
 * @returns undefined where the whole is to be sent: it asks for several, in another unit, or makes no sense
 */
export function askedRange(
  value: string | undefined,
  length: number,
): AskedRange | 'unsatisfiable' | undefined {
  const match = RANGE.exec(value ?? '')
  if (match === null) return undefined
  const [, from, to, suffix] = match
  if (suffix !== undefined) {
    const count = Math.min(Number(suffix), length)
    return count === 0 ? 'unsatisfiable' : { first: length - count, last: length - 1 }
  }
  const first = Number(from)
  const last = to === '' ? length - 1 : Math.min(Number(to), length - 1)
  if (to !== '' && Number(to) < first) return undefined
  return first >= length ? 'unsatisfiable' : { first, last }
}
