import { knownOptions } from '../../message/own-options.ts'
import type { Exchange } from '../../message/exchange.ts'
import type { Handler } from '../../message/handler.ts'
import type { HttpResponse } from '../../message/response.ts'
import { authFailed, type Credentials, type Proof } from './auth.ts'
import { bearerProof } from './bearer.ts'
import { grantOf, OAUTH2_OPTIONS, type OAuth2Options } from './oauth2-grant.ts'
import { type Grant, requestToken, type TokenResponse } from './oauth2-token.ts'
import { whileWanted } from './while-wanted.ts'

/**
 * Access tokens by OAuth 2 (RFC 6749): the client credentials grant, or that of a refresh token. A token is fetched when the first
 * request needs it, once for all who wait, kept, and replaced before it ends. After a 401 a new one is fetched, once.
 * Requests fail with TrafficError `auth_failed` where none can be had.
 * @throws TypeError that names the option that is not valid
 */
export function oauth2(given: OAuth2Options): Credentials {
  return new OAuth2Credentials(knownOptions('auth.oauth2', given, OAUTH2_OPTIONS))
}

interface Token {
  readonly proof: Proof
  /** By `clock.now()`. */
  readonly expiresAt: number
}

/** After an early refresh that failed, milliseconds until the next. */
const EARLY_RETRY = 5_000

class OAuth2Credentials implements Credentials {
  readonly scheme = 'oauth2'
  readonly field = 'authorization'
  readonly origins: readonly string[] | undefined
  /** Not what somebody has put into `Object.prototype`. */
  readonly accepted: undefined = undefined
  readonly #grant: Grant
  readonly #refreshBefore: number
  readonly #onRefreshToken: OAuth2Options['onRefreshToken']
  #refreshToken: string | undefined
  #token: Token | undefined
  #refreshAt = 0
  #fetching: Promise<Proof> | undefined

  constructor(options: OAuth2Options) {
    const { refreshBefore = 60_000 } = options
    if (!(refreshBefore >= 0)) {
      throw new TypeError(
        `auth: oauth2: refreshBefore: ${refreshBefore} is not valid; allowed: milliseconds from 0`,
      )
    }
    this.origins = options.origins
    this.#grant = grantOf(options)
    this.#refreshBefore = refreshBefore
    this.#refreshToken = options.refreshToken
    this.#onRefreshToken = options.onRefreshToken
  }

  proof(exchange: Exchange, fetchToken: Handler): Proof | Promise<Proof> {
    const now = exchange.clock.now()
    const token = this.#token
    if (token === undefined || now >= token.expiresAt)
      return whileWanted(this.#fetch(exchange, fetchToken), exchange)
    if (now >= this.#refreshAt && this.#fetching === undefined) {
      this.#refreshAt = now + EARLY_RETRY
      // Nobody waits for it: while the old token is good, a failure is none.
      this.#fetch(exchange, fetchToken).catch(() => {})
    }
    return token.proof
  }

  renewed(
    exchange: Exchange,
    _response: HttpResponse,
    refused: Proof | undefined,
    fetchToken: Handler,
  ): Proof | Promise<Proof> {
    const token = this.#token
    if (token?.proof === refused) this.#token = undefined
    // Another exchange has met the same 401, and has a new one already.
    else if (token !== undefined) return token.proof
    return whileWanted(this.#fetch(exchange, fetchToken), exchange)
  }

  /** One fetch for all who need it; it goes on when the exchange that began it is given up. */
  #fetch(exchange: Exchange, fetchToken: Handler): Promise<Proof> {
    this.#fetching ??= this.#fetched(exchange, fetchToken).finally(() => {
      this.#fetching = undefined
    })
    return this.#fetching
  }

  async #fetched({ clock }: Exchange, fetchToken: Handler): Promise<Proof> {
    const begun = clock.now()
    const response = await requestToken(this.#grant, this.#refreshToken, clock, fetchToken)
    const proof = bearerProof(response.accessToken)
    const lifetime = response.expiresIn * 1000
    const early = Math.min(this.#refreshBefore, lifetime / 2) * (0.75 + clock.random() / 4)
    this.#token = { proof, expiresAt: begun + lifetime }
    this.#refreshAt = begun + lifetime - early
    this.#rotate(response)
    return proof
  }

  #rotate({ refreshToken }: TokenResponse): void {
    if (this.#refreshToken === undefined || refreshToken === undefined || refreshToken === this.#refreshToken)
      return
    this.#refreshToken = refreshToken
    try {
      this.#onRefreshToken?.(refreshToken)
    } catch (cause) {
      throw authFailed('onRefreshToken of auth: oauth2 has thrown: see the cause', cause)
    }
  }
}
