import { HttpRequest } from '@headgate/core'
import type { Condition, Subject } from '../conditions.ts'
import { HostTable } from './host-table.ts'
import type { RouteFound } from './method-choice.ts'
import { type PathEntry, PathSearch, PathTries } from './path-trie.ts'
import { parsePathPattern } from '../../settings/values/pattern.ts'

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

/** What `find` returns. */
export type Found<Route> = RouteFound<Route> | MethodNotAllowed | RouteNotFound

const NOT_FOUND: RouteNotFound = Object.freeze({ kind: 'not_found' })
const NO_PARAMS: Readonly<Record<string, string>> = Object.freeze({})
const SLASH = 0x2f

/** Of a request of which host, path and method are all that is known. */
const NOTHING_ELSE: Subject = {
  request: HttpRequest.to('http://localhost/'),
  clientAddress: '',
  clientScheme: 'http',
}

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
  /** One for each priority, the highest first: usually one. They hold numbers of tries. */
  private readonly layers: readonly HostTable[]
  private readonly tries: PathTries<Route>
  private readonly search = new PathSearch()

  /** @throws TypeError if a pattern is not valid */
  constructor(entries: Iterable<RouteEntry<Route>>) {
    const byPriority = Map.groupBy(entries, ({ priority }) => priority ?? 0)
    const layers = [...byPriority].sort(([one], [other]) => other - one).map(([, list]) => byHost(list))
    this.tries = new PathTries(layers.flatMap((hosts) => [...hosts.values()]))
    let trie = 0
    this.layers = layers.map(
      (hosts) =>
        new HostTable(new Map([...hosts.keys()].map((host) => [host, this.tries.roots[trie++] ?? -1]))),
    )
  }

  /**
   * @param host canonical, without port
   * @param path canonical; what does not start with "/" (the "*" of OPTIONS) has no route
   * @param subject for the conditions of routes; without it, of a request without fields, query and client
   */
  find(host: string, path: string, method: string, subject: Subject = NOTHING_ELSE): Found<Route> {
    if (path.charCodeAt(0) !== SLASH) return NOT_FOUND
    const { search, layers, tries } = this
    const { choices } = tries
    search.start(path, choices.row(method), subject)
    for (let layer = 0; layer < layers.length; layer++) {
      const hosts = layers[layer]
      if (hosts === undefined) break
      for (let at = hosts.first(host); at !== -1; at = hosts.next(at)) {
        const candidate = tries.match(hosts.value(at), search)
        const found = candidate === -1 ? undefined : choices.answer(candidate)
        if (found === undefined) continue
        const names = choices.paramNames(candidate)
        return names === undefined ? found : withParams(found, names, search)
      }
    }
    if (search.refused === undefined) return NOT_FOUND
    const allow = new Set(search.refused.flatMap((choice) => choices.allow(choice, subject)))
    return allow.size === 0 ? NOT_FOUND : { kind: 'method_not_allowed', allow: [...allow].sort() }
  }
}

function byHost<Route>(entries: readonly RouteEntry<Route>[]): Map<string | undefined, PathEntry<Route>[]> {
  const hosts = new Map<string | undefined, PathEntry<Route>[]>()
  for (const entry of entries) {
    const placed = place(entry)
    for (const host of entry.hosts.length > 0 ? entry.hosts : [undefined]) {
      const list = hosts.get(host) ?? []
      list.push(...placed)
      hosts.set(host, list)
    }
  }
  return hosts
}

function withParams<Route>(
  { route }: RouteFound<Route>,
  names: readonly string[],
  search: PathSearch,
): RouteFound<Route> {
  const params: Record<string, string> = {}
  for (let index = 0; index < names.length; index++) {
    params[names[index] as string] = search.value(index) // within the array
  }
  return { kind: 'found', route, params }
}

function place<Route>(entry: RouteEntry<Route>): PathEntry<Route>[] {
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
