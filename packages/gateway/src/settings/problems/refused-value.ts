import { isSecretField } from '@headgate/core'
import { admits, type JsonSchema, schemasAt } from '../schema/schema-tree.ts'
import { isBareVariable } from '../prepare/variables.ts'
import { isSecretPlace } from '../redact.ts'
import { HIDDEN, redactContent, redactText, redactUrlValue } from '../redact-text.ts'
import type { Path } from './problem.ts'

/**
 * Whether what was refused at that place is a secret all the same: by the place, or by the name of the setting, where somebody wrote a
 * text and none belongs (`token: "…"` in place of `token: { value: "…" }`).
 */
export function isSecretRefused(input: unknown, schema: JsonSchema, path: Path): boolean {
  return (
    isSecretPlace(input, schema, path) ||
    (isSecretKey(path.at(-1)) && !admits(schemasAt(schema, path), 'string'))
  )
}

/** The value of a mistake as it may be shown: of what was refused nobody knows what it was meant to be. */
export function refusedValue(value: unknown, secret: boolean): unknown {
  if (typeof value === 'string')
    return secret && !isBareVariable(value) ? HIDDEN : redactText(redactUrlValue(value))
  if (Array.isArray(value)) return value.map((item) => refusedValue(item, secret))
  if (value instanceof Date || typeof value !== 'object' || value === null)
    return secret && (typeof value === 'number' || typeof value === 'bigint') ? HIDDEN : value
  if (secret) return HIDDEN
  const entries = Object.entries(value)
  return Object.fromEntries(
    entries.map(([key, item]) => [shownKey(key), refusedValue(item, isSecretKey(key))]),
  )
}

/** A key that was meant to be an entry, as `"x-api-key: abc"`, holds its value. */
export function shownKey<Key extends PropertyKey>(key: Key): Key | string {
  return typeof key === 'string' ? redactContent(redactUrlValue(key)) : key
}

function isSecretKey(key: PropertyKey | undefined): boolean {
  return typeof key === 'string' && isSecretField(key)
}
