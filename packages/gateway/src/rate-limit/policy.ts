import { type Policy, type QuotaLimit, rateLimits } from '@headgate/core'
import type { GatewayConfig, RouteConfig } from '../config/config.ts'
import { rateLimitId, resolveRateLimits } from '../config/rate-limits.ts'
import type { GatewayMetrics } from '../metrics.ts'
import { rateLimitBypass } from './bypass.ts'
import { rateLimitKey } from './key.ts'
import { type RateLimitStores, storeOptions } from './stores.ts'

/** The limits of a route as a policy; undefined if it has none. */
export function routeRateLimits(
  route: RouteConfig,
  config: GatewayConfig,
  stores: RateLimitStores,
  metrics: GatewayMetrics,
): Policy | undefined {
  if (route.rateLimit === undefined) return undefined
  const all = resolveRateLimits({ ...config, routes: [route] })
  const limits = route.rateLimit.map((written): QuotaLimit => {
    const id = rateLimitId(route.name, written)
    const limit = all.get(id)
    if (limit === undefined) throw new TypeError(`route ${route.name}: there is no rate limit ${id}`)
    const key = rateLimitKey(limit.key, route.name)
    const bypass = rateLimitBypass(limit.bypass)
    return {
      ...storeOptions(limit),
      name: typeof written === 'string' ? written : written.name,
      fields: limit.fields,
      store: stores.get(id),
      key: bypass === undefined ? key : (exchange) => (bypass(exchange) ? undefined : key(exchange)),
      onDecision: metrics.onRateLimit(id),
    }
  })
  return rateLimits({ limits })
}
