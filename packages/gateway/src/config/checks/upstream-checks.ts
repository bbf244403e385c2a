import { hashChecks, healthChecks, outlierChecks } from '../../features/balancing.ts'
import { breakerChecks } from '../../features/breaker.ts'
import { endpointChecks } from '../../features/discovery.ts'
import { upstreamHttp2Checks } from '../../features/http2.ts'
import { upstreamProxyProtocolChecks } from '../../features/proxy-protocol/upstream-setting.ts'
import { upstreamTlsChecks } from '../../features/tls/upstream-setting.ts'
import { type Fields, fieldOf, fieldsOf, listOf } from '../../settings/problems/fields.ts'
import { findEach, type Finding, type Path } from '../../settings/problems/problem.ts'
import { name as groupName } from '../../settings/values/kinds.ts'
import { endpointName, parseUpstreamUrl } from '../../settings/values/upstream-url.ts'

type UpstreamChecks = (written: unknown, path: Path, upstream: Fields) => readonly Finding[]

/** What cannot be meant of a setting of upstreams, as it was written. */
const CHECKS: Readonly<Record<string, UpstreamChecks>> = {
  endpoints: (endpoints, path) => [
    ...findEach(listOf(endpoints), (endpoint, index) => endpointChecks(endpoint, [...path, index])),
    ...repeatedEndpoints(listOf(endpoints), path),
  ],
  tls: upstreamTlsChecks,
  hash: hashChecks,
  health: healthChecks,
  breaker: breakerChecks,
  outliers: outlierChecks,
  http2: upstreamHttp2Checks,
  proxyProtocol: upstreamProxyProtocolChecks,
}

/** What no value of an upstream shows alone; as cross-checks.ts, it passes over what does not have the expected form. */
export function upstreamChecks(name: string, written: unknown): readonly Finding[] {
  const path = ['upstreams', name]
  const upstream = fieldsOf(written)
  const named = groupName.parse(name)
  return [
    ...(named.ok ? [] : [{ path, part: 'key', problem: named.problem, allowed: groupName.allowed } as const]),
    ...Object.entries(CHECKS).flatMap(([key, checks]) =>
      upstream[key] === undefined ? [] : checks(upstream[key], [...path, key], upstream),
    ),
  ]
}

/** Endpoints are known by their name, which is their address: in the admin API, in metrics and in the cookies of sticky sessions. */
function repeatedEndpoints(endpoints: readonly unknown[], path: Path): readonly Finding[] {
  const first = new Map<string, number>()
  return findEach(endpoints, (endpoint, index): Finding[] => {
    const written = fieldOf(endpoint, 'url')
    const url = typeof written === 'string' ? parseUpstreamUrl(written) : undefined
    if (url?.ok !== true) return []
    // Of two schemes there may be one.
    const name = endpointName(url.value)
    const other = first.get(name)
    if (other === undefined) first.set(name, index)
    if (other === undefined) return []
    const problem = `is the address of endpoints[${other}] already`
    return [
      {
        path: [...path, index, 'url'],
        problem,
        hint: 'for a larger share of the requests, it can have a "weight"',
      },
    ]
  })
}
