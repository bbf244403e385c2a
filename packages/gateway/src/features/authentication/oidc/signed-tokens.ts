import { createHash } from 'node:crypto'
import type { Clock } from '@headgate/core'
import { type JSONWebKeySet, type JWTVerifyGetKey, type JWTVerifyOptions, loadJose } from '../jose.ts'
import { hasRepeatedNames } from '../jwt/repeated-names.ts'
import type { OidcConfig } from './setting.ts'

export type Claims = Readonly<Record<string, unknown>>
export type Keys = JWTVerifyGetKey

type Settings = Pick<OidcConfig, 'clientId' | 'algorithms' | 'clockSkew'>

/** More keys, no provider has. */
const MOST_KEYS = 100
/** How old a logout token may be, in seconds. */
const OLDEST_LOGOUT = 300
/** Event that a logout token is about (OpenID Connect Back-Channel Logout 2.4). */
const LOGOUT = 'http://schemas.openid.net/event/backchannel-logout'

/** Rejects where it is no key set. */
export async function keysIn(text: string): Promise<Keys> {
  const { createLocalJWKSet } = await loadJose()
  const read = JSON.parse(text) as Partial<JSONWebKeySet> | null // each key is looked at by jose
  if (!Array.isArray(read?.keys)) throw new Error('its keys are no key set')
  if (read.keys.length > MOST_KEYS) throw new Error(`its key set holds more than ${MOST_KEYS} keys`)
  return createLocalJWKSet({ keys: read.keys })
}

/**
 * The claims of an ID token (OpenID Connect Core 3.1.3.7).
 * @param expected the nonce is undefined where a session is renewed
 * @throws JOSEError of jose
 */
export async function verifyIdToken(
  token: string,
  keys: Keys,
  settings: Settings,
  expected: { readonly issuer: string; readonly nonce: string | undefined; readonly accessToken: string },
  clock: Clock,
): Promise<Claims> {
  const { jwtVerify } = await loadJose()
  const options = optionsOf(settings, expected.issuer, clock)
  const { payload, protectedHeader } = await jwtVerify(token, keys, {
    ...options,
    requiredClaims: ['exp', 'iat', 'sub'],
  })
  const { aud, azp, nonce, at_hash: atHash } = payload
  await mustBe(!hasRepeatedNames(token), 'it names a claim twice')
  await mustBe(typeof payload.sub === 'string' && payload.sub !== '', 'it is nobody’s')
  // For several audiences, one must be said to be the one who asked for it.
  await mustBe(!Array.isArray(aud) || aud.length === 1 || azp !== undefined, 'it is for others, too')
  await mustBe(azp === undefined || azp === settings.clientId, 'somebody else has asked for it')
  await mustBe(expected.nonce === undefined || nonce === expected.nonce, 'it is of another login')
  if (atHash !== undefined)
    await mustBe(atHash === hashOfToken(expected.accessToken, protectedHeader.alg), 'it is of another token')
  return payload
}

/**
 * The claims of a logout token.
 * @throws JOSEError of jose
 */
export async function verifyLogoutToken(
  token: string,
  keys: Keys,
  settings: Settings,
  issuer: string,
  clock: Clock,
): Promise<Claims> {
  const { jwtVerify } = await loadJose()
  const { payload, protectedHeader } = await jwtVerify(token, keys, {
    ...optionsOf(settings, issuer, clock),
    requiredClaims: ['iat', 'events'],
    maxTokenAge: OLDEST_LOGOUT,
  })
  const { events, sid, sub, nonce } = payload
  await mustBe(!hasRepeatedNames(token), 'it names a claim twice')
  const event = typeof events === 'object' && events !== null && Object.hasOwn(events, LOGOUT)
  await mustBe(event, 'it is about no logout')
  // Else an ID token might pass for one.
  await mustBe(nonce === undefined, 'it has a nonce')
  await mustBe(
    protectedHeader.typ === undefined || /^(?:logout\+jwt|jwt)$/i.test(protectedHeader.typ),
    'it is of another type',
  )
  await mustBe(typeof sid === 'string' || typeof sub === 'string', 'it is about nobody')
  return payload
}

function optionsOf(
  { clientId, algorithms, clockSkew }: Settings,
  issuer: string,
  clock: Clock,
): JWTVerifyOptions {
  return {
    issuer,
    audience: clientId,
    algorithms: [...algorithms],
    clockTolerance: clockSkew / 1_000,
    currentDate: new Date(clock.wallTime()),
  }
}

async function mustBe(is: boolean, problem: string): Promise<void> {
  if (is) return
  const { errors } = await loadJose()
  throw new errors.JWTInvalid(problem)
}

/** The left half of the hash that belongs to the signature (OpenID Connect Core 3.1.3.6). */
function hashOfToken(token: string, algorithm: string): string {
  const bits = algorithm === 'EdDSA' ? '512' : algorithm.slice(-3)
  const digest = createHash(`sha${bits}`).update(token, 'ascii').digest()
  return digest.subarray(0, digest.length / 2).toString('base64url')
}
