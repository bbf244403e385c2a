import type { Finding, Path } from '../problems/problem.ts'
import { DEEPEST, MOST_VALUES } from '../read/bounds.ts'
import { addEntry } from '../read/entry.ts'
import { type JsonSchema, schemasAt } from '../schema/schema-tree.ts'

/** What a scalar is replaced by; its schemas are the parts that describe its place. */
export type Replace = (value: unknown, path: Path, schemas: readonly JsonSchema[]) => unknown

export type PlainResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly finding: Finding }

/**
 * A copy of objects and lists that whatever follows can walk without looking out: no deeper and no larger than the bounds,
 * without cycles, and without getters that throw. Other values stay what they are.
 */
export function plainCopy(input: unknown, schema: JsonSchema, replace: Replace): PlainResult {
  try {
    return { ok: true, value: new PlainCopy(schema, replace).root(input) }
  } catch (error) {
    if (error instanceof Refused) return { ok: false, finding: error.finding }
    // As a proxy whose traps throw.
    return { ok: false, finding: { path: [], whole: true, problem: 'the configuration is no plain object' } }
  }
}

class Refused extends Error {
  readonly finding: Finding

  constructor(finding: Finding) {
    super(finding.problem)
    this.finding = finding
  }
}

/** Parts of the schema, with those of what they hold as they are asked for. */
interface Place {
  readonly schemas: readonly JsonSchema[]
  readonly inner: Map<PropertyKey, Place>
}

const NOWHERE: Place = { schemas: [], inner: new Map() }

class PlainCopy {
  readonly #schema: JsonSchema
  readonly #replace: Replace
  readonly #path: PropertyKey[] = []
  /** The objects around the one that is copied. */
  readonly #around = new Set<object>()
  #values = 0

  constructor(schema: JsonSchema, replace: Replace) {
    this.#schema = schema
    this.#replace = replace
  }

  root(input: unknown): unknown {
    return this.#copy(input, { schemas: schemasAt(this.#schema, []), inner: new Map() })
  }

  #copy(value: unknown, place: Place): unknown {
    if (++this.#values > MOST_VALUES) {
      const problem = `the configuration holds more than ${MOST_VALUES} values`
      const hint = 'what an anchor or a reference brings to several places counts in each'
      throw new Refused({ path: [], whole: true, problem, hint })
    }
    const kind = kindOf(value)
    if (kind === undefined) return this.#replace(value, this.#path, place.schemas)
    const held = value as Record<PropertyKey, unknown>
    if (this.#around.has(held)) this.#refuse('holds itself: it has no end')
    if (this.#around.size === DEEPEST) this.#refuse(`is nested deeper than ${DEEPEST} levels`)
    this.#around.add(held)
    const copy = kind === 'list' ? this.#list(held as unknown as unknown[], place) : this.#object(held, place)
    this.#around.delete(held)
    return copy
  }

  #list(list: readonly unknown[], place: Place): unknown[] {
    const copy: unknown[] = []
    for (let index = 0; index < list.length; index++) copy.push(this.#inner(list, index, place))
    return copy
  }

  #object(object: object, place: Place): object {
    const copy = {}
    for (const key of Object.keys(object)) {
      // Left to whoever writes it: a place for anchors.
      if (this.#path.length === 0 && key.startsWith('x-')) continue
      addEntry(copy, key, this.#inner(object, key, place))
    }
    return copy
  }

  #inner(holder: object, key: string | number, place: Place): unknown {
    this.#path.push(key)
    let value: unknown
    try {
      value = Reflect.get(holder, key)
    } catch {
      this.#refuse('cannot be read: the code behind it throws an error')
    }
    const copy = this.#copy(value, this.#placeOf(key, place))
    this.#path.pop()
    return copy
  }

  /** Where thousands of routes hold the same settings, each is looked up once. */
  #placeOf(key: string | number, place: Place): Place {
    if (place.schemas.length === 0) return NOWHERE
    const isNamed =
      typeof key === 'string' && place.schemas.some(({ properties }) => Object.hasOwn(properties ?? {}, key))
    const known = isNamed ? key : typeof key === 'number' ? ITEM : ENTRY
    let inner = place.inner.get(known)
    if (inner === undefined) {
      const schemas = place.schemas.flatMap((each) => schemasAt({ ...each, anyOf: [] }, [key], this.#schema))
      inner = { schemas, inner: new Map() }
      place.inner.set(known, inner)
    }
    return inner
  }

  #refuse(problem: string): never {
    const path = [...this.#path]
    throw new Refused({ path, whole: true, problem: `this ${problem}` })
  }
}

const ITEM = Symbol('item')
const ENTRY = Symbol('entry')

function kindOf(value: unknown): 'list' | 'object' | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (Array.isArray(value)) return 'list'
  return Object.prototype.toString.call(value) === '[object Object]' ? 'object' : undefined
}
