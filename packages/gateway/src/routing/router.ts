import { HttpRequest } from '@headgate/core'
import type { Condition, Subject } from './condition.ts'
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
  /** Of those with a higher one, the most specific is taken, before any with a lower one is looked at; 0 by default. */
  readonly priority?: number
  /** What must hold besides; nothing by default. */
  readonly conditions?: readonly Condition[]
  readonly value: Route
}

export interface MethodNotAllowed {
  readonly kind: 'method_not_allowed'
  /** What the routes allow that match but for the method; sorted (RFC 9110 10.2.1). */
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

/** Of a request of which host, path and method are all that is known. */
const NOTHING_ELSE: Subject = { request: HttpRequest.to('http://localhost/'), clientAddress: '' }

/**
 * Finds the route of a request. Of all routes that match, the one with the highest priority is taken; of equal ones, the most
 * specific:
 *
 * 1. an exact host before a longer suffix before a shorter one before any host;
 * 2. then segment by segment from the left: text before a parameter before `**`, and an exact end before `**`;
 * 3. then a route that names the method before one that has HEAD through GET before one for any method;
 * 4. then the one with more conditions;
 * 5. then the one declared first.
 *
 * Built once from a configuration. Finding takes time by the length of host and path and by the number of priorities, not by
 * the number of routes: conditions are looked at only among routes with the same host and path. It allocates only where a path
 * has parameters or there is no route.
 */
export class Router<Route> {
  /** One for each priority, the highest first: usually one. */
  private readonly layers: readonly HostTable<PathTrie<Route>>[]
  private readonly search = new PathSearch<Route>()

  /** @throws TypeError if a pattern is not valid */
  constructor(entries: Iterable<RouteEntry<Route>>) {
    const byPriority = Map.groupBy(entries, ({ priority }) => priority ?? 0)
    this.layers = [...byPriority].sort(([one], [other]) => other - one).map(([, list]) => table(list))
  }

  /**
   * @param host canonical, without port
   * @param path canonical; what does not start with "/" (the "*" of OPTIONS) has no route
   * @param subject for the conditions of routes; without it, of a request without fields, query and client
   */
  find(host: string, path: string, method: string, subject: Subject = NOTHING_ELSE): Found<Route> {
    if (path.charCodeAt(0) !== SLASH) return NOT_FOUND
    const { search, layers } = this
    search.start(path, method, subject)
    for (let layer = 0; layer < layers.length; layer++) {
      const tries = layers[layer]?.get(host) ?? []
      for (let index = 0; index < tries.length; index++) {
        const candidate = tries[index]?.match(search)
        if (candidate === undefined) continue
        return candidate.paramNames === undefined
          ? candidate.found
          : withParams(candidate, candidate.paramNames, search)
      }
    }
    if (search.refused === undefined) return NOT_FOUND
    const allow = new Set(search.refused.flatMap((choice) => choice.allow(subject)))
    return allow.size === 0 ? NOT_FOUND : { kind: 'method_not_allowed', allow: [...allow].sort() }
  }
}

function table<Route>(entries: readonly RouteEntry<Route>[]): HostTable<PathTrie<Route>> {
  const byHost = new Map<string | undefined, { pattern: PathPattern; candidate: Candidate<Route> }[]>()
  for (const entry of entries) {
    const placed = place(entry)
    for (const host of entry.hosts.length > 0 ? entry.hosts : [undefined]) {
      const list = byHost.get(host) ?? []
      list.push(...placed)
      byHost.set(host, list)
    }
  }
  return new HostTable(
    Array.from(byHost, ([host, placed]) => ({ pattern: hostPattern(host), value: new PathTrie(placed) })),
  )
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
  const conditions = entry.conditions?.length ? entry.conditions : undefined
  return paths.map((path) => {
    const pattern = parsePathPattern(path)
    const names = pattern.segments.flatMap((each) => (each.kind === 'parameter' ? [each.name] : []))
    const paramNames = names.length > 0 ? names : undefined
    return { pattern, candidate: { methods: entry.methods, paramNames, conditions, found } }
  })
}
