import type { MetricRegistry } from '@headgate/core'
import { fieldOf, type Fields, fieldsOf } from '../../settings/problems/fields.ts'
import type { ExchangeRow, Route } from '../layer.ts'
import { apiVersion, versionMetrics } from './api-version.ts'
import { apiVersionChecks, apiVersionRules, lifecycleChecks, lifecycleRules } from './checks.ts'
import { TARGETS } from '../target.ts'
import { lifecycle } from './lifecycle.ts'
import type { ApiVersionsConfig, LifecycleConfig } from './setting.ts'
import { stripVersion } from './version-path.ts'

export interface VersionedRoute {
  readonly route: Route<'apiVersions', ApiVersionsConfig> &
    Route<'lifecycle', LifecycleConfig> & { readonly match: { readonly path: readonly string[] } }
}

export const apiVersionsLayer: ExchangeRow<VersionedRoute, { readonly metrics: MetricRegistry }, Fields> = {
  name: 'apiVersions',
  once: 'exchange',
  about: 'chooses the version of the API, and refuses requests that are for none',
  upstreams: ({ versions }: Fields) =>
    Object.entries(fieldsOf(versions)).map(([name, each]) => [
      ['versions', name, 'upstream'],
      fieldOf(each, 'upstream'),
    ]),
  drops: (written) =>
    leadsItself(fieldsOf(written)['versions']) ? [...TARGETS, 'lifecycle'] : ['lifecycle'],
  checks: apiVersionChecks,
  rules: apiVersionRules,
  build({ route: { name, match, apiVersions } }, { metrics }) {
    return apiVersions && apiVersion(apiVersions, match.path, versionMetrics(metrics, name, apiVersions))
  },
  tells: ({ route }) => route.apiVersions,
}

export const lifecycleLayer: ExchangeRow<VersionedRoute> = {
  name: 'lifecycle',
  once: 'exchange',
  about: 'tells in all responses when the route ends, refusals as well',
  checks: lifecycleChecks,
  rules: lifecycleRules,
  build: ({ route: { apiVersions, lifecycle: end } }) =>
    apiVersions === undefined && end !== undefined ? lifecycle(end) : undefined,
  tells: ({ route }) => route.lifecycle,
}

export const stripVersionLayer: ExchangeRow<VersionedRoute> = {
  name: 'apiVersions.stripPath',
  once: 'exchange',
  about: 'takes the version out of the path',
  build: ({ route: { apiVersions, match } }) =>
    apiVersions?.stripPath ? stripVersion(apiVersions.path ?? '', match.path) : undefined,
  tells: ({ route }) => fieldOf(route['apiVersions'], 'path'),
}

/** Each version to an upstream of its own, so that the route needs none. */
function leadsItself(versions: unknown): boolean {
  const each = Object.values(fieldsOf(versions))
  return each.length > 0 && each.every((version) => fieldsOf(version)['upstream'] !== undefined)
}
