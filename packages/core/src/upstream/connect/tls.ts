import { own } from '../../message/own-options.ts'
import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import {
  checkServerIdentity,
  type ConnectionOptions,
  createSecureContext,
  type PeerCertificate,
  type SecureContext,
  type TLSSocket,
} from 'node:tls'

/** How a peer proves who it is. */
export interface TlsOptions {
  /** Certificates in PEM that are trusted instead of the public ones. */
  readonly ca?: string | Buffer
  /** The name to ask for and to verify, if it is not the endpoint's host. */
  readonly servername?: string
  /** Whether the certificate is checked; false only for tests on one's own machine. */
  readonly verify?: boolean | undefined
}

/** What all TLS connections to one origin share: trust, read once, and the session to resume. */
export class TlsOrigin {
  /** The name or address that the peer's certificate must carry. */
  readonly servername: string
  private readonly verify: boolean
  private readonly context: SecureContext
  private session: Buffer | undefined

  /**
   * @param host of the origin; `localhost` for a unix socket
   * @throws TypeError if `ca` holds no certificate
   */
  constructor(host: string, given: TlsOptions) {
    const options = own(given)
    this.servername = options.servername ?? host
    this.verify = options.verify ?? true
    // createSecureContext ignores a `ca` without a certificate, and then trusts nobody, with no hint why.
    if (options.ca !== undefined) checkCertificate(options.ca)
    this.context = createSecureContext(
      own({ minVersion: 'TLSv1.2' as const, ...(options.ca === undefined ? {} : { ca: options.ca }) }),
    )
  }

  /** The part of `tls.connect`'s options that concerns TLS. */
  connectionOptions(): ConnectionOptions {
    return {
      // Given always: the default of it follows NODE_TLS_REJECT_UNAUTHORIZED.
      rejectUnauthorized: this.verify,
      secureContext: this.context,
      ALPNProtocols: ['http/1.1'],
      // SNI names hosts only, never addresses (RFC 6066 section 3).
      ...(isIP(this.servername) === 0 ? { servername: this.servername } : {}),
      // What is dialled may be an address or a unix socket: the name to verify is always this one.
      checkServerIdentity: (_dialled, certificate) => checkIdentity(this.servername, certificate),
      ...(this.session === undefined ? {} : { session: this.session }),
    }
  }

  /** Keeps what the peer gives for resumption (RFC 8446 section 4.6.1). */
  watch(socket: TLSSocket): void {
    socket.on('session', (session: Buffer) => {
      this.session = session
    })
  }

  /** A session that did not help is not offered again. */
  forgetSession(): void {
    this.session = undefined
  }
}

/** Node falls back to the common name, which must not be taken for a host's (RFC 9110 4.3.4): here there is none. */
function checkIdentity(name: string, certificate: PeerCertificate): Error | undefined {
  return checkServerIdentity(name, { ...certificate, subject: { ...certificate.subject, CN: '' } })
}

function checkCertificate(ca: string | Buffer): X509Certificate {
  try {
    return new X509Certificate(ca)
  } catch (cause) {
    throw new TypeError('tls.ca holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)', { cause })
  }
}

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
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: 'it refuses HTTP/1.1 by ALPN',
  ERR_SSL_SSL_TLS_ALERT_NO_APPLICATION_PROTOCOL: 'it refuses HTTP/1.1 by ALPN',
  ECONNRESET: 'it closed the connection during the handshake',
}

/** Why a handshake failed, and what to do about it, for the developer or operator. */
export function tlsFailureReason(error: Error, servername: string): string {
  const code = 'code' in error ? String(error.code) : ''
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `its certificate is not for ${servername}${altNames(error)}; set tls.servername to a name it carries`
  }
  const reason = REASONS[code]
  return reason === undefined ? error.message : `${reason} (${code})`
}

function altNames(error: Error): string {
  if (!('cert' in error)) return ''
  const { subjectaltname } = error.cert as { subjectaltname?: string }
  return subjectaltname === undefined ? ' and carries no names' : ` but for ${subjectaltname}`
}
