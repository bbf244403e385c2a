import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { rootCertificates } from 'node:tls'
import { whyUnreadable } from '../../settings/read/read-text.ts'
import { certificateBlocks, isInlinePem, pemPlace, readPem, sha256 } from './pem.ts'
import type { CertificateConfig } from './setting.ts'
import { weakHash } from './signature.ts'

/** What may be told of a certificate: nothing of its key but what kind it is of. */
export interface CertificateFacts {
  /** Where it is from: the path of the file, `inline`, `internal`, or the authority that was asked for it. */
  readonly from: string
  /** Whether the gateway renews it by itself. */
  readonly isManaged?: boolean
  /** The host names that it covers, in lower case, wildcards (`*.shop.example`) among them. */
  readonly names: readonly string[]
  readonly subject: string
  readonly issuer: string
  /** Milliseconds since 1970-01-01 UTC. */
  readonly notBefore: number
  readonly notAfter: number
  /** As `RSA 2048` or `ECDSA P-256`. */
  readonly key: string
  /** SHA-256 of the certificate, in hex. */
  readonly fingerprint: string
  /** What is wrong with the chain behind it; undefined where nothing is. */
  readonly chain: ChainProblem | undefined
}

export interface ChainProblem {
  readonly problem: string
  readonly remedy: string
}

/** A certificate that was read and can be served. */
export interface LoadedCertificate {
  /** Of all that it was made from: a file that holds something else makes another. */
  readonly digest: string
  /** Of its key: `rsa`, `rsa-pss`, `ec`, `ed25519`. */
  readonly keyType: string
  /** In PEM, in memory that all threads share. The key is in the clear. */
  readonly chain: Uint8Array
  readonly privateKey: Uint8Array
  readonly facts: CertificateFacts
}

/** Why a certificate cannot be served, and by which setting. The text holds nothing of a key. */
export class CertificateError extends Error {
  readonly setting: 'cert' | 'key' | 'passphrase'
  readonly remedy: string | undefined

  constructor(setting: CertificateError['setting'], message: string, remedy?: string) {
    super(message)
    this.setting = setting
    this.remedy = remedy
  }
}

/** The same setting makes the same one: it tells entries apart, and shows nothing of a secret in them. */
export function certificateIdentity({ cert, key, passphrase = '' }: CertificateConfig): string {
  return sha256(cert, key, passphrase)
}

/** The files that it is read from. */
export function certificateFiles({ cert, key }: CertificateConfig): string[] {
  return [cert, key].filter((written) => !isInlinePem(written))
}

/**
 * Reads a certificate and its key, and looks whether they can be served.
 * @param previous is returned where the files hold what they held
 * @throws CertificateError
 */
export function loadCertificate(config: CertificateConfig, previous?: LoadedCertificate): LoadedCertificate {
  const cert = read('cert', config.cert)
  const key = read('key', config.key)
  const digest = sha256(cert, key, config.passphrase ?? '')
  if (previous?.digest === digest) return previous
  const chain = chainOf(cert)
  const privateKey = openKey(key, config.passphrase)
  const [own] = chain
  if (!own.checkPrivateKey(privateKey)) throw notItsKey(chain, privateKey)
  refuseWeak(chain)
  return {
    digest,
    keyType: privateKey.asymmetricKeyType ?? '',
    chain: sharedBytes(chain.map((each) => each.toString()).join('')),
    privateKey: sharedBytes(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    facts: factsOf(chain, pemPlace(config.cert)),
  }
}

/** What is wrong with its key alone, whatever the certificate is. */
export function keyError({ key, passphrase }: CertificateConfig): CertificateError | undefined {
  try {
    openKey(read('key', key), passphrase)
    return undefined
  } catch (error) {
    if (error instanceof CertificateError) return error
    throw error
  }
}

type Chain = readonly [X509Certificate, ...X509Certificate[]]

function read(setting: 'cert' | 'key', written: string): Buffer {
  try {
    return readPem(written)
  } catch (error) {
    throw new CertificateError(setting, `cannot be read: ${whyUnreadable(error)}`)
  }
}

function chainOf(pem: Buffer): Chain {
  const blocks = certificateBlocks(pem.toString('latin1'))
  try {
    const [first, ...others] = blocks.map((each) => new X509Certificate(each))
    if (first !== undefined) return [first, ...others]
  } catch (error) {
    throw new CertificateError('cert', `cannot be used: ${reasonOf(error)}`)
  }
  const isKey = pem.includes('PRIVATE KEY-----')
  const reason = pem.includes('-----BEGIN ') ? 'it holds no certificate' : 'it is not PEM'
  throw new CertificateError(
    'cert',
    `cannot be used: ${reason}`,
    isKey ? 'it holds a key: are cert and key exchanged?' : undefined,
  )
}

function openKey(pem: Buffer, passphrase: string | undefined): KeyObject {
  if (!pem.includes('PRIVATE KEY-----')) {
    const reason = pem.includes('-----BEGIN ') ? 'it holds no private key' : 'it is not PEM'
    throw new CertificateError('key', `cannot be used: ${reason}`)
  }
  const isEncrypted = pem.includes('ENCRYPTED')
  if (isEncrypted && passphrase === undefined)
    throw new CertificateError(
      'key',
      'is encrypted, and there is no passphrase',
      'write passphrase: ${NAME}, or ${file:PATH}',
    )
  try {
    return createPrivateKey({ key: pem, format: 'pem', ...(passphrase !== undefined && { passphrase }) })
  } catch (error) {
    if (isEncrypted) throw new CertificateError('passphrase', 'does not open the key')
    throw new CertificateError('key', `cannot be used: ${reasonOf(error)}`)
  }
}

function notItsKey(chain: Chain, key: KeyObject): CertificateError {
  const at = chain.findIndex((each) => each.checkPrivateKey(key))
  if (at < 0)
    return new CertificateError(
      'key',
      'does not belong to the certificate: its public key is another one',
      'name the key that the certificate was made for, or have one made for this key',
    )
  return new CertificateError(
    'cert',
    `is in the wrong order: the key is that of certificate ${at + 1} in it`,
    'put the own certificate first, then the one that signed it, and so on',
  )
}

/** OpenSSL would not serve them either, at its security level 2. */
function refuseWeak(chain: Chain): void {
  for (const [index, each] of chain.entries()) {
    const which = index === 0 ? '' : `certificate ${index + 1} in it `
    const { modulusLength } = each.publicKey.asymmetricKeyDetails ?? {}
    if (modulusLength !== undefined && modulusLength < LEAST_RSA)
      throw new CertificateError(
        'cert',
        `cannot be used: ${which}has a weak key, RSA of ${modulusLength} bits`,
        `make a new one: ECDSA P-256, or RSA of ${LEAST_RSA} bits or more`,
      )
    // Nobody looks at the signature that an authority makes of itself.
    const weak = isSelfIssued(each) ? undefined : weakHash(each.raw)
    if (weak !== undefined)
      throw new CertificateError(
        'cert',
        `cannot be used: ${which}is signed with ${weak}, which clients refuse`,
        'have it signed anew, with SHA-256',
      )
  }
}

const LEAST_RSA = 2048

function factsOf(chain: Chain, from: string): CertificateFacts {
  const [own] = chain
  return {
    from,
    names: namesOf(own),
    subject: oneLine(own.subject),
    issuer: oneLine(own.issuer),
    notBefore: Date.parse(own.validFrom),
    notAfter: Date.parse(own.validTo),
    key: keyKind(own.publicKey),
    fingerprint: own.fingerprint256.replaceAll(':', '').toLowerCase(),
    chain: chainProblem(chain),
  }
}

/** The common name is none of them: no client has looked at it for years (RFC 9110 4.3.4). */
function namesOf({ subjectAltName = '' }: X509Certificate): string[] {
  const names = subjectAltName.split(', ').flatMap((each) => {
    const [, kind, name = ''] = /^(DNS|IP Address):(.+)$/.exec(each) ?? []
    // Names with blanks or quotes in them are printed as JSON: no host is called so.
    if (kind === undefined || name.includes('"')) return []
    return [kind === 'IP Address' && name.includes(':') ? shortened(name) : name.toLowerCase()]
  })
  return [...new Set(names)]
}

/** `0:0:0:0:0:0:0:1`, as OpenSSL prints it, is `::1`. */
function shortened(address: string): string {
  const text = `http://[${address}]`
  return URL.canParse(text) ? new URL(text).hostname.slice(1, -1) : address.toLowerCase()
}

/** As Node tells a distinguished name, each part of it on a line of its own. */
export function oneLine(distinguishedName: string | undefined): string {
  return (distinguishedName ?? '').split('\n').join(', ')
}

const CURVES: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
}

function keyKind({ asymmetricKeyType: type, asymmetricKeyDetails }: KeyObject): string {
  const { modulusLength, namedCurve = '' } = asymmetricKeyDetails ?? {}
  if (type === undefined) return 'unknown'
  if (modulusLength !== undefined) return `${type.toUpperCase()} ${modulusLength}`
  return type === 'ec' ? `ECDSA ${CURVES[namedCurve] ?? namedCurve}` : type.toUpperCase()
}

function isSelfIssued({ subject, issuer }: X509Certificate): boolean {
  return subject === issuer
}

const ORDER = 'the own certificate comes first, then the one that signed it, and so on'

function chainProblem(chain: Chain): ChainProblem | undefined {
  for (const [index, each] of chain.entries()) {
    const next = chain[index + 1]
    if (next === undefined || each.checkIssued(next)) continue
    const signer = chain.findIndex((other) => other !== each && each.checkIssued(other))
    const problem =
      signer < 0
        ? `certificate ${index + 2} did not sign certificate ${index + 1}`
        : `certificate ${index + 1} was signed by certificate ${signer + 1}, which does not come next`
    return { problem: `the chain is in the wrong order: ${problem}`, remedy: ORDER }
  }
  const last = chain.at(-1) ?? chain[0]
  // Where an authority is no public one, who connects knows it: only where the certificate says from where its issuer is to be had, it is meant to be sent.
  if (isSelfIssued(last) || last.infoAccess?.includes('CA Issuers') !== true || isPublicRoot(last.issuer))
    return undefined
  return {
    problem: `the chain is incomplete: ${oneLine(last.issuer)}, which signed its last certificate, is missing`,
    remedy: 'append the certificate of that authority; authorities call the whole file "fullchain"',
  }
}

let publicRoots: ReadonlySet<string> | undefined

/** Parsed once, and only where a chain ends at an authority that is not in the file. */
function isPublicRoot(issuer: string | undefined): boolean {
  publicRoots ??= new Set(rootCertificates.map((pem) => new X509Certificate(pem).subject))
  return publicRoots.has(issuer ?? '')
}

/** In memory that all threads share. */
export function sharedBytes(text: string | Buffer): Uint8Array {
  const bytes = Buffer.from(text)
  const memory = new Uint8Array(new SharedArrayBuffer(bytes.length))
  memory.set(bytes)
  return memory
}

/** OpenSSL's reasons name what is wrong and never hold what is in the file. */
function reasonOf(error: unknown): string {
  return error instanceof Error && 'reason' in error ? String(error.reason) : 'it is not PEM'
}
