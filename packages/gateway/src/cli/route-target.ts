import type { RouteConfig } from '../config/config.ts'

/** Where a route leads, in a few words. */
export function targetName({ upstream, split, redirect, respond }: RouteConfig): string {
  if (upstream !== undefined) return upstream
  if (redirect !== undefined) return `redirect ${redirect.status} to ${redirect.location}`
  if (respond !== undefined) return `answer ${respond.status}`
  return split?.upstreams.map((each) => `${each.upstream} (${each.weight})`).join(', ') ?? ''
}
