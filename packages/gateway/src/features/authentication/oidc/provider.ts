import type { Clock } from '@headgate/core'
import type {
  AuthorizationServer,
  Client,
  ClientAuth,
  CustomFetchOptions,
  TokenEndpointResponse,
} from 'oauth4webapi'
import { loadJose } from '../jose.ts'
import type { ProviderClient } from '../provider-client.ts'
import { RemoteDocument } from '../remote-document.ts'
import { type Claims, type Keys, keysIn, verifyIdToken, verifyLogoutToken } from './signed-tokens.ts'
import type { OidcConfig } from './setting.ts'

/** Somebody, or something, at the provider or in front of a browser has said no: trying again brings the same. */
export class Refused extends Error {}

/** What the provider gives for a code, or for a refresh token. */
export interface Tokens {
  readonly claims: Claims
  /** Those of them that only userinfo has told; undefined where it was not asked. */
  readonly userinfoClaims: readonly string[] | undefined
  /** As it came; undefined where a renewal brings none. */
  readonly idToken: string | undefined
  readonly accessToken: string
  readonly refreshToken: string | undefined
  /** Of the access token, in milliseconds; undefined where nobody says. */
  readonly lifetime: number | undefined
}

/** What a session was before its renewal, for what a renewal leaves out. */
interface Before {
  readonly subject: string
  readonly claims: Claims
}

/** What a login must bring back. */
export interface Expected {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  readonly redirectUri: string
}

/** Where a browser is sent to log in, besides what is expected of it. */
export interface Destination extends Expected {
  readonly challenge: string
}

/**
 * A provider of OpenID Connect, as one thread of the gateway knows it: its metadata and keys, fetched when they are needed first. The
 * protocol is that of oauth4webapi, over the project's own client; signatures are verified by jose.
 */
export class Provider {
  private readonly config: OidcConfig
  private readonly client: Pick<ProviderClient, 'get'>
  private readonly clock: Clock
  private readonly metadata: RemoteDocument<AuthorizationServer>
  private keys: { readonly url: string; readonly remote: RemoteDocument<Keys> } | undefined

  constructor(config: OidcConfig, client: Pick<ProviderClient, 'get'>, clock: Clock) {
    this.config = config
    this.client = client
    this.clock = clock
    this.metadata = new RemoteDocument(config.issuer, {
      clock,
      fetchDocument: () => this.discover(),
      read: async (text) => JSON.parse(text) as AuthorizationServer, // what `discover` has checked
      changed: () => {},
    })
  }

  /** The URL that a browser is sent to. Rejects where the provider is not known and cannot be asked. */
  async authorizationUrl({ state, nonce, challenge, redirectUri }: Destination): Promise<string> {
    const { authorization_endpoint: endpoint = '' } = await this.metadata.current()
    if (!this.isTrustedUrl(endpoint)) throw new Error('its metadata names no place to log in at')
    const url = new URL(endpoint)
    const { clientId, scopes, parameters } = this.config
    const own = {
      response_type: 'code',
      client_id: clientId,
      redirect_uri: redirectUri,
      scope: [...new Set(['openid', ...scopes])].join(' '),
      state,
      nonce,
      code_challenge: challenge,
      code_challenge_method: 'S256',
    }
    for (const [name, each] of Object.entries({ ...parameters, ...own })) url.searchParams.set(name, each)
    return url.href
  }

  /**
   * What the answer of the provider, which a browser has brought, is good for.
   * @throws Refused where it is good for nothing; rejects with another error where the provider cannot be asked
   */
  async redeem(answer: URLSearchParams, expected: Expected): Promise<Tokens> {
    const oauth = await import('oauth4webapi')
    const [server, client] = [await this.server(), await this.registration()]
    let params: URLSearchParams
    try {
      // The issuer of the answer among them (RFC 9207): an answer of another provider is none.
      params = oauth.validateAuthResponse(server, client, answer, expected.state)
    } catch (error) {
      if (error instanceof oauth.AuthorizationResponseError) throw new Refused(refusal(error.error))
      throw new Refused('the answer of the provider is not one to this login')
    }
    const [code = '', ...more] = params.getAll('code')
    if (code === '' || more.length > 0) throw new Refused('the answer of the provider holds no code')
    const { nonce, verifier, redirectUri } = expected
    const sent = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      await this.authentication(),
      params,
      redirectUri,
      verifier,
      await this.callOptions(),
    )
    const tokens = await this.settled(
      oauth.processAuthorizationCodeResponse(server, client, sent, {
        expectedNonce: nonce,
        requireIdToken: true,
      }),
    )
    return this.checked(tokens, nonce, undefined)
  }

  /** New tokens for a session. Throws as `redeem` does. */
  async renew(refreshToken: string, before: Before): Promise<Tokens> {
    const oauth = await import('oauth4webapi')
    const [server, client] = [await this.server(), await this.registration()]
    const authentication = await this.authentication()
    const options = await this.callOptions()
    const sent = await oauth.refreshTokenGrantRequest(server, client, authentication, refreshToken, options)
    return this.checked(
      await this.settled(oauth.processRefreshTokenResponse(server, client, sent)),
      undefined,
      before,
    )
  }

  /** Where a browser is sent to log out there, too; undefined where the provider knows of no such place, or cannot be asked. */
  async logoutUrl(idToken: string | undefined, returnTo: string | undefined): Promise<string | undefined> {
    try {
      const { end_session_endpoint: endpoint = '' } = await this.metadata.current()
      if (!this.isTrustedUrl(endpoint)) return undefined
      const url = new URL(endpoint)
      if (idToken !== undefined) url.searchParams.set('id_token_hint', idToken)
      url.searchParams.set('client_id', this.config.clientId)
      if (returnTo !== undefined) url.searchParams.set('post_logout_redirect_uri', returnTo)
      return url.href
    } catch {
      return undefined
    }
  }

  /** What a logout token says (OpenID Connect Back-Channel Logout 2.6). Throws as `redeem` does. */
  async loggedOut(token: string): Promise<Claims> {
    const { issuer } = await this.metadata.current()
    return this.verified((keys) => verifyLogoutToken(token, keys, this.config, issuer, this.clock))
  }

  /** The name that it has for itself. */
  async issuer(): Promise<string> {
    return (await this.metadata.current()).issuer
  }

  private async discover(): Promise<{ readonly text: string; readonly freshFor: undefined }> {
    const oauth = await import('oauth4webapi')
    const issuer = new URL(this.config.issuer)
    const response = await oauth.discoveryRequest(issuer, await this.callOptions())
    return {
      text: JSON.stringify(await oauth.processDiscoveryResponse(issuer, response)),
      freshFor: undefined,
    }
  }

  /** Which algorithms are good is for the configuration to say, not for the provider or the token. */
  private async server(): Promise<AuthorizationServer> {
    const found = await this.metadata.current()
    return { ...found, id_token_signing_alg_values_supported: [...this.config.algorithms] }
  }

  private async registration(): Promise<Client> {
    const { clockSkew, clockTolerance } = await import('oauth4webapi')
    return {
      client_id: this.config.clientId,
      // The library asks the machine what time it is.
      [clockSkew]: Math.round((this.clock.wallTime() - Date.now()) / 1_000),
      [clockTolerance]: Math.round(this.config.clockSkew / 1_000),
    }
  }

  private async authentication(): Promise<ClientAuth> {
    const { ClientSecretBasic, ClientSecretPost, None } = await import('oauth4webapi')
    const { clientSecret, clientAuthentication } = this.config
    if (clientSecret === undefined) return None()
    return clientAuthentication === 'post' ? ClientSecretPost(clientSecret) : ClientSecretBasic(clientSecret)
  }

  private async callOptions(): Promise<CallOptions> {
    const { allowInsecureRequests, customFetch } = await import('oauth4webapi')
    const { fetch } = await this.client.get()
    return {
      [customFetch]: (url: string, init: CustomFetchOptions<string, unknown>) =>
        fetch(url, init as RequestInit),
      [allowInsecureRequests]: this.config.issuer.startsWith('http:'),
    }
  }

  /** An answer of the token endpoint. What it refuses (RFC 6749 5.2), it will refuse again. */
  private async settled(answer: Promise<TokenEndpointResponse>): Promise<TokenEndpointResponse> {
    try {
      return await answer
    } catch (error) {
      const { ResponseBodyError } = await import('oauth4webapi')
      const isRefusal = error instanceof ResponseBodyError && error.error === 'invalid_grant'
      throw isRefusal ? new Refused(refusal(error.error)) : error
    }
  }

  private async checked(
    tokens: TokenEndpointResponse,
    nonce: string | undefined,
    before: Before | undefined,
  ): Promise<Tokens> {
    const { id_token: idToken, access_token: accessToken, expires_in: lifetime, scope } = tokens
    const { issuer } = await this.metadata.current()
    const expected = { issuer, nonce, accessToken }
    const signed =
      idToken === undefined
        ? {}
        : await this.verified((keys) => verifyIdToken(idToken, keys, this.config, expected, this.clock))
    // A renewal may bring no ID token: it is still that of whoever logged in.
    const subject = signed['sub'] ?? before?.subject
    const more = this.config.userinfo ? await this.furtherClaims(accessToken, subject) : undefined
    // Where nothing is said, they are those that were asked for (RFC 6749 5.1), or those granted before (section 6): not more.
    const scopes = scope ?? (before === undefined ? this.config.scopes.join(' ') : before.claims['scope'])
    return {
      claims: { ...more, ...signed, ...(scopes !== undefined && { scope: scopes }) },
      userinfoClaims: more && Object.keys(more).filter((name) => !Object.hasOwn(signed, name)),
      idToken,
      accessToken,
      refreshToken: tokens.refresh_token,
      lifetime: lifetime === undefined ? undefined : lifetime * 1_000,
    }
  }

  private async furtherClaims(accessToken: string, subject: unknown): Promise<Claims | undefined> {
    if (typeof subject !== 'string') return undefined
    const oauth = await import('oauth4webapi')
    const [server, client] = [await this.server(), await this.registration()]
    const response = await oauth.userInfoRequest(server, client, accessToken, await this.callOptions())
    return oauth.processUserInfoResponse(server, client, subject, response)
  }

  /** With the keys that there are, and those that there are now where none of them fits. */
  private async verified<Value>(verify: (keys: Keys) => Promise<Value>): Promise<Value> {
    const remote = await this.remoteKeys()
    const { errors } = await loadJose()
    try {
      return await verify(await remote.current())
    } catch (error) {
      const newer = error instanceof errors.JWKSNoMatchingKey ? await remote.newer() : undefined
      if (newer !== undefined) return verify(newer).catch(asRefusal)
      return asRefusal(error)
    }

    function asRefusal(error: unknown): never {
      throw error instanceof errors.JOSEError ? new Refused('a token of the provider is not valid') : error
    }
  }

  private async remoteKeys(): Promise<RemoteDocument<Keys>> {
    const { jwks_uri: url = '' } = await this.metadata.current()
    if (!this.isTrustedUrl(url)) throw new Error('its metadata names no keys')
    if (this.keys?.url !== url) {
      const fetchDocument = async (): Promise<{ text: string; freshFor: undefined }> => {
        const response = await (await this.client.get()).get(url, { headers: { accept: 'application/json' } })
        if (response.status !== 200) throw new Error(`its keys are answered with status ${response.status}`)
        return { text: await response.text(), freshFor: undefined }
      }
      const remote = new RemoteDocument(url, {
        clock: this.clock,
        fetchDocument,
        read: keysIn,
        changed: () => {},
      })
      this.keys = { url, remote }
    }
    return this.keys.remote
  }

  /** What comes over TLS is not to lead to where there is none, nor to where there is no HTTP at all. */
  private isTrustedUrl(text: string): boolean {
    if (!URL.canParse(text)) return false
    const { protocol } = new URL(text)
    return protocol === 'https:' || (protocol === 'http:' && this.config.issuer.startsWith('http:'))
  }
}

interface CallOptions {
  [allow: symbol]: unknown
}

/** A word of the protocol may be told; whatever else stands there, somebody may have written into a link. */
function refusal(code: string): string {
  const isWord = /^[a-z_]{1,40}$/.test(code)
  return `the provider refuses the login${isWord ? `: ${code}` : ''}`
}
