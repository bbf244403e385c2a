import type { GatewayConfig, RouteConfig, UpstreamConfig } from '../types/config.ts'
import { inlineUpstream } from './inline-upstream.ts'
import { isUrlLike } from '../values/upstream-url.ts'

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
export function upstreamsOf({ upstream, split, mirror, fallback, apiVersions }: RouteConfig): string[] {
  return [
    ...(upstream === undefined ? [] : [upstream]),
    ...(split?.upstreams.map((each) => each.upstream) ?? []),
    ...Object.values(apiVersions?.versions ?? {}).flatMap((each) => each.upstream ?? []),
    ...(mirror === undefined ? [] : [mirror.upstream]),
    ...(fallback?.upstream === undefined ? [] : [fallback.upstream]),
  ]
}
