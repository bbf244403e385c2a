import { X509Certificate } from 'node:crypto'
import { fact, type Fact } from '@headgate/core'
import { oneLine } from '../tls/certificate.ts'
import { alternativeNames, type AlternativeNames } from './alternative-names.ts'

/** The certificate that a client has shown and that was verified: of a connection, and read when it is asked for. */
export class ClientCertificate {
  /** In DER: its own, then those between it and the authority, then that of the authority. */
  readonly chain: readonly [Buffer, ...Buffer[]]
  private parsed: X509Certificate | undefined
  private named: AlternativeNames | undefined

  constructor(chain: readonly [Buffer, ...Buffer[]]) {
    this.chain = chain
  }

  /** As `O=Shop, CN=orders`, in the order of the certificate. */
  get subject(): string {
    return oneLine(this.certificate.subject)
  }

  get issuer(): string {
    return oneLine(this.certificate.issuer)
  }

  /** SHA-256 of the certificate, in hex. */
  get fingerprint(): string {
    return this.certificate.fingerprint256.replaceAll(':', '').toLowerCase()
  }

  /** The CN of its subject; undefined where there is none, or several, of which nobody can say which one is meant. */
  get commonName(): string | undefined {
    const { CN } = this.certificate.toLegacyObject().subject
    return typeof CN === 'string' && !/\p{Cc}/u.test(CN) ? CN : undefined
  }

  /** In hex, in upper case. */
  get serial(): string {
    return this.certificate.serialNumber
  }

  /** URIs, among them SPIFFE ids, DNS names and e-mail addresses that it was made out to. */
  get names(): AlternativeNames {
    this.named ??= alternativeNames(this.certificate.subjectAltName)
    return this.named
  }

  /** What it is known by: the first URI, else DNS name, else e-mail address, else its subject. */
  get name(): string {
    const { uri, dns, email } = this.names
    return uri[0] ?? dns[0] ?? email[0] ?? this.subject
  }

  private get certificate(): X509Certificate {
    this.parsed ??= new X509Certificate(this.chain[0])
    return this.parsed
  }
}

/** Undefined where no certificate was asked for, or none was shown. One that could not be verified has no exchange. */
export const clientCertificate: Fact<ClientCertificate> = fact<ClientCertificate>('client certificate')
