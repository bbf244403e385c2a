import { HostTable } from './host-table.ts'
import type { Candidate, RouteFound } from './method-choice.ts'
import { type HostPattern, parseHostPattern, parsePathPattern, type PathPattern } from './pattern.ts'
import { PathSearch, PathTrie } from './path-trie.ts'

/** A route as the router sees it: what it matches, and what it stands for. */
export interface RouteEntry<Route> {
  /** For messages. */
  readonly name: string
  /** Empty: any. See `parseHostPattern`. */
  readonly hosts: readonly string[]
  /** Empty: any. See `parsePathPattern`. */
  readonly paths: readonly string[]
  /** Empty: any. GET brings HEAD with it. */
  readonly methods: readonly string[]
  readonly value: Route
}

export interface MethodNotAllowed {
  readonly kind: 'method_not_allowed'
  /** What the routes that match host and path allow; sorted (RFC 9110 10.2.1). */
  readonly allow: readonly string[]
}

export interface RouteNotFound {
  readonly kind: 'not_found'
}

/** What `find` answers. */
export type Found<Route> = RouteFound<Route> | MethodNotAllowed | RouteNotFound

const NOT_FOUND: RouteNotFound = Object.freeze({ kind: 'not_found' })
const NO_PARAMS: Readonly<Record<string, string>> = Object.freeze({})
const SLASH = 0x2f

/**
 * Finds the route of a request. Of all routes that match host, path and method, the most specific is taken:
 *
 * 1. an exact host before a longer suffix before a shorter one before any host;
 * 2. then segment by segment from the left: text before a parameter before `**`, and an exact end before `**`;
 * 3. then a route that names the method before one that has HEAD through GET before one for any method;
 * 4. then the one declared first.
 *
 * Built once from a configuration. Finding takes time by the length of host and path, not by the number of routes,
 * and allocates only where a path has parameters or there is no route.
 */
export class Router<Route> {
  private readonly hosts: HostTable<PathTrie<Route>>
  private readonly search = new PathSearch<Route>()

  /** @throws TypeError if a pattern is not valid */
  constructor(entries: Iterable<RouteEntry<Route>>) {
    const byHost = new Map<string | undefined, { pattern: PathPattern; candidate: Candidate<Route> }[]>()
    for (const entry of entries) {
      const placed = place(entry)
      for (const host of entry.hosts.length > 0 ? entry.hosts : [undefined]) {
        const list = byHost.get(host) ?? []
        list.push(...placed)
        byHost.set(host, list)
      }
    }
    this.hosts = new HostTable(
      Array.from(byHost, ([host, placed]) => ({ pattern: hostPattern(host), value: new PathTrie(placed) })),
    )
  }

  /**
   * @param host canonical, without port
   * @param path canonical; what does not start with "/" (the "*" of OPTIONS) has no route
   */
  find(host: string, path: string, method: string): Found<Route> {
    if (path.charCodeAt(0) !== SLASH) return NOT_FOUND
    const { search } = this
    search.start(path, method)
    const tries = this.hosts.get(host)
    for (let index = 0; index < tries.length; index++) {
      const candidate = tries[index]?.match(search)
      if (candidate === undefined) continue
      return candidate.paramNames === undefined
        ? candidate.found
        : withParams(candidate, candidate.paramNames, search)
    }
    if (search.refused === undefined) return NOT_FOUND
    const allow = new Set(search.refused.flatMap((choice) => choice.allow))
    return { kind: 'method_not_allowed', allow: [...allow].sort() }
  }
}

function withParams<Route>(
  candidate: Candidate<Route>,
  paramNames: readonly string[],
  search: PathSearch<Route>,
): RouteFound<Route> {
  const params: Record<string, string> = {}
  for (let index = 0; index < paramNames.length; index++) {
    params[paramNames[index] as string] = search.value(index) // within the array
  }
  return { kind: 'found', route: candidate.found.route, params }
}

function hostPattern(host: string | undefined): HostPattern | undefined {
  return host === undefined ? undefined : parseHostPattern(host)
}

function place<Route>(entry: RouteEntry<Route>): { pattern: PathPattern; candidate: Candidate<Route> }[] {
  const found = Object.freeze({ kind: 'found' as const, route: entry.value, params: NO_PARAMS })
  const paths = entry.paths.length > 0 ? entry.paths : ['/**']
  return paths.map((path) => {
    const pattern = parsePathPattern(path)
    const names = pattern.segments.flatMap((each) => (each.kind === 'parameter' ? [each.name] : []))
    const paramNames = names.length > 0 ? names : undefined
    return { pattern, candidate: { methods: entry.methods, paramNames, found } }
  })
}
