import { createHash, X509Certificate } from 'node:crypto'
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls'

/** More certificates than this are no chain. */
const LONGEST_CHAIN = 10

/** @throws TypeError if there is none, or one is not of the form */
export function checkedPins(given: string | readonly string[]): readonly string[] {
  const pins = typeof given === 'string' ? [given] : given
  if (!Array.isArray(pins))
    throw new TypeError(`tls.pins cannot be of type ${typeof pins}; allowed: a pin, or a list of pins`)
  if (pins.length === 0)
    throw new TypeError(
      'tls.pins is an empty list, with which no peer could be trusted: leave it out, or name a pin',
    )
  for (const pin of pins as readonly unknown[]) {
    if (typeof pin !== 'string' || !/^sha256\/[A-Za-z0-9+/]{43}=$/.test(pin))
      throw new TypeError(
        `tls.pins: ${shown(pin)} is no pin: write "sha256/" and the SHA-256 digest of the SubjectPublicKeyInfo in base64 (RFC 7469 2.4)`,
      )
  }
  return pins
}

/** What is too long for any digest may be a key. */
function shown(given: unknown): string {
  if (typeof given !== 'string') return `a value of type ${typeof given}`
  return given.length > 100 ? 'a long text' : JSON.stringify(given)
}

/** The pin of a certificate's public key (RFC 7469 section 2.4). */
export function pinOf({ publicKey }: X509Certificate): string {
  const key = publicKey.export({ type: 'spki', format: 'der' })
  return `sha256/${createHash('sha256').update(key).digest('base64')}`
}

/** Why a peer does not have one of the pinned keys; undefined if it has (RFC 7469 section 2.6). */
export function pinObjection(socket: TLSSocket, pins: readonly string[]): string | undefined {
  const found = chainOf(socket.getPeerCertificate(true)).map(pinOf)
  if (found.some((pin) => pins.includes(pin))) return undefined
  return `none of the public keys in its chain is pinned (it has ${found.join(', ') || 'none'}): either somebody stands in between, or its key was replaced; ask its owner before you change tls.pins`
}

/**
 * The peer's certificate and those above it, as far as each has signed the one below. A peer may send along whatever it likes, also
 * a certificate that it made up around somebody else's public key, which stands above by its name alone.
 */
function chainOf(leaf: DetailedPeerCertificate): X509Certificate[] {
  const chain: X509Certificate[] = []
  let next: DetailedPeerCertificate | undefined = leaf
  while (next?.raw !== undefined && chain.length < LONGEST_CHAIN) {
    const certificate = new X509Certificate(next.raw)
    const below = chain.at(-1)
    if (below !== undefined && !(certificate.ca && below.verify(certificate.publicKey))) break
    chain.push(certificate)
    if (next.issuerCertificate === next) break
    next = next.issuerCertificate as DetailedPeerCertificate | undefined
  }
  return chain
}
