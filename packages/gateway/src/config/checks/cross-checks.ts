import { makesRoutes } from '../../features/validation/openapi/checks.ts'
import { fieldOf, type Fields, fieldsOf, isFields, listOf, textsOf } from '../../settings/problems/fields.ts'
import { upstreamPlaces } from '../upstreams.ts'
import { ONLY_TOWARDS_UPSTREAM, ROUTE_SETTINGS } from '../../stack.ts'
import { findEach, type Finding, type Path, unused } from '../../settings/problems/problem.ts'
import { show } from '../../settings/problems/show.ts'
import { meant, nearestFirst, someOf } from '../../settings/problems/suggest.ts'
import { addressConflicts } from './addresses.ts'
import { consumerChecks } from '../../features/consumers/checks.ts'
import { authenticationChecks } from '../../features/authentication/checks.ts'
import { cacheChecks } from '../../features/cache/memory.ts'
import { graphqlChecks } from '../../features/graphql/checks.ts'
import { discoveryChecks } from '../../features/discovery.ts'
import { proxyProtocolChecks } from '../../features/proxy-protocol/setting.ts'
import { tlsChecks } from '../../features/tls/checks.ts'
import { http2Checks } from '../../features/http2.ts'
import { geoChecks } from '../../features/geo/geo-files.ts'
import { storeChecks } from '../../features/stores/stores.ts'
import { ANSWERS, targetChecks } from '../../features/target.ts'
import { parameterChecks } from '../../features/templates/checks.ts'
import { rateLimitChecks } from '../../features/rate-limit/checks.ts'
import { redactedChecks } from './shared-checks.ts'
import { upstreamChecks } from './upstream-checks.ts'
import { defaultRouteName } from '../schema/schema.ts'
import { patternShape } from '../../settings/values/path-pattern.ts'
import { isUrlLike } from '../../settings/values/upstream-url.ts'

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
    ...findEach(upstreams, ([name, upstream]) => upstreamChecks(name, upstream)),
    ...repeatedNames(routes),
    ...unknownUpstreams(
      routes,
      upstreams.map(([name]) => name),
    ),
    ...repeatedMatches(routes),
    ...findEach(routes, (route, index) => routeChecks(fieldsOf(route), ['routes', index])),
    ...rateLimitChecks(fieldOf(input, 'rateLimits'), routes),
    ...authenticationChecks(input),
    ...consumerChecks(input, routeNames(routes)),
    ...storeChecks(input),
    ...cacheChecks(input),
    ...graphqlChecks(input),
    ...discoveryChecks(input),
    ...geoChecks(input),
    ...tlsChecks(input),
    ...proxyProtocolChecks(input),
    ...http2Checks(fieldOf(input, 'http2'), ['http2']),
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

function routeChecks(route: Fields, path: Path): readonly Finding[] {
  return [
    ...targetChecks(route, path),
    ...besideAnswer(route, path),
    ...parameterChecks(route, path),
    ...ROUTE_SETTINGS.flatMap(({ name, checks }) =>
      checks === undefined || route[name] === undefined ? [] : checks(route[name], [...path, name], route),
    ),
  ]
}

function besideAnswer(route: Fields, path: Path): Finding[] {
  if (ANSWERS.every((each) => route[each] === undefined)) return []
  const written = ONLY_TOWARDS_UPSTREAM.filter((name) => route[name] !== undefined)
  return written.map((name) => unused([...path, name], 'is without effect, as no upstream is asked'))
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
    if (makesRoutes(fieldOf(route, 'validate'))) return []
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

/** Those that routes have, or get by their position. */
function routeNames(routes: readonly unknown[]): string[] {
  return routes.map((route, index) => {
    const name = fieldOf(route, 'name')
    return typeof name === 'string' ? name : defaultRouteName(index)
  })
}
