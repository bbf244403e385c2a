import { own } from '../../message/own-options.ts'
import { TrafficError } from '../../message/errors.ts'
import { checkedPins } from './pins.ts'
import type { HandshakeListener } from './tls-failure.ts'
import { checkCertificate, type Pem, TlsMaterial, type TlsValues, type TlsVersion } from './tls-material.ts'

export type { Pem, TlsVersion } from './tls-material.ts'

/** A value, or a function that gives it for each new connection: for what is renewed while the program runs. */
export type PerConnection<Value> = Value | (() => Value | Promise<Value>)

/** How a peer proves who it is, and how we do. */
export interface TlsOptions {
  /** Certificates in PEM that are trusted instead of the public ones, or a function that gives them for each new connection. */
  readonly ca?: PerConnection<Pem> | undefined
  /** Our certificate in PEM, and those of the authorities between it and one that the peer trusts; or a function that gives it for each new connection. */
  readonly cert?: PerConnection<Pem> | undefined
  /** Its private key in PEM, or a function that gives it for each new connection. */
  readonly key?: PerConnection<string | Buffer> | undefined
  /** What the key is encrypted with, or a function that gives it for each new connection. */
  readonly passphrase?: PerConnection<string> | undefined
  /**
   * Public keys of which one must be in the peer's chain, beside all that is checked otherwise: each as `sha256/BASE64`, the digest
   * of the SubjectPublicKeyInfo (RFC 7469 section 2.4); or a function that gives them for each new connection.
   */
  readonly pins?: PerConnection<string | readonly string[]> | undefined
  /** The name to ask for and to verify, if it is not the endpoint's host. */
  readonly servername?: string | undefined
  /** The oldest version to speak. Default `TLSv1.2`. */
  readonly minVersion?: TlsVersion | undefined
  /** The newest version to speak. Default `TLSv1.3`. */
  readonly maxVersion?: TlsVersion | undefined
  /** Whether the certificate is checked; false only for tests on one's own machine. Default true. */
  readonly verify?: boolean | undefined
}

/** What may be given by a function. */
const PARTS = ['ca', 'cert', 'key', 'passphrase', 'pins'] as const

/** What all TLS connections to one origin share: trust and identity, read once if they are values, and the session to resume. */
export class TlsOrigin {
  /** The name or address that the peer's certificate must carry. */
  readonly servername: string
  private readonly options: TlsOptions
  private readonly changing: boolean
  private readonly listener: HandshakeListener | undefined
  private current: TlsMaterial | undefined

  /**
   * @param host of the origin; `localhost` for a unix socket
   * @param listener told of the handshakes; nobody by default
   * @throws TypeError if `ca` or `cert` holds no certificate, `key` is not its key, or a pin is none
   */
  constructor(host: string, given: TlsOptions, listener?: HandshakeListener) {
    const options = own(given)
    this.servername = options.servername ?? host
    this.options = options
    this.listener = listener
    this.changing = PARTS.some((part) => typeof options[part] === 'function')
    if (this.changing) checkFixed(options)
    else this.current = new TlsMaterial(this.servername, options as TlsValues, listener)
  }

  /**
   * For one new connection. What the functions of `options` give is read anew only where it has changed; then no session of
   * before is resumed, since it stands for who we were and whom we trusted.
   * @throws TrafficError `auth_failed` if a function throws, or gives what cannot be used
   */
  material(): TlsMaterial | Promise<TlsMaterial> {
    return this.changing || this.current === undefined ? this.renewed() : this.current
  }

  private async renewed(): Promise<TlsMaterial> {
    try {
      const values = { ...this.options, ...(await given(this.options)) } as TlsValues
      if (this.current?.isOf(values) !== true)
        this.current = new TlsMaterial(this.servername, values, this.listener)
      return this.current
    } catch (cause) {
      throw notObtained(this.servername, cause)
    }
  }
}

async function given(options: TlsOptions): Promise<TlsValues> {
  const values = await Promise.all(
    PARTS.map(async (part) => {
      const option = options[part]
      try {
        return typeof option === 'function' ? await option() : option
      } catch (cause) {
        throw new Error(
          `the function tls.${part} threw ${cause instanceof Error ? cause.message : String(cause)}`,
          {
            cause,
          },
        )
      }
    }),
  )
  return Object.fromEntries(PARTS.map((part, index) => [part, values[index]]))
}

/** What is wrong from the start is told then, and not by the first connection. */
function checkFixed({ ca, cert, pins }: TlsOptions): void {
  if (ca !== undefined && typeof ca !== 'function') checkCertificate('tls.ca', ca)
  if (cert !== undefined && typeof cert !== 'function') checkCertificate('tls.cert', cert)
  if (pins !== undefined && typeof pins !== 'function') checkedPins(pins)
}

/** It is this side that has nothing to show: no other try helps, and nothing was sent. */
function notObtained(servername: string, cause: unknown): TrafficError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new TrafficError('auth_failed', `what TLS with ${servername} takes was not obtained: ${reason}`, {
    phase: 'tls',
    replaySafe: 'unsent',
    cause,
  })
}
