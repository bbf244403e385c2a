import { keysOf, millisecondsOf } from '../../settings/problems/fields.ts'
import { findEach } from '../../settings/problems/find-each.ts'
import { type Finding, type Path, valueAt } from '../../settings/problems/problem.ts'

const PLACES = ['url', 'dns', 'srv']

/** What is wrong about where endpoints are. Looks at the configuration as it was written, as cross-checks.ts does. */
export function discoveryChecks(input: unknown): Finding[] {
  const upstreams = valueAt(input, ['upstreams'])
  return [
    ...findEach(keysOf(upstreams), (name) => {
      const path: Path = ['upstreams', name, 'endpoints']
      const endpoints = valueAt(input, path)
      if (!Array.isArray(endpoints)) return []
      return findEach(endpoints, (endpoint: unknown, index) => endpointChecks(endpoint, [...path, index]))
    }),
    ...intervalChecks(input),
  ]
}

/** @param path where it stands */
function endpointChecks(endpoint: unknown, path: Path): Finding[] {
  if (typeof endpoint !== 'object' || endpoint === null || Array.isArray(endpoint)) return []
  const written = Object.keys(endpoint).filter((key) => valueAt(endpoint, [key]) !== undefined)
  const [first, ...others] = PLACES.filter((key) => written.includes(key))
  if (first === undefined) {
    const allowed = 'url: "http://host:port", dns: "name:port" or srv: "_http._tcp.name"'
    return [{ path, whole: true, problem: 'does not say where the endpoint is', allowed }]
  }
  const beside = (key: string, problem: string): Finding => ({
    path: [...path, key],
    part: 'key',
    whole: true,
    problem,
  })
  return [
    ...others.map((key) => beside(key, `stands beside "${first}": an endpoint has one of them`)),
    ...(first === 'url' && written.includes('scheme')
      ? [beside('scheme', 'is without effect: the URL has one')]
      : []),
    ...(first === 'srv' && written.includes('weight')
      ? [beside('weight', 'is without effect: the records of the service have their own')]
      : []),
  ]
}

function intervalChecks(input: unknown): Finding[] {
  const dns: Path = ['discovery', 'dns']
  const min = millisecondsOf(valueAt(input, [...dns, 'minInterval']) ?? '1s')
  const max = millisecondsOf(valueAt(input, [...dns, 'maxInterval']) ?? '5m')
  if (min === undefined || max === undefined || min <= max) return []
  const key = valueAt(input, [...dns, 'minInterval']) === undefined ? 'maxInterval' : 'minInterval'
  const problem = key === 'minInterval' ? 'is longer than "maxInterval"' : 'is shorter than "minInterval"'
  return [{ path: [...dns, key], problem }]
}
