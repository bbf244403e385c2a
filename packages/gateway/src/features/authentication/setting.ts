import { once, zod } from '../../settings/schema/library.ts'
import { list } from '../../settings/schema/list.ts'
import { named, type Read, section, writtenAs } from '../../settings/schema/section.ts'
import { boolean, off, value } from '../../settings/schema/setting.ts'
import { name, whole } from '../../settings/values/kinds.ts'
import { requestRate } from '../rate-limit/kinds.ts'
import { apiKeySetting } from './api-key/setting.ts'
import { clientCertificateSetting } from './client-certificate/setting.ts'
import { externalSetting } from './external/setting.ts'
import { introspectionSetting } from './introspection/setting.ts'
import { signatureSetting } from './signature/setting.ts'
import { jwtSetting } from './jwt/setting.ts'
import { basicSetting } from './basic/setting.ts'
import { oidcSetting } from './oidc/setting.ts'

/** The kinds of authenticators: each has a folder of its name. */
export const KINDS = [
  'basic',
  'apiKey',
  'jwt',
  'introspection',
  'oidc',
  'clientCertificate',
  'external',
  'signature',
] as const

/** Of the whole gateway: its name is its key. */
export const authenticatorSetting = section('AuthenticatorInput', () => ({
  basic: basicSetting().optional().describe('Users with passwords (HTTP Basic, RFC 7617).'),
  apiKey: apiKeySetting().optional().describe('Keys that programs send.'),
  jwt: jwtSetting().optional().describe('Tokens that an issuer has signed (JSON Web Tokens, RFC 7519).'),
  introspection: introspectionSetting()
    .optional()
    .describe(
      'Tokens that the server which issued them is asked for (OAuth 2.0 Token Introspection, RFC 7662).',
    ),
  oidc: oidcSetting().optional().describe('People who log in with a browser at a provider (OpenID Connect).'),
  clientCertificate: clientCertificateSetting()
    .optional()
    .describe(
      'Certificates that clients show on their connection (mutual TLS): see clientCertificates of a listener.',
    ),
  signature: signatureSetting()
    .optional()
    .describe('Keys with which programs sign their requests (HTTP Message Signatures, RFC 9421).'),
  external: externalSetting()
    .optional()
    .describe('A service of somebody else that is asked for each request (forward-auth, auth_request).'),
}))

export type AuthenticatorConfig = Read<typeof authenticatorSetting>

export const failedAuthenticationSetting = section('FailedAuthenticationInput', () => ({
  perClient: value(
    requestRate,
    'Failures of one client (an IPv4 address, or a network of IPv6), in a time. Each answer takes longer than the one before; beyond, nothing that takes work is verified, and the answer is 429.',
  ).prefault('30/m'),
  perAccount: value(
    requestRate,
    'The same for failures with the name of one user, from anywhere. Who has logged in a moment ago is not concerned.',
  ).prefault('20/m'),
  maxKeys: value(
    whole(1, 10_000_000),
    'How many clients and accounts are known at a time; beyond that, one is forgotten.',
  ).prefault(10_000),
}))

const several = section('RouteAuthenticationInput', () => ({
  anyOf: list(value(name)).min(1).optional().describe('Authenticators of which one must know who asks.'),
  allOf: list(value(name)).min(1).optional().describe('Authenticators each of which must know who asks.'),
  anonymous: boolean('Whether requests without credentials pass, too; with wrong ones, none does.', false),
}))

/** What a route asks for. */
export interface RouteAuthenticationConfig {
  readonly names: readonly string[]
  readonly isAll: boolean
  readonly anonymous: boolean
}

export const routeAuthenticationSetting = once(() =>
  writtenAs(
    named(
      'RouteAuthenticationsInput',
      zod()
        .union([off(), value(name), list(value(name)).min(1), several()])
        .transform((written): RouteAuthenticationConfig | false => {
          if (written === false) return false
          if (typeof written === 'string') return { names: [written], isAll: false, anonymous: false }
          if (Array.isArray(written)) return { names: written, isAll: false, anonymous: false }
          const { anyOf, allOf, anonymous } = written
          return { names: allOf ?? anyOf ?? [], isAll: allOf !== undefined, anonymous }
        }),
    ),
    (read) => {
      if (read === false) return false
      const { names, isAll, anonymous } = read
      return { [isAll ? 'allOf' : 'anyOf']: names, anonymous }
    },
  ),
)

/** A route, as far as its callers prove who they are. */
export interface AuthenticatedRoute {
  readonly name: string
  readonly authentication?: RouteAuthenticationConfig | false | undefined
}

export function hasAuthentication<Route extends AuthenticatedRoute>(
  route: Route,
): route is Route & { readonly authentication: RouteAuthenticationConfig } {
  return route.authentication !== undefined && route.authentication !== false
}

export interface AuthenticatedGateway {
  readonly authenticators: Readonly<Record<string, AuthenticatorConfig>>
}
