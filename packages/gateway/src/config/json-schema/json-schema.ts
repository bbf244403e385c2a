import { makeInputSchema } from '../schema/schema.ts'
import { listOf } from '../../settings/problems/fields.ts'
import type { JsonSchema } from '../../settings/schema/schema-tree.ts'
import { DEFINITION_RULES, LEADING_SOMEWHERE, SECTION_RULES, STICKY_RULES } from './rules.ts'
import { withVariables } from './variables.ts'

/** The JSON Schema (2020-12) of a configuration file, for editors and other tools. */
export function configJsonSchema(): JsonSchema {
  const { $schema, ...schema } = addRules(withVariables(makeInputSchema()))
  return {
    $schema,
    title: 'Headgate configuration',
    description:
      'Durations (30s), sizes (64KiB) and rates (240B/s) are texts with their unit; a variable may stand for any value (${NAME}).',
    ...schema,
    // Left to whoever writes it: a place for anchors.
    patternProperties: { '^x-': {} },
    allOf: [LEADING_SOMEWHERE],
  }
}

/** The schema with the rules of its sections, and of those that are described once. */
function addRules(schema: JsonSchema): JsonSchema {
  const whole = [...SECTION_RULES, STICKY_RULES].reduce((done, { at, rules }) => add(done, at, rules), schema)
  const definitions = { ...whole.$defs }
  for (const { at, rules } of DEFINITION_RULES) {
    const [name = '', ...path] = at
    const known = definitions[name]
    if (known !== undefined) definitions[name] = add(known, path, rules)
  }
  return { ...whole, $defs: definitions }
}

/** A copy with the rules at what the path leads to; of several forms, at those that are sections. */
function add(schema: JsonSchema, path: readonly string[], rules: readonly JsonSchema[]): JsonSchema {
  const { anyOf, properties, items, additionalProperties } = schema
  if (anyOf !== undefined) {
    const isMeant = (form: JsonSchema): boolean => path.length > 0 || form['type'] === 'object'
    return { ...schema, anyOf: anyOf.map((form) => (isMeant(form) ? add(form, path, rules) : form)) }
  }
  const [key, ...rest] = path
  if (key === undefined) return { ...schema, allOf: [...listOf(schema['allOf']), ...rules] }
  if (key !== '*') {
    const child = properties?.[key]
    return child === undefined
      ? schema
      : { ...schema, properties: { ...properties, [key]: add(child, rest, rules) } }
  }
  if (items !== undefined) return { ...schema, items: add(items, rest, rules) }
  return additionalProperties
    ? { ...schema, additionalProperties: add(additionalProperties, rest, rules) }
    : schema
}
