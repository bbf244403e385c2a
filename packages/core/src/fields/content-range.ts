/** Which part of a representation a 206 response brings (RFC 9110 14.4). In bytes, the last one included. */
export interface ContentRange {
  readonly first: number
  readonly last: number
  /** Of the whole representation; undefined if the server does not know it. */
  readonly total: number | undefined
}

const BYTES = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i

/** Undefined if the field is malformed, is in another unit, or names no range that can be. */
export function parseContentRange(value: string | undefined): ContentRange | undefined {
  const match = BYTES.exec(value ?? '')
  if (match === null) return undefined
  const first = Number(match[1])
  const last = Number(match[2])
  const total = match[3] === '*' ? undefined : Number(match[3])
  return last < first || (total !== undefined && last >= total) ? undefined : { first, last, total }
}
