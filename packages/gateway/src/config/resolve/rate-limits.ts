import type { GatewayConfig } from '../schema/schema.ts'
import type { RateLimitConfig } from '../schema/rate-limit-schema.ts'

/**
 * Every rate limit by its id: the named ones by their names, those of a route as `route/name`. No name holds a slash, so an id
 * is one limit.
 */
export function resolveRateLimits(config: GatewayConfig): Map<string, RateLimitConfig> {
  const limits = new Map(Object.entries(config.rateLimits))
  for (const route of config.routes) {
    for (const limit of route.rateLimit ?? [])
      if (typeof limit !== 'string') limits.set(rateLimitId(route.name, limit), limit)
  }
  return limits
}

/** The id of a limit as a route lists it. */
export function rateLimitId(route: string, limit: string | { readonly name: string }): string {
  return typeof limit === 'string' ? limit : `${route}/${limit.name}`
}
