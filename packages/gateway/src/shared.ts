/** What threads share, as they are sent it: by kind and identity. */
export type SharedData = ReadonlyMap<string, unknown>

/** A kind of part: its name, and what such a part is. Each is stated by the feature that shares it. */
export interface SharedKind<Part> {
  readonly name: string
  /** Never there: for the type. */
  readonly holds?: Part
}

/**
 * What the threads of a gateway share of one configuration: mostly memory that several of them count in, mark or read, each
 * part by its kind and the identity of what it belongs to. The supervisor compiles a configuration first and so makes the parts;
 * workers compile the same and find them. So a crash costs nothing of them, and a reload takes over what keeps its identity.
 */
export class Shared {
  private readonly parts = new Map<string, unknown>()
  private readonly given: SharedData

  /** @param given by the configuration before, or the thread that compiled this one first */
  constructor(given: SharedData = new Map()) {
    this.given = given
  }

  /** For another thread, or the next configuration: what was asked for, and nothing that is gone. */
  get data(): SharedData {
    return this.parts
  }

  /** The part of that identity: the one that there was, else a new one. */
  get<Part>(kind: SharedKind<Part>, identity: string, make: () => Part): Part {
    return this.find(kind, identity) ?? this.set(kind, identity, make())
  }

  /** The part, if there is one. */
  find<Part>(kind: SharedKind<Part>, identity: string): Part | undefined {
    const key = `${kind.name} ${identity}`
    if (!this.parts.has(key) && this.given.has(key)) this.parts.set(key, this.given.get(key))
    return this.parts.get(key) as Part | undefined // put there under that kind
  }

  set<Part>(kind: SharedKind<Part>, identity: string, part: Part): Part {
    this.parts.set(`${kind.name} ${identity}`, part)
    return part
  }

  /** The same with other parts of a kind, for those who start from now on. */
  with<Part>(kind: SharedKind<Part>, others: Iterable<readonly [identity: string, part: Part]>): Shared {
    const next = new Shared()
    for (const [key, part] of this.parts) next.parts.set(key, part)
    for (const [identity, part] of others) next.set(kind, identity, part)
    return next
  }
}
