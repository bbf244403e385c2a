import { type Fields, isFields } from '../../settings/problems/fields.ts'
import { addEntry } from '../../settings/read/positions.ts'

/** Makes the value that a schema looks at of the texts that were sent under a name, of which there is at least one. */
export type TextReader = (texts: readonly string[]) => unknown

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/**
 * Reads texts as a schema expects them: what is written as a number is one where the schema takes numbers, and so for true, false
 * and null. Anything else stays a text, and the schema says what is wrong with it.
 * @param root has in `$defs` what references lead to
 */
function textReader(schema: unknown, root: Fields): TextReader {
  const types = typesOf(schema, root)
  const one = types.size === 0 ? asText : (text: string) => valueOf(text, types)
  if (!types.has('array')) return (texts) => (texts.length === 1 ? one(texts[0] ?? '') : texts)
  const item = itemReader(schema, root)
  return (texts) => texts.map((text) => item([text]))
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

/** The object that a schema looks at. */
export function objectOf(
  values: ReadonlyMap<string, readonly string[]>,
  readers: ReadonlyMap<string, TextReader>,
): object {
  const object = {}
  for (const [name, texts] of values) {
    const reader = readers.get(name)
    addEntry(object, name, reader === undefined ? (texts.length === 1 ? texts[0] : texts) : reader(texts))
  }
  return object
}

function asText(text: string): unknown {
  return text
}

function valueOf(text: string, types: ReadonlySet<string>): unknown {
  if ((types.has('number') || types.has('integer')) && NUMBER.test(text)) return Number(text)
  if (types.has('boolean') && (text === 'true' || text === 'false')) return text === 'true'
  if (types.has('null') && !types.has('string') && (text === '' || text === 'null')) return null
  return text
}

function itemReader(schema: unknown, root: Fields): TextReader {
  for (const part of partsOf(schema, root))
    if (part['items'] !== undefined) return textReader(part['items'], root)
  return (texts) => texts[0]
}

/** What it may be, as far as it says so; of several schemas, what any of them takes. */
function typesOf(schema: unknown, root: Fields): ReadonlySet<string> {
  const types = new Set<string>()
  for (const { type, enum: values, const: value } of partsOf(schema, root)) {
    for (const each of [type].flat()) if (typeof each === 'string') types.add(each)
    if (type !== undefined) continue
    for (const each of Array.isArray(values) ? values : value === undefined ? [] : [value])
      types.add(each === null ? 'null' : typeof each)
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
