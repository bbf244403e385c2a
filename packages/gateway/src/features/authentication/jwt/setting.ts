import { list, oneOrMore } from '../../../settings/schema/list.ts'
import { nothing, type Read, section } from '../../../settings/schema/section.ts'
import { boolean, time, timeOr0, value } from '../../../settings/schema/setting.ts'
import { choice } from '../../../settings/values/choice.ts'
import { anyText, type Kind } from '../../../settings/values/kinds.ts'
import { parsed, type Parsed, refused } from '../../../settings/values/parsed.ts'
import { requestField, token } from '../../../settings/values/request-field.ts'
import { claim, claimsSetting } from '../claims-setting.ts'
import { providerUrl } from '../provider-setting.ts'

/** Those with keys of two parts (RFC 7518, RFC 8037). */
export const ASYMMETRIC = [
  'ES256',
  'ES384',
  'ES512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'EdDSA',
] as const
/** Those with one secret. */
export const SYMMETRIC = ['HS256', 'HS384', 'HS512'] as const

export type Algorithm = (typeof ASYMMETRIC | typeof SYMMETRIC)[number]

const secret: Kind<string> = {
  allowed: 'a secret of at least 32 bytes (RFC 7518 3.2), as ${JWT_SECRET}',
  json: { type: 'string', minLength: 32, writeOnly: true },
  parse(written) {
    if (typeof written !== 'string') return refused('is not a secret')
    return Buffer.byteLength(written) < 32 ? refused('is too short') : parsed(written)
  },
}

/** A JSON Web Key Set (RFC 7517 5) with public keys, or a public key in PEM. */
const keySet: Kind<string> = {
  allowed:
    'a JSON Web Key Set with public keys, or a public key in PEM (BEGIN PUBLIC KEY), as ${file:keys.json}',
  json: { type: 'string' },
  parse(written): Parsed<string> {
    if (typeof written !== 'string') return refused('is not a key set')
    if (written.includes('PRIVATE KEY')) return refused('holds a private key, which no verifier needs')
    if (written.includes('-----BEGIN PUBLIC KEY-----')) return parsed(written)
    try {
      const read: unknown = JSON.parse(written)
      const keys = typeof read === 'object' && read !== null && 'keys' in read ? read.keys : undefined
      if (!Array.isArray(keys) || keys.length === 0) return refused('is not a key set')
      const isPrivate = keys.some(
        (key: unknown) => typeof key === 'object' && key !== null && ('d' in key || 'k' in key),
      )
      return isPrivate ? refused('holds a private key, which no verifier needs') : parsed(written)
    } catch {
      return refused('is not a key set')
    }
  },
}

export const jwtSetting = section('JwtAuthenticatorInput', () => ({
  issuer: oneOrMore(anyText, 'Who must have issued a token (iss).'),
  audience: oneOrMore(anyText, 'Whom it must be for (aud): this API, one of several names.'),
  jwks: value(
    providerUrl,
    'Where the issuer publishes its keys. They are fetched when the first token comes, kept, and fetched again when a token names a key that is not among them.',
  ).optional(),
  keys: value(
    keySet,
    'Its public keys, in place of jwks: a key set or a PEM, as ${file:keys.json}, which is read again when it changes.',
  ).optional(),
  secret: value(secret, 'What issuer and gateway share, in place of keys: for HS256 and its kin.').optional(),
  algorithms: list(value(choice<Algorithm>([...ASYMMETRIC, ...SYMMETRIC])))
    .min(1)
    .optional()
    .describe('How tokens may be signed. Left out: ES256, RS256, PS256 and EdDSA; with a secret, HS256.'),
  type: value(
    anyText,
    'What their header must say that they are (typ), as at+jwt. Left out: anything.',
  ).optional(),
  header: value(
    requestField,
    'The field that holds a token, behind the word Bearer. Left out: Authorization, unless cookie or query is written.',
  ).optional(),
  cookie: value(token, 'The cookie that holds it.').optional(),
  query: value(
    token,
    'The parameter of the query that holds it. URLs are written to logs: a field is better.',
  ).optional(),
  required: list(value(claim))
    .prefault([])
    .describe('Claims that it must have, besides those of issuer, audience and end (exp).'),
  clockSkew: timeOr0('By how much clocks may differ.').prefault('30s'),
  maxAge: time('How long after it was issued (iat) a token is taken. Left out: until it ends.').optional(),
  claims: claimsSetting().prefault(nothing).describe('Which claims the identity is made of.'),
  forward: boolean('Whether upstreams get the token, too.', true),
}))

export type JwtConfig = Read<typeof jwtSetting>

/** What signs tokens where nothing is said of it. */
export function algorithmsOf({ algorithms, secret: shared }: JwtConfig): readonly Algorithm[] {
  return algorithms ?? (shared === undefined ? ['ES256', 'RS256', 'PS256', 'EdDSA'] : ['HS256'])
}
