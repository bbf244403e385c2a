import { element, elementsIn } from '../tls/der.ts'

/** A list of revoked certificates (RFC 5280 5), as far as it matters before OpenSSL reads it. */
export interface RevocationList {
  /** The name of the authority that it is of, in DER and hex. */
  readonly issuer: string
  /** When there should be another, in milliseconds since 1970-01-01 UTC; undefined where it does not say. */
  readonly nextUpdate: number | undefined
}

const BLOCK = /-----BEGIN X509 CRL-----[^-]*-----END X509 CRL-----/g

/** The lists of a text in PEM, one by one. */
export function revocationBlocks(text: string): string[] {
  return text.match(BLOCK) ?? []
}

const INTEGER = 0x02
const UTC_TIME = 0x17
const GENERALIZED_TIME = 0x18

/**
 * Node tells nothing of these lists, so that they are read here:
 * CertificateList ::= SEQUENCE { tbsCertList SEQUENCE { version INTEGER OPTIONAL, signature, issuer, thisUpdate, nextUpdate OPTIONAL, … }, … }
 * @returns undefined where it is none
 */
export function readRevocationList(block: string): RevocationList | undefined {
  const der = Buffer.from(block.replace(/-----[^-]+-----/g, ''), 'base64')
  const whole = element(der, 0)
  const signed = whole && element(der, whole.content)
  if (signed === undefined) return undefined
  const fields = elementsIn(der, signed)
  const [, issuer, thisUpdate, next] = fields[0]?.tag === INTEGER ? fields.slice(1) : fields
  if (issuer === undefined || thisUpdate === undefined) return undefined
  const isTime = next?.tag === UTC_TIME || next?.tag === GENERALIZED_TIME
  return {
    issuer: der.toString('hex', issuer.content, issuer.end),
    nextUpdate: isTime ? timeOf(next.tag, der.toString('latin1', next.content, next.end)) : undefined,
  }
}

/** `YYMMDDHHMMSSZ` up to 2049, `YYYYMMDDHHMMSSZ` from then on (RFC 5280 5.1.2.4). */
function timeOf(tag: number, text: string): number {
  const digits = tag === GENERALIZED_TIME ? text : `${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}`
  return Date.parse(digits.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
}

/** The name that a certificate gives its owner, in DER and hex. */
export function subjectOf(certificate: Buffer): string | undefined {
  const whole = element(certificate, 0)
  const signed = whole && element(certificate, whole.content)
  if (signed === undefined) return undefined
  const fields = elementsIn(certificate, signed)
  // [0] version, serialNumber, signature, issuer, validity, subject (RFC 5280 4.1); the first has no version.
  const subject = fields[fields[0]?.tag === INTEGER ? 4 : 5]
  return subject && certificate.toString('hex', subject.content, subject.end)
}
