import { X509Certificate } from 'node:crypto'
import type { PeerCertificate, TLSSocket } from 'node:tls'
import { ClientCertificate } from '../features/client-certificates/client-certificate.ts'
import type { ClientPolicy } from '../features/client-certificates/policies.ts'

/** What became of a client's certificate. */
export type Verdict =
  | { readonly ok: true; readonly certificate: ClientCertificate | undefined }
  /** The handshake ends with this alert (RFC 8446 6.2). */
  | { readonly ok: false; readonly alert: number; readonly reason: string }

const BAD_CERTIFICATE = 42
const CERTIFICATE_REVOKED = 44
const CERTIFICATE_EXPIRED = 45
const CERTIFICATE_UNKNOWN = 46
const UNKNOWN_CA = 48
const CERTIFICATE_REQUIRED = 116

/** As OpenSSL maps what it finds to what it tells the peer (ssl_x509err2alert), which Node has it not do. */
const ALERTS: Readonly<Record<string, number>> = {
  CERT_HAS_EXPIRED: CERTIFICATE_EXPIRED,
  CERT_NOT_YET_VALID: BAD_CERTIFICATE,
  CERT_REVOKED: CERTIFICATE_REVOKED,
  CERT_SIGNATURE_FAILURE: BAD_CERTIFICATE,
  CRL_HAS_EXPIRED: CERTIFICATE_EXPIRED,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_CA,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_CA,
  UNABLE_TO_GET_CRL: UNKNOWN_CA,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_CA,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_CA,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_CA,
}

/**
 * Judges what a client has shown. OpenSSL has verified the chain, and Node, which lets everybody in up to here, has kept its verdict.
 * A certificate that is not good is refused, also where none would do.
 * @param sent the certificates as they were sent, the client's own first; empty where there is none
 */
export function verify(
  socket: TLSSocket,
  sent: readonly Buffer[],
  { mode, depth, parsed }: ClientPolicy,
): Verdict {
  const own = socket.getPeerX509Certificate()
  // Without one, Node calls a resumed session authorized, whatever it was asked before.
  if (own === undefined)
    return mode === 'required'
      ? { ok: false, alert: CERTIFICATE_REQUIRED, reason: 'it has shown none' }
      : { ok: true, certificate: undefined }
  if (!socket.authorized) {
    const code = String(socket.authorizationError)
    return { ok: false, alert: ALERTS[code] ?? CERTIFICATE_UNKNOWN, reason: code }
  }
  const chain = chainOf(own, sent.slice(1).map(parse), parsed(), depth)
  if (chain === undefined)
    return { ok: false, alert: UNKNOWN_CA, reason: `there is no authority within ${depth} certificates` }
  return { ok: true, certificate: new ClientCertificate(chain) }
}

/**
 * The way from a certificate to what trusts itself among the authorities, over at most `depth` others: Node sets no limit for
 * OpenSSL, and does not tell which way it went.
 */
function chainOf(
  own: X509Certificate,
  sent: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
  depth: number,
): readonly [Buffer, ...Buffer[]] | undefined {
  if (authorities.some(({ fingerprint256 }) => fingerprint256 === own.fingerprint256)) return [own.raw]
  const between = [...sent, ...authorities].filter((each) => !isSelfSigned(each))
  const roots = authorities.filter(isSelfSigned)
  let ways: X509Certificate[][] = [[own]]
  for (let length = 0; length <= depth; length++) {
    for (const way of ways) {
      const root = roots.find((each) => signed(each, way.at(-1)))
      if (root !== undefined) return [own.raw, ...way.slice(1).map(({ raw }) => raw), root.raw]
    }
    ways = ways.flatMap((way) =>
      between.filter((each) => !way.includes(each) && signed(each, way.at(-1))).map((each) => [...way, each]),
    )
    if (ways.length > MOST_WAYS) return undefined
  }
  return undefined
}

/** Cross-signed authorities make a few; who sends more than that wants it to take long. */
const MOST_WAYS = 16

function signed(issuer: X509Certificate, certificate: X509Certificate | undefined): boolean {
  return certificate !== undefined && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
}

function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.checkIssued(certificate)
}

function parse(certificate: Buffer): X509Certificate {
  return new X509Certificate(certificate)
}

/** The certificates that a client has sent, in DER, its own first, as Node links them. */
export function sentBy(socket: TLSSocket): Buffer[] {
  const found: Buffer[] = []
  let next: PeerCertificate | undefined = socket.getPeerCertificate(true)
  // The last one is linked to itself.
  while (
    next?.raw !== undefined &&
    !found.some((each) => next !== undefined && each.equals(next.raw)) &&
    found.length < MOST_SENT
  ) {
    found.push(next.raw)
    next = 'issuerCertificate' in next ? (next.issuerCertificate as PeerCertificate | undefined) : undefined
  }
  return found
}

const MOST_SENT = 16
