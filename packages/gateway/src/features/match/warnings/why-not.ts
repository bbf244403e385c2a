import type { MatchedRoute } from '../setting.ts'
import { type Subject, weightOf } from '../../../routing/conditions.ts'
import { conditionsOf } from '../conditions.ts'
import { type GeoLookup, knowNothing } from '../../geo/geo-place.ts'
import { type RouteEntry, Router } from '../../../routing/router/router.ts'

/** Why a route is not the one that takes the request: the first thing that does not hold, or what makes the other come first. */
export function whyNot(
  route: MatchedRoute,
  chosen: MatchedRoute | undefined,
  subject: Subject,
  geo: GeoLookup = knowNothing,
): string {
  const { host: hosts = [], path: paths, methods = [] } = route.match
  if (!takes(subject, { hosts })) return `host is not ${hosts.join(' or ')}`
  if (!takes(subject, { hosts, paths })) return `path is not ${paths.join(' or ')}`
  if (!takes(subject, { hosts, paths, methods })) return `method is not ${methods.join(' or ')}`
  const conditions = conditionsOf(route.match, geo)
  const failed = conditions.find((condition) => !condition.holds(subject))
  if (failed !== undefined) return `it is not so that ${failed.text}`
  return chosen === undefined ? 'it matches' : behind(route, chosen, subject)
}

/** It matches, too. */
function behind(route: MatchedRoute, chosen: MatchedRoute, subject: Subject): string {
  const name = JSON.stringify(chosen.name)
  if (chosen.priority !== route.priority)
    return `matches, but ${name} has a higher priority (${chosen.priority})`
  // Both orders: of two that are equally specific, the first is taken.
  const isBehind = [
    [route, chosen],
    [chosen, route],
  ].every((pair) => {
    const found = find(new Router(pair.map(bare)), subject)
    return found.kind === 'found' && found.route === chosen.name
  })
  if (isBehind) return `matches, but ${name} has the more specific host or path`
  if (methodRank(chosen, subject) < methodRank(route, subject)) return `matches, but ${name} names the method`
  if (weightOf(conditionsOf(chosen.match)) > weightOf(conditionsOf(route.match)))
    return `matches, but ${name} has more conditions`
  return `matches, but ${name} comes first`
}

function bare({ name, match }: MatchedRoute): RouteEntry<string> {
  const { host: hosts = [], path: paths } = match
  return { name, hosts, paths, methods: [], value: name }
}

function methodRank({ match }: MatchedRoute, { request }: Subject): number {
  if (match.methods === undefined) return 2
  return match.methods.includes(request.method) ? 0 : 1
}

interface Part {
  readonly hosts?: readonly string[]
  readonly paths?: readonly string[]
  readonly methods?: readonly string[]
}

function takes(subject: Subject, { hosts = [], paths = [], methods = [] }: Part): boolean {
  return find(new Router([{ name: '', hosts, paths, methods, value: '' }]), subject).kind === 'found'
}

function find(router: Router<string>, subject: Subject): ReturnType<Router<string>['find']> {
  const { authority, path, method } = subject.request
  return router.find(authority.host, path, method, subject)
}
