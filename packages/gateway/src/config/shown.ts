import { escapeVariables } from '../settings/prepare/variables.ts'
import { redact } from '../settings/redact.ts'
import { inputSchema } from '../settings/schema/input-schema.ts'
import { isTemplate, schemasAt } from '../settings/schema/schema-tree.ts'
import type { GatewayConfig } from './schema/schema.ts'
import { writtenConfig } from './write/write-config.ts'

/** A configuration in force as somebody would write it, and as it may be shown. */
export type ShownConfig = ReturnType<typeof writtenConfig>

/** The configuration in force as it may be shown: with units, redacted, and with the names of variables. */
export function shownConfig(config: GatewayConfig): ShownConfig {
  return redact(nameVariables(writtenConfig(config), config.variables), inputSchema()) as ShownConfig
}

/** The same with each route complete, whatever it shares with others. */
export function shownExpanded(config: GatewayConfig): ShownConfig {
  return shownConfig({ ...config, shared: undefined })
}

/**
 * A copy in which the names of variables stand in place of their values. What only looks like a variable is escaped: written into a
 * file, it would show what the environment holds under that name.
 */
export function nameVariables(whole: unknown, variables: GatewayConfig['variables'] = []): unknown {
  const bySection = Map.groupBy(variables, ({ path }) => sectionOf(path))
  const named = (value: unknown, path: readonly PropertyKey[]): unknown => {
    if (typeof value === 'string') {
      const place = bySection.get(sectionOf(path))?.find((each) => isWithin(path, each.path))
      return place === undefined ? literal(value, path) : place.written
    }
    if (Array.isArray(value)) return value.map((item, index) => named(item, [...path, index]))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, named(item, [...path, key])]))
  }
  return named(whole, [])
}

/** A text that came from no variable, as it must be written. Templates of requests keep their escapes. */
function literal(text: string, path: readonly PropertyKey[]): string {
  return text.includes('${') && !isTemplate(schemasAt(inputSchema(), path)) ? escapeVariables(text) : text
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
