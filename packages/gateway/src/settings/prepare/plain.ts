import type { Finding, Path } from '../problems/problem.ts'
import {
  addEntry,
  DEEPEST,
  MOST_ENTRIES,
  MOST_KEYS,
  MOST_VALUES,
  type PositionNode,
  TOO_DEEP,
  TOO_MANY_ENTRIES,
  TOO_MANY_KEYS,
} from '../read/positions.ts'
import { admits, type JsonSchema, schemasAt } from '../schema/schema-tree.ts'

/** What a scalar is replaced by; its schemas are the parts that describe its place. */
export type Replace = (value: unknown, path: Path, schemas: readonly JsonSchema[]) => unknown

export type PlainResult =
  | {
      readonly ok: true
      readonly value: unknown
      /** How many unknown keys are left out: see `MOST_UNKNOWN`. */
      readonly leftOut: number
    }
  | { readonly ok: false; readonly finding: Finding }

/**
 * Unknown keys that are copied, to be told one by one; the others are counted alone, for whatever looks at the configuration
 * later takes time for each. With a million of them that was half a minute.
 */
const MOST_UNKNOWN = 500

/**
 * A copy of objects and lists that whatever follows can walk without looking out: no deeper and no larger than the bounds,
 * without cycles, and without getters that throw. Other values stay what they are.
 */
export function plainCopy(input: unknown, schema: JsonSchema, replace: Replace): PlainResult {
  try {
    const copy = new PlainCopy(schema, replace)
    return { ok: true, value: copy.root(input), leftOut: Math.max(copy.unknown - MOST_UNKNOWN, 0) }
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
  /** Whether it is an object with settings of its own alone. */
  readonly isClosed: boolean
  readonly inner: Map<PropertyKey, Place>
}

const NOWHERE: Place = placeOf([])

function placeOf(schemas: readonly JsonSchema[]): Place {
  const isClosed =
    schemas.some(({ additionalProperties }) => additionalProperties === false) &&
    !schemas.some(({ additionalProperties }) => typeof additionalProperties === 'object')
  return { schemas, isClosed, inner: new Map() }
}

class PlainCopy {
  readonly #schema: JsonSchema
  readonly #replace: Replace
  readonly #path: PropertyKey[] = []
  /** The objects around the one that is copied. */
  readonly #around = new Set<object>()
  #values = 0
  /** Keys where the schema knows none of that name. */
  unknown = 0

  constructor(schema: JsonSchema, replace: Replace) {
    this.#schema = schema
    this.#replace = replace
  }

  root(input: unknown): unknown {
    return this.#copy(input, placeOf(schemasAt(this.#schema, [])))
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
    if (this.#around.has(held)) this.#refuse('this holds itself: it has no end')
    if (this.#around.size === DEEPEST) this.#refuse(TOO_DEEP)
    this.#around.add(held)
    const copy = kind === 'list' ? this.#list(held as unknown as unknown[], place) : this.#object(held, place)
    this.#around.delete(held)
    return copy
  }

  #list(list: readonly unknown[], place: Place): unknown[] {
    if (list.length > MOST_ENTRIES) this.#refuse(TOO_MANY_ENTRIES)
    const copy: unknown[] = []
    for (let index = 0; index < list.length; index++)
      copy.push(this.#inner(list, index, this.#placeOf(index, place)))
    return copy
  }

  #object(object: object, place: Place): object {
    const copy = {}
    const keys = Object.keys(object)
    if (keys.length > MOST_KEYS) this.#refuse(TOO_MANY_KEYS)
    for (const key of keys) {
      // Left to whoever writes it: a place for anchors.
      if (this.#path.length === 0 && key.startsWith('x-')) continue
      const inner = this.#placeOf(key, place)
      if (place.isClosed && inner.schemas.length === 0 && ++this.unknown > MOST_UNKNOWN) continue
      addEntry(copy, key, this.#inner(object, key, inner))
    }
    return copy
  }

  /** @param place of the value itself */
  #inner(holder: object, key: string | number, place: Place): unknown {
    this.#path.push(key)
    let value: unknown
    try {
      value = Reflect.get(holder, key)
    } catch {
      this.#refuse('this cannot be read: the code behind it throws an error')
    }
    const copy = this.#copy(value, place)
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
      inner = placeOf(schemas)
      place.inner.set(known, inner)
    }
    return inner
  }

  #refuse(problem: string): never {
    const path = [...this.#path]
    throw new Refused({ path, whole: true, problem })
  }
}

const ITEM = Symbol('item')
const ENTRY = Symbol('entry')

function kindOf(value: unknown): 'list' | 'object' | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (Array.isArray(value)) return 'list'
  return Object.prototype.toString.call(value) === '[object Object]' ? 'object' : undefined
}

/**
 * Numbers and other scalars that YAML reads where a text is expected become the text that is written there: the version `1.10`
 * is not 1.1. In formats whose texts always have quotes, that is done only where a number is allowed, too, and another text
 * than the number's own was written.
 */
export function asWritten(root: PositionNode | undefined, isUnquoted: boolean): Replace {
  return (value, path, schemas) => {
    if ((typeof value !== 'number' && typeof value !== 'boolean') || !admits(schemas, 'string')) return value
    const isExpected = admits(schemas, typeof value === 'number' ? 'number' : 'boolean')
    if (!isExpected && !isUnquoted) return value
    const source = sourceAt(root, path)
    return source === undefined || (isExpected && source === String(value)) ? value : source
  }
}

/** How the scalar at the path is written, if it has no quotes and is no text. */
export function sourceAt(root: PositionNode | undefined, path: readonly PropertyKey[]): string | undefined {
  let node = root
  for (const key of path) node = node?.children.get(String(key))?.node
  return node?.source
}
