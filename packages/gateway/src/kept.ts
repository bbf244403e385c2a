interface Part {
  readonly made: unknown
  readonly close: () => void
}

/**
 * What a reload keeps: a part goes on as it is as long as its identity, all that it is made from, stays the same. Each
 * configuration asks for its parts anew, from one of these that comes after that of the configuration before.
 */
export class Kept {
  private readonly parts = new Map<string, Part>()
  private before: ReadonlyMap<string, Part> | undefined

  constructor(before?: Kept) {
    this.before = before?.parts
  }

  /**
   * The part of that identity: the one that there was, else a new one.
   * @param identity of the part among those of its kind, as JSON
   * @param close what ends the part, once, when it is not asked for any more
   */
  keep<Made>(kind: string, identity: unknown, make: () => Made, close?: (made: Made) => void): Made {
    const key = keyOf(kind, identity)
    const known = this.parts.get(key) ?? this.before?.get(key)
    const made = known === undefined ? make() : (known.made as Made) // made under that identity, so of that type
    this.parts.set(key, known ?? { made, close: () => close?.(made) })
    return made
  }

  /** The part of that identity, if it was asked for. */
  find(kind: string, identity: unknown): unknown {
    return this.parts.get(keyOf(kind, identity))?.made
  }

  /** To be called when the configuration is in force: what it did not ask for is closed, and forgotten. */
  settle(): void {
    const { before = new Map<string, Part>() } = this
    this.before = undefined
    for (const [key, { close }] of before) if (!this.parts.has(key)) close()
  }
}

function keyOf(kind: string, identity: unknown): string {
  return `${kind} ${JSON.stringify(identity)}`
}
