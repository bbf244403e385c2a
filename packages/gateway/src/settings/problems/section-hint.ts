import { type JsonSchema, MAIN, schemasAt, settingsAt, takesTrue } from '../schema/schema-tree.ts'
import { didYouMean } from '../values/parsed.ts'
import type { Path } from './problem.ts'
import { suggest } from './suggest.ts'

/** Sections and lists that a value is put into before it is no help any more: an upstream is a section with a list of sections. */
const DEEPEST = 3

const NO_SECTION: ReadonlySet<string> = new Set([
  'is not an object',
  'is neither false nor an object',
  'is neither true, false nor an object',
])

/** What YAML 1.1 read as true, and YAML 1.2 reads as text. */
const YES = /^(?:yes|on)$/i

/**
 * How a section or a list is written in whose place one value stands, or which section was meant by one that stands in the
 * place of a value. All of it is read from the schema; undefined where it is not clear.
 */
export function sectionHint(
  value: unknown,
  path: Path,
  problem: string,
  schema: JsonSchema,
): string | undefined {
  if (isSection(value)) {
    if (problem === 'is not a list') return LIST_OF_ONE
    // Where a section belongs, its form is not what is wrong.
    return sectionsAt(schema, path).length > 0 ? undefined : sectionBeside(value, path, schema)
  }
  const isList = problem === 'is not a list'
  if (!isList && !NO_SECTION.has(problem)) return undefined
  if (value === true) return isList ? undefined : trueHint(path, schema)
  if (typeof value === 'string' && YES.test(value) && takesTrue(schema, path)) return 'did you mean true?'
  const form = formOf(value, path, schema, 0) ?? (isList ? wordOf(value, path, schema) : undefined)
  return form === undefined ? valueBeside(value, path, schema) : `did you mean ${form}?`
}

const LIST_OF_ONE =
  'a list of one is written [{ ... }]; in YAML, each item of a list may stand in lines of its own, behind "- "'

/** A list of the one word that is probably meant. */
function wordOf(value: unknown, path: Path, schema: JsonSchema): string | undefined {
  if (typeof value !== 'string') return undefined
  const words = schemasAt(schema, [...path, 0]).flatMap(({ enum: known }) =>
    Array.isArray(known) ? known.map(String) : [],
  )
  const word = words.find((each) => value.toLowerCase().startsWith(each)) ?? suggest(value, words)
  return word === undefined ? undefined : `[${word}]`
}

function trueHint(path: Path, schema: JsonSchema): string | undefined {
  const key = path.length === 1 ? String(path[0]) : ''
  if (key !== '' && takesTrue(schema, ['routes', 0, key]))
    return `for all routes that is written as defaults: { ${key}: true }, for one in the route itself`
  const needsNothing = sectionsAt(schema, path).some((section) => requiredOf(section).length === 0)
  return needsNothing ? 'to have it with its defaults, write {}' : undefined
}

/** `timeouts: 5s` beside `timeout`. */
function valueBeside(value: unknown, path: Path, schema: JsonSchema): string | undefined {
  const key = path.at(-1)
  const text = scalarText(value)
  if (typeof key !== 'string' || text === undefined) return undefined
  const parent = path.slice(0, -1)
  const others = settingsAt(schema, parent).filter(
    (name) => name !== key && schemasAt(schema, [...parent, name]).some((part) => takes(part, value)),
  )
  const other = suggest(key, others)
  return other === undefined ? undefined : `did you mean ${other}: ${text}?`
}

/** `timeout: { attempt: 1s }` beside `timeouts`. */
function sectionBeside(section: object, path: Path, schema: JsonSchema): string | undefined {
  const keys = Object.keys(section)
  const key = path.at(-1)
  if (keys.length === 0 || typeof key !== 'string') return undefined
  const parent = path.slice(0, -1)
  const others = settingsAt(schema, parent).filter((name) => {
    const settings = new Set(name === key ? [] : settingsAt(schema, [...parent, name]))
    return keys.every((each) => settings.has(each))
  })
  const meant = suggest(key, others) ?? (others.length === 1 ? others[0] : undefined)
  return meant === undefined ? undefined : didYouMean(meant)
}

/** The value as the setting at the path takes it; undefined if it does not, or if it is not clear what would be meant. */
function formOf(value: unknown, path: Path, schema: JsonSchema, depth: number): string | undefined {
  const parts = schemasAt(schema, path)
  if (parts.some((part) => takes(part, value))) return Array.isArray(value) ? '[ ... ]' : scalarText(value)
  if (depth === DEEPEST) return undefined
  if (!Array.isArray(value) && parts.some(({ items }) => items !== undefined)) {
    const inner = formOf(value, [...path, 0], schema, depth + 1)
    if (inner !== undefined) return `[${inner}]`
  }
  const key = mainKey(value, path, schema, depth)
  return key === undefined ? undefined : `{ ${key}: ${formOf(value, [...path, key], schema, depth + 1)} }`
}

/** The setting of a section that the value is: the one that is declared, or that alone is required, or that alone takes it. */
function mainKey(value: unknown, path: Path, schema: JsonSchema, depth: number): string | undefined {
  const sections = sectionsAt(schema, path)
  const fits = (key: string, deep: number): boolean =>
    formOf(value, [...path, key], schema, deep) !== undefined
  const declared = sections.flatMap((section) => declaredMain(section) ?? [])
  const required = [...new Set(sections.flatMap(requiredOf))]
  for (const keys of [declared, required]) {
    if (keys.length === 0) continue
    const fitting = keys.filter((key) => fits(key, depth + 1))
    return keys.length === 1 ? fitting[0] : undefined
  }
  // No section within a section here: that would be a guess.
  const others = settingsAt(schema, path).filter((key) => fits(key, DEEPEST))
  return others.length === 1 ? others[0] : undefined
}

function declaredMain({ $comment }: JsonSchema): string | undefined {
  return typeof $comment === 'string' && $comment.startsWith(MAIN) ? $comment.slice(MAIN.length) : undefined
}

function requiredOf({ required }: JsonSchema): readonly string[] {
  return Array.isArray(required) ? required.map(String) : []
}

function sectionsAt(schema: JsonSchema, path: Path): JsonSchema[] {
  return schemasAt(schema, path).filter(({ properties }) => properties !== undefined)
}

function isSection(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}

/** Longer ones would not be read. Characters. */
const LONGEST = 100

/** Whether a value fits, as far as this part of the schema says it by itself: its type, words, pattern and range. */
function takes(schema: JsonSchema, value: unknown): boolean {
  if (typeof value === 'string' && value.length > LONGEST) return false
  // Where a text may stand as well, a number of YAML is the text that is written there.
  if (typeof value === 'string' && isWhole(value) && takes(schema, Number(value))) return true
  const { type, pattern, minimum, maximum, enum: words, const: only } = schema
  if (Array.isArray(words)) return words.includes(value)
  if (only !== undefined) return only === value
  const types: readonly unknown[] = Array.isArray(type) ? type : [type]
  if (Array.isArray(value)) return types.includes('array')
  if (typeof value === 'string')
    return types.includes('string') && (typeof pattern !== 'string' || new RegExp(pattern, 'u').test(value))
  if (typeof value !== 'number') return types.includes(typeof value)
  const isLow = typeof minimum === 'number' && value < minimum
  const isHigh = typeof maximum === 'number' && value > maximum
  const isNumber = types.includes('number') || (types.includes('integer') && Number.isInteger(value))
  return isNumber && !isLow && !isHigh
}

/** A number or a text as it is written in a configuration. */
function scalarText(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value !== 'string' || value.length > LONGEST) return undefined
  // Without quotes only where YAML reads it as that text.
  return isWhole(value) || (/^[A-Za-z/][\w./:@%+*-]*$/.test(value) && !value.endsWith(':'))
    ? value
    : JSON.stringify(value)
}

function isWhole(text: string): boolean {
  return /^\d{1,9}$/.test(text)
}
