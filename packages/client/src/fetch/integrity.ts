import { createHash } from 'node:crypto'

/** Algorithms of Subresource Integrity (W3C SRI 3.2), strongest last. */
const ALGORITHMS = ['sha256', 'sha384', 'sha512'] as const

type Algorithm = (typeof ALGORITHMS)[number]

/**
 * Whether content is what its metadata says: one of the hashes of the strongest algorithm that is named. Metadata without any
 * that is known says nothing; an algorithm without a hash is one that nothing matches.
 */
export function matchesIntegrity(content: Uint8Array, metadata: string): boolean {
  const named = metadata.split(/[\t\n\f\r ]+/).flatMap(hashOf)
  const strongest = ALGORITHMS.findLast((algorithm) => named.some((each) => each.algorithm === algorithm))
  if (strongest === undefined) return true
  const digest = createHash(strongest).update(content).digest()
  return named.some(
    ({ algorithm, value }) => algorithm === strongest && Buffer.from(value, 'base64url').equals(digest),
  )
}

/** One item, without its options (W3C SRI 3.3.3, "parse metadata"). */
function hashOf(item: string): { algorithm: Algorithm; value: string }[] {
  const [, name, value = ''] = /^([^-?]*)(?:-([^?]*))?/.exec(item) ?? []
  const algorithm = ALGORITHMS.find((each) => each === name)
  return algorithm === undefined ? [] : [{ algorithm, value }]
}
