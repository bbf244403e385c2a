import { type Fields, isFields, listOf } from '../../settings/problems/fields.ts'
import { addEntry } from '../../settings/read/positions.ts'
import type { NamedTexts } from './read-parts.ts'
import type { Mistake, SchemaCheck } from './schema-compiler.ts'
import { VALUES } from './schema-copy.ts'
import type { ByteCheck } from './byte-check.ts'
import { linearPattern, type PatternTest } from './pattern.ts'
import { pointerStep } from './violation.ts'

/** Makes the value that a schema looks at of the texts that were sent under a name. */
export interface TextReader {
  /** Whether the schema speaks of lists; if not, a name comes once. */
  readonly takesLists: boolean
  /** @param texts at least one */
  readonly read: (texts: readonly string[]) => unknown
}

/** A schema for names with texts; that of a body is for JSON, too, which needs no readers. */
export interface TextSchema {
  readonly check: SchemaCheck
  readonly readers: NamedReaders
  /** Asked first, of JSON; absent where the schema says more than it understands. */
  readonly takes?: ByteCheck | undefined
}

/** What reads the texts under a name; those of which the schema says nothing stay texts, and lists where there are several. */
export interface NamedReaders {
  get(name: string): TextReader | undefined
}

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/**
 * Reads texts as a schema expects them: what is written as a number is one where the schema takes numbers, and so for true, false
 * and null. Anything else stays a text, and the schema says what is wrong with it.
 * @param root has in `$defs` what references lead to
 */
function textReader(schema: unknown, root: Fields): TextReader {
  const types = typesOf(schema, root)
  const item = itemSchema(schema, root)
  if (!types.has('array') && (types.size > 0 || item === undefined))
    return { takesLists: false, read: ([text = '']) => valueOf(text, types) }
  // Items are texts: where the schema has lists in lists, which may go on without end, none can be sent.
  const itemTypes = typesOf(item, root)
  return { takesLists: true, read: (texts) => texts.map((text) => valueOf(text, itemTypes)) }
}

/**
 * Of the names that an object schema speaks of, wherever it does: what stands in `if` or `not` alone is read, too, as what holds for
 * the name in any case comes first.
 */
export function namedReaders(schema: Fields | boolean): NamedReaders {
  const named = new Map<string, TextReader>()
  const patterned: [PatternTest, TextReader][] = []
  let others: TextReader | undefined
  if (!isFields(schema)) return named
  const certain = partsOf(schema, schema)
  for (const each of [...certain, ...partsOf(schema, schema, true)]) {
    for (const [name, property] of entriesOf(each['properties']))
      if (!named.has(name)) named.set(name, textReader(property, schema))
    for (const [pattern, property] of entriesOf(each['patternProperties']))
      patterned.push([linearPattern(pattern), textReader(property, schema)])
  }
  for (const { additionalProperties: property } of certain)
    if (isFields(property)) others ??= textReader(property, schema)
  if (patterned.length === 0 && others === undefined) return named
  return { get: (name) => named.get(name) ?? patterned.find(([test]) => test.test(name))?.[1] ?? others }
}

function entriesOf(value: unknown): [string, unknown][] {
  return isFields(value) ? Object.entries(value) : []
}

/** Which form the texts of a value have, by its schema. */
export interface TextShape {
  readonly kind: 'text' | 'list' | 'object'
  /** Of the members that the schema of an object names. */
  readonly names: readonly string[]
  /** The value of a text, or of an item of a list. */
  readonly value: (text: string) => unknown
  readonly member: (name: string, text: string) => unknown
}

export function textShape(schema: unknown, root: Fields): TextShape {
  const types = typesOf(schema, root)
  const parts = partsOf(schema, root)
  const item = itemSchema(schema, root)
  const names = parts.flatMap((part) => entriesOf(part['properties']).map(([name]) => name))
  const kind =
    types.has('array') || (types.size === 0 && item !== undefined)
      ? 'list'
      : types.has('object') || (types.size === 0 && names.length > 0)
        ? 'object'
        : 'text'
  const valueTypes = kind === 'list' ? typesOf(item, root) : types
  const memberTypes = new Map<string, ReadonlySet<string>>()
  for (const part of parts)
    for (const [name, property] of entriesOf(part['properties']))
      if (!memberTypes.has(name)) memberTypes.set(name, typesOf(property, root))
  const others = typesOf(
    parts.find((part) => isFields(part['additionalProperties']))?.['additionalProperties'],
    root,
  )
  return {
    kind,
    names: [...new Set(names)],
    value: (text) => valueOf(text, valueTypes),
    member: (name, text) => valueOf(text, memberTypes.get(name) ?? others),
  }
}

/**
 * What is wrong with names and texts. A name that comes several times where its schema takes no list is a mistake of its own: a
 * list passes all that a schema says of texts alone.
 */
export function textMistakes(
  { texts: named, count }: NamedTexts,
  { check, readers }: TextSchema,
): readonly Mistake[] {
  const repeated: Mistake[] = []
  const object = {}
  for (const [name, texts] of named) {
    const reader = readers.get(name)
    if (reader !== undefined && !reader.takesLists && texts.length > 1)
      repeated.push({ pointer: pointerStep(name), detail: 'comes several times' })
    addEntry(
      object,
      name,
      reader === undefined ? (texts.length === 1 ? texts[0] : texts) : reader.read(texts),
    )
  }
  return [...repeated, ...(check(object, count) ?? [])]
}

function valueOf(text: string, types: ReadonlySet<string>): unknown {
  if ((types.has('number') || types.has('integer')) && NUMBER.test(text)) return Number(text)
  if (types.has('boolean') && (text === 'true' || text === 'false')) return text === 'true'
  if (types.has('null') && !types.has('string') && (text === '' || text === 'null')) return null
  return text
}

function itemSchema(schema: unknown, root: Fields): unknown {
  return partsOf(schema, root).find((part) => part['items'] !== undefined)?.['items']
}

/** What it may be, as far as it says so; of several schemas, what any of them takes. */
function typesOf(schema: unknown, root: Fields): ReadonlySet<string> {
  const types = new Set<string>()
  for (const { type, enum: values, const: value, [VALUES]: others } of partsOf(schema, root)) {
    for (const each of [type].flat()) if (typeof each === 'string') types.add(each)
    if (type !== undefined) continue
    const listed = [...listOf(values), ...listOf(others).flat(), ...(value === undefined ? [] : [value])]
    for (const each of listed) types.add(each === null ? 'null' : Array.isArray(each) ? 'array' : typeof each)
  }
  return types
}

/**
 * A schema, and those that hold for the same value, or may. Each reference is followed once.
 * @param asked whether also those that are only asked whether they hold
 */
function partsOf(schema: unknown, root: Fields, asked: boolean = false): Fields[] {
  const parts = new Set<Fields>()
  const pending: unknown[] = [schema]
  for (const next of pending) {
    if (!isFields(next) || parts.has(next)) continue
    parts.add(next)
    for (const key of ['allOf', 'anyOf', 'oneOf']) if (Array.isArray(next[key])) pending.push(...next[key])
    if (asked) {
      pending.push(next['if'], next['then'], next['else'], next['not'])
      pending.push(...entriesOf(next['dependentSchemas']).map(([, dependent]) => dependent))
    }
    const number = typeof next['$ref'] === 'string' ? /^#\/\$defs\/(\d+)$/.exec(next['$ref'])?.[1] : undefined
    const definitions: unknown = root['$defs']
    if (number !== undefined && isFields(definitions)) pending.push(definitions[number])
  }
  return [...parts]
}
