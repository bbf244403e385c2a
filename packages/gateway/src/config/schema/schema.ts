import { availableParallelism } from 'node:os'
import '../../settings/schema/use-zod.ts'
import type * as z from '../../settings/schema/zod.ts'
import { accessLogSetting } from '../../features/access-log/layers.ts'
import { authenticatorSetting, failedAuthenticationSetting } from '../../features/authentication/setting.ts'
import { cacheMemorySetting } from '../../features/cache/setting.ts'
import { consumerSetting } from '../../features/consumers/setting.ts'
import { forwardingSetting } from '../../features/forwarding.ts'
import { geoSetting } from '../../features/geo/setting.ts'
import { http2Setting } from '../../features/http2.ts'
import { limitsSetting } from '../../features/limits.ts'
import { loadSheddingSetting } from '../../features/load-shedding.ts'
import { rateLimitSetting } from '../../features/rate-limit/setting.ts'
import { requestIdSetting } from '../../features/request-id.ts'
import { storeSetting } from '../../features/stores/setting.ts'
import { minimumByteRateSetting, timeoutsSetting } from '../../features/timeouts.ts'
import type { SchemaIssue } from '../../settings/problems/issues.ts'
import { zod } from '../../settings/schema/library.ts'
import { list, record } from '../../settings/schema/list.ts'
import type { JsonSchema } from '../../settings/schema/schema-tree.ts'
import { factsOf, nothing, type Read, section } from '../../settings/schema/section.ts'
import { off, timeOr0, value } from '../../settings/schema/setting.ts'
import { address, anyText, flag, hostPattern, ipRange, name, whole } from '../../settings/values/kinds.ts'
import type { KnownSchemas } from '../../features/validation/schema-documents.ts'
import type { SharedConfig, UnroutedSettings } from '../shared/sharing.ts'
import { adminToken, gatewayTls, listener, paths, reload, versions } from './gateway-sections.ts'
import { discoverySetting } from '../../features/discovery.ts'
import { gatewayZone } from '../../features/failover.ts'
import { route, type RouteConfig, shared } from './route-schema.ts'
import { upstream } from './upstream-schema.ts'

/**
 * The one schema of the configuration: what may stand where, the defaults, and a sentence about each setting
 * (they become the JSON Schema, the documentation and, in input.ts, what the editor shows). zod checks the
 * structure; the values themselves are read by the kinds of values/.
 */

const admin = section('AdminInput', () => ({
  address: value(address, 'Where the admin endpoints listen; keep it away from the public.').prefault(
    '127.0.0.1:9901',
  ),
  hosts: list(value(hostPattern))
    .prefault([])
    .describe(
      'Names by which the admin endpoints may be asked for, besides IP addresses, localhost and the name in address.',
    ),
  token: adminToken()
    .optional()
    .describe(
      'A bearer token, asked for by the endpoints that show or change something; needed for changes from afar.',
    ),
}))

export type AdminConfig = Read<typeof admin>

const drain = section('DrainInput', () => ({
  timeout: timeOr0('How long exchanges in flight may take to finish after SIGTERM.').prefault('30s'),
}))

export const gatewaySetting = section('GatewayConfigInput', () => ({
  $schema: value(anyText, 'The JSON Schema that an editor should use; the gateway ignores it.').optional(),
  workers: value(whole(1, 1024), 'Worker threads. Left out: one per core.').optional(),
  listeners: list(listener())
    .min(1)
    .prefault([{ address: '127.0.0.1:8080' }])
    .describe('Where clients connect.'),
  tls: gatewayTls().prefault(nothing).describe('What listeners with TLS have in common.'),
  admin: zod()
    .union([off(), admin()])
    .prefault(nothing)
    .describe('Health, metrics and configuration for operators; false: none.'),
  reload: reload().prefault(nothing).describe('When a changed configuration is put in force.'),
  versions: versions().prefault(nothing).describe('The configurations that were applied, to go back to.'),
  trustedProxies: list(value(ipRange))
    .prefault([])
    .describe('IP addresses and CIDR ranges of proxies in front, whose forwarding fields are believed.'),
  paths: paths().prefault(nothing).describe('What paths may hold that not every server reads alike.'),
  limits: limitsSetting().prefault(nothing).describe('What a message may measure.'),
  http2: http2Setting().prefault(nothing).describe('What a client may ask of one connection of HTTP/2.'),
  timeouts: timeoutsSetting().prefault(nothing).describe('How long anything may take.'),
  minimumByteRate: minimumByteRateSetting()
    .prefault(nothing)
    .describe('Ends exchanges with peers that trickle bytes to hold a connection; off: none.'),
  drain: drain().prefault(nothing).describe('The way to stop.'),
  forwarding: forwardingSetting().prefault(nothing).describe('What upstreams are told about the client.'),
  requestId: zod()
    .union([off(), requestIdSetting()])
    .prefault(nothing)
    .describe('An id per request, for logs and upstreams; false: none.'),
  accessLog: zod()
    .union([off(), accessLogSetting()])
    .prefault(nothing)
    .describe('One JSON line per exchange; false: none.'),
  zone: gatewayZone()
    .optional()
    .describe(
      'Where this gateway is: endpoints of its zone come before others of the same priority. Left out: zones do not matter.',
    ),
  upstreams: record(upstream())
    .prefault(nothing)
    .meta({ propertyNames: name.json })
    .describe('Named groups of endpoints.'),
  discovery: discoverySetting().prefault(nothing).describe('How endpoints are found while the gateway runs.'),
  geo: geoSetting()
    .optional()
    .describe('Where clients are: for match.geo, the variables of templates and the keys of rate limits.'),
  loadShedding: loadSheddingSetting()
    .optional()
    .describe(
      'Refuse requests while the gateway itself has too much to do: low importance from 75 % of a limit on, normal from 100 %, high from 125 %.',
    ),
  deadlines: value(
    flag,
    'Honour the time that a client gives a request, in X-Request-Timeout (seconds) or grpc-timeout, where it is shorter than ours, and tell upstreams what is left of it.',
  ).prefault(true),
  stores: record(storeSetting())
    .prefault(nothing)
    .meta({ propertyNames: name.json })
    .describe('Named stores that several gateways share, for the features that name them.'),
  authenticators: record(authenticatorSetting())
    .prefault(nothing)
    .meta({ propertyNames: name.json })
    .describe('Named ways in which callers prove who they are, for the routes that name them.'),
  consumers: record(consumerSetting())
    .prefault(nothing)
    .meta({ propertyNames: name.json })
    .describe(
      'Named callers, whatever they are known by, with the groups, limits and routes that are theirs.',
    ),
  failedAuthentication: failedAuthenticationSetting()
    .prefault(nothing)
    .describe('What holds for those who fail to prove it.'),
  cache: cacheMemorySetting().prefault(nothing).describe('Where routes with a cache keep responses.'),
  rateLimits: record(rateLimitSetting())
    .prefault(nothing)
    .meta({ propertyNames: name.json })
    .describe('Named rate limits: each counts for all routes that name it.'),
  defaults: shared()
    .optional()
    .describe(
      'Settings that every route has unless a group or the route itself sets them; its responseHeaders, securityHeaders and hsts hold for answers without a route, too.',
    ),
  groups: record(shared())
    .optional()
    .meta({ propertyNames: name.json })
    .describe('Named settings that routes share: those have them that name the group in use.'),
  routes: list(route()).min(1).describe('Which requests go where.'),
}))

/**
 * A checked configuration: every default filled in, host names, paths and URLs in canonical form. Upstreams are read through
 * `resolveUpstreams`, which adds those that are URLs, and rate limits through `resolveRateLimits`, which adds those of the routes.
 */
export interface GatewayConfig
  extends Omit<Read<typeof gatewaySetting>, '$schema' | 'workers' | 'defaults' | 'groups' | 'routes'> {
  readonly workers: number
  /** At least one, each with a name of its own. */
  readonly routes: readonly RouteConfig[]
  /** What routes share and where they have it from, to be shown; absent where they share nothing. */
  readonly shared?: SharedConfig | undefined
  /** Files of schemas that routes name, as they were when it was read; absent where there are none. */
  readonly schemas?: KnownSchemas | undefined
  /** Where the values of variables stand, by their places as they are written: they are shown by their names. */
  readonly variables?: readonly { readonly path: readonly PropertyKey[]; readonly written: string }[]
}

function complete(whole: z.output<ReturnType<typeof gatewaySetting>>): GatewayConfig {
  const { $schema: _s, defaults: _d, groups: _g, workers, routes, ...rest } = whole
  return {
    workers: workers ?? availableParallelism(),
    ...rest,
    routes: routes.map(({ name, paths: own, use: _use, without: _without, ...route }, index) => ({
      name: name ?? defaultRouteName(index),
      ...route,
      paths: {
        encodedSlash: own?.encodedSlash ?? rest.paths.encodedSlash,
        slashes: own?.slashes ?? rest.paths.slashes,
      },
    })),
  }
}

/** The name of a route that has none in the configuration: its position, counted from 1. */
export function defaultRouteName(index: number): string {
  return `route-${index + 1}`
}

export type SchemaResult =
  | {
      readonly ok: true
      readonly config: GatewayConfig
      readonly unrouted: UnroutedSettings
    }
  | { readonly ok: false; readonly issues: readonly SchemaIssue[] }

/** Checks the structure and each value alone; what depends on two places is checked in cross-checks.ts. */
export function applySchema(input: unknown): SchemaResult {
  const result = gatewaySetting().safeParse(input)
  return result.success
    ? { ok: true, config: complete(result.data), unrouted: unrouted(result.data.defaults) }
    : { ok: false, issues: result.error.issues as SchemaIssue[] }
}

function unrouted(defaults: UnroutedSettings | undefined): UnroutedSettings {
  const { responseHeaders, securityHeaders, hsts, errorPages } = defaults ?? {}
  return { responseHeaders, securityHeaders, hsts, errorPages }
}

/** The JSON Schema (2020-12) of what is written, made anew. Takes some 100 ms: see input-schema.ts. */
export function makeInputSchema(): JsonSchema {
  return zod().toJSONSchema(gatewaySetting(), { io: 'input', unrepresentable: 'any' }) as JsonSchema
}

/** The same with what types for TypeScript say beyond it, as `forWriters`: see `SettingFacts`. */
export function makeTypedSchema(): JsonSchema {
  return zod().toJSONSchema(gatewaySetting(), {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const type = factsOf(zodSchema)
      if (type?.name !== undefined || type?.type !== undefined)
        jsonSchema['forWriters'] = {
          ...(type.name && { name: type.name }),
          ...(type.type && { type: type.type }),
        }
    },
  }) as JsonSchema
}
