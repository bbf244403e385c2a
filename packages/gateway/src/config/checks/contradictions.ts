import { keysOf, millisecondsOf } from '../../settings/problems/fields.ts'
import { findEach } from '../../settings/problems/find-each.ts'
import { type Finding, type Path, valueAt } from '../../settings/problems/problem.ts'
import { parseUpstreamUrl } from '../../settings/values/upstream-url.ts'

/** Of an upstream: a first time that grows up to a longest one, with their defaults. */
const GROWING_TIMES = [
  { section: 'breaker', first: 'openFor', longest: 'maxOpenFor', defaults: ['5s', '1m'] },
  { section: 'outliers', first: 'ejectionTime', longest: 'maxEjectionTime', defaults: ['30s', '5m'] },
] as const

/** Settings that take each other's effect away. Looks at the configuration as it was written, as cross-checks.ts does. */
export function contradictions(input: unknown): Finding[] {
  return [
    ...findEach(keysOf(valueAt(input, ['upstreams'])), (name) => {
      const path: Path = ['upstreams', name]
      return [...repeatedEndpoints(input, [...path, 'endpoints']), ...shortLimits(input, path)]
    }),
  ]
}

/** Endpoints are known by their address: in the admin API, in metrics and in the cookies of sticky sessions. */
function repeatedEndpoints(input: unknown, path: Path): Finding[] {
  const first = new Map<string, number>()
  return findEach(keysOf(valueAt(input, path)), (key): Finding[] => {
    const index = Number(key)
    const place: Path = [...path, index, 'url']
    const written = valueAt(input, place)
    const url = typeof written === 'string' ? parseUpstreamUrl(written) : undefined
    if (url?.ok !== true) return []
    const address = addressOf(url.value)
    const other = first.get(address)
    if (other === undefined) first.set(address, index)
    if (other === undefined) return []
    const problem = `is the address of endpoints[${other}] already`
    return [{ path: place, problem, hint: 'for a larger share of the requests, it can have a "weight"' }]
  })
}

/** Host and port, or the path of a socket: of two schemes there may be one. */
function addressOf(url: string): string {
  if (!url.includes('://')) return url.replace('https+', '')
  const { protocol, host, port } = new URL(url)
  return port === '' ? `${host}:${protocol === 'https:' ? 443 : 80}` : host
}

function shortLimits(input: unknown, upstream: Path): Finding[] {
  return GROWING_TIMES.flatMap(({ section, first, longest, defaults }): Finding[] => {
    const path: Path = [...upstream, section]
    const written = valueAt(input, [...path, first])
    const start = millisecondsOf(written ?? defaults[0])
    const end = millisecondsOf(valueAt(input, [...path, longest]) ?? defaults[1])
    if (start === undefined || end === undefined || start <= end) return []
    return written === undefined
      ? [{ path: [...path, longest], problem: `is shorter than "${first}"` }]
      : [{ path: [...path, first], problem: `is longer than "${longest}"` }]
  })
}
