import type { RouteConfig } from '../config/schema/route-schema.ts'

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
