import type { GatewayConfig, RouteConfig } from '../config/types/config.ts'

/** A route without what a line of a log does not tell enough for: content, and what other requests were doing at that moment. */
export function judgedRoute(route: RouteConfig): RouteConfig {
  const { host, path, methods, headers } = route.match
  return {
    ...route,
    match: { host, path, methods, headers },
    graphql: undefined,
    retry: false,
    hedge: undefined,
    mirror: undefined,
    fallback: undefined,
    concurrency: undefined,
    rateLimit: undefined,
  }
}

/** The same for a whole configuration. */
export function judgedConfig(config: GatewayConfig): GatewayConfig {
  const upstreams = Object.entries(config.upstreams).map(([name, upstream]) => [
    name,
    { ...upstream, breaker: undefined, concurrency: undefined, health: undefined, outliers: undefined },
  ])
  return { ...config, accessLog: false, loadShedding: undefined, upstreams: Object.fromEntries(upstreams) }
}

/** Fields that decide what a route does, beyond those that decide whether it is taken. */
export function neededFields({ apiVersions, rewrite, redirect }: RouteConfig): readonly string[] {
  const { header, mediaType } = apiVersions ?? {}
  const templates = JSON.stringify([rewrite, redirect]).matchAll(/\$\{request\.headers\.([^}]+)\}/g)
  return [
    ...(header === undefined ? [] : [header]),
    ...(mediaType === undefined ? [] : ['accept']),
    ...Array.from(templates, ([, name = '']) => name.toLowerCase()),
  ]
}

/** All that may be asked in place of the upstream that was. */
export function upstreamsTaken({ split }: RouteConfig, asked: string): readonly string[] {
  const parts = split?.upstreams ?? []
  if (!parts.some(({ upstream }) => upstream === asked)) return [asked]
  return parts.flatMap(({ upstream, weight }) => (weight === 0 ? [] : [upstream]))
}
