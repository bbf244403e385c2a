/**
 * State of a route that outlives the code around it: a breaker, a limiter, a budget. As long as the identity of its own part
 * stays the same, a reload keeps it, even where the route around it is compiled anew.
 */
export class KeptParts {
  private readonly parts = new Map<string, unknown>()
  private previous: ReadonlyMap<string, unknown> | undefined

  /** @param previous those of the route of the same name before */
  constructor(previous?: KeptParts) {
    this.previous = previous?.parts
  }

  /**
   * The part of that identity: the one that there was, else a new one.
   * @param identity names the kind of part and all that it is made from, as `['breaker', route.breaker]`
   */
  keep<Part>(identity: readonly unknown[], make: () => Part): Part {
    const key = JSON.stringify(identity)
    const known = this.parts.has(key) ? this.parts : this.previous
    const part = known?.has(key) === true ? (known.get(key) as Part) : make() // made under that identity, so of that type
    this.parts.set(key, part)
    return part
  }

  /** The part of that identity, if there is one. */
  find(identity: readonly unknown[]): unknown {
    return this.parts.get(JSON.stringify(identity))
  }

  /** To be called when the route is compiled: what it did not ask for is forgotten. */
  settle(): void {
    this.previous = undefined
  }
}
