import { WholeBody } from '../message/body.ts'

/** Bytes up to which content that is here is kept as text, as it is mostly sent on together with a head. */
const SHORT = 16 * 1024

/** A part of the content that came with the head: where it stands in what was read. */
export interface EarlyContent {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
}

/** The whole content, of its parts. Their memory may be used again. */
export function joined(parts: readonly EarlyContent[]): WholeBody {
  const [first] = parts
  if (first !== undefined && parts.length === 1) {
    const { bytes, start, end } = first
    if (end - start <= SHORT) return WholeBody.fromLatin1(bytes.toString('latin1', start, end))
  }
  return WholeBody.fromBytes(Buffer.concat(parts.map(({ bytes, start, end }) => bytes.subarray(start, end))))
}
