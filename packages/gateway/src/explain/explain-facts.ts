import { createHash } from 'node:crypto'
import { clientNetwork, type Exchange, isSecretField, parseRequestTimeout } from '@headgate/core'
import type { GatewayConfig } from '../config/schema/schema.ts'
import type { RouteConfig } from '../config/schema/route-schema.ts'
import { type RateLimitConfig, rateLimitId, limitOf } from '../features/rate-limit/setting.ts'
import type { RateLimitKey } from '../features/rate-limit/kinds.ts'
import { rateLimitBypass, rateLimitKey } from '../features/rate-limit/key.ts'
import { type AskedVersion, versionSeeker } from '../features/api-versions/asked-version.ts'
import type { GeoLookup } from '../features/geo/geo-place.ts'
import { SplitChoice, stickyKey } from '../features/split/split.ts'
import { SplitWeights } from '../features/split/split-weights.ts'
import type { SplitConfig } from '../features/split/setting.ts'

/** What a route makes of a request by itself, beside its policies; all undefined or empty where it does not. */
export interface RouteFacts {
  readonly version: AskedVersion | undefined
  readonly rateLimits: readonly LimitFacts[]
  readonly deadlines: DeadlineFacts
}

export interface LimitFacts {
  readonly id: string
  /** Whose count it is; undefined if the limit does not concern the request. Secrets as the start of their SHA-256. */
  readonly key: string | undefined
}

/** Milliseconds. */
export interface DeadlineFacts {
  readonly exchange: number | undefined
  readonly attempt: number | undefined
  /** What the client gives it. */
  readonly asked: number | undefined
}

export interface SplitFacts {
  readonly targets: readonly { readonly upstream: string; readonly weight: number; readonly share: number }[]
  /** Where this request would go; undefined if chance decides. */
  readonly chosen: string | undefined
}

/** @param exchange as it came */
export function routeFacts(
  config: GatewayConfig,
  route: RouteConfig,
  exchange: Exchange,
  geo: GeoLookup,
): RouteFacts {
  const { apiVersions, timeout, timeouts } = route
  return {
    version: apiVersions && versionSeeker(apiVersions)(exchange),
    rateLimits: limitFacts(config, route, exchange, geo),
    deadlines: {
      exchange: timeout ?? config.timeouts.exchange,
      attempt: timeouts?.attempt,
      asked: config.deadlines ? parseRequestTimeout(exchange.request.headers) : undefined,
    },
  }
}

function limitFacts(
  config: GatewayConfig,
  route: RouteConfig,
  exchange: Exchange,
  geo: GeoLookup,
): LimitFacts[] {
  return (route.rateLimit ?? []).flatMap((written) => {
    const id = rateLimitId(route.name, written)
    const limit = limitOf(written, config)
    return limit === undefined ? [] : [{ id, key: keyOf(limit, route.name, exchange, geo) }]
  })
}

function keyOf(
  limit: RateLimitConfig,
  route: string,
  exchange: Exchange,
  geo: GeoLookup,
): string | undefined {
  if (rateLimitBypass(limit.bypass)?.(exchange) === true) return undefined
  return limit.key.map((part) => partOf(part, route, exchange, geo)).join(', ')
}

function partOf(part: RateLimitKey, route: string, exchange: Exchange, geo: GeoLookup): string {
  if (part.kind === 'global') return 'all requests'
  if (part.kind !== 'header') return `${part.kind} ${rateLimitKey([part], route, geo)(exchange)}`
  const { name } = part
  const value = exchange.request.headers.get(name)
  if (value === undefined) return `client-ip ${clientNetwork(exchange.clientAddress)}, for want of ${name}`
  return `${name} ${isSecretField(name) ? hashed(value) : JSON.stringify(value)}`
}

function hashed(value: string): string {
  return `sha256:${createHash('sha256').update(value, 'latin1').digest('hex').slice(0, 12)}`
}

/**
 * @param exchange as it comes to the split
 * @param live weights in place of those of the configuration, by upstream
 */
export function splitFacts(
  { upstreams, sticky }: SplitConfig,
  exchange: Exchange,
  live: Readonly<Record<string, number>> | undefined,
): SplitFacts {
  const weights = new SplitWeights(upstreams)
  if (live !== undefined) weights.change(weights.names.map((name) => live[name] ?? 0))
  const { present, names } = weights
  const total = present.reduce((sum, weight) => sum + weight, 0)
  const targets = names.map((upstream, index) => {
    const weight = present[index] ?? 0
    return { upstream, weight, share: weight / total }
  })
  const key = sticky && stickyKey(sticky)(exchange)
  const choice = new SplitChoice(weights)
  const alone = targets.filter(({ share }) => share === 1)
  const chosen = key === undefined ? alone[0]?.upstream : names[choice.byKey(key)]
  return { targets, chosen }
}
