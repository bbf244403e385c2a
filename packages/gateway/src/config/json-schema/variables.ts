import type { JsonSchema } from '../../settings/schema/schema-tree.ts'

/** A text that holds a variable of the environment, of a file or of a program: what it stands for is not known where the file is written. */
const VARIABLE = '\\$\\{(?:[A-Z_]|file:|exec:)'

/** The schema, and a text with a variable in its place. */
export function orVariable(schema: JsonSchema): JsonSchema {
  return { anyOf: [schema, { type: 'string', pattern: VARIABLE }] }
}

/** The schema for what is written in a file, where variables may stand for every text, number and boolean. */
export function withVariables(schema: JsonSchema): JsonSchema {
  return scalar(
    Object.fromEntries(
      Object.entries(schema).map(([keyword, value]) => {
        if (keyword === 'properties' || keyword === '$defs') return [keyword, each(value)]
        if (keyword === 'items' || keyword === 'additionalProperties') return [keyword, inner(value)]
        return [keyword, keyword === 'anyOf' && Array.isArray(value) ? value.map(inner) : value]
      }),
    ),
  )
}

function each(named: unknown): unknown {
  return Object.fromEntries(
    Object.entries(named as object).map(([name, schema]) => [name, inner(schema as unknown)]),
  )
}

function inner(schema: unknown): unknown {
  return typeof schema === 'object' && schema !== null ? withVariables(schema as JsonSchema) : schema
}

function scalar(schema: JsonSchema): JsonSchema {
  const { type, enum: words, pattern, minLength, ...rest } = schema
  const typed = type === undefined ? {} : { type }
  if (Array.isArray(words)) return { ...rest, ...orVariable({ ...typed, enum: words }) }
  if (type === 'integer' || type === 'number' || type === 'boolean')
    return { type: [type, 'string'], pattern: VARIABLE, ...rest }
  // By its characters, as `minLength` counts them.
  const form = typeof minLength === 'number' ? `^[^]{${minLength}}` : pattern
  return typeof form === 'string' ? { ...typed, pattern: `(?:${form})|${VARIABLE}`, ...rest } : schema
}
