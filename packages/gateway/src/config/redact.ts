import { isSecretField } from '@headgate/core'
import { isTemplate } from './prepare/admits.ts'
import { escapeVariables, isBareVariable } from './prepare/variables.ts'
import { redactContent, redactText } from './redact-text.ts'
import { HIDDEN } from './redact-urls.ts'
import { inputSchema } from './schema/input-schema.ts'
import { schemasAt } from './schema/schema-tree.ts'
import type { JsonSchema } from './schema/schema-tree.ts'
import type { GatewayConfig } from './schema/schema.ts'
import { writtenConfig } from './write/write-config.ts'

/**
 * A copy that may be shown to operators. Hidden are: settings that the schema marks as `writeOnly` (JSON Schema's word for
 * secrets); in every map of names to values (fields, parameters, cookies), what has the name of a secret; and inside of other
 * texts, credentials in URLs, secret parameters of queries, and what follows the name of a scheme of Authorization. Names of
 * secrets are those of the logs. Paths of key files stay; what is in the files is no part of a configuration.
 */
export function redact(value: unknown, schema: JsonSchema, path: readonly PropertyKey[] = []): unknown {
  if (value === undefined || value === null) return value
  if (typeof value === 'string' && isBareVariable(value)) return value
  const parts = schemasAt(schema, path)
  if (parts.some((part) => part['writeOnly'] === true)) return HIDDEN
  if (typeof value === 'string') return path.at(-1) === 'body' ? redactContent(value) : redactText(value)
  if (Array.isArray(value)) return value.map((item, index) => redact(item, schema, [...path, index]))
  if (typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      isSecretEntry(parts, key, item) ? hidden(item) : redact(item, schema, [...path, key]),
    ]),
  )
}

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

/** Whether what stands at the path of a configuration is a secret, the place alone considered. */
export function isSecretPlace(root: unknown, schema: JsonSchema, path: readonly PropertyKey[]): boolean {
  let value = root
  for (const [depth, key] of path.entries()) {
    const parts = schemasAt(schema, path.slice(0, depth))
    const item = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
    if (typeof key === 'string' && isSecretEntry(parts, key, item)) return true
    value = item
  }
  return schemasAt(schema, path).some((part) => part['writeOnly'] === true)
}

/** Whether it stands under a name that somebody chose, in a map of names to values; upstreams have names, too. */
function isSecretEntry(parts: readonly JsonSchema[], key: string, item: unknown): boolean {
  if (!isSecretField(key) || !isValue(item)) return false
  const isSetting = parts.some(({ properties }) => Object.hasOwn(properties ?? {}, key))
  return !isSetting && parts.some(({ additionalProperties }) => Boolean(additionalProperties))
}

/** What a value, or a condition on one, is written as. */
function isValue(item: unknown): boolean {
  if (typeof item !== 'object' || item === null) return true
  if (Array.isArray(item)) return item.every((each) => typeof each !== 'object')
  const keys = Object.keys(item)
  return keys.length > 0 && keys.every((key) => ['exists', 'regex', 'equals'].includes(key))
}

/** In the form that it had: whether it must exist is no secret. */
function hidden(item: unknown): unknown {
  if (item === undefined || item === null || typeof item === 'boolean') return item
  if (typeof item === 'string' && isBareVariable(item)) return item
  if (Array.isArray(item)) return item.map(hidden)
  if (typeof item !== 'object') return HIDDEN
  return Object.fromEntries(Object.entries(item).map(([key, each]) => [key, hidden(each)]))
}
