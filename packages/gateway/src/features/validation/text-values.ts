import { type Fields, isFields } from '../../settings/problems/fields.ts'
import { addEntry } from '../../settings/read/positions.ts'
import type { NamedTexts } from './read-parts.ts'
import type { Mistake, SchemaCheck } from './schema-compiler.ts'
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
  /** By the names that the schema speaks of. */
  readonly readers: ReadonlyMap<string, TextReader>
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

/** The names that an object schema speaks of, each with what reads it; others stay texts, and lists where there are several. */
export function namedReaders(schema: Fields | boolean): ReadonlyMap<string, TextReader> {
  const readers = new Map<string, TextReader>()
  if (!isFields(schema)) return readers
  for (const each of partsOf(schema, schema))
    for (const [name, property] of Object.entries(isFields(each['properties']) ? each['properties'] : {}))
      if (!readers.has(name)) readers.set(name, textReader(property, schema))
  return readers
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
  for (const { type, enum: values, const: value } of partsOf(schema, root)) {
    for (const each of [type].flat()) if (typeof each === 'string') types.add(each)
    if (type !== undefined) continue
    for (const each of Array.isArray(values) ? values : value === undefined ? [] : [value])
      types.add(each === null ? 'null' : Array.isArray(each) ? 'array' : typeof each)
  }
  return types
}

/** A schema, and those that hold for the same value, or may. Each reference is followed once. */
function partsOf(schema: unknown, root: Fields): Fields[] {
  const parts: Fields[] = []
  const pending: unknown[] = [schema]
  for (const next of pending) {
    if (!isFields(next) || parts.includes(next)) continue
    parts.push(next)
    for (const key of ['allOf', 'anyOf', 'oneOf']) if (Array.isArray(next[key])) pending.push(...next[key])
    const number = typeof next['$ref'] === 'string' ? /^#\/\$defs\/(\d+)$/.exec(next['$ref'])?.[1] : undefined
    const definitions: unknown = root['$defs']
    if (number !== undefined && isFields(definitions)) pending.push(definitions[number])
  }
  return parts
}
