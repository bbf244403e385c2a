import { type Exchange, parseRequestTimeout } from '@headgate/core'
import type { GatewayConfig } from '../config/schema/schema.ts'
import type { RouteConfig } from '../config/schema/route-schema.ts'
import { type AskedVersion, versionSeeker } from '../features/api-versions/asked-version.ts'
import type { GeoLookup } from '../features/geo/geo-place.ts'
import { type LimitFacts, limitFacts } from '../features/rate-limit/facts.ts'

/** What a route makes of a request by itself, beside its policies; all undefined or empty where it does not. */
export interface RouteFacts {
  readonly version: AskedVersion | undefined
  readonly rateLimits: readonly LimitFacts[]
  readonly deadlines: DeadlineFacts
}

/** Milliseconds. */
export interface DeadlineFacts {
  readonly exchange: number | undefined
  readonly attempt: number | undefined
  /** What the client gives it. */
  readonly asked: number | undefined
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
