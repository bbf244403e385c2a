import { createHash, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'
import { AsnConvert, AsnOctetStringConverter, OctetString } from '@peculiar/asn1-schema'
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
} from '@peculiar/asn1-x509'

// Certificates and requests for them, written by a library and signed by node:crypto. Load this file when it is needed: nobody else does.

/** Who signs: the key, and the name that it signs in. */
export interface Signer {
  readonly name: string
  readonly privateKey: KeyObject
}

export interface CertificateContent {
  /** The common name of its subject. */
  readonly subject: string
  readonly publicKey: KeyObject
  readonly signer: Signer
  /** Milliseconds since 1970-01-01 UTC. */
  readonly notBefore: number
  readonly notAfter: number
  /** Whether it may sign others; such a one has no names. */
  readonly isAuthority?: boolean
  /** Host names and addresses. */
  readonly names?: readonly string[]
  /** What proves control of a name: the content of the extension acmeIdentifier (RFC 8737 3), 32 bytes. */
  readonly acmeIdentifier?: Buffer
}

// RFC 5280 4.2.1, and RFC 8737 6.1.
const BASIC_CONSTRAINTS = '2.5.29.19'
const KEY_USAGE = '2.5.29.15'
const EXTENDED_KEY_USAGE = '2.5.29.37'
const SUBJECT_KEY = '2.5.29.14'
const AUTHORITY_KEY = '2.5.29.35'
const ALTERNATIVE_NAMES = '2.5.29.17'
const ACME_IDENTIFIER = '1.3.6.1.5.5.7.1.31'

const SERVER_AUTHENTICATION = '1.3.6.1.5.5.7.3.1'
const COMMON_NAME = '2.5.4.3'
const SERIAL_BYTES = 16

/** Makes a certificate, in PEM. */
export function makeCertificate(content: CertificateContent): string {
  const { signer, publicKey } = content
  const algorithm = signatureAlgorithm(signer.privateKey)
  const serial = randomBytes(SERIAL_BYTES)
  // A positive number without leading zeros.
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40
  const signed = new TBSCertificate({
    version: 2,
    serialNumber: bytesOf(serial),
    signature: algorithm,
    issuer: nameOf(signer.name),
    validity: new Validity({ notBefore: new Date(content.notBefore), notAfter: new Date(content.notAfter) }),
    subject: nameOf(content.subject),
    subjectPublicKeyInfo: keyInfo(publicKey),
    extensions: new Extensions(extensionsOf(content)),
  })
  const certificate = new Certificate({
    tbsCertificate: signed,
    signatureAlgorithm: algorithm,
    signatureValue: signatureOf(AsnConvert.serialize(signed), signer.privateKey),
  })
  return pem('CERTIFICATE', AsnConvert.serialize(certificate))
}

function extensionsOf(content: CertificateContent): Extension[] {
  const { publicKey, signer, isAuthority = false, names = [], acmeIdentifier } = content
  const usage = isAuthority
    ? KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign
    : KeyUsageFlags.digitalSignature
  const own = [
    extension(
      BASIC_CONSTRAINTS,
      true,
      new BasicConstraints(isAuthority ? { cA: true, pathLenConstraint: 0 } : {}),
    ),
    extension(KEY_USAGE, true, new KeyUsage(usage)),
    extension(SUBJECT_KEY, false, new SubjectKeyIdentifier(keyId(publicKey))),
  ]
  if (isAuthority) return own
  const signerKey = new SubjectKeyIdentifier(keyId(createPublicKey(signer.privateKey)))
  own.push(
    extension(EXTENDED_KEY_USAGE, false, new ExtendedKeyUsage([SERVER_AUTHENTICATION])),
    extension(AUTHORITY_KEY, false, new AuthorityKeyIdentifier({ keyIdentifier: signerKey })),
    alternativeNames(names),
  )
  if (acmeIdentifier !== undefined) {
    const content = AsnOctetStringConverter.toASN(bytesOf(acmeIdentifier)).toBER()
    own.push(new Extension({ extnID: ACME_IDENTIFIER, critical: true, extnValue: new OctetString(content) }))
  }
  return own
}

function alternativeNames(names: readonly string[]): Extension {
  const general = names.map(
    (name) => new GeneralName(isIP(name) === 0 ? { dNSName: name } : { iPAddress: name }),
  )
  return extension(ALTERNATIVE_NAMES, false, new SubjectAlternativeName(general))
}

function extension(extnID: string, critical: boolean, content: unknown): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(content)) })
}

function nameOf(commonName: string): Name {
  const value = new AttributeValue({ utf8String: commonName })
  return new Name([new RelativeDistinguishedName([new AttributeTypeAndValue({ type: COMMON_NAME, value })])])
}

function keyInfo(publicKey: KeyObject): SubjectPublicKeyInfo {
  return AsnConvert.parse(publicKey.export({ type: 'spki', format: 'der' }), SubjectPublicKeyInfo)
}

/** The first way of RFC 7093 2: no SHA-1. */
function keyId(publicKey: KeyObject): ArrayBuffer {
  const { subjectPublicKey } = keyInfo(publicKey)
  return bytesOf(createHash('sha256').update(Buffer.from(subjectPublicKey)).digest().subarray(0, 20))
}

/** RFC 5758 3.2, RFC 4055 5. */
function signatureAlgorithm({ asymmetricKeyType }: KeyObject): AlgorithmIdentifier {
  return asymmetricKeyType === 'rsa'
    ? new AlgorithmIdentifier({ algorithm: '1.2.840.113549.1.1.11', parameters: null })
    : new AlgorithmIdentifier({ algorithm: '1.2.840.10045.4.3.2' })
}

function signatureOf(content: ArrayBuffer, privateKey: KeyObject): ArrayBuffer {
  return bytesOf(sign('sha256', Buffer.from(content), privateKey))
}

function bytesOf(buffer: Buffer): ArrayBuffer {
  return Uint8Array.from(buffer).buffer
}

function pem(label: string, der: ArrayBuffer): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
