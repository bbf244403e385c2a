import { availableParallelism } from 'node:os'
import { apiVersions, lifecycle } from './api-version-schema.ts'
import { adminToken, reload, versions } from './change-schema.ts'
import type { GatewayConfig } from '../types/config.ts'
import { discovery } from './discovery-schema.ts'
import { geo } from './geo-schema.ts'
import { gatewayZone } from './failover-schema.ts'
import type { GatewayConfigInput } from '../input/input.ts'
import { graphql } from './graphql-schema.ts'
import { limits, minimumByteRate, routeLimits, routeTimeouts, timeouts } from './limits-schema.ts'
import { listener } from './listener-schema.ts'
import { accessLog } from './log-schema.ts'
import { match } from './match-schema.ts'
import { paths, routePaths } from './path-schema.ts'
import type { SchemaIssue } from '../problems/issues.ts'
import type { JsonSchema } from './schema-tree.ts'
import { boolean, integer, off, oneOf, text, timeOr0, timeOrOff, value, z } from './setting.ts'
import { rateLimit, routeRateLimits } from './rate-limit-schema.ts'
import { IMPORTANCES } from '../types/resilience-config.ts'
import { concurrency, fallback, hedge, loadShedding, retry } from './resilience-schema.ts'
import { headerChanges, mirror, redirect, respond, rewrite, split } from './traffic-schema.ts'
import { upstream } from './upstream-schema.ts'
import {
  address,
  anyText,
  fieldName,
  flag,
  hostPattern,
  ipRange,
  name,
  pseudonym,
  upstreamReference,
  whole,
} from '../values/kinds.ts'

/**
 * The one schema of the configuration: what may stand where, the defaults, and a sentence about each setting
 * (they become the JSON Schema, the documentation and, in input.ts, what the editor shows). zod checks the
 * structure; the values themselves are read by the kinds of values/.
 */

const admin = z.strictObject({
  address: text(address, 'Where the admin endpoints listen; keep it away from the public.').prefault(
    '127.0.0.1:9901',
  ),
  hosts: z
    .array(text(hostPattern, ''))
    .prefault([])
    .describe(
      'Names by which the admin endpoints may be asked for, besides IP addresses, localhost and the name in address.',
    ),
  token: adminToken
    .optional()
    .describe(
      'A bearer token, asked for by the endpoints that show or change something; needed for changes from afar.',
    ),
})

const drain = z.strictObject({
  timeout: timeOr0('How long exchanges in flight may take to finish after SIGTERM.').prefault('30s'),
})

const forwarding = z.strictObject({
  forwarded: boolean('Send the Forwarded field (RFC 7239) to upstreams.', true),
  xForwarded: boolean('Send X-Forwarded-For, -Host, -Port and -Proto to upstreams.', true),
  via: z
    .union([off, text(pseudonym, '')])
    .prefault('headgate')
    .describe('The name under which the gateway adds itself to Via (RFC 9110 7.6.3); false: not at all.'),
})

const requestId = z.strictObject({
  header: text(fieldName, 'The field that carries the id, to upstreams and back to clients.').prefault(
    'x-request-id',
  ),
  accept: boolean(
    'Keep an id that the request brings, when it looks like one; false: always make a new one.',
    true,
  ),
})

const TARGETS = ['upstream', 'split', 'redirect', 'respond', 'apiVersions']

const route = z.strictObject({
  name: text(
    name,
    'Its name in logs, metrics and the admin endpoints. Left out: route-1, route-2 and so on, by position.',
  ).optional(),
  match: match.prefault({}).describe('Which requests take this route; an empty one matches all.'),
  priority: integer(
    'Routes with a higher one are looked at first, however specific the others are.',
    0,
    -100,
    100,
  ),
  apiVersions: apiVersions.optional(),
  lifecycle: lifecycle.optional(),
  upstream: text(
    upstreamReference,
    'Where requests go: the name of an upstream, or the URL of a single endpoint.',
  ).optional(),
  split: split.optional().describe('Where requests go, in place of upstream: several upstreams by weight.'),
  redirect: redirect.optional().describe('A redirect as the answer, in place of upstream.'),
  respond: respond.optional().describe('A fixed answer, in place of upstream.'),
  mirror: mirror.optional().describe('A second upstream that gets copies of requests.'),
  rewrite: rewrite.optional().describe('Changes to the target of the request on its way to the upstream.'),
  requestHeaders: headerChanges
    .optional()
    .describe('Changes to the fields of the request on its way to the upstream.'),
  responseHeaders: headerChanges
    .optional()
    .describe('Changes to the fields of every answer on this route, errors too.'),
  paths: routePaths.optional().describe('What its paths may hold, instead of paths of the whole gateway.'),
  preserveHost: boolean("Send the client's Host to the upstream; false: the endpoint's own.", true),
  timeout: timeOrOff(
    'Longest duration of a whole exchange on this route; off: none. Left out: timeouts.exchange.',
  ).optional(),
  retry: z.union([off, retry]).prefault({}).describe('Trying again what failed; false: never.'),
  hedge: hedge
    .optional()
    .describe(
      'Sending what is idempotent a second time where the first response is late; the first one wins.',
    ),
  timeouts: routeTimeouts
    .optional()
    .describe('Besides timeout; in place of the times of the same name of the whole gateway.'),
  minimumByteRate: minimumByteRate.optional().describe('In place of that of the whole gateway; off: none.'),
  concurrency: concurrency.optional().describe('How many exchanges of this route may be under way.'),
  importance: oneOf(
    IMPORTANCES,
    'What gives way first where there is not enough for all: the line of a concurrency limit, and load shedding.',
  ).prefault('normal'),
  graphql,
  fallback: fallback
    .optional()
    .describe('What answers where the upstream fails: one of respond and upstream.'),
  rateLimit: routeRateLimits
    .optional()
    .describe('How many requests may take this route: one limit or several, of its own or by name.'),
  limits: routeLimits.optional().describe('Instead of the limits of the whole gateway.'),
})

const gateway = z.strictObject({
  $schema: text(anyText, 'The JSON Schema that an editor should use; the gateway ignores it.').optional(),
  workers: value<number, number>(whole(1, 1024), 'Worker threads. Left out: one per core.').optional(),
  listeners: z
    .array(listener)
    .min(1)
    .prefault([{ address: '127.0.0.1:8080' }])
    .describe('Where clients connect.'),
  admin: z
    .union([off, admin])
    .prefault({})
    .describe('Health, metrics and configuration for operators; false: none.'),
  reload: reload.prefault({}).describe('When a changed configuration is put in force.'),
  versions: versions.prefault({}).describe('The configurations that were applied, to go back to.'),
  trustedProxies: z
    .array(text(ipRange, ''))
    .prefault([])
    .describe('IP addresses and CIDR ranges of proxies in front, whose forwarding fields are believed.'),
  paths: paths.prefault({}).describe('What paths may hold that not every server reads alike.'),
  limits: limits.prefault({}).describe('What a message may measure.'),
  timeouts: timeouts.prefault({}).describe('How long anything may take.'),
  minimumByteRate: minimumByteRate
    .prefault({})
    .describe('Ends exchanges with peers that trickle bytes to hold a connection; off: none.'),
  drain: drain.prefault({}).describe('The way to stop.'),
  forwarding: forwarding.prefault({}).describe('What upstreams are told about the client.'),
  requestId: z
    .union([off, requestId])
    .prefault({})
    .describe('An id per request, for logs and upstreams; false: none.'),
  accessLog: z.union([off, accessLog]).prefault({}).describe('One JSON line per exchange; false: none.'),
  zone: gatewayZone
    .optional()
    .describe(
      'Where this gateway is: endpoints of its zone come before others of the same priority. Left out: zones do not matter.',
    ),
  upstreams: z
    .record(z.string(), upstream)
    .prefault({})
    .meta({ propertyNames: name.json })
    .describe('Named groups of endpoints.'),
  discovery,
  geo: geo
    .optional()
    .describe('Where clients are: for match.geo, the variables of templates and the keys of rate limits.'),
  loadShedding: loadShedding
    .optional()
    .describe(
      'Refuse requests while the gateway itself has too much to do: low importance from 75 % of a limit on, normal from 100 %, high from 125 %.',
    ),
  deadlines: value<boolean, boolean>(
    flag,
    'Honour the time that a client gives a request, in X-Request-Timeout (seconds) or grpc-timeout, where it is shorter than ours, and tell upstreams what is left of it.',
  ).prefault(true),
  rateLimits: z
    .record(z.string(), rateLimit)
    .prefault({})
    .meta({ propertyNames: name.json })
    .describe('Named rate limits: each counts for all routes that name it.'),
  // Which of them is missing or too much, cross-checks tell.
  routes: z
    .array(route.meta({ anyOf: TARGETS.map((key) => ({ required: [key] })) }))
    .min(1)
    .describe('Which requests go where.'),
})

function complete({ $schema: _, workers, routes, ...rest }: z.output<typeof gateway>): GatewayConfig {
  return {
    workers: workers ?? availableParallelism(),
    ...rest,
    routes: routes.map(({ name, paths: own, ...route }, index) => ({
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

// A compile error here: input.ts and the schema have come apart.
type Full<T> = T extends (infer Item)[]
  ? Full<Item>[]
  : T extends object
    ? { [K in keyof T]-?: Full<T[K]> }
    : T
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false
true satisfies Same<Full<z.input<typeof gateway>>, Full<GatewayConfigInput>>

export type SchemaResult =
  | { readonly ok: true; readonly config: GatewayConfig }
  | { readonly ok: false; readonly issues: readonly SchemaIssue[] }

/** Checks the structure and each value alone; what depends on two places is checked in cross-checks.ts. */
export function applySchema(input: unknown): SchemaResult {
  const result = gateway.transform(complete).safeParse(input)
  return result.success
    ? { ok: true, config: result.data }
    : { ok: false, issues: result.error.issues as SchemaIssue[] }
}

let madeSchema: JsonSchema | undefined

/** The JSON Schema (2020-12) of what is written. Made once, as it takes some 40 ms. */
export function inputSchema(): JsonSchema {
  madeSchema ??= z.toJSONSchema(gateway, { io: 'input', unrepresentable: 'any' }) as JsonSchema
  return madeSchema
}
