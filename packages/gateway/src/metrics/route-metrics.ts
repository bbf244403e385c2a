import {
  type Counter,
  DURATION_BOUNDS,
  ERROR_FACTS,
  type ErrorCode,
  type MetricRegistry,
  type RouteMetrics,
} from '@headgate/core'
import { metric } from './metric.ts'

/** The name under which exchanges that no route takes are counted and logged. */
export const NO_ROUTE = '(none)'

const REQUESTS = metric({
  kind: 'counter',
  name: 'headgate_requests_total',
  labels: ['route', 'status_class'],
  help: 'Finished exchanges, by status class ("2xx"), or "none" where no response was sent.',
  sparse: true,
})
const DURATION = metric({
  kind: 'histogram',
  name: 'headgate_request_duration_seconds',
  labels: ['route'],
  help: 'Time from the request head to the end of the response.',
  bounds: DURATION_BOUNDS,
  sparse: true,
})
const REQUEST_BYTES = metric({
  kind: 'counter',
  name: 'headgate_request_bytes_total',
  labels: ['route'],
  help: 'Bytes of request content received; of a tunnel, counted when it ends, what came through it.',
})
const RESPONSE_BYTES = metric({
  kind: 'counter',
  name: 'headgate_response_bytes_total',
  labels: ['route'],
  help: 'Bytes of response content sent; of a tunnel, counted when it ends, what went through it.',
})
const ACTIVE = metric({
  kind: 'gauge',
  name: 'headgate_requests_active',
  labels: ['route'],
  help: 'Exchanges under way.',
})
const VERSIONS = metric({
  kind: 'counter',
  name: 'headgate_requests_by_version_total',
  labels: ['network_protocol_version'],
  help: 'Finished exchanges, by the version of HTTP that the client speaks: "1.0", "1.1" or "2".',
})
const ERRORS = metric({
  kind: 'counter',
  name: 'headgate_request_errors_total',
  labels: ['code'],
  help: 'Failed exchanges and refused requests, by error code.',
})

/** What is counted of all exchanges of a route. */
export function routeMetrics(metrics: MetricRegistry, route: string): RouteMetrics {
  const requests = (status_class: string): Counter => metrics.get(REQUESTS, { route, status_class })
  return {
    active: metrics.get(ACTIVE, { route }),
    duration: metrics.get(DURATION, { route }),
    statusClasses: [requests('none'), ...['1xx', '2xx', '3xx', '4xx', '5xx'].map(requests)],
    requestBytes: metrics.get(REQUEST_BYTES, { route }),
    responseBytes: metrics.get(RESPONSE_BYTES, { route }),
    ...sharedCounters(metrics),
  }
}

type Shared = Pick<RouteMetrics, 'versions' | 'errors'>

/** All routes share them: to get them for each of 10,000 would take half a second. */
const sharedOf = new WeakMap<MetricRegistry, Shared>()

function sharedCounters(metrics: MetricRegistry): Shared {
  const known = sharedOf.get(metrics)
  if (known !== undefined) return known
  const version = (network_protocol_version: string): Counter =>
    metrics.get(VERSIONS, { network_protocol_version })
  const codes = Object.keys(ERROR_FACTS) as ErrorCode[]
  const errors = Object.fromEntries(codes.map((code) => [code, metrics.get(ERRORS, { code })]))
  const made: Shared = {
    versions: { '1.0': version('1.0'), '1.1': version('1.1'), '2': version('2') },
    errors: errors as Record<ErrorCode, Counter>, // made from all codes
  }
  sharedOf.set(metrics, made)
  return made
}

/** These also count what is refused before it is an exchange. */
export function errorCounters(metrics: MetricRegistry): Shared['errors'] {
  return sharedCounters(metrics).errors
}
