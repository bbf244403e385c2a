import { constants, createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto'
import type { Identity } from '../../identity.ts'
import { type Algorithm, secretBytes, type SignatureKeyConfig } from './setting.ts'

/** A key, as it judges signatures. */
export interface SignatureKey {
  readonly algorithm: Algorithm
  readonly identity: Identity
  readonly verifies: (base: Buffer, signature: Uint8Array) => boolean
}

/** RFC 9421 3.3. */
export function signatureKey(authenticator: string, config: SignatureKeyConfig): SignatureKey {
  const { id, algorithm, subject = id, groups, scopes } = config
  const claims = { keyid: id, algorithm }
  const identity: Identity = {
    kind: 'signature',
    authenticator,
    subject,
    name: subject,
    groups,
    scopes,
    claims,
  }
  return { algorithm, identity, verifies: verifierOf(config) }
}

function verifierOf({ id, algorithm, key, secret }: SignatureKeyConfig): SignatureKey['verifies'] {
  if (algorithm === 'hmac-sha256') {
    if (secret === undefined) throw new TypeError(`the key ${id} has no secret`)
    const shared = secretBytes(secret)
    return (base, signature) => {
      const expected = createHmac('sha256', shared).update(base).digest()
      return signature.length === expected.length && timingSafeEqual(signature, expected)
    }
  }
  if (key === undefined) throw new TypeError(`the key ${id} has no public key`)
  const made = createPublicKey(key)
  switch (algorithm) {
    case 'ed25519':
      return (base, signature) => verify(null, base, made, signature)
    case 'ecdsa-p256-sha256':
      return (base, signature) => verify('sha256', base, { key: made, dsaEncoding: 'ieee-p1363' }, signature)
    case 'rsa-pss-sha512':
      return (base, signature) =>
        verify(
          'sha512',
          base,
          { key: made, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 },
          signature,
        )
  }
}
