import type { UpstreamPlace } from '../features/layer.ts'
import { ROUTE_SETTINGS } from '../stack.ts'
import type { GatewayConfig } from './schema/schema.ts'
import type { RouteConfig } from './schema/route-schema.ts'
import type { UpstreamConfig } from './schema/upstream-schema.ts'
import { fieldOf, type Fields, fieldsOf } from '../settings/problems/fields.ts'
import { isUrlLike } from '../settings/values/upstream-url.ts'

/**
 * Every upstream by what routes call it: the named groups, and one with all defaults for each URL that a route
 * names instead, under that URL. Two routes with the same URL share it.
 */
export function resolveUpstreams(config: GatewayConfig): Map<string, UpstreamConfig> {
  const upstreams = new Map(Object.entries(config.upstreams))
  for (const upstream of config.routes.flatMap(upstreamsOf)) {
    if (isUrlLike(upstream) && !upstreams.has(upstream)) upstreams.set(upstream, inlineUpstream(upstream))
  }
  return upstreams
}

/** Every upstream that a route names, by name or URL; none where it answers by itself. */
export function upstreamsOf(route: RouteConfig): string[] {
  return upstreamPlaces(route).map(({ upstream }) => upstream)
}

/** Each place where a route names an upstream: `path` leads to it from the route. As it was written, or as it was read. */
export function upstreamPlaces(
  route: RouteConfig | Fields,
): { readonly path: readonly (string | number)[]; readonly upstream: string }[] {
  const places: readonly UpstreamPlace[] = [
    [['upstream'], fieldOf(route, 'upstream')],
    ...NAMING.flatMap(({ name, upstreams }) => {
      const setting = fieldsOf(fieldOf(route, name)) as never // each knows its own
      return upstreams(setting).map(([path, upstream]): UpstreamPlace => [[name, ...path], upstream])
    }),
  ]
  return places.flatMap(([path, upstream]) => (typeof upstream === 'string' ? [{ path, upstream }] : []))
}

/** Settings that name upstreams. */
const NAMING = ROUTE_SETTINGS.flatMap(({ name, upstreams }) =>
  upstreams === undefined ? [] : [{ name, upstreams }],
)

/**
 * The group that stands for a URL written in place of a group's name: one endpoint, all defaults. What the schema would
 * make of it, which a test compares, without the schema: worker threads resolve upstreams and must not load zod.
 * @param url in canonical form
 */
export function inlineUpstream(url: string): UpstreamConfig {
  return { endpoints: [{ url, weight: 1, priority: 0 }], ...DEFAULTS }
}

/** Times in milliseconds. */
const DEFAULTS: Omit<UpstreamConfig, 'endpoints'> = {
  balance: 'round-robin',
  slowStart: 0,
  panicThreshold: 30,
  overprovisioning: 140,
  outliers: {
    consecutiveFailures: 5,
    statuses: [502, 503, 504],
    successRate: false,
    interval: 10_000,
    ejectionTime: 30_000,
    maxEjectionTime: 300_000,
    maxEjectionPercent: 50,
  },
  health: false,
  pool: {
    maxConnections: 1024,
    maxPending: 1024,
    pendingTimeout: 5_000,
    idleTimeout: 60_000,
    maxAge: 600_000,
  },
  protocols: ['http/1.1'],
}
