import { createHash } from 'node:crypto'
import { clientNetwork, type Exchange, isSecretField } from '@headgate/core'
import { identityOf } from '../identity.ts'
import type { GeoLookup } from '../geo/geo-place.ts'
import { rateLimitBypass, rateLimitKey } from './key.ts'
import type { RateLimitKey } from './kinds.ts'
import {
  type LimitedGateway,
  type LimitedRoute,
  limitOf,
  type RateLimitConfig,
  rateLimitId,
} from './setting.ts'

/** A limit of a route, as one request meets it. */
export interface LimitFacts {
  readonly id: string
  /** Whose count it is; undefined if the limit does not concern the request. Secrets as the start of their SHA-256. */
  readonly key: string | undefined
}

export function limitFacts(
  config: LimitedGateway,
  route: LimitedRoute,
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
  if (part.kind === 'identity')
    return `identity ${identityOf.of(exchange)?.subject ?? 'of nobody: for the client-ip'}`
  if (part.kind === 'consumer')
    return `consumer ${identityOf.of(exchange)?.consumer ?? 'of nobody: for the client-ip'}`
  if (part.kind !== 'header') return `${part.kind} ${rateLimitKey([part], route, geo)(exchange)}`
  const { name } = part
  const value = exchange.request.headers.get(name)
  if (value === undefined) return `client-ip ${clientNetwork(exchange.clientAddress)}, for want of ${name}`
  return `${name} ${isSecretField(name) ? hashed(value) : JSON.stringify(value)}`
}

function hashed(value: string): string {
  return `sha256:${createHash('sha256').update(value, 'latin1').digest('hex').slice(0, 12)}`
}
