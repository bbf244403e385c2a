import { isBareVariable } from './prepare/variables.ts'
import { HIDDEN, redactUrls } from './redact-urls.ts'
import { inputSchema } from './schema/schema.ts'
import { schemasAt } from './schema/schema-tree.ts'
import type { JsonSchema } from './schema/schema-tree.ts'
import type { GatewayConfig } from './types/config.ts'

/**
 * A copy that may be shown to operators: credentials inside URLs are hidden, and so are the settings that the
 * schema marks as `writeOnly` (JSON Schema's word for secrets). Paths of key files stay; what is in the files is
 * no part of a configuration.
 */
export function redact(value: unknown, schema: JsonSchema, path: readonly PropertyKey[] = []): unknown {
  if (value === undefined || value === null) return value
  const isNamed = typeof value === 'string' && isBareVariable(value)
  if (schemasAt(schema, path).some((part) => part['writeOnly'] === true)) return isNamed ? value : HIDDEN
  if (typeof value === 'string') return redactUrls(value)
  if (Array.isArray(value)) return value.map((item, index) => redact(item, schema, [...path, index]))
  if (typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, redact(item, schema, [...path, key])]),
  )
}

/** The configuration in force as it may be shown: redacted, and where a value comes from variables, with their names. */
export function shownConfig({ variables = [], ...config }: GatewayConfig): GatewayConfig {
  const schema = inputSchema()
  if (variables.length === 0) return redact(config, schema) as GatewayConfig
  const bySection = Map.groupBy(variables, ({ path }) => sectionOf(path))
  const named = (value: unknown, path: readonly PropertyKey[]): unknown => {
    if (typeof value === 'string') {
      const place = bySection.get(sectionOf(path))?.find((each) => isWithin(path, each.path))
      return place === undefined ? value : place.written
    }
    if (Array.isArray(value)) return value.map((item, index) => named(item, [...path, index]))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, named(item, [...path, key])]))
  }
  return redact(named(config, []), schema) as GatewayConfig
}

function sectionOf(path: readonly PropertyKey[]): string {
  return path.slice(0, 2).map(plainKey).join('.')
}

/**
 * Whether what stands at the path was made of what was written at the other one: a checked configuration has lists and objects
 * where one text was written, and names of fields in lower case.
 */
function isWithin(path: readonly PropertyKey[], written: readonly PropertyKey[]): boolean {
  let found = 0
  for (const key of path) {
    if (found < written.length && plainKey(key) === plainKey(written[found] ?? '')) found++
  }
  return found === written.length
}

/** Versions of an API are the same with a "v" and without. */
function plainKey(key: PropertyKey): string {
  return String(key)
    .toLowerCase()
    .replace(/^v(?=\d)/, '')
}
