import { knownOptions } from '../../message/own-options.ts'
import { randomBytes } from 'node:crypto'
import { parseAuthParameters, parseChallenges } from '../../fields/challenge.ts'
import type { Exchange } from '../../message/exchange.ts'
import type { HttpResponse } from '../../message/response.ts'
import { type Credentials, authFailed, type Proof } from './auth.ts'
import { checkTexts } from './basic.ts'
import { CREDENTIAL_OPTIONS, type CredentialOptions } from './bearer.ts'
import { type DigestChallenge, digestChallenge, digestResponse } from './digest-response.ts'
import { originKey } from '../origin-key.ts'

/**
 * User and password, proven without sending the password (RFC 7616): MD5, SHA-256, SHA-512-256 and their session forms; qop `auth`,
 * and `auth-int` where the origin insists and the content is no stream. The first request to an origin costs one more; what the
 * origin asks for is kept after that.
 * @throws TypeError if one of both holds a control character, or the user a colon
 */
export function digest(user: string, password: string, given: CredentialOptions = {}): Credentials {
  const options = knownOptions('auth.digest', given, CREDENTIAL_OPTIONS)
  checkTexts('digest', user, password)
  if (/\p{Cc}/u.test(user + password) || user.includes(':')) {
    throw new TypeError(
      'auth: digest: the user or the password holds a control character, or the user a colon',
    )
  }
  return new DigestCredentials(user, password, options.origins)
}

/** What an origin asked for last, and how often that was answered. */
interface Session {
  readonly challenge: DigestChallenge
  readonly cnonce: string
  nonce: string
  count: number
  /** Whether an answer was taken: then further requests need not wait to be asked. */
  accepted: boolean
}

interface DigestProof extends Proof {
  readonly session: Session
  readonly nonce: string
}

class DigestCredentials implements Credentials {
  readonly scheme = 'digest'
  readonly field = 'authorization'
  readonly origins: readonly string[] | undefined
  readonly #user: string
  readonly #password: string
  readonly #sessions = new Map<string, Session>()

  constructor(user: string, password: string, origins: readonly string[] | undefined) {
    this.origins = origins
    this.#user = user
    this.#password = password
  }

  proof(exchange: Exchange): Proof | undefined {
    const session = this.#sessions.get(originKey(exchange))
    return session?.accepted ? this.#answer(exchange, session) : undefined
  }

  renewed(exchange: Exchange, response: HttpResponse, refused: Proof | undefined): Proof | undefined {
    const challenge = digestChallenge(parseChallenges(response.headers.get('www-authenticate') ?? '') ?? [])
    const key = originKey(exchange)
    const before = refused as DigestProof | undefined
    // The same nonce again, so it is not too old: what is wrong is the password.
    if (challenge === undefined || challenge.nonce === before?.nonce) return undefined
    return this.#answer(exchange, this.#sessionFor(key, challenge))
  }

  /** A nonce that is asked for again goes on to be counted: an origin may refuse a count that it has seen. */
  #sessionFor(key: string, challenge: DigestChallenge): Session {
    const known = this.#sessions.get(key)
    if (known?.nonce === challenge.nonce) return known
    const cnonce = randomBytes(16).toString('base64url')
    const session = { challenge, cnonce, nonce: challenge.nonce, count: 0, accepted: false }
    this.#sessions.set(key, session)
    return session
  }

  accepted(_exchange: Exchange, response: HttpResponse, proof: Proof | undefined): void {
    if (proof === undefined) return
    const { session, nonce } = proof as DigestProof
    const info = response.headers.get('authentication-info')
    const next = info === undefined ? undefined : parseAuthParameters(info)?.get('nextnonce')
    // Of several responses at once, the first one's counts: to each nonce its own count.
    if (next !== undefined && next !== session.nonce && session.nonce === nonce) {
      session.nonce = next
      session.count = 0
    }
    session.accepted = true
  }

  #answer(exchange: Exchange, session: Session): DigestProof | undefined {
    const { request } = exchange
    const { challenge, nonce, cnonce } = session
    session.count++
    try {
      const value = digestResponse(challenge, {
        user: this.#user,
        password: this.#password,
        method: request.method,
        uri: request.path + request.query,
        content: request.body.whole?.bytes,
        nonce,
        count: session.count,
        cnonce,
        sessionNonce: challenge.nonce,
        sessionCnonce: cnonce,
      })
      return value === undefined ? undefined : { in: 'header', name: 'authorization', value, session, nonce }
    } catch (cause) {
      throw authFailed(`Digest with ${challenge.hash} cannot be computed here: see the cause`, cause)
    }
  }
}
