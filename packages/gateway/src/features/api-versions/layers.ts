import type { MetricRegistry } from '@headgate/core'
import { fieldOf } from '../../settings/problems/fields.ts'
import type { ExchangeRow, Route } from '../layer.ts'
import { apiVersion, versionMetrics } from './api-version.ts'
import { lifecycle } from './lifecycle.ts'
import type { ApiVersionsConfig, LifecycleConfig } from './setting.ts'
import { stripVersion } from './version-path.ts'

export interface VersionedRoute {
  readonly route: Route<'apiVersions', ApiVersionsConfig> &
    Route<'lifecycle', LifecycleConfig> & { readonly match: { readonly path: readonly string[] } }
}

export const apiVersionsLayer: ExchangeRow<VersionedRoute, { readonly metrics: MetricRegistry }> = {
  name: 'apiVersions',
  once: 'exchange',
  about: 'chooses the version of the API, and refuses requests that are for none',
  build({ route: { name, match, apiVersions } }, { metrics }) {
    return apiVersions && apiVersion(apiVersions, match.path, versionMetrics(metrics, name, apiVersions))
  },
  tells: ({ route }) => route.apiVersions,
}

export const lifecycleLayer: ExchangeRow<VersionedRoute> = {
  name: 'lifecycle',
  once: 'exchange',
  about: 'tells in all responses when the route ends, refusals as well',
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
