import { anyOfKeys, implies, type JsonSchema, never, oneOfKeys } from '../../settings/schema/schema-tree.ts'
import type { SectionRules } from '../../features/layer.ts'
import { recordedRules } from '../../features/access-log/layers.ts'
import { authenticatorRules } from '../../features/authentication/checks.ts'
import { endpointRules } from '../../features/discovery.ts'
import { limitRules } from '../../features/rate-limit/checks.ts'
import { storeRules } from '../../features/stores/stores.ts'
import { clientCertificateRules } from '../../features/client-certificates/checks.ts'
import { tlsRules } from '../../features/tls/checks.ts'
import { upstreamProxyProtocolRules } from '../../features/proxy-protocol/upstream-setting.ts'
import { upstreamTlsRules } from '../../features/tls/upstream-setting.ts'
import { openapiRouteRule } from '../../features/validation/openapi/checks.ts'
import { ANSWERS, TARGETS } from '../../features/target.ts'
import { ONLY_TOWARDS_UPSTREAM, ROUTE_SETTINGS } from '../../stack.ts'
import { orVariable } from './variables.ts'

/** In any case; a variable may hold it. */
const HTTPS = '^(?:[Hh][Tt][Tt][Pp][Ss]|.*\\$\\{)'

/**
 * What checks refuse of the settings of one section, as far as JSON Schema can say it. A route's own settings are
 * never dropped for those of groups and defaults, so that what cannot stand together in it is wrong wherever the others come
 * from. Groups themselves may hold what their routes replace.
 */
export const SECTION_RULES: readonly SectionRules[] = [
  { at: ['routes', '*'], rules: routeRules() },
  ...ROUTE_SETTINGS.flatMap(({ name, rules = [] }) =>
    rules.map((each) => ({ ...each, at: ['routes', '*', name, ...each.at] })),
  ),
  { at: ['listeners', '*', 'tls'], rules: tlsRules },
  { at: ['listeners', '*', 'tls', 'clientCertificates'], rules: clientCertificateRules },
  { at: ['upstreams', '*', 'tls'], rules: upstreamTlsRules },
  { at: ['rateLimits', '*'], rules: limitRules },
  ...authenticatorRules.map(({ at, rules }) => ({ at: ['authenticators', '*', ...at], rules })),
  { at: ['stores', '*'], rules: storeRules },
  { at: ['upstreams', '*'], rules: [...upstreamRules(), ...upstreamProxyProtocolRules] },
  { at: ['upstreams', '*', 'endpoints', '*'], rules: endpointRules },
  { at: ['accessLog', 'headers'], rules: recordedRules },
]

/** The same for what is described once, by its name in `$defs`. */
export const DEFINITION_RULES: readonly SectionRules[] = [
  { at: ['value'], rules: [oneOfKeys(['exists', 'regex'])] },
  { at: ['graphqlMatch'], rules: [{ minProperties: 1 }] },
  { at: ['graphqlMatch', 'rootFields'], rules: [{ minProperties: 1 }] },
  { at: ['settings', 'split', 'sticky'], rules: [oneOfKeys(['header', 'cookie'])] },
]

/** The sticky section of a split is read at once, so that it is checked in groups as well as in routes. */
export const STICKY_RULES: SectionRules = {
  at: ['routes', '*', 'split', 'sticky'],
  rules: [oneOfKeys(['header', 'cookie'])],
}

/** Routes must lead somewhere by themselves where neither defaults nor groups can lead them. */
export const LEADING_SOMEWHERE: JsonSchema = implies(
  { properties: { defaults: never(anyOfKeys([...TARGETS, 'apiVersions'])) } },
  {
    properties: {
      routes: {
        items: {
          anyOf: [
            ...[...TARGETS, 'use'].map((key) => ({ required: [key] })),
            { required: ['apiVersions'], ...eachVersionLeads() },
          ],
        },
      },
    },
  },
)

function routeRules(): JsonSchema[] {
  return [
    { oneOf: [...TARGETS.map((key) => ({ required: [key] })), never(anyOfKeys(TARGETS))] },
    never({ required: ['apiVersions', 'lifecycle'] }),
    openapiRouteRule,
    // A target that no version uses.
    never({ allOf: [{ required: ['apiVersions'], ...eachVersionLeads() }, anyOfKeys(TARGETS)] }),
    // No upstream is asked.
    never({
      allOf: [anyOfKeys(ANSWERS), anyOfKeys(ONLY_TOWARDS_UPSTREAM)],
    }),
    never({
      required: ['rewrite', 'preserveHost'],
      properties: { rewrite: { type: 'object', required: ['host'] }, preserveHost: { const: false } },
    }),
  ]
}

function upstreamRules(): JsonSchema[] {
  const isTls = { anyOf: [never({ required: ['url'] }), { properties: { url: { pattern: HTTPS } } }] }
  return [
    implies(
      { required: ['hash'] },
      { required: ['balance'], properties: { balance: orVariable({ const: 'consistent-hash' }) } },
    ),
    implies({ required: ['tls'] }, { properties: { endpoints: { contains: isTls } } }),
  ]
}

function eachVersionLeads(): JsonSchema {
  const versions = {
    type: 'object',
    minProperties: 1,
    additionalProperties: { type: 'object', required: ['upstream'] },
  }
  return { properties: { apiVersions: { type: 'object', required: ['versions'], properties: { versions } } } }
}
