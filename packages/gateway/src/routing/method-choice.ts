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
  /** The answer, but for the values of parameters. */
  readonly found: RouteFound<Route>
}

/** The routes with the same host and path: they differ by method. */
export class MethodChoice<Route> {
  /** What is allowed where not every method is; sorted. */
  readonly allow: readonly string[]
  /** Undefined where no route names a method, which saves a look-up. */
  private readonly byMethod: ReadonlyMap<string, Candidate<Route>> | undefined
  private readonly other: Candidate<Route> | undefined

  /** @param candidates in the order of their declaration: the earlier has precedence */
  constructor(candidates: readonly Candidate<Route>[]) {
    const byMethod = new Map<string, Candidate<Route>>()
    for (const candidate of candidates) {
      for (const method of candidate.methods) if (!byMethod.has(method)) byMethod.set(method, candidate)
    }
    const get = byMethod.get('GET')
    // HEAD asks what GET would answer (RFC 9110 9.3.2): a route that answers the one answers the other.
    if (get !== undefined && !byMethod.has('HEAD')) byMethod.set('HEAD', get)
    this.byMethod = byMethod.size > 0 ? byMethod : undefined
    this.other = candidates.find(({ methods }) => methods.length === 0)
    this.allow = [...byMethod.keys()].sort()
  }

  /** A route that names the method, else one that takes any. */
  choose(method: string): Candidate<Route> | undefined {
    return this.byMethod?.get(method) ?? this.other
  }
}
