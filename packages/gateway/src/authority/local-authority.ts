import { createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { loadCertificate, type LoadedCertificate } from '../features/tls/certificate.ts'
import { DAY } from '../features/tls/concerns.ts'
import { certificateBlocks } from '../features/tls/pem.ts'
import { authorityFolder, ROOT } from './folder.ts'
import { PrivateFolder } from './private-folder.ts'
import { makeCertificate } from './x509.ts'

/** Key and certificate together, so that neither is ever without the other. */
const FILE = 'authority.pem'

/** Milliseconds for which browsers and systems trust it. */
const AUTHORITY_LIFE = 10 * 365 * DAY
/** What is left of it must be enough for what it signs. */
const AUTHORITY_LEAST = 30 * DAY
/** Short, as the gateway renews them while it runs: a key that got away is of no use for long. */
const CERTIFICATE_LIFE = 7 * DAY
/** Clocks differ. Milliseconds. */
const AGO = 3_600_000

/** Of whom certificates for development are: it is made once for each folder, and known to whoever was told to trust it. */
export class LocalAuthority {
  /** In PEM. */
  readonly certificate: string
  /** Where that is kept, without the key; undefined: in memory only. */
  readonly path: string | undefined
  private readonly key: KeyObject
  private readonly x509: X509Certificate

  private constructor(pem: string, path?: string) {
    this.certificate = certificateBlocks(pem)[0] ?? ''
    this.x509 = new X509Certificate(this.certificate)
    this.key = createPrivateKey(pem)
    this.path = path
    if (!this.x509.checkPrivateKey(this.key)) throw new Error('its key is not that of its certificate')
  }

  /**
   * That of the folder; a new one where there is none, or it is at its end.
   * @param storage where the gateway keeps keys
   * @param now milliseconds since 1970-01-01 UTC
   * @throws Error of the system, or why what is there is no authority
   */
  static open(storage: string, now: number): LocalAuthority {
    const folder = new PrivateFolder(authorityFolder(storage))
    const path = join(folder.path, ROOT)
    const kept = folder.read(FILE)
    const known = kept && new LocalAuthority(kept.toString(), path)
    if (known !== undefined && known.isGood(now)) return known.handedOut(folder)
    const made = newAuthority(now)
    if (known !== undefined) folder.write(FILE, made)
    else if (!folder.create(FILE, made)) {
      // Another process was faster.
      const theirs = folder.read(FILE)
      if (theirs !== undefined) return new LocalAuthority(theirs.toString(), path).handedOut(folder)
    }
    return new LocalAuthority(made, path).handedOut(folder)
  }

  /** One that is kept nowhere, for a gateway that has no folder to write to. */
  static inMemory(now: number): LocalAuthority {
    return new LocalAuthority(newAuthority(now))
  }

  /** Makes a key and a certificate. */
  issue(names: readonly string[], now: number): LoadedCertificate {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const cert = makeCertificate({
      subject: (names[0] ?? 'localhost').slice(0, LONGEST_NAME),
      names,
      publicKey,
      signer: { name: commonName(this.x509), privateKey: this.key },
      notBefore: now - AGO,
      notAfter: Math.min(now + CERTIFICATE_LIFE, Date.parse(this.x509.validTo)),
    })
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const loaded = loadCertificate({ cert, key })
    return { ...loaded, facts: { ...loaded.facts, from: 'internal', isManaged: true } }
  }

  private isGood(now: number): boolean {
    return Date.parse(this.x509.validTo) - now > AUTHORITY_LEAST
  }

  /** The certificate alone is what one hands out. */
  private handedOut(folder: PrivateFolder): this {
    if (folder.read(ROOT)?.toString() !== `${this.certificate}\n`) folder.write(ROOT, `${this.certificate}\n`)
    return this
  }
}

/** Of a common name (RFC 5280, appendix A). Characters. */
const LONGEST_NAME = 64

function newAuthority(now: number): string {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  // One knows by it which of several in a list it is.
  const name = `Headgate development ${hostname()} ${new Date(now).toISOString().slice(0, 10)}`
  const subject = name.slice(0, LONGEST_NAME)
  const certificate = makeCertificate({
    subject,
    publicKey,
    signer: { name: subject, privateKey },
    isAuthority: true,
    notBefore: now - AGO,
    notAfter: now + AUTHORITY_LIFE,
  })
  return `${privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()}${certificate}`
}

function commonName({ subject }: X509Certificate): string {
  return /^CN=(.*)$/m.exec(subject)?.[1] ?? ''
}
