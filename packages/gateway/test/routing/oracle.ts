import { allHold, type Subject, weightOf } from '../../src/routing/conditions.ts'
import type { Found, RouteEntry } from '../../src/routing/router/router.ts'

/** One host and one path of a route. */
interface Place {
  readonly entry: RouteEntry<string>
  readonly order: number
  readonly host: string | undefined
  readonly path: string
}

/** What the router must answer, found the slow way: every route is looked at and those that match are compared. */
export function slowFind(
  entries: readonly RouteEntry<string>[],
  host: string,
  path: string,
  method: string,
  subject?: Subject,
): Found<string> {
  const matching = entries
    .flatMap((entry, order) =>
      orAny(entry.hosts).flatMap((each) =>
        (entry.paths.length > 0 ? entry.paths : ['/**']).map((pattern) => ({
          entry,
          order,
          host: each,
          path: pattern,
        })),
      ),
    )
    .filter((place) => matchesHost(place.host, host) && paramsOf(place.path, path) !== undefined)
    .filter(({ entry }) => subject === undefined || allHold(entry.conditions, subject))
  if (matching.length === 0) return { kind: 'not_found' }
  const allowed = matching.filter(({ entry }) => methodRank(entry, method) < Infinity)
  if (allowed.length === 0) {
    const allow = new Set(matching.flatMap(({ entry }) => entry.methods))
    if (allow.size === 0) return { kind: 'not_found' }
    if (allow.has('GET')) allow.add('HEAD')
    return { kind: 'method_not_allowed', allow: [...allow].sort() }
  }
  const best = allowed.sort((left, right) => compare(left, right, method))[0] as Place // it is not empty
  return { kind: 'found', route: best.entry.value, params: paramsOf(best.path, path) ?? {} }
}

function orAny(list: readonly string[]): readonly (string | undefined)[] {
  return list.length > 0 ? list : [undefined]
}

function matchesHost(pattern: string | undefined, host: string): boolean {
  if (pattern === undefined) return true
  if (!pattern.startsWith('*.')) return pattern === host
  return host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1
}

function paramsOf(pattern: string, path: string): Record<string, string> | undefined {
  const source = pattern
    .replace(/\/\*\*$/, '(?:/.*)?')
    .replace(/\/:(\w+)/g, '/(?<$1>[^/]+)')
    .replaceAll('.html', '[.]html')
  const match = new RegExp(`^${source}$`).exec(path)
  return match === null ? undefined : { ...match.groups }
}

/** Less is more specific. */
function compare(left: Place, right: Place, method: string): number {
  return (
    (right.entry.priority ?? 0) - (left.entry.priority ?? 0) ||
    hostRank(left.host) - hostRank(right.host) ||
    comparePaths(left.path.split('/'), right.path.split('/')) ||
    methodRank(left.entry, method) - methodRank(right.entry, method) ||
    weightOf(right.entry.conditions) - weightOf(left.entry.conditions) ||
    left.order - right.order
  )
}

function hostRank(pattern: string | undefined): number {
  if (pattern === undefined) return 2000
  return pattern.startsWith('*.') ? 1000 - pattern.length : 0
}

function comparePaths(left: string[], right: string[]): number {
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const difference = segmentRank(left[index]) - segmentRank(right[index])
    if (difference !== 0) return difference
  }
  return 0
}

/** Both patterns match the same path, so where one has ended the other ends or goes on with `**`. */
function segmentRank(segment: string | undefined): number {
  if (segment === '**') return 2
  return segment?.startsWith(':') ? 1 : 0
}

function methodRank({ methods }: RouteEntry<string>, method: string): number {
  if (methods.includes(method)) return 0
  if (method === 'HEAD' && methods.includes('GET')) return 1
  return methods.length === 0 ? 2 : Infinity
}
