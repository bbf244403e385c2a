import { keyed, list, oneOrMore } from '../../../settings/schema/list.ts'
import { nothing, type Read, section } from '../../../settings/schema/section.ts'
import { boolean, integer, oneOf, time, timeOr0, value } from '../../../settings/schema/setting.ts'
import { choice } from '../../../settings/values/choice.ts'
import { anyText, type Kind, textKind } from '../../../settings/values/kinds.ts'
import { parsed, refused } from '../../../settings/values/parsed.ts'
import { token } from '../../../settings/values/request-field.ts'
import { claimsSetting } from '../claims-setting.ts'
import { ASYMMETRIC } from '../jwt/setting.ts'
import { authoritiesSetting, clientId, clientSecret, providerUrl } from '../provider-setting.ts'
import { scope } from '../scope.ts'

const sessionKey: Kind<string> = {
  allowed:
    'a secret of at least 32 bytes, as ${SESSION_KEY} or ${file:session.key}: openssl rand -base64 32 makes one',
  json: { type: 'string', minLength: 32, writeOnly: true },
  parse(written) {
    if (typeof written !== 'string') return refused('is not a secret')
    return Buffer.byteLength(written) < 32 ? refused('is too short') : parsed(written)
  },
}

const PATH = /^(?:\/[A-Za-z0-9._~-]+)+$/

const ownPath: Kind<string> = textKind(
  'a path',
  'a path of letters, digits, "-", ".", "_" and "~", without a slash at its end',
  (written) =>
    PATH.test(written) && !/\/\.{1,2}(?:\/|$)/.test(written)
      ? parsed(written)
      : refused('is not such a path'),
  { pattern: PATH.source },
)

const ownOrigin: Kind<string> = textKind(
  'an origin',
  'scheme, host and perhaps port, as https://shop.example',
  (written) =>
    URL.canParse(written) && /^https?:/.test(written) && new URL(written).origin === written
      ? parsed(written)
      : refused('is not an origin'),
)

/** A place of this host, for browsers to go to. */
const localPath: Kind<string> = textKind('a path', 'a path of this host, as /welcome', (written) =>
  /^\/(?![/\\])[!-[\]-~]*$/.test(written) ? parsed(written) : refused('is not a path of this host'),
)

/** The same, to compare a request's path with and to add a query to: with one of its own, it would redirect to itself for ever. */
const pagePath: Kind<string> = textKind(
  'a path',
  'a path of this host without "?" and "#", as /welcome',
  (written) =>
    /^\/(?![/\\])[!-[\]-~]*$/.test(written) && !/[?#]/.test(written)
      ? parsed(written)
      : refused('is not a path of this host without "?" and "#"'),
)

/** What the gateway says itself when a login begins. */
const RESERVED =
  /^(?:client_id|client_secret|redirect_uri|response_type|response_mode|scope|state|nonce|code_challenge(?:_method)?|request|request_uri|id_token_hint)$/

const parameter: Kind<string> = textKind(
  'a parameter',
  'the name of a parameter that is not the gateway’s own, as prompt',
  (written) =>
    /^[\w.-]{1,100}$/.test(written) && !RESERVED.test(written)
      ? parsed(written)
      : refused('is not a parameter that can be added'),
)

export const oidcSetting = section('OidcAuthenticatorInput', () => ({
  issuer: value(
    providerUrl,
    'The provider, by the name that it has for itself: its settings are fetched from /.well-known/openid-configuration there.',
  ),
  clientId: value(clientId, 'What the gateway is known by there.'),
  clientSecret: value(
    clientSecret,
    'What it proves that with, as ${CLIENT_SECRET} or ${file:secret}. Left out: it is a public client.',
  ).optional(),
  clientAuthentication: oneOf(
    ['basic', 'post'],
    'Where that is sent: in Authorization (client_secret_basic) or in the content (client_secret_post).',
  ).prefault('basic'),
  keys: oneOrMore(
    sessionKey,
    'What sessions are encrypted with, in the cookies that hold them: one secret, or several while one is replaced. The first encrypts, each of them decrypts.',
  ),
  path: value(
    ownPath,
    'Below which the gateway answers itself, in routes with this authenticator: PATH/login, PATH/callback, which the provider must know, PATH/logout, PATH/backchannel-logout and PATH/frontchannel-logout. Left out: /auth/NAME, by the name of the authenticator.',
  ).optional(),
  origin: value(
    ownOrigin,
    'Where browsers reach the gateway, as https://shop.example. Left out: as a request says.',
  ).optional(),
  scopes: list(value(scope))
    .prefault(['openid', 'profile'])
    .describe(
      'What is asked for; openid always is. With offline_access, most providers let sessions be renewed.',
    ),
  parameters: keyed(parameter, value(anyText))
    .prefault(nothing)
    .describe('What else the provider is told when a login begins, as prompt or audience.'),
  algorithms: list(value(choice<(typeof ASYMMETRIC)[number]>([...ASYMMETRIC])))
    .min(1)
    .prefault(['ES256', 'RS256', 'PS256', 'EdDSA'])
    .describe('How ID tokens and logout tokens may be signed.'),
  userinfo: boolean('Whether the provider is asked for further claims (userinfo_endpoint).', false),
  claims: claimsSetting().prefault(nothing).describe('Which claims the identity is made of.'),
  accessToken: boolean(
    'Whether sessions hold the access token, for ${identity.accessToken} in fields that upstreams get. A session then ends with it, unless it can be renewed.',
    false,
  ),
  maxAge: time('How long a session lasts, however often it is renewed.').prefault('8h'),
  loginTimeout: time('How long a login may take.').prefault('10m'),
  loginPage: value(
    pagePath,
    'A page of yours where people choose a provider: browsers are sent there, with ?return=, in place of to the provider.',
  ).optional(),
  afterLogout: value(
    localPath,
    'Where browsers go after a logout; where it is written, the provider must know it (post_logout_redirect_uris). Left out: to / of this host, or they stay at the provider.',
  ).optional(),
  providerLogout: boolean('Whether a logout here is one at the provider, too (end_session_endpoint).', true),
  maxEnded: integer(
    'How many sessions that were ended before their time are remembered, in all workers together; beyond that, one is forgotten and would be good again.',
    10_000,
    1,
    10_000_000,
  ),
  cookie: value(
    token,
    'The name of the cookie; over TLS, __Host- stands in front of it. Left out: headgate-NAME, by the name of the authenticator.',
  ).optional(),
  clockSkew: timeOr0('By how much clocks may differ.').prefault('30s'),
  timeout: time('How long each call to the provider may take.').prefault('5s'),
  ca: authoritiesSetting(),
}))

export type OidcConfig = Read<typeof oidcSetting>
