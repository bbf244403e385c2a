import { createPublicKey, hash } from 'node:crypto'
import { BoundedMap, type Clock, type Exchange } from '@headgate/core'
import { type JSONWebKeySet, type JWTPayload, type JWTVerifyGetKey, loadJose } from '../jose.ts'
import { ABSENT, type Authenticator, type Rejected, type Verdict } from '../authenticator.ts'
import { concealIn, credentialIn, type CredentialPlace, credentialPlaces } from '../credential-place.ts'
import type { Identity } from '../../identity.ts'
import { identityOfClaims } from '../claims.ts'
import { fetchKeys } from './fetch-keys.ts'
import { type FetchDocument, RemoteDocument } from '../remote-document.ts'
import { algorithmsOf, type JwtConfig } from './setting.ts'
import { hasRepeatedNames } from './repeated-names.ts'

/** Longer than any that a browser would send along, in characters. */
const LONGEST = 8_192
/** So many verified tokens are known, each with the identity that it stands for. */
const MOST_KNOWN = 10_000

interface Known {
  readonly identity: Identity
  /** Milliseconds since 1970. */
  readonly until: number
}

/**
 * JSON Web Tokens (RFC 7519) of an issuer, judged as RFC 8725 has it: the algorithms are those of the configuration, and keys come
 * from there, too; what a token says of either chooses among them and adds nothing.
 */
export class JwtAuthenticator implements Authenticator {
  readonly name: string
  readonly challenge = 'Bearer'
  readonly conceal: ((exchange: Exchange) => void) | undefined
  private readonly config: JwtConfig
  private readonly places: readonly CredentialPlace[]
  /** By the SHA-256 of the token: whoever sees this memory has no token. */
  private readonly known = new BoundedMap<Known>(MOST_KNOWN)
  private readonly remote: RemoteDocument<JWTVerifyGetKey> | undefined
  /** Those of the configuration, made when the first token comes; undefined before, and where an issuer is asked. */
  private own: Promise<JWTVerifyGetKey> | undefined

  constructor(name: string, config: JwtConfig, clock: Clock, fetch: FetchDocument = fetchKeys) {
    this.name = name
    this.config = config
    this.places = credentialPlaces(config, 'authorization')
    this.conceal = concealIn(this.places, config.forward)
    const changed = (): void => this.known.clear()
    if (config.jwks !== undefined)
      this.remote = new RemoteDocument(config.jwks, { clock, fetchDocument: fetch, read: keysIn, changed })
  }

  verify(exchange: Exchange): Verdict | Promise<Verdict> {
    const token = credentialIn(this.places, exchange)
    return token === undefined ? ABSENT : this.judge(token, exchange)
  }

  /** Of somebody of that name: for explanations. */
  identity(subject: string): Identity {
    return identityOfClaims(
      { kind: 'jwt', authenticator: this.name },
      { sub: subject, [this.config.claims.subject]: subject },
      this.config.claims,
      subject,
    )
  }

  private judge(token: string, { clock }: Exchange): Verdict | Promise<Verdict> {
    if (token.length > LONGEST) return rejected('the token is too long')
    const digest = hash('sha256', token, 'base64')
    const known = this.known.get(digest)
    if (known !== undefined && clock.wallTime() < known.until)
      return { kind: 'known', identity: known.identity }
    return this.verified(token, digest, clock)
  }

  private async verified(token: string, digest: string, clock: Clock): Promise<Verdict> {
    const { errors, jwtVerify } = await loadJose()
    const { issuer, audience, clockSkew, maxAge, type, required, claims } = this.config
    let key: JWTVerifyGetKey
    try {
      key = await this.keyFinder()
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      return { kind: 'unavailable', reason: `the keys of the issuer cannot be fetched: ${reason}` }
    }
    try {
      const { payload } = await jwtVerify(token, key, {
        algorithms: [...algorithmsOf(this.config)],
        issuer: [...issuer],
        audience: [...audience],
        clockTolerance: clockSkew / 1_000,
        currentDate: new Date(clock.wallTime()),
        requiredClaims: ['exp', ...required],
        ...(type !== undefined && { typ: type }),
        ...(maxAge !== undefined && { maxTokenAge: maxAge / 1_000 }),
      })
      return this.accepted(token, digest, payload, claims)
    } catch (error) {
      if (error instanceof errors.JOSEError) return rejected(reasonOf(error))
      return rejected('the token is not valid')
    }
  }

  private accepted(token: string, digest: string, payload: JWTPayload, claims: JwtConfig['claims']): Verdict {
    if (hasRepeatedNames(token)) return rejected('the token names a claim twice')
    const subject = payload[claims.subject]
    if (typeof subject !== 'string' || subject === '')
      return rejected(`the token has no claim ${claims.subject}`)
    const identity = identityOfClaims({ kind: 'jwt', authenticator: this.name }, payload, claims, subject)
    this.known.set(digest, { identity, until: endOf(payload, this.config) })
    return { kind: 'known', identity }
  }

  /** Finds the key of a token among those of the configuration or of the issuer. Rejects where these cannot be had. */
  private async keyFinder(): Promise<JWTVerifyGetKey> {
    const { remote } = this
    if (remote === undefined) return (this.own ??= ownKeys(this.config))
    const current = await remote.current()
    const { errors } = await loadJose()
    return async (header, token) => {
      try {
        return await current(header, token)
      } catch (error) {
        const newer = error instanceof errors.JWKSNoMatchingKey ? await remote.newer() : undefined
        if (newer === undefined) throw error
        return newer(header, token)
      }
    }
  }
}

async function ownKeys({ secret, keys = '' }: JwtConfig): Promise<JWTVerifyGetKey> {
  if (secret === undefined && !keys.includes('BEGIN PUBLIC KEY')) return keysIn(keys)
  const key = secret === undefined ? createPublicKey(keys) : Buffer.from(secret, 'utf8')
  return () => key
}

/** Rejects where it is no key set. What is made of a key is kept with the set, so that one is made for all tokens. */
async function keysIn(text: string): Promise<JWTVerifyGetKey> {
  const { createLocalJWKSet } = await loadJose()
  return createLocalJWKSet(readKeySet(text))
}

/** When a token is good no more, in milliseconds since 1970: at its end, or when it is too old. */
function endOf({ exp = 0, iat }: JWTPayload, { clockSkew, maxAge }: JwtConfig): number {
  const ends = exp * 1_000 + clockSkew
  return maxAge === undefined || iat === undefined ? ends : Math.min(ends, iat * 1_000 + maxAge + clockSkew)
}

/** More keys, no issuer has. */
const MOST_KEYS = 100

/** @throws Error where it is none */
function readKeySet(text: string): JSONWebKeySet {
  const read: unknown = JSON.parse(text)
  const keys = typeof read === 'object' && read !== null && 'keys' in read ? read.keys : undefined
  if (!Array.isArray(keys)) throw new Error('the answer is no key set')
  if (keys.length > MOST_KEYS) throw new Error(`the key set holds more than ${MOST_KEYS} keys`)
  return read as JSONWebKeySet // as just checked; jose looks at each key
}

function rejected(reason: string): Rejected {
  const challenge = `Bearer error="invalid_token", error_description="${reason.replaceAll(/["\\]/g, '')}"`
  return { kind: 'rejected', reason, challenge }
}

/** Nothing of the token is told, which the message of the library might hold. */
function reasonOf(error: { readonly code: string; readonly claim?: unknown }): string {
  switch (error.code) {
    case 'ERR_JWT_EXPIRED':
      return 'the token has expired'
    case 'ERR_JWT_CLAIM_VALIDATION_FAILED':
      return typeof error.claim === 'string' && /^[\w-]{1,50}$/.test(error.claim)
        ? `the claim ${error.claim} of the token is not as it must be`
        : 'a claim of the token is not as it must be'
    case 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED':
      return 'the signature of the token is wrong'
    case 'ERR_JOSE_ALG_NOT_ALLOWED':
      return 'the token is signed in a way that is not allowed here'
    case 'ERR_JWKS_NO_MATCHING_KEY':
    case 'ERR_JWKS_MULTIPLE_MATCHING_KEYS':
      return 'the token is signed with a key that is not known'
    default:
      return 'the token is not valid'
  }
}
