import type { Pair } from '../hpack-blocks.ts'

/** What one of both readers refuses and the other does not. */
export interface Disagreement {
  /** Why we end the connection, which nghttp2 does not. */
  readonly fault: string
  /** What we pass on, and nghttp2 resets the stream for. */
  readonly fields: readonly Pair[]
}

/** A block that both read otherwise, on purpose. */
export interface HpackDifference {
  readonly name: string
  readonly reason: string
  readonly applies: (disagreement: Disagreement) => boolean
}

/** Whatever only one of both refuses is a finding, unless a row here says why it may. */
export const HPACK_DIFFERENCES: readonly HpackDifference[] = [
  {
    name: 'third-size-update',
    reason:
      'Two table size updates say all that has become of the size since the last block: the smallest, and the last (RFC 7541 4.2). ' +
      'nghttp2 takes any number of them. Headgate refuses the third, which costs work and says nothing.',
    applies: ({ fault }) => fault.includes('more than two table size updates'),
  },
  {
    name: 'long-integer',
    reason:
      'An integer may have zeros behind its last digit, and who reads may limit how many (RFC 7541 5.1). Headgate reads a prefix and ' +
      'four bytes, nghttp2 five and more of them while they are zero.',
    applies: ({ fault }) => fault.includes('an integer of more than five bytes'),
  },
  {
    name: 'length-of-1xx',
    reason:
      'A response of 1xx has no content, and must not tell a length (RFC 9110 8.6). nghttp2 resets the stream. Headgate drops the field, ' +
      'which says nothing about the response that follows.',
    applies: ({ fields }) =>
      fields.some(([name, value]) => name === ':status' && value.startsWith('1')) &&
      fields.some(([name]) => name === 'content-length'),
  },
]

export function meantDifference(disagreement: Partial<Disagreement>): HpackDifference | undefined {
  return HPACK_DIFFERENCES.find(({ applies }) => applies({ fault: '', fields: [], ...disagreement }))
}
