import { createHash } from 'node:crypto'

/** Algorithms of Subresource Integrity (W3C SRI 3.2), strongest last. */
const ALGORITHMS = ['sha256', 'sha384', 'sha512'] as const

/**
 * Whether content is what its metadata says: one of the hashes of the strongest algorithm that is named. Metadata without any
 * that is known says nothing.
 */
export function matchesIntegrity(content: Uint8Array, metadata: string): boolean {
  const hashes = metadata
    .trim()
    .split(/[\t\n\f\r ]+/)
    .flatMap((item) => /^(sha256|sha384|sha512)-([A-Za-z0-9+/_-]+={0,2})(?:\?|$)/.exec(item) ?? [])
  const named: { algorithm: string; value: string }[] = []
  for (let index = 0; index + 2 < hashes.length; index += 3)
    named.push({ algorithm: hashes[index + 1] ?? '', value: hashes[index + 2] ?? '' })
  const strongest = ALGORITHMS.findLast((algorithm) => named.some((each) => each.algorithm === algorithm))
  if (strongest === undefined) return true
  const digest = createHash(strongest).update(content).digest()
  return named.some(
    ({ algorithm, value }) => algorithm === strongest && Buffer.from(value, 'base64url').equals(digest),
  )
}
