import { createPublicKey, type KeyObject } from 'node:crypto'
import { list } from '../../../settings/schema/list.ts'
import { type Read, section } from '../../../settings/schema/section.ts'
import { bytesOr0, oneOf, time, timeOr0, value } from '../../../settings/schema/setting.ts'
import { anyText, type Kind, name, textKind, whole } from '../../../settings/values/kinds.ts'
import { parsed, type Parsed, refused } from '../../../settings/values/parsed.ts'
import { TOKEN } from '../../../settings/values/host.ts'
import { scope } from '../scope.ts'

/** Of the registry of RFC 9421 6.2.2, those that nobody advises against. */
export const ALGORITHMS = ['ed25519', 'ecdsa-p256-sha256', 'rsa-pss-sha512', 'hmac-sha256'] as const

export type Algorithm = (typeof ALGORITHMS)[number]

const keyId: Kind<string> = textKind(
  'the id of a key',
  'printable ASCII',
  (written) => (/^[ -~]{1,256}$/.test(written) ? parsed(written) : refused('is not the id of a key')),
  { pattern: '^[ -~]{1,256}$' },
)

const publicKey: Kind<string> = {
  allowed: 'a public key in PEM (BEGIN PUBLIC KEY), as ${file:partner.pem}',
  json: { type: 'string' },
  parse(written): Parsed<string> {
    if (typeof written !== 'string' || !written.includes('-----BEGIN ')) return refused('is not a public key')
    if (written.includes('PRIVATE KEY')) return refused('holds a private key, which no verifier needs')
    try {
      createPublicKey(written)
      return parsed(written)
    } catch {
      return refused('is not a public key')
    }
  },
}

const BASE64 = /^base64:([A-Za-z0-9+/]+={0,2})$/

const secret: Kind<string> = {
  allowed: 'a secret of at least 32 bytes, as ${SIGNING_SECRET}; bytes as base64: and their Base64',
  json: { type: 'string', minLength: 32, writeOnly: true },
  parse(written) {
    if (typeof written !== 'string') return refused('is not a secret')
    return secretBytes(written).length < 32 ? refused('is too short') : parsed(written)
  },
}

export function secretBytes(written: string): Buffer {
  const [, encoded] = BASE64.exec(written) ?? []
  return encoded === undefined ? Buffer.from(written, 'utf8') : Buffer.from(encoded, 'base64')
}

/** Whether a key is for an algorithm. */
export function fits(algorithm: Algorithm, { asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  switch (algorithm) {
    case 'ed25519':
      return asymmetricKeyType === 'ed25519'
    case 'ecdsa-p256-sha256':
      return asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1'
    case 'rsa-pss-sha512':
      // Shorter ones do not hold (NIST SP 800-57).
      return (
        asymmetricKeyType?.startsWith('rsa') === true && (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048
      )
    case 'hmac-sha256':
      return false
  }
}

const COMPONENT = `(?:@(?:method|authority|scheme|target-uri|request-target|path|query)|${TOKEN})`

const component: Kind<string> = textKind(
  'a part of the message',
  '@method, @authority, @scheme, @target-uri, @request-target, @path, @query or the name of a field',
  (written) => {
    const lower = written.toLowerCase()
    return new RegExp(`^${COMPONENT}$`).test(lower) ? parsed(lower) : refused('is no part of a message')
  },
  { pattern: `^${COMPONENT}$` },
)

const key = section('SignatureKeyInput', () => ({
  id: value(keyId, 'What signatures name it by (keyid).'),
  algorithm: oneOf(ALGORITHMS, 'How it signs. What a signature says of that chooses nothing.'),
  key: value(
    publicKey,
    'The public key, in PEM, as ${file:partner.pem}, which is read again when it changes.',
  ).optional(),
  secret: value(secret, 'For hmac-sha256, in place of key: what both sides share.').optional(),
  subject: value(anyText, 'Whose key it is: the subject of the identity. Left out: its id.').optional(),
  groups: list(value(name)).prefault([]).describe('Groups of its owner, for rules of authorization.'),
  scopes: list(value(scope)).prefault([]).describe('What it is for, for rules of authorization.'),
}))

export type SignatureKeyConfig = Read<typeof key>

export const signatureSetting = section('SignatureAuthenticatorInput', () => ({
  keys: list(key()).min(1).describe('Whose signatures are taken.'),
  components: list(value(component))
    .prefault(['@method', '@target-uri'])
    .describe(
      'What a signature must cover at least; @authority, @path and @query together are as good as @target-uri. Where a request has content, Content-Digest must be covered as well, whatever is written here.',
    ),
  maxAge: time('How long after it was made (created) a signature is taken.').prefault('5m'),
  clockSkew: timeOr0('By how much clocks may differ.').prefault('30s'),
  tag: value(anyText, 'What a signature must be for (tag). Left out: anything.').optional(),
  nonces: value(
    whole(1, 10_000_000),
    'How many nonces are remembered, in all workers together, for as long as their signatures are taken. With it, each signature must have one, which is good once. Left out: a signature is good until it is too old.',
  ).optional(),
  wholeBody: bytesOr0(
    'Content up to this size is here, and compared with its digest, before the upstream is asked; of larger content, or of an unknown size, the upstream gets all but the end before it was compared.',
  ).prefault('64KiB'),
}))

export type SignatureConfig = Read<typeof signatureSetting>
