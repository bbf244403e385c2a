import {
  addVary,
  type Exchange,
  type Handler,
  type HttpResponse,
  type MetricRegistry,
  type Policy,
} from '@headgate/core'
import type { ApiVersionsConfig } from './setting.ts'
import { metric } from '../../metrics/metric.ts'
import { type AskedVersion, versionSeeker } from './asked-version.ts'
import {
  append,
  gone,
  type LifecycleField,
  lifecycleFields,
  refusal,
  successorOf,
  valuesOf,
} from './lifecycle.ts'
import { takenVersion } from './taken-version.ts'

/** What is known of a version once and for all. */
interface KnownVersion {
  readonly fields: readonly LifecycleField[]
  /** Wall-clock milliseconds from which on it answers no more; Infinity for ever. */
  readonly end: number
}

/** For the count of requests that no version answers. */
const NO_VERSION = '(none)'

const REQUESTS = metric({
  kind: 'counter',
  name: 'headgate_api_version_requests_total',
  labels: ['route', 'version'],
  help: 'Requests by the version of the API that they are for, or "(none)" if they were refused for want of one.',
})

/** What to call for each request of a route with versions of an API. */
export function versionMetrics(
  metrics: MetricRegistry,
  route: string,
  { versions }: ApiVersionsConfig,
): (version: string) => void {
  const names = [...Object.keys(versions), NO_VERSION]
  const counters = new Map(names.map((version) => [version, metrics.get(REQUESTS, { route, version })]))
  return (version) => counters.get(version)?.add(1)
}

/**
 * Chooses the version of an API that a request is for, and refuses those that are for none. Answers tell when their version
 * ends, and caches by what it was chosen.
 * @param patterns of the route's path
 * @param told of the version of each request, or NO_VERSION
 */
export function apiVersion(
  config: ApiVersionsConfig,
  patterns: readonly string[],
  told: (version: string) => void,
): Policy {
  const seek = versionSeeker(config)
  const versions = new Map(
    Object.entries(config.versions).map(([name, version]): [string, KnownVersion] => {
      const { sunset, afterSunset, successor } = version
      const end = afterSunset === 'gone' ? (sunset ?? Infinity) : Infinity
      return [name, { fields: lifecycleFields(version, successorOf(successor, config, patterns)), end }]
    }),
  )
  const varied = [
    ...(config.header === undefined ? [] : [config.header]),
    ...(config.mediaType === undefined ? [] : ['accept']),
  ]
  const refuse = (exchange: Exchange, asked: Exclude<AskedVersion, { kind: 'known' }>): HttpResponse => {
    told(NO_VERSION)
    return vary(refusal(asked, config, exchange), varied)
  }
  return (next) =>
    function apiVersion(exchange) {
      const asked = seek(exchange)
      if (asked.kind !== 'known') return Promise.resolve(refuse(exchange, asked))
      const { version } = asked
      const { fields, end } = versions.get(version) as KnownVersion // sought among these
      takenVersion.state(exchange, version)
      told(version)
      const values = fields.length === 0 ? NO_VALUES : valuesOf(fields, exchange)
      const finish = (response: HttpResponse): HttpResponse => vary(append(response, values), varied)
      if (end === Infinity || exchange.clock.wallTime() < end) return next(exchange).then(finish)
      const others = Object.keys(config.versions).filter((name) => name !== version)
      return Promise.resolve(finish(gone(`version ${version}`, end, others, exchange)))
    }
}

const NO_VALUES: readonly (readonly [string, string])[] = []

function vary(response: HttpResponse, names: readonly string[]): HttpResponse {
  addVary(response.headers, names)
  return response
}

/** Sends each version where it goes. */
export function versionTarget(
  targets: ReadonlyMap<string, Handler>,
  otherwise: Handler | undefined,
): Handler {
  return (exchange) => {
    const version = takenVersion.of(exchange) ?? ''
    const target = targets.get(version) ?? otherwise
    // The configuration is refused where a version has no target.
    if (target === undefined) throw new TypeError(`version ${version} leads nowhere`)
    return target(exchange)
  }
}
