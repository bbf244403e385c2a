import type { Clock, Handler } from '@headgate/core'
import type { GatewayConfig } from '../config/types/config.ts'
import { ipRanges } from '../config/values/address.ts'
import { KeptParts } from '../kept-parts.ts'
import { standaloneMetrics } from '../metrics/metrics.ts'
import { RateLimitStores } from '../rate-limit/stores.ts'
import type { RouteContext } from '../route.ts'
import type { GeoLookup } from '../routing/geo/geo-place.ts'
import { compileUpstreams } from '../upstreams/upstreams.ts'

/**
 * What routes are compiled with to see what they do, without anything being sent.
 * @param end where requests end, in place of the upstream of that name
 */
export function dryRunContext(
  config: GatewayConfig,
  clock: Clock,
  geo: GeoLookup,
  end: (name: string) => Handler,
): RouteContext {
  const metrics = standaloneMetrics(config)
  const upstreams = compileUpstreams(config, clock, new Map(), new Map(), new Map(), metrics)
  return {
    clock,
    config,
    metrics,
    accessLog: undefined,
    trustedProxies: ipRanges(config.trustedProxies),
    rateLimits: new RateLimitStores(config, clock),
    geo,
    parts: new KeptParts(),
    upstreamNamed(name) {
      const found = upstreams.get(name)
      if (found === undefined) throw new TypeError(`there is no upstream ${name}`)
      return { ...found, upstream: { handler: end(name) } }
    },
  }
}
