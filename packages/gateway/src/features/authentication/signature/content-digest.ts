import { createHash, type Hash, timingSafeEqual } from 'node:crypto'
import { type Body, type HeaderList, parseDictionary, RelayedBody, TrafficError } from '@headgate/core'

/** What Content-Digest says that the content is (RFC 9530 2), by the algorithms that hold. */
export interface ContentDigest {
  readonly algorithm: 'sha256' | 'sha512'
  readonly value: Uint8Array
}

/** Others of the registry are broken (RFC 9530 5). */
const ALGORITHMS = new Map([
  ['sha-256', 'sha256'],
  ['sha-512', 'sha512'],
] as const)

/** All that can be compared; undefined where the field is malformed, or has none of these. */
export function readContentDigest(field: string): readonly ContentDigest[] | undefined {
  const members = parseDictionary(field)
  if (members === undefined) return undefined
  const digests: ContentDigest[] = []
  for (const [name, algorithm] of ALGORITHMS) {
    const member = members.get(name)
    if (member === undefined) continue
    if (!('bare' in member) || member.bare.type !== 'bytes') return undefined
    digests.push({ algorithm, value: member.bare.value })
  }
  return digests.length === 0 ? undefined : digests
}

/** Compares content that comes in pieces. */
export class DigestComparison {
  private readonly parts: readonly { readonly hash: Hash; readonly value: Uint8Array }[]

  constructor(digests: readonly ContentDigest[]) {
    this.parts = digests.map(({ algorithm, value }) => ({ hash: createHash(algorithm), value }))
  }

  update(piece: Uint8Array): void {
    for (const { hash } of this.parts) hash.update(piece)
  }

  /** Whether all of it is what all digests say. To be called once, at its end. */
  isEqual(): boolean {
    return this.parts.every(({ hash, value }) => {
      const found = hash.digest()
      return found.length === value.length && timingSafeEqual(found, value)
    })
  }
}

/**
 * A body that is compared with its digests as it passes. Its last piece waits until all of it was compared: where it is not what it
 * was to be, the one who reads it gets neither that piece nor the end, and so no whole message.
 */
export class DigestedBody extends RelayedBody {
  private readonly comparison: DigestComparison
  private held: Uint8Array | undefined

  constructor(inner: Body, digests: readonly ContentDigest[]) {
    super(inner)
    this.comparison = new DigestComparison(digests)
  }

  override get holdsNothing(): boolean {
    return false
  }

  override write(piece: Uint8Array): boolean {
    this.comparison.update(piece)
    const { held } = this
    this.held = piece
    return held === undefined || super.write(held)
  }

  override end(trailers?: HeaderList): void {
    if (!this.comparison.isEqual()) {
      const reason = 'the content is not what its Content-Digest says'
      super.fail(new TrafficError('malformed_request', reason, { phase: 'request-body' }))
      return
    }
    if (this.held !== undefined) super.write(this.held)
    super.end(trailers)
  }
}
