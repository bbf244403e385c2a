import { fieldOf, listOf, textsOf } from '../../settings/problems/fields.ts'
import { findEach, type Finding, type Path } from '../../settings/problems/problem.ts'

/** Methods by which GraphQL comes. */
const METHODS = ['GET', 'HEAD', 'POST']

/** What the GraphQL settings of a route say that cannot be meant. Looks at them as they were written. */
export function graphqlChecks(input: unknown): Finding[] {
  const routes = fieldOf(input, 'routes')
  if (!Array.isArray(routes)) return []
  return findEach(routes, (route: unknown, index): Finding[] => {
    const path: Path = ['routes', index]
    const match = fieldOf(route, 'match')
    return [
      ...matchChecks(match, [...path, 'match']),
      ...methodChecks(route, path),
      ...keyChecks(route, fieldOf(input, 'rateLimits'), path),
    ]
  })
}

/** Each condition on operations, the ones inside of others too, must say something. */
export function matchChecks(match: unknown, path: Path): Finding[] {
  const own = fieldOf(match, 'graphql')
  const inner = ['all', 'any'].flatMap((key) =>
    findEach(listOf(fieldOf(match, key)), (each, index) => matchChecks(each, [...path, key, index])),
  )
  const negated = fieldOf(match, 'not')
  return [
    ...(isEmpty(own) ? [empty([...path, 'graphql'], 'operation, name and rootFields')] : []),
    ...(isEmpty(fieldOf(own, 'rootFields'))
      ? [empty([...path, 'graphql', 'rootFields'], 'any and all')]
      : []),
    ...inner,
    ...(negated === undefined ? [] : matchChecks(negated, [...path, 'not'])),
  ]
}

function empty(path: Path, allowed: string): Finding {
  return { path, problem: 'says nothing of the operation', allowed: `at least one of ${allowed}` }
}

/** By GET, only queries come: a route for other operations that takes nothing else is never taken. */
function methodChecks(route: unknown, path: Path): Finding[] {
  const match = fieldOf(route, 'match')
  const methods = fieldOf(match, 'methods')
  if (!Array.isArray(methods) || methods.length === 0) return []
  const condition = fieldOf(match, 'graphql')
  if (condition === undefined && fieldOf(route, 'graphql') === undefined) return []
  const at = [...path, 'match', 'methods']
  if (!methods.some((each) => METHODS.some((method) => method === each)))
    return [{ path: at, problem: 'has none by which GraphQL comes', allowed: 'POST, GET, or both' }]
  const types = textsOf(fieldOf(condition, 'operation'))
  if (types.length === 0 || types.includes('query') || methods.includes('POST')) return []
  return [{ path: at, problem: `has no POST, by which alone a ${types[0]} comes`, allowed: 'POST' }]
}

/** A key of GraphQL tells nothing apart where no operation is read. */
function keyChecks(route: unknown, named: unknown, path: Path): Finding[] {
  if (fieldOf(route, 'graphql') !== undefined || asksForOperation(fieldOf(route, 'match'))) return []
  const written = fieldOf(route, 'rateLimit')
  const limits = Array.isArray(written) ? written : [written]
  return findEach(limits, (limit: unknown, index): Finding[] => {
    const section = typeof limit === 'string' ? fieldOf(named, limit) : limit
    const setting = ['key', 'cost'].find((each) => wordOf(fieldOf(section, each)) !== undefined)
    if (setting === undefined) return []
    const at = Array.isArray(written) ? [...path, 'rateLimit', index] : [...path, 'rateLimit']
    const problem = `has the ${setting} ${wordOf(fieldOf(section, setting))}, but the route reads no operation`
    return [{ path: at, whole: true, problem, hint: 'give the route a section "graphql", as graphql: {}' }]
  })
}

function wordOf(written: unknown): string | undefined {
  return textsOf(written).find((each) => each.startsWith('graphql-'))
}

function asksForOperation(match: unknown): boolean {
  return (
    fieldOf(match, 'graphql') !== undefined ||
    [...listOf(fieldOf(match, 'all')), ...listOf(fieldOf(match, 'any')), fieldOf(match, 'not')].some(
      (each) => each !== undefined && asksForOperation(each),
    )
  )
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}
