import { type OptionNames, own } from '../../message/own-options.ts'
import { HttpRequest } from '../../message/request.ts'
import { type CredentialOptions, noText } from './bearer.ts'
import type { Grant } from './oauth2-token.ts'

/** Options of `oauth2`. */
export interface OAuth2Options extends CredentialOptions {
  /** The token endpoint (RFC 6749 section 3.2). */
  readonly tokenUrl: string | URL
  readonly clientId: string
  /** Left out for a public client, which has none. */
  readonly clientSecret?: string | undefined
  /** How the client shows who it is: in Authorization, or in the form (RFC 6749 section 2.3.1). Default `client_secret_basic`. */
  readonly clientAuthentication?: 'client_secret_basic' | 'client_secret_post' | undefined
  /** Asks for tokens by the refresh token grant; left out, by the client credentials grant. */
  readonly refreshToken?: string | undefined
  /** Told of each new refresh token, where the server gives a new one with each use: the one before may be of no use any more. */
  readonly onRefreshToken?: ((refreshToken: string) => void) | undefined
  readonly scope?: string | readonly string[] | undefined
  /** Whom the token is for, as many servers want it told. */
  readonly audience?: string | undefined
  /** Further parameters of the token request, as `resource`. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
  /**
   * Milliseconds before its end at which a token is replaced, while it still serves. Default 60,000, at most half of its life; moved
   * by chance by up to a quarter, so that many processes do not ask at the same moment.
   */
  readonly refreshBefore?: number | undefined
}

export const OAUTH2_OPTIONS: OptionNames<OAuth2Options> = {
  tokenUrl: true,
  clientId: true,
  clientSecret: true,
  clientAuthentication: true,
  refreshToken: true,
  onRefreshToken: true,
  scope: true,
  audience: true,
  parameters: true,
  refreshBefore: true,
  origins: true,
}

/** What the options ask for, checked. @throws TypeError that names the option that is not valid */
export function grantOf(given: OAuth2Options): Grant {
  const options = own(given)
  const { clientId, clientSecret, clientAuthentication = 'client_secret_basic', scope, audience } = options
  const url = tokenUrl(String(options.tokenUrl))
  if (typeof clientId !== 'string') throw noText('oauth2', 'clientId', clientId)
  if (clientId === '') throw new TypeError('auth: oauth2: clientId is empty')
  if (clientSecret === undefined && options.refreshToken === undefined) {
    throw new TypeError(
      'auth: oauth2: without a refreshToken, the client credentials grant needs the option clientSecret',
    )
  }
  const form: Record<string, string> = { ...options.parameters }
  if (scope !== undefined) form['scope'] = typeof scope === 'string' ? scope : scope.join(' ')
  if (audience !== undefined) form['audience'] = audience
  const headers: Record<string, string> = {
    'content-type': 'application/x-www-form-urlencoded',
    accept: 'application/json',
  }
  switch (clientAuthentication) {
    case 'client_secret_basic':
      if (clientSecret === undefined) form['client_id'] = clientId
      else headers['authorization'] = basicValue(clientId, clientSecret)
      break
    case 'client_secret_post':
      form['client_id'] = clientId
      if (clientSecret !== undefined) form['client_secret'] = clientSecret
      break
    default:
      throw new TypeError(
        `auth: oauth2: clientAuthentication: ${JSON.stringify(clientAuthentication)} is not valid; allowed: "client_secret_basic", "client_secret_post"`,
      )
  }
  return { url, headers, form }
}

/** Both are encoded as in a form before they are put together (RFC 6749 section 2.3.1). */
function basicValue(clientId: string, clientSecret: string): string {
  return `Basic ${Buffer.from(`${formEncoded(clientId)}:${formEncoded(clientSecret)}`).toString('base64')}`
}

function formEncoded(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1)
}

/** The URL itself is not told: it might hold credentials. */
function tokenUrl(url: string): string {
  if (isRequestUrl(url)) return url
  throw new TypeError(
    'auth: oauth2: tokenUrl is not valid; allowed: an absolute http or https URL without credentials in it',
  )
}

function isRequestUrl(url: string): boolean {
  try {
    HttpRequest.to(url)
    return true
  } catch {
    return false
  }
}
