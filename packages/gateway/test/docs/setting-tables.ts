import { makeInputSchema } from '../../src/config/schema/schema.ts'
import type { JsonSchema } from '../../src/settings/schema/schema-tree.ts'
import { code, table } from '../../../../scripts/docs/markdown-table.ts'

/** One line of a table of settings. */
interface Row {
  readonly key: string
  readonly schema: JsonSchema
  readonly required: boolean
}

const HEADINGS = ['key', 'value', 'default', 'meaning']

/** A table for the top level, and one for each section, by name: `keys` and `keys:listeners` and so on. */
export function settingTables(): Map<string, string> {
  const schema = makeInputSchema()
  const tables = new Map([['keys', render(childrenOf(schema, ''))]])
  for (const [name, section] of Object.entries(schema.properties ?? {})) {
    const rows = descendantsOf(section, '')
    if (rows.length > 0) tables.set(`keys:${name}`, render(rows))
  }
  return tables
}

function render(rows: readonly Row[]): string {
  const cells = rows.map(({ key, schema, required }) => [
    code(key),
    valueOf(schema),
    required ? 'required' : defaultOf(schema),
    schema.description ?? '',
  ])
  // What may be one section or a list of them has the same settings twice.
  const unique = new Map(cells.map((each) => [each.join('|'), each]))
  return table(HEADINGS, [...unique.values()])
}

function childrenOf(schema: JsonSchema, prefix: string): Row[] {
  const required = list(schema['required'])
  return Object.entries(schema.properties ?? {}).map(([name, child]) => {
    return { key: prefix + name, schema: child, required: required.includes(name) }
  })
}

/** All settings below, each section before what it holds: `endpoints`, `endpoints[].url`. */
function descendantsOf(schema: JsonSchema, prefix: string): Row[] {
  const inner = (schema.anyOf ?? []).flatMap((option) => descendantsOf(option, prefix))
  // The names of a record are the reader's own, and its tables start below them.
  const named = schema.additionalProperties ? descendantsOf(schema.additionalProperties, prefix) : []
  const items = schema.items ? descendantsOf(schema.items, prefix) : []
  const own = childrenOf(schema, prefix).flatMap((row) => {
    const isList = row.schema['type'] === 'array'
    return [row, ...descendantsOf(row.schema, `${row.key}${isList ? '[].' : '.'}`)]
  })
  return [...own, ...items, ...named, ...inner]
}

/** By the patterns that values/kinds.ts gives them. */
const QUANTITIES: readonly (readonly [part: string, name: string])[] = [
  ['?(ms|s|m|h)', 'rate of requests'],
  ['(ms|s|m|h)', 'duration'],
  ['B/s', 'rate'],
  ['?B)', 'size'],
]

/** What may stand there, in words. */
function valueOf(schema: JsonSchema): string {
  const { anyOf, items, additionalProperties } = schema
  if (anyOf !== undefined) return [...new Set(anyOf.map(valueOf))].sort(falseLast).join(' or ')
  if (schema['const'] !== undefined) return code(JSON.stringify(schema['const']))
  const words = list(schema['enum'])
  if (words.length > 0) return words.map(code).join(' or ')
  switch (schema['type']) {
    case 'array':
      return `list of ${items?.properties === undefined && items?.$ref === undefined ? 'texts' : 'sections'}`
    case 'object':
      return additionalProperties ? byName(additionalProperties) : 'section'
    case 'number':
      return `number from ${String(schema['minimum'])} to ${String(schema['maximum'])}`
    case 'boolean':
      return `${code('true')} or ${code('false')}`
    case 'integer':
      return rangeOf(schema)
    default: {
      // What is described once and meant in several places is a section.
      if (schema.$ref !== undefined) return 'section'
      const { pattern } = schema
      const quantity = QUANTITIES.find(([part]) => typeof pattern === 'string' && pattern.includes(part))
      return quantity?.[1] ?? 'text'
    }
  }
}

function byName({ $ref, type }: JsonSchema): string {
  if ($ref?.endsWith('/value') === true) return 'texts, lists or sections by name'
  return type === 'string' ? 'texts by name' : 'sections by name'
}

function falseLast(one: string, other: string): number {
  return Number(one.startsWith('`')) - Number(other.startsWith('`'))
}

function rangeOf({ minimum, maximum }: JsonSchema): string {
  // zod bounds every integer by what a number holds exactly.
  const most = typeof maximum === 'number' && maximum < Number.MAX_SAFE_INTEGER ? ` to ${maximum}` : ' up'
  return `whole number from ${String(minimum)}${most}`
}

/** An empty section by default means that each of its settings has its own. */
function defaultOf(schema: JsonSchema): string {
  const fallback = schema['default']
  if (fallback === undefined) return ''
  const written = typeof fallback === 'string' ? fallback : JSON.stringify(fallback)
  return written === '{}' || written === '[]' ? '' : code(written)
}

function list(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}
