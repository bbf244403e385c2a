import type { PerConnection } from '@headgate/core'
import { certificateIdentity, loadCertificate, type LoadedCertificate } from './certificate.ts'
import type { Certificates } from './certificates.ts'
import type { CertificateConfig } from './setting.ts'

/** The certificate that the endpoints of an upstream are shown: another one when its files hold another one. */
export class ClientCertificate {
  /** For TLS: asked for each new connection. */
  readonly cert: PerConnection<string> = () => this.texts.cert
  readonly key: PerConnection<string> = () => this.texts.key
  private readonly identity: string
  private digest = ''
  private texts = { cert: '', key: '' }

  /** @throws Error if it is not among the loaded ones, and cannot be read */
  constructor(config: CertificateConfig, loaded: Certificates = new Map()) {
    this.identity = certificateIdentity(config)
    this.put(loaded.get(this.identity) ?? loadCertificate(config))
  }

  /** @returns whether it is another one from now on */
  use(renewed: Certificates): boolean {
    const found = renewed.get(this.identity)
    if (found === undefined || found.digest === this.digest) return false
    this.put(found)
    return true
  }

  /** As texts that stay the same ones: TLS looks at each connection whether they do. */
  private put({ digest, chain, privateKey }: LoadedCertificate): void {
    this.digest = digest
    this.texts = { cert: textOf(chain), key: textOf(privateKey) }
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}
