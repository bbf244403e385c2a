import { allHold, type Condition, type Subject, weightOf } from './condition.ts'

/** The route taken. Frozen, made with the router, and given out again and again where the path has no parameters. */
export interface RouteFound<Route> {
  readonly kind: 'found'
  readonly route: Route
  /** As they stand in the canonical path: percent-encoded. */
  readonly params: Readonly<Record<string, string>>
}

/** A route in one of the places that its hosts and paths give it. */
export interface Candidate<Route> {
  /** Empty: any. */
  readonly methods: readonly string[]
  /** Of the path's parameters, in order; undefined if it has none. */
  readonly paramNames: readonly string[] | undefined
  /** What must hold beside host, path and method; undefined if there is nothing. */
  readonly conditions: readonly Condition[] | undefined
  /** The answer, but for the values of parameters. */
  readonly found: RouteFound<Route>
}

/** The routes with the same host and path: they differ by method and by conditions. */
export class MethodChoice<Route> {
  /** In the order in which they are tried. Undefined where no route names a method, which saves a look-up. */
  private readonly byMethod: ReadonlyMap<string, readonly Candidate<Route>[]> | undefined
  private readonly other: readonly Candidate<Route>[]
  private readonly candidates: readonly Candidate<Route>[]

  /** @param candidates in the order of their declaration */
  constructor(candidates: readonly Candidate<Route>[]) {
    // Sorting keeps the order of equals: the earlier has precedence.
    const sorted = [...candidates].sort((one, other) => weightOf(other.conditions) - weightOf(one.conditions))
    const naming = (method: string) => sorted.filter(({ methods }) => methods.includes(method))
    const methods = new Set(candidates.flatMap((candidate) => candidate.methods))
    if (methods.has('GET')) methods.add('HEAD')
    const open = sorted.filter((candidate) => candidate.methods.length === 0)
    const byMethod = new Map<string, readonly Candidate<Route>[]>()
    for (const method of methods) {
      // HEAD asks what GET would answer (RFC 9110 9.3.2): a route that answers the one answers the other.
      const asGet = method === 'HEAD' ? naming('GET') : []
      byMethod.set(method, reachable([...naming(method), ...asGet, ...open]))
    }
    this.byMethod = byMethod.size > 0 ? byMethod : undefined
    this.other = reachable(open)
    this.candidates = candidates
  }

  /** A route that names the method, else one that takes any; among these, the one with more conditions. */
  choose(method: string, subject: Subject): Candidate<Route> | undefined {
    const candidates = this.byMethod?.get(method) ?? this.other
    for (let index = 0; index < candidates.length; index++) {
      const candidate = candidates[index]
      if (candidate === undefined) break
      if (candidate.conditions === undefined || allHold(candidate.conditions, subject)) return candidate
    }
    return undefined
  }

  /** What is allowed where not every method is: what the routes name whose conditions hold. */
  allow(subject: Subject): string[] {
    const methods = this.candidates.flatMap((candidate) =>
      allHold(candidate.conditions, subject) ? candidate.methods : [],
    )
    return methods.includes('GET') ? [...methods, 'HEAD'] : methods
  }
}

/** Behind one that takes whatever comes, no other is ever asked. */
function reachable<Route>(candidates: readonly Candidate<Route>[]): readonly Candidate<Route>[] {
  const last = candidates.findIndex(({ conditions }) => conditions === undefined)
  return last === -1 ? candidates : candidates.slice(0, last + 1)
}
