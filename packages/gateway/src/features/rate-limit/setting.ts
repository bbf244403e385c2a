import type * as z from '../../settings/schema/zod.ts'
import { once, zod } from '../../settings/schema/library.ts'
import { list, record } from '../../settings/schema/list.ts'
import { nothing, type Read, section } from '../../settings/schema/section.ts'
import { boolean, integer, oneOf, value } from '../../settings/schema/setting.ts'
import { ipRange, name, whole } from '../../settings/values/kinds.ts'
import type { ConsumedGateway } from '../consumers/setting.ts'
import { nonceMemories } from '../authentication/signature/nonces.ts'
import { consumersByLimit } from '../consumers/by-limit.ts'
import { limitReference, rateLimitKey, type RequestRate, requestRate } from './kinds.ts'
import { timeZone } from '../../settings/values/time-zone.ts'
import { requestField, secretFieldValue } from '../../settings/values/request-field.ts'

const settings = () => ({
  rate: value(
    requestRate,
    'Requests in a time: 100/s, 60/m, 1000/h or 5/10s; or a quota for a day or a month of the calendar: 10000/day, 200000/month.',
  ),
  zone: value(
    timeZone,
    'Where days and months begin at midnight, for a rate by the calendar. Left out: UTC.',
  ).optional(),
  burst: value(
    whole(1),
    'Requests that may come at once after a pause. Left out: as many as the rate names.',
  ).optional(),
  algorithm: oneOf(
    ['token-bucket', 'sliding-window'],
    'How requests are counted: token-bucket refills evenly, sliding-window looks back over the time of the rate.',
  ).prefault('token-bucket'),
  key: zod()
    .union([value(rateLimitKey), list(value(rateLimitKey)).min(1)])
    .prefault('client-ip')
    .transform((key) => (Array.isArray(key) ? key : [key]))
    .describe(
      'Which requests share one count: those of the same client-ip (IPv6 by /64), api-key (X-Api-Key), credential (Authorization), header:NAME, identity (who has authenticated), consumer (whose credentials these are), client-certificate (its first URI, else DNS name, e-mail address or subject), country (see geo), graphql-type, graphql-operation (its name), graphql-root-fields or route, or all (global); of several, those that are the same in all. A request without that field or certificate counts for its client-ip.',
    ),
  cost: oneOf(
    ['graphql-fields'],
    'What a request takes: graphql-fields, one for each field of its GraphQL operation. Left out: one.',
  ).optional(),
  bypass: section('RateLimitBypassInput', () => ({
    addresses: list(value(ipRange))
      .prefault([])
      .describe('Clients with one of these IP addresses, or in one of these CIDR ranges.'),
    headers: record(value(secretFieldValue))
      .prefault(nothing)
      .transform(lowerCased)
      .meta({ propertyNames: requestField.json })
      .describe('Requests with one of these header fields, of exactly that value.'),
  }))()
    .prefault(nothing)
    .describe('Requests that this limit does not concern.'),
  fields: boolean('Tell clients what is left, in RateLimit and RateLimit-Policy.', true),
  store: oneOf(
    ['local', 'shared'],
    'Where it counts: in each worker alone (local), or exactly in all of them together (shared). Left out: shared where there are several workers.',
  ).optional(),
  onStoreError: oneOf(
    ['open', 'closed', 'local'],
    'What holds while the store cannot be asked: requests pass (open), are refused (closed), or are counted by each worker and route alone (local). The stores local and shared are part of the process and cannot fail.',
  ).optional(),
  maxKeys: integer(
    'How many keys are known at a time, which a shared store rounds up to a power of two; beyond that, one is forgotten and starts anew.',
    10_000,
    1,
    10_000_000,
  ),
})

/** Of the whole gateway: its name is its key. */
export const rateLimitSetting = section('RateLimitInput', settings)

/** Addresses that bypass it are as for `ipRanges`; a store that is absent is shared where there are several workers. */
export type RateLimitConfig = Read<typeof rateLimitSetting>

const routeRateLimit = section('RouteRateLimitInput', () => ({
  name: value(
    name,
    'What clients, metrics and the admin endpoints know it by. Left out: limit-1, limit-2 and so on, by position.',
  ).optional(),
  ...settings(),
}))

/** Of a route: limits of its own, or names of those of the gateway. */
export const routeRateLimitsSetting = once(() =>
  zod()
    .union([
      value(limitReference),
      routeRateLimit(),
      list(zod().union([value(limitReference), routeRateLimit()])).min(1),
    ])
    .transform((written) => {
      const limits = Array.isArray(written) ? written : [written]
      return limits.map((limit, index) => {
        if (typeof limit === 'string') return limit
        // In the place that it has where it is written: the same configuration has the same text.
        const { name: known, ...rest } = limit
        return { name: known ?? defaultLimitName(index), ...rest }
      })
    }),
)

/** The name of a limit that has none: its position in the route, counted from 1. */
export function defaultLimitName(index: number): string {
  return `limit-${index + 1}`
}

/** Which of several limits with the same field names matters is none of ours: HTTP knows no case. */
function lowerCased(headers: Record<string, string>, context: z.core.$RefinementCtx): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([written, value]) => {
      const field = requestField.parse(written)
      if (field.ok) return [field.value, value]
      context.issues.push({
        code: 'custom',
        message: field.problem,
        input: written,
        path: [written],
        params: { allowed: requestField.allowed, part: 'key' },
      })
      return [written, value]
    }),
  )
}

/** A route, as far as its requests are limited: by limits of its own, or by names of those of the gateway. */
export interface LimitedRoute {
  readonly name: string
  readonly rateLimit?: readonly (string | (RateLimitConfig & { readonly name: string }))[] | undefined
}

/** What is remembered of sessions that browsers keep. */
interface RememberedSessions {
  /** Milliseconds that a session lasts. */
  readonly maxAge: number
  readonly maxEnded: number
}

export interface LimitedGateway {
  readonly rateLimits: Readonly<Record<string, RateLimitConfig>>
  readonly authenticators?: Readonly<Record<string, { readonly oidc?: RememberedSessions | undefined }>>
  readonly failedAuthentication?: {
    readonly perClient: RequestRate
    readonly perAccount: RequestRate
    readonly maxKeys: number
  }
}

/** What counts failures to authenticate, by ids that no limit of the configuration can have: names hold no colon. */
export const CLIENT_TRIES = 'failed-authentication:client'
export const ACCOUNT_TRIES = 'failed-authentication:account'

/** What remembers sessions that were ended, that are said to have been, and that are being renewed; as above. */
export const ENDED_SESSIONS = 'sessions-ended:'
export const SAID_TO_HAVE_ENDED = 'sessions-said-to-have-ended:'
export const RENEWED_SESSIONS = 'sessions-renewed:'
/** Milliseconds in which the worker that has begun to renew a session is the only one. */
const ONE_RENEWAL = 10_000

const COUNTED_BY_KEY = {
  algorithm: 'token-bucket',
  key: [{ kind: 'client-ip' }],
  bypass: { addresses: [], headers: {} },
  fields: false,
} as const

/** Of each authenticator with sessions: one use of a name, in the time for which it is remembered. */
function rememberedSessions({ authenticators = {} }: LimitedGateway): [string, RateLimitConfig][] {
  return Object.entries(authenticators).flatMap(([name, { oidc }]) => {
    if (oidc === undefined) return []
    const once = (per: number): RateLimitConfig => ({
      ...COUNTED_BY_KEY,
      rate: { requests: 1, per },
      maxKeys: oidc.maxEnded,
    })
    return [
      [ENDED_SESSIONS + name, once(oidc.maxAge)],
      [SAID_TO_HAVE_ENDED + name, once(oidc.maxAge)],
      [RENEWED_SESSIONS + name, once(ONE_RENEWAL)],
    ]
  })
}

/** Those of a gateway that authenticates. */
function failedTries({
  authenticators = {},
  failedAuthentication,
}: LimitedGateway): [string, RateLimitConfig][] {
  if (failedAuthentication === undefined || Object.keys(authenticators).length === 0) return []
  const { perClient, perAccount, maxKeys } = failedAuthentication
  // A nonce is good once in the time for which it is remembered: that is a limit of one.
  const nonces = nonceMemories(authenticators).map(({ id, entries, time }): [string, RateLimitConfig] => [
    id,
    { ...COUNTED_BY_KEY, rate: { requests: 1, per: time }, maxKeys: entries },
  ])
  return [
    [CLIENT_TRIES, { ...COUNTED_BY_KEY, maxKeys, rate: perClient }],
    [ACCOUNT_TRIES, { ...COUNTED_BY_KEY, maxKeys, rate: perAccount }],
    ...nonces,
  ]
}

/**
 * Every rate limit by its id: the named ones by their names, those of a route as `route/name`. No name holds a slash, so an id
 * is one limit.
 */
export function resolveRateLimits(
  config: ConsumedGateway & LimitedGateway & { readonly routes: readonly LimitedRoute[] },
): Map<string, RateLimitConfig> {
  const limits = new Map([
    ...failedTries(config),
    ...rememberedSessions(config),
    ...Object.entries(config.rateLimits),
  ])
  for (const [name, count] of consumersByLimit(config)) {
    const limit = limits.get(name)
    if (limit !== undefined && limit.maxKeys < count) limits.set(name, { ...limit, maxKeys: count })
  }
  for (const route of config.routes) {
    for (const limit of route.rateLimit ?? [])
      if (typeof limit !== 'string') limits.set(rateLimitId(route.name, limit), limit)
  }
  return limits
}

/** A limit as a route lists it: its own, or the one that it names. */
export function limitOf(
  written: string | RateLimitConfig,
  { rateLimits }: LimitedGateway,
): RateLimitConfig | undefined {
  if (typeof written !== 'string') return written
  return Object.hasOwn(rateLimits, written) ? rateLimits[written] : undefined
}

/** The id of a limit as a route lists it. */
export function rateLimitId(route: string, limit: string | { readonly name: string }): string {
  return typeof limit === 'string' ? limit : `${route}/${limit.name}`
}
