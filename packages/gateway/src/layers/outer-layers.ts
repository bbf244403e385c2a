import { observe, problem, requestId } from '@headgate/core'
import { loggedFields } from '../access-log/logged-fields.ts'
import { routeMetrics } from '../metrics/route-metrics.ts'
import { apiVersion, versionMetrics } from '../routing/api-version/api-version.ts'
import { lifecycle } from '../routing/api-version/lifecycle.ts'
import { isGraphqlRoute } from '../routing/graphql/conditions.ts'
import { graphqlErrors } from '../routing/graphql/error-response.ts'
import { operationLog } from '../routing/graphql/log-members.ts'
import { responseHeaders } from '../routing/transform/header-changes.ts'
import type { ExchangeLayer, ExchangeWay } from './layer.ts'

// What stands outside of refusals, so that all responses have it; most of it whether a route was found or not.

const ALL: readonly ExchangeWay[] = ['route', 'unrouted', 'unrouted-graphql']

export const observeLayer: ExchangeLayer = {
  name: 'observe',
  once: 'exchange',
  ways: ALL,
  about: 'counts, and writes the line of the access log, at the end of the exchange',
  build({ way, route }, { metrics, accessLog }) {
    // Lines tell of operations where they are read.
    const log = way === 'route' && isGraphqlRoute(route) ? operationLog(accessLog) : accessLog
    return observe({ route: route.name, metrics: routeMetrics(metrics, route.name), log })
  },
  tells: ({ config: { accessLog } }) =>
    typeof accessLog === 'object'
      ? { accessLog: { path: accessLog.path, format: accessLog.format } }
      : undefined,
}

export const loggedFieldsLayer: ExchangeLayer = {
  name: 'accessLog.headers',
  once: 'exchange',
  ways: ALL,
  about: 'keeps the fields of the request that the access log records, as they came',
  build({ config }, { accessLog }) {
    const names = config.accessLog ? config.accessLog.headers : []
    return accessLog === undefined || names.length === 0 ? undefined : loggedFields(names)
  },
  tells: ({ config: { accessLog } }) => (typeof accessLog === 'object' ? accessLog.headers : undefined),
}

export const requestIdLayer: ExchangeLayer = {
  name: 'requestId',
  once: 'exchange',
  ways: ALL,
  about: 'gives the exchange its id, for the upstream, the response and the log',
  build: ({ config }, { clock }) =>
    config.requestId === false ? undefined : requestId({ ...config.requestId, clock }),
  tells: ({ config }) => config.requestId,
}

export const responseHeadersLayer: ExchangeLayer = {
  name: 'responseHeaders',
  once: 'exchange',
  ways: ALL,
  about: 'changes the fields of all responses, refusals as well',
  build: ({ route }, { geo }) => route.responseHeaders && responseHeaders(route.responseHeaders, geo),
  tells: ({ route }) => route.responseHeaders,
}

export const apiVersionsLayer: ExchangeLayer = {
  name: 'apiVersions',
  once: 'exchange',
  about: 'chooses the version of the API, and refuses requests that are for none',
  build({ route: { name, match, apiVersions } }, { metrics }) {
    return apiVersions && apiVersion(apiVersions, match.path, versionMetrics(metrics, name, apiVersions))
  },
  tells: ({ route }) => route.apiVersions,
}

export const lifecycleLayer: ExchangeLayer = {
  name: 'lifecycle',
  once: 'exchange',
  about: 'tells in all responses when the route ends, refusals as well',
  build: ({ route: { apiVersions, lifecycle: end } }) =>
    apiVersions === undefined && end !== undefined ? lifecycle(end) : undefined,
  tells: ({ route }) => route.lifecycle,
}

export const problemLayer: ExchangeLayer = {
  name: 'problem',
  once: 'exchange',
  ways: ALL,
  about: 'turns failures into responses with problem details (RFC 9457), or with a gRPC status',
  build: () => problem(),
  tells: () => undefined,
}

export const graphqlErrorsLayer: ExchangeLayer = {
  name: 'graphqlErrors',
  once: 'exchange',
  ways: ['route', 'unrouted-graphql'],
  about: 'turns refusals of GraphQL requests into responses of GraphQL over HTTP',
  judged: false,
  build: ({ way, route }) =>
    way === 'unrouted-graphql' || isGraphqlRoute(route) ? graphqlErrors() : undefined,
  tells: () => undefined,
}
