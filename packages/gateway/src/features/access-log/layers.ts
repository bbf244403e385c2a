import { type AccessLog, type MetricRegistry, observe } from '@headgate/core'
import { ALL_WAYS, type ExchangeRow } from '../layer.ts'
import { type GraphqlRoute, isGraphqlRoute } from '../graphql/conditions.ts'
import { type AccessLogConfig, loggedFields } from './setting.ts'
import { fieldOf, isFields } from '../../settings/problems/fields.ts'
import { routeMetrics } from '../../metrics/route-metrics.ts'
import { operationLog } from '../graphql/log-members.ts'

export const observeLayer: ExchangeRow<
  { readonly route: GraphqlRoute & { readonly name: string } },
  { readonly metrics: MetricRegistry; readonly accessLog: AccessLog | undefined }
> = {
  name: 'observe',
  once: 'exchange',
  ways: ALL_WAYS,
  about: 'counts, and writes the line of the access log, at the end of the exchange',
  build({ way, route }, { metrics, accessLog }) {
    // Lines tell of operations where they are read.
    const log = way === 'route' && isGraphqlRoute(route) ? operationLog(accessLog) : accessLog
    return observe({ route: route.name, metrics: routeMetrics(metrics, route.name), log })
  },
  tells: ({ config: { accessLog } }) =>
    isFields(accessLog) ? { accessLog: { path: accessLog['path'], format: accessLog['format'] } } : undefined,
}

export const loggedFieldsLayer: ExchangeRow<
  { readonly config: { readonly accessLog: AccessLogConfig | false } },
  { readonly accessLog: AccessLog | undefined }
> = {
  name: 'accessLog.headers',
  once: 'exchange',
  ways: ALL_WAYS,
  about: 'keeps the fields of the request that the access log records, as they came',
  build({ config }, { accessLog }) {
    const names = config.accessLog ? config.accessLog.headers : []
    return accessLog === undefined || names.length === 0 ? undefined : loggedFields(names)
  },
  tells: ({ config: { accessLog } }) => fieldOf(accessLog, 'headers'),
}
