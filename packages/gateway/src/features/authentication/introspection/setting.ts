import { list, oneOrMore } from '../../../settings/schema/list.ts'
import { nothing, type Read, section } from '../../../settings/schema/section.ts'
import { boolean, integer, oneOf, time, timeOr0, value } from '../../../settings/schema/setting.ts'
import { anyText } from '../../../settings/values/kinds.ts'
import { requestField, token } from '../../../settings/values/request-field.ts'
import { claim } from '../claims-setting.ts'
import { authoritiesSetting, clientId, clientSecret, providerUrl } from '../provider-setting.ts'
import { scope } from '../scope.ts'

const claims = section('IntrospectionClaimsInput', () => ({
  subject: value(
    claim,
    'Who it is. Left out: sub, or where the answer has none username, or client_id.',
  ).optional(),
  name: value(claim, 'Their name, for people.').prefault('username'),
  groups: value(claim, 'Their groups: a list of texts, or a text with spaces.').prefault('groups'),
  scopes: value(claim, 'What they may do: a list of texts, or a text with spaces.').prefault('scope'),
}))

const cache = section('IntrospectionCacheInput', () => ({
  active: timeOr0(
    'For how long an answer that a token is active is taken for true, at most until the token ends: so long a token works on that was revoked.',
  ).prefault('1m'),
  inactive: timeOr0('The same for the answer that it is not.').prefault('5s'),
  maxTokens: integer(
    'How many tokens of either kind each worker knows at a time; beyond that, one is forgotten.',
    10_000,
    1,
    1_000_000,
  ),
}))

export const introspectionSetting = section('IntrospectionAuthenticatorInput', () => ({
  endpoint: value(providerUrl, 'Where the server is asked for tokens (introspection_endpoint).'),
  clientId: value(clientId, 'What the gateway is known by there.'),
  clientSecret: value(clientSecret, 'What it proves that with, as ${CLIENT_SECRET} or ${file:secret}.'),
  clientAuthentication: oneOf(
    ['basic', 'post'],
    'Where that is sent: in Authorization (client_secret_basic) or in the content (client_secret_post).',
  ).prefault('basic'),
  issuer: oneOrMore(
    anyText,
    'Who must have issued a token (iss). Left out: the answer need not say it.',
  ).optional(),
  audience: oneOrMore(
    anyText,
    'Whom it must be for (aud): this API, one of several names. Left out: anyone.',
  ).optional(),
  scopes: list(value(scope))
    .prefault([])
    .describe('What it must be good for, all of it. Rules of authorization may ask for more.'),
  header: value(
    requestField,
    'The field that holds a token, behind the word Bearer. Left out: Authorization, unless cookie or query is written.',
  ).optional(),
  cookie: value(token, 'The cookie that holds it.').optional(),
  query: value(
    token,
    'The parameter of the query that holds it. URLs are written to logs: a field is better.',
  ).optional(),
  timeout: time('How long the server may take.').prefault('3s'),
  ca: authoritiesSetting(),
  cache: cache().prefault(nothing).describe('What is known of tokens without asking again.'),
  onError: oneOf(
    ['deny', 'allow-stale'],
    'What holds while the server cannot be asked, or answers with something else: a token whose answer is too old is refused with 503 (deny), or what was known of it counts a while longer (allow-stale). One that is not known is refused in both.',
  ).prefault('deny'),
  staleFor: time('That while, since the answer; never beyond the end of the token.').prefault('10m'),
  claims: claims().prefault(nothing).describe('Which parts of the answer the identity is made of.'),
  forward: boolean('Whether upstreams get the token, too.', true),
}))

export type IntrospectionConfig = Read<typeof introspectionSetting>
