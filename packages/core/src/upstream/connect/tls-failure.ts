import { TrafficError } from '../../message/errors.ts'

/** What ALPN offers where nothing is said. */
export const ONLY_HTTP_1: readonly string[] = ['http/1.1']

/** Why a handshake failed, in as many words as a metric may have. */
export const TLS_FAILURES = [
  /** The peer's certificate comes from nobody who is trusted. */
  'untrusted',
  /** Its time is over, or has not come, or it was revoked. */
  'expired',
  'wrong_name',
  'pin_mismatch',
  /** The peer does not take ours, or wants one and gets none. */
  'client_certificate',
  /** No version, suite or protocol (ALPN) that both sides have. */
  'protocol',
  'not_tls',
  'closed',
  'timeout',
  'other',
] as const

export type TlsFailure = (typeof TLS_FAILURES)[number]

/** Told of the handshakes with an origin; it must not throw. */
export interface HandshakeListener {
  secured(isResumed: boolean): void
  failed(why: TlsFailure): void
}

/** What another try only meets again, at whichever endpoint: somebody has to renew, or to trust, something. */
const OF_CERTIFICATES: readonly TlsFailure[] = ['untrusted', 'expired', 'wrong_name', 'client_certificate']

const UNKNOWN_CA = 'its certificate comes from a CA that is not trusted; give that CA as tls.ca'
const NO_CHAIN = `${UNKNOWN_CA}, or let the server send its intermediate certificates`
const NO_TLS = 'it does not speak TLS on that port; use http: or the port of https'

const REASONS: Readonly<Record<string, readonly [why: TlsFailure, reason: string]>> = {
  CERT_HAS_EXPIRED: ['expired', 'its certificate has expired; it must be renewed there'],
  CERT_NOT_YET_VALID: ['expired', 'its certificate is not valid yet; compare the clocks of both machines'],
  CERT_REVOKED: ['expired', 'its certificate was revoked'],
  DEPTH_ZERO_SELF_SIGNED_CERT: [
    'untrusted',
    'its certificate is self-signed; give that certificate as tls.ca to trust it',
  ],
  SELF_SIGNED_CERT_IN_CHAIN: ['untrusted', UNKNOWN_CA],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ['untrusted', NO_CHAIN],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ['untrusted', NO_CHAIN],
  UNABLE_TO_GET_ISSUER_CERT: [
    'untrusted',
    'the chain of its certificate is incomplete; tls.ca must hold the root as well',
  ],
  INVALID_PURPOSE: ['untrusted', 'its certificate is not made for servers'],
  ERR_SSL_WRONG_VERSION_NUMBER: ['not_tls', NO_TLS],
  ERR_SSL_PACKET_LENGTH_TOO_LONG: ['not_tls', NO_TLS],
  ERR_SSL_UNSUPPORTED_PROTOCOL: [
    'protocol',
    'it offers no version of TLS that is allowed here; TLS 1.2 or later is needed, and see tls.minVersion and tls.maxVersion',
  ],
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: [
    'protocol',
    'it refuses our versions of TLS: 1.2 and later, within tls.minVersion and tls.maxVersion',
  ],
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: ['wrong_name', 'it does not know the name asked for; set tls.servername'],
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: [
    'client_certificate',
    'it asks for a client certificate; give tls.cert and tls.key',
  ],
  ERR_SSL_SSL_TLS_ALERT_HANDSHAKE_FAILURE: [
    'protocol',
    'it refused the handshake; it may ask for a client certificate (tls.cert and tls.key), or have no cipher in common',
  ],
  ERR_SSL_SSL_TLS_ALERT_BAD_CERTIFICATE: ['client_certificate', 'it refused our certificate, tls.cert'],
  ERR_SSL_SSL_TLS_ALERT_CERTIFICATE_EXPIRED: [
    'client_certificate',
    'it refused our certificate, tls.cert, which has expired',
  ],
  ERR_SSL_SSL_TLS_ALERT_CERTIFICATE_REVOKED: [
    'client_certificate',
    'it refused our certificate, tls.cert, which has been revoked',
  ],
  ERR_SSL_SSL_TLS_ALERT_CERTIFICATE_UNKNOWN: ['client_certificate', 'it refused our certificate, tls.cert'],
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: [
    'client_certificate',
    'it does not trust the authority of our certificate, tls.cert',
  ],
  ECONNRESET: ['closed', 'it closed the connection during the handshake'],
}

/** Why a handshake failed, and what to do about it. */
export interface ExplainedFailure {
  readonly why: TlsFailure
  /** For the developer or operator. */
  readonly reason: string
}

/**
 * @param servername that the certificate should be for
 * @param protocols that were offered by ALPN
 */
export function explainTlsFailure(
  error: Error,
  servername: string,
  protocols: readonly string[] = ONLY_HTTP_1,
): ExplainedFailure {
  const code = 'code' in error ? String(error.code) : ''
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const reason = `its certificate is not for ${servername}${altNames(error)}; set tls.servername to a name it carries`
    return { why: 'wrong_name', reason }
  }
  if (code.endsWith('_ALERT_NO_APPLICATION_PROTOCOL'))
    return { why: 'protocol', reason: `${noProtocol(protocols)} (${code})` }
  // The same alert by the names that versions of OpenSSL give it.
  const known = REASONS[code.replace(/SSLV3_ALERT|SSL\/TLS_ALERT/, 'SSL_TLS_ALERT')]
  if (known !== undefined) return { why: known[0], reason: `${known[1]} (${code})` }
  return { why: code === '' ? 'closed' : 'other', reason: error.message }
}

/**
 * The failure of a handshake. One that is about certificates lasts: it is not tried again.
 * @param handshake with whom it was, and on which way
 */
export function tlsFailed(handshake: string, { why, reason }: ExplainedFailure, cause: Error): TrafficError {
  const error = new TrafficError('tls_failed', `${handshake}: ${reason}`, {
    phase: 'tls',
    replaySafe: 'unsent',
    cause,
  })
  if (OF_CERTIFICATES.includes(why)) error.lasting = true
  return error
}

/** It speaks none of the protocols that were offered (RFC 7301 3.2). */
function noProtocol(offered: readonly string[]): string {
  const refused = `it refuses what ALPN offers, ${offered.join(' and ')}`
  if (!offered.includes('h2')) return `${refused}; set protocols: [h2] (the client: http2: true)`
  if (!offered.includes('http/1.1')) return `${refused}; add http/1.1 to protocols`
  return `${refused}; check that it speaks HTTP there`
}

function altNames(error: Error): string {
  if (!('cert' in error)) return ''
  const { subjectaltname } = error.cert as { subjectaltname?: string }
  return subjectaltname === undefined ? ' and carries no names' : ` but for ${subjectaltname}`
}
