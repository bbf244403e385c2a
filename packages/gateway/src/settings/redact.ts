import { isSecretField } from '@headgate/core'
import { isBareVariable } from './prepare/variables.ts'
import { HIDDEN, redactContent, redactText, redactUrlValue } from './redact-text.ts'
import { admits, type JsonSchema, schemasAt } from './schema/schema-tree.ts'
import type { Path } from './problems/problem.ts'

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
  if (isSecretValue(parts, value)) return HIDDEN
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

/** Whether a setting, in one of its forms, is a secret. Where a list or a section may stand in place of a secret text, it has its own. */
function isSecretValue(parts: readonly JsonSchema[], value: unknown): boolean {
  if (!parts.some((part) => part['writeOnly'] === true)) return false
  return typeof value !== 'object' || !parts.some(isOpen)
}

function isOpen({ writeOnly, type }: JsonSchema): boolean {
  return writeOnly !== true && (type === 'array' || type === 'object')
}

/** Whether what stands at the path of a configuration is a secret, the place alone considered. */
function isSecretPlace(root: unknown, schema: JsonSchema, path: readonly PropertyKey[]): boolean {
  let value = root
  for (const [depth, key] of path.entries()) {
    const parts = schemasAt(schema, path.slice(0, depth))
    const item = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
    if (typeof key === 'string' && isSecretEntry(parts, key, item)) return true
    value = item
  }
  return isSecretValue(schemasAt(schema, path), value)
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
