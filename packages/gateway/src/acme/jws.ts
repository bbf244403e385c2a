import { createHash, createHmac, createPublicKey, type KeyObject, sign } from 'node:crypto'

// What an authority is sent is signed (RFC 7515, RFC 8555 6.2). The key of an account is ECDSA P-256.

export interface SignedRequest {
  readonly protected: string
  readonly payload: string
  readonly signature: string
}

export interface SigningFacts {
  readonly url: string
  readonly nonce: string
  /** The account; undefined where there is none yet, and the key itself is sent. */
  readonly account: string | undefined
}

/** @param payload undefined: nothing, which asks for what is at the URL (POST-as-GET) */
export function signed(
  key: KeyObject,
  { url, nonce, account }: SigningFacts,
  payload: object | undefined,
): SignedRequest {
  const who = account === undefined ? { jwk: publicJwk(key) } : { kid: account }
  const header = encoded(JSON.stringify({ alg: 'ES256', ...who, nonce, url }))
  const content = payload === undefined ? '' : encoded(JSON.stringify(payload))
  const signature = sign('sha256', Buffer.from(`${header}.${content}`), { key, dsaEncoding: 'ieee-p1363' })
  return { protected: header, payload: content, signature: signature.toString('base64url') }
}

/** Binds the key of an account to one that the authority knows by other means (RFC 8555 7.3.4). */
export function externalBinding(
  key: KeyObject,
  url: string,
  { keyId, hmacKey }: { readonly keyId: string; readonly hmacKey: string },
): SignedRequest {
  const header = encoded(JSON.stringify({ alg: 'HS256', kid: keyId, url }))
  const payload = encoded(JSON.stringify(publicJwk(key)))
  const mac = createHmac('sha256', Buffer.from(hmacKey, 'base64url')).update(`${header}.${payload}`)
  return { protected: header, payload, signature: mac.digest('base64url') }
}

/** What answers a challenge (RFC 8555 8.1): the token, and the digest of the account's key (RFC 7638). */
export function keyAuthorization(key: KeyObject, token: string): string {
  return `${token}.${createHash('sha256')
    .update(JSON.stringify(publicJwk(key)))
    .digest('base64url')}`
}

/** The members that are needed, in the order of their names, as RFC 7638 3 has it. */
function publicJwk(key: KeyObject): object {
  const { crv, kty, x, y } = createPublicKey(key).export({ format: 'jwk' })
  return { crv, kty, x, y }
}

function encoded(text: string): string {
  return Buffer.from(text).toString('base64url')
}
