/** How much structure a JSON text may have. */
export interface JsonLimits {
  /** How many lists and objects may stand in each other. */
  readonly depth: number
  /** Entries of lists and members of objects, all together. */
  readonly values: number
}

/** What a look at the bytes tells, before anything is made of them. */
export interface JsonScan {
  /** The limit that is passed. */
  readonly exceeds: keyof JsonLimits | undefined
  readonly values: number
  /** Members of objects, repeated ones too. */
  readonly members: number
}

/**
 * Counts what is in a JSON text (RFC 8259) without recursion and without memory, so that a body of a hundred thousand brackets
 * costs a hundred steps. Of what is no JSON it may think anything: the parser will say so.
 */
export function scanJson(bytes: Uint8Array, limits: JsonLimits): JsonScan {
  let depth = 0
  let values = 0
  let members = 0
  for (let at = 0; at < bytes.length; at++) {
    switch (bytes[at]) {
      case 0x22: // "
        at = closingQuote(bytes, at + 1)
        break
      case 0x5b: // [
      case 0x7b: // {
        // A list or an object that is not empty holds one value more than it has commas.
        values++
        if (++depth > limits.depth) return { exceeds: 'depth', values, members }
        break
      case 0x5d: // ]
      case 0x7d: // }
        depth--
        break
      case 0x3a: // :
        members++
        break
      case 0x2c: // ,
        if (++values > limits.values) return { exceeds: 'values', values, members }
        break
      default:
    }
  }
  return { exceeds: values > limits.values ? 'values' : undefined, values, members }
}

/** Within a string, nothing but a backslash hides a quote. */
function closingQuote(bytes: Uint8Array, from: number): number {
  let at = from
  while (at < bytes.length && bytes[at] !== 0x22) at += bytes[at] === 0x5c ? 2 : 1
  return at
}
