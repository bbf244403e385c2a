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
import { own } from '../../message/own-options.ts'
import { checkedPins, pinObjection } from './pins.ts'
import {
  type ExplainedFailure,
  explainTlsFailure,
  type HandshakeListener,
  ONLY_HTTP_1,
  type TlsFailure,
} from './tls-failure.ts'

/** Certificates in PEM: one text may hold several, and a list several texts. */
export type Pem = string | Buffer | readonly (string | Buffer)[]

/** The options of TLS, with what functions gave in their place. */
export interface TlsValues {
  readonly ca?: Pem | undefined
  readonly cert?: Pem | undefined
  readonly key?: string | Buffer | undefined
  readonly passphrase?: string | undefined
  readonly pins?: string | readonly string[] | undefined
  readonly minVersion?: TlsVersion | undefined
  readonly maxVersion?: TlsVersion | undefined
  readonly verify?: boolean | undefined
}

/** The versions of TLS that are spoken. */
export type TlsVersion = 'TLSv1.2' | 'TLSv1.3'

/** What connections are made with for as long as the values stay the same, the session to resume among it. */
export class TlsMaterial {
  private readonly servername: string
  private readonly values: TlsValues
  private readonly context: SecureContext
  private readonly pins: readonly string[] | undefined
  private readonly listener: HandshakeListener | undefined
  private session: Buffer | undefined

  /** @throws TypeError that names the option that is not valid, without its value */
  constructor(servername: string, given: TlsValues, listener?: HandshakeListener) {
    const values = own(given)
    this.servername = servername
    this.listener = listener
    this.values = values
    this.pins = values.pins === undefined ? undefined : checkedPins(values.pins)
    this.context = secureContext(values)
  }

  /** Whether it was made of these. */
  isOf(values: TlsValues): boolean {
    const { ca, cert, key, passphrase, pins } = this.values
    return (
      isSame(ca, values.ca) &&
      isSame(cert, values.cert) &&
      isSame(key, values.key) &&
      isSame(passphrase, values.passphrase) &&
      isSame(pins, values.pins)
    )
  }

  /**
   * The part of `tls.connect`'s options that concerns TLS.
   * @param protocols offered by ALPN (RFC 7301), the one that is liked best first
   */
  connectionOptions(protocols: readonly string[] = ONLY_HTTP_1): ConnectionOptions {
    return {
      // Given always: the default of it follows NODE_TLS_REJECT_UNAUTHORIZED.
      rejectUnauthorized: this.values.verify ?? true,
      secureContext: this.context,
      ALPNProtocols: [...protocols],
      // SNI names hosts only, never addresses (RFC 6066 section 3).
      ...(isIP(this.servername) === 0 ? { servername: this.servername } : {}),
      // What is dialled may be an address or a unix socket: the name to verify is always this one.
      checkServerIdentity: (_dialled, certificate) => checkIdentity(this.servername, certificate),
      ...(this.session === undefined ? {} : { session: this.session }),
    }
  }

  /** At the end of a handshake: why a peer that is verified must not be talked to all the same; undefined if it may. */
  judge(socket: TLSSocket): string | undefined {
    const isResumed = socket.isSessionReused()
    // A session that is resumed goes back to a handshake in which the same pins were looked at.
    const objection = this.pins === undefined || isResumed ? undefined : pinObjection(socket, this.pins)
    if (objection === undefined) this.listener?.secured(isResumed)
    else this.fail('pin_mismatch')
    return objection
  }

  /** Keeps what the peer gives for resumption (RFC 8446 section 4.6.1). */
  watch(socket: TLSSocket): void {
    socket.on('session', (session: Buffer) => {
      this.session = session
    })
    if (this.listener === undefined) return
    let isSecured = false
    socket.once('secureConnect', () => (isSecured = true))
    // With TLS 1.3 a peer that does not take our certificate says so when for us the handshake is over (RFC 8446 section 4.4.3).
    socket.once('error', (error) => {
      const { why } = explainTlsFailure(error, this.servername)
      if (isSecured && why === 'client_certificate') this.fail(why)
    })
  }

  /** A handshake has failed: why, and what to do about it. */
  explain(error: Error, protocols?: readonly string[]): ExplainedFailure {
    const explained = explainTlsFailure(error, this.servername, protocols)
    this.fail(explained.why)
    return explained
  }

  /** A handshake was given up. */
  timedOut(): void {
    this.listener?.failed('timeout')
  }

  /** A session that did not help is not offered again. */
  private fail(why: TlsFailure): void {
    this.session = undefined
    this.listener?.failed(why)
  }
}

/** @throws TypeError if they are no certificates, or do not belong together; the texts of OpenSSL tell nothing of a key */
function secureContext(given: TlsValues): SecureContext {
  const { ca, cert, key, passphrase, minVersion = 'TLSv1.2', maxVersion = 'TLSv1.3' } = given
  // createSecureContext ignores a `ca` without a certificate, and then trusts nobody, with no hint why.
  if (ca !== undefined) checkCertificate('tls.ca', ca)
  if (cert !== undefined) checkCertificate('tls.cert', cert)
  if ((cert === undefined) !== (key === undefined))
    throw new TypeError('tls.cert and tls.key belong together: give both or neither')
  checkText('tls.key', key)
  checkText('tls.passphrase', passphrase)
  for (const [option, version] of Object.entries({ minVersion, maxVersion }))
    if (version !== 'TLSv1.2' && version !== 'TLSv1.3')
      throw new TypeError(`tls.${option} is ${JSON.stringify(version)}; allowed: "TLSv1.2" or "TLSv1.3"`)
  if (minVersion > maxVersion)
    throw new TypeError(
      `tls.minVersion is ${minVersion} and tls.maxVersion ${maxVersion}, so that no version is left`,
    )
  const parts = { ca, cert, key, passphrase } as { ca?: string } // each may be a list, too
  const said = Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined))
  try {
    return createSecureContext(own({ minVersion, maxVersion, ...said }))
  } catch (cause) {
    throw new TypeError(`tls.cert, tls.key or tls.passphrase is not valid: ${keyProblem(cause)}`, { cause })
  }
}

/** What a function gave may be anything; of a list OpenSSL would take no key, and say nothing. Without the value, which is secret. */
function checkText(option: string, given: unknown): void {
  if (given === undefined || typeof given === 'string' || given instanceof Uint8Array) return
  const type = Array.isArray(given) ? 'list' : given === null ? 'null' : typeof given
  throw new TypeError(`${option} cannot be of type ${type}; allowed: a string or a Buffer`)
}

function keyProblem(cause: unknown): string {
  const { code, message } = cause as Error & { code?: string }
  if (code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH') return 'the key is not that of the certificate'
  if (/BAD_DECRYPT|BAD_PASSWORD_READ|INTERRUPTED_OR_CANCELLED/i.test(code ?? ''))
    return 'the key is encrypted, and tls.passphrase does not open it'
  if (code?.includes('UNSUPPORTED') === true)
    return 'the key is not in PEM form (-----BEGIN PRIVATE KEY-----)'
  return message
}

/** @throws TypeError if one of the texts holds no certificate, or there is no text */
export function checkCertificate(option: string, pem: Pem): void {
  const texts = Array.isArray(pem) ? (pem as readonly (string | Buffer)[]) : [pem as string | Buffer]
  // Of an empty list OpenSSL makes nothing, so that of `ca` all public authorities would be trusted after all.
  if (texts.length === 0)
    throw new TypeError(`${option} is an empty list: leave it out, or give a certificate in PEM form`)
  for (const each of texts) {
    try {
      void new X509Certificate(each)
    } catch (cause) {
      throw new TypeError(`${option} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)`, {
        cause,
      })
    }
  }
}

type Part = Pem | readonly string[] | undefined

function isSame(one: Part, other: Part): boolean {
  if (one === other) return true
  if (Array.isArray(one) || Array.isArray(other)) {
    if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false
    return one.every((each: string | Buffer, index) => isSame(each, other[index] as string | Buffer))
  }
  return Buffer.isBuffer(one) && Buffer.isBuffer(other) && one.equals(other)
}

/** Node falls back to the common name, which must not be taken for a host's (RFC 9110 4.3.4): here there is none. */
function checkIdentity(name: string, certificate: PeerCertificate): Error | undefined {
  return checkServerIdentity(name, { ...certificate, subject: { ...certificate.subject, CN: '' } })
}
