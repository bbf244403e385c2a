import type { JsonSchema } from './schema-tree.ts'

// What settings must be together, in the words of JSON Schema.

export function oneOfKeys(keys: readonly string[]): JsonSchema {
  return { oneOf: keys.map((key) => ({ required: [key] })) }
}

export function anyOfKeys(keys: readonly string[]): JsonSchema {
  return { anyOf: keys.map((key) => ({ required: [key] })) }
}

/** Where the one holds, the other must. */
export function implies(one: JsonSchema, other: JsonSchema): JsonSchema {
  return { anyOf: [never(one), other] }
}

export function never(schema: JsonSchema): JsonSchema {
  return { not: schema }
}
