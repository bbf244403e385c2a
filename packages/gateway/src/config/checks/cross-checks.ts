import {
  fieldOf,
  type Fields,
  fieldsOf,
  growingTimes,
  isFields,
  keysOf,
  listOf,
  textsOf,
} from '../../settings/problems/fields.ts'
import { upstreamPlaces } from '../upstreams.ts'
import { ROUTE_SETTINGS } from '../../stack.ts'
import { findEach, type Finding, type Path, valueAt } from '../../settings/problems/problem.ts'
import { show } from '../../settings/problems/show.ts'
import { meant, nearestFirst, someOf } from '../../settings/problems/suggest.ts'
import { addressConflicts } from './addresses.ts'
import { graphqlChecks } from '../../features/graphql/checks.ts'
import { discoveryChecks } from '../../features/discovery.ts'
import { geoChecks } from '../../features/geo/geo-files.ts'
import { rateLimitChecks } from '../../features/rate-limit/checks.ts'
import { redactedChecks } from './shared-checks.ts'
import { routeChecks } from './route-checks.ts'
import { defaultRouteName } from '../schema/schema.ts'
import { name as groupName } from '../../settings/values/kinds.ts'
import { patternShape } from '../../settings/values/path-pattern.ts'
import { isUrlLike, parseUpstreamUrl } from '../../settings/values/upstream-url.ts'

/**
 * What no value shows alone. It looks at the configuration as it was written, and passes over whatever does not
 * have the expected form, so that these mistakes are reported in one go with those of the schema.
 */
export function crossChecks(input: unknown): Finding[] {
  if (!isFields(input)) return []
  const upstreams = Object.entries(fieldsOf(fieldOf(input, 'upstreams')))
  const written = fieldOf(input, 'routes')
  const routes = listOf(written)
  return [
    ...(written === undefined || (Array.isArray(written) && routes.length === 0) ? [noRoutes] : []),
    ...addressConflicts(fieldOf(input, 'listeners'), fieldOf(input, 'admin')),
    ...findEach(upstreams, ([name, upstream]) => checkUpstream(name, upstream)),
    ...repeatedNames(routes),
    ...unknownUpstreams(
      routes,
      upstreams.map(([name]) => name),
    ),
    ...repeatedMatches(routes),
    ...contradictions(input),
    ...findEach(routes, routeChecks),
    ...findEach(routes, (route, index) => settingChecks(fieldsOf(route), ['routes', index])),
    ...rateLimitChecks(fieldOf(input, 'rateLimits'), routes),
    ...graphqlChecks(input),
    ...discoveryChecks(input),
    ...geoChecks(input),
    ...redactedChecks(input),
  ]
}

const noRoutes: Finding = {
  path: ['routes'],
  whole: true,
  problem: 'there is no route, so nothing would be served',
  allowed: 'a list of at least one route',
  hint: 'the shortest: routes: [{ upstream: "http://127.0.0.1:9000" }]',
}

function settingChecks(route: Fields, path: Path): Finding[] {
  return ROUTE_SETTINGS.flatMap(({ name, checks }) =>
    checks === undefined || route[name] === undefined ? [] : checks(route[name], [...path, name], route),
  )
}

function checkUpstream(name: string, upstream: unknown): Finding[] {
  const findings: Finding[] = []
  const named = groupName.parse(name)
  if (!named.ok)
    findings.push({
      path: ['upstreams', name],
      part: 'key',
      problem: named.problem,
      allowed: groupName.allowed,
    })
  const urls = listOf(fieldOf(upstream, 'endpoints')).map((endpoint) => fieldOf(endpoint, 'url'))
  const hasTls = urls.length === 0 || urls.some((url) => typeof url !== 'string' || /^https/i.test(url))
  if (fieldOf(upstream, 'tls') !== undefined && !hasTls) {
    const problem = 'TLS is configured, but no endpoint has an https URL, so nothing would be encrypted'
    findings.push({ path: ['upstreams', name, 'tls'], part: 'key', whole: true, problem })
  }
  if (fieldOf(upstream, 'hash') !== undefined && fieldOf(upstream, 'balance') !== 'consistent-hash') {
    const problem = 'is without effect: "balance" is not consistent-hash'
    findings.push({ path: ['upstreams', name, 'hash'], part: 'key', whole: true, problem })
  }
  return findings
}

function repeatedNames(routes: readonly unknown[]): Finding[] {
  const first = new Map<unknown, number>()
  // Written names come first: a default name gives way by being reported at the route that took it.
  for (const [index, route] of routes.entries()) {
    const name = fieldOf(route, 'name')
    if (typeof name === 'string' && !first.has(name)) first.set(name, index)
  }
  return findEach(routes, (route, index): Finding[] => {
    const name = fieldOf(route, 'name') ?? defaultRouteName(index)
    const other = first.get(name) ?? index
    if (other === index) return []
    if (fieldOf(route, 'name') !== undefined) {
      return [{ path: ['routes', index, 'name'], problem: `is the name of routes[${other}] already` }]
    }
    return [
      {
        path: ['routes', other, 'name'],
        problem: `is the name that routes[${index}] gets, because it has none`,
      },
    ]
  })
}

function unknownUpstreams(routes: readonly unknown[], names: readonly string[]): Finding[] {
  const known = new Set(names)
  const allowed = (reference: string): string => {
    const listed = names.length === 0 ? 'none is defined' : someOf(nearestFirst(reference, names))
    return `the name of an upstream (${listed}) or a URL such as http://127.0.0.1:9000`
  }
  return findEach(routes, (route, index) =>
    findEach(upstreamPlaces(fieldsOf(route)), ({ upstream: reference, path }): Finding[] => {
      if (reference === '' || isUrlLike(reference) || known.has(reference)) return []
      return [
        {
          path: ['routes', index, ...path],
          problem: 'is not the name of an upstream',
          allowed: () => allowed(reference),
          hint: () => meant(reference, names),
        },
      ]
    }),
  )
}

/** A route that says the same as routes before it would never be taken. */
function repeatedMatches(routes: readonly unknown[]): Finding[] {
  const takenBy = new Map<string, number>()
  return findEach(routes, (route, index): Finding[] => {
    const forms = matchForms(fieldOf(route, 'match'), fieldOf(route, 'priority'))
    const others = forms.map((form) => takenBy.get(form))
    for (const form of forms) if (!takenBy.has(form)) takenBy.set(form, index)
    const [other] = others
    if (other === undefined || others.includes(undefined)) return []
    const name = fieldOf(routes[other], 'name') ?? defaultRouteName(other)
    const problem = `matches nothing that routes[${other}] (${show(name)}) does not match already`
    return [{ path: ['routes', index, 'match'], part: 'value', whole: true, problem }]
  })
}

/** Of one route. With more of them, nobody has written the same twice, and to spell out a thousand of each would take for ever. */
const MOST_FORMS = 10_000

/** Each host, path and method that the route asks for, with what it asks besides, as one text. */
function matchForms(match: unknown, priority: unknown): string[] {
  if (match !== undefined && !isFields(match)) return []
  const { host: _host, path: _path, methods: _methods, ...conditions } = fieldsOf(match)
  const besides = JSON.stringify([priority ?? 0, conditions])
  const hosts = textsOf(fieldOf(match, 'host') ?? '')
  const paths = textsOf(fieldOf(match, 'path') ?? '/**').map(patternShape)
  const methods = textsOf(fieldOf(match, 'methods') ?? '')
  if (hosts.length * paths.length * methods.length > MOST_FORMS) return []
  return hosts.flatMap((host) =>
    paths.flatMap((path) => methods.map((method) => `${method} ${host} ${path} ${besides}`)),
  )
}

/** Of an upstream: a first time that grows up to a longest one, with their defaults. */
const GROWING_TIMES = [
  ['breaker', { key: 'openFor', default: '5s' }, { key: 'maxOpenFor', default: '1m' }],
  ['outliers', { key: 'ejectionTime', default: '30s' }, { key: 'maxEjectionTime', default: '5m' }],
] as const

/** Settings that take each other's effect away. Looks at the configuration as it was written, as cross-checks.ts does. */
function contradictions(input: unknown): Finding[] {
  return findEach(keysOf(valueAt(input, ['upstreams'])), (name) => {
    const path: Path = ['upstreams', name]
    return [...repeatedEndpoints(input, [...path, 'endpoints']), ...shortLimits(input, path)]
  })
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
  return GROWING_TIMES.flatMap(([section, first, longest]) => {
    const path: Path = [...upstream, section]
    return growingTimes(valueAt(input, path), path, first, longest)
  })
}
