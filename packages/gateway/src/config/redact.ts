import { HIDDEN, redactUrls } from './redact-urls.ts'
import { schemasAt } from './schema/schema-tree.ts'
import type { JsonSchema } from './schema/schema-tree.ts'

/**
 * A copy that may be shown to operators: credentials inside URLs are hidden, and so are the settings that the
 * schema marks as `writeOnly` (JSON Schema's word for secrets). Paths of key files stay; what is in the files is
 * no part of a configuration.
 */
export function redact(value: unknown, schema: JsonSchema, path: readonly PropertyKey[] = []): unknown {
  if (value === undefined || value === null) return value
  if (schemasAt(schema, path).some((part) => part['writeOnly'] === true)) return HIDDEN
  if (typeof value === 'string') return redactUrls(value)
  if (Array.isArray(value)) return value.map((item, index) => redact(item, schema, [...path, index]))
  if (typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, redact(item, schema, [...path, key])]),
  )
}
