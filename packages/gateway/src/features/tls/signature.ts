import { element } from './der.ts'

/** Signatures that nobody should trust any more, by the content of their object identifiers (RFC 3279 2.2, RFC 5758 3). */
const WEAK: Readonly<Record<string, string>> = {
  '2a864886f70d010102': 'MD2',
  '2a864886f70d010104': 'MD5',
  '2a864886f70d010105': 'SHA-1',
  '2a8648ce380403': 'SHA-1',
  '2a8648ce3d0401': 'SHA-1',
}

/**
 * The weak hash that a certificate is signed with; undefined where it is none of these. Node 22 does not tell it, so it is read: in
 * Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { OBJECT IDENTIFIER, … }, … } (RFC 5280 4.1).
 */
export function weakHash(der: Buffer): string | undefined {
  const whole = element(der, 0)
  const signed = whole && element(der, whole.content)
  const algorithm = signed && element(der, signed.end)
  const identifier = algorithm && element(der, algorithm.content)
  return identifier && WEAK[der.toString('hex', identifier.content, identifier.end)]
}
