import { writtenReference } from '../code/code-reference.ts'
import type { ApiVersionsConfig } from '../features/api-versions/setting.ts'
import { redactText } from '../settings/redact-text.ts'
import type { RouteConfig } from '../config/schema/route-schema.ts'

/** Where a route leads, in a few words. */
export function targetName(route: RouteConfig): string {
  const { apiVersions, lifecycle } = route
  const target = ownTarget(route)
  if (apiVersions !== undefined) return versionTargets(apiVersions, target)
  return lifecycle?.deprecated === undefined ? target : `${target} (deprecated)`
}

function versionTargets({ versions, default: wanted }: ApiVersionsConfig, otherwise: string): string {
  return Object.entries(versions)
    .map(([name, { upstream, deprecated }]) => {
      const facts = [
        ...(name === wanted ? ['default'] : []),
        ...(deprecated === undefined ? [] : ['deprecated']),
      ]
      return `${name}: ${upstream ?? otherwise}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}`
    })
    .join('; ')
}

function ownTarget({ upstream, split, aggregate, redirect, respond, files, handle }: RouteConfig): string {
  if (upstream !== undefined) return upstream
  if (aggregate !== undefined) return aggregate.calls.map((each) => each.upstream).join(' + ')
  if (redirect !== undefined) return `redirect ${redirect.status} to ${redactText(redirect.location)}`
  if (respond !== undefined) return `answer ${respond.status}`
  if (files !== undefined) return `files of ${files.root}`
  if (handle !== undefined) return `code of ${writtenReference(handle)}`
  return split?.upstreams.map((each) => `${each.upstream} (${each.weight})`).join(', ') ?? ''
}
