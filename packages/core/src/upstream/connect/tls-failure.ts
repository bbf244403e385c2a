import { ONLY_HTTP_1 } from './tls-material.ts'

const REASONS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired; it must be renewed there',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; compare the clocks of both machines',
  CERT_REVOKED: 'its certificate was revoked',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed; give that certificate as tls.ca to trust it',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate comes from a CA that is not trusted; give that CA as tls.ca',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'its certificate comes from a CA that is not trusted; give that CA as tls.ca, or let the server send its intermediate certificates',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'its certificate comes from a CA that is not trusted; give that CA as tls.ca, or let the server send its intermediate certificates',
  UNABLE_TO_GET_ISSUER_CERT: 'the chain of its certificate is incomplete; tls.ca must hold the root as well',
  INVALID_PURPOSE: 'its certificate is not made for servers',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS on that port; use http: or the port of https',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS on that port; use http: or the port of https',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'it offers nothing newer than TLS 1.1; TLS 1.2 or later is needed',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'it refuses our versions of TLS, 1.2 and later',
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: 'it does not know the name asked for; set tls.servername',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it asks for a client certificate; give tls.cert and tls.key',
  ERR_SSL_SSL_TLS_ALERT_HANDSHAKE_FAILURE:
    'it refused the handshake; it may ask for a client certificate (tls.cert and tls.key), or have no cipher in common',
  ERR_SSL_SSL_TLS_ALERT_BAD_CERTIFICATE: 'it refused our certificate, tls.cert',
  ERR_SSL_SSL_TLS_ALERT_CERTIFICATE_EXPIRED: 'it refused our certificate, tls.cert, which has expired',
  ERR_SSL_SSL_TLS_ALERT_CERTIFICATE_UNKNOWN: 'it refused our certificate, tls.cert',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'it does not trust the authority of our certificate, tls.cert',
  ECONNRESET: 'it closed the connection during the handshake',
}

/**
 * Why a handshake failed, and what to do about it, for the developer or operator.
 * @param protocols that were offered by ALPN
 */
export function tlsFailureReason(
  error: Error,
  servername: string,
  protocols: readonly string[] = ONLY_HTTP_1,
): string {
  const code = 'code' in error ? String(error.code) : ''
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `its certificate is not for ${servername}${altNames(error)}; set tls.servername to a name it carries`
  }
  if (code.endsWith('_ALERT_NO_APPLICATION_PROTOCOL')) return `${noProtocol(protocols)} (${code})`
  // The same alert by the names that versions of OpenSSL give it.
  const reason = REASONS[code.replace(/SSLV3_ALERT|SSL\/TLS_ALERT/, 'SSL_TLS_ALERT')]
  return reason === undefined ? error.message : `${reason} (${code})`
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
