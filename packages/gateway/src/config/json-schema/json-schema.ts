import { makeInputSchema } from '../schema/schema.ts'
import type { JsonSchema } from '../../settings/schema/schema-tree.ts'
import { addRules } from './add-rules.ts'
import { LEADING_SOMEWHERE } from './rules.ts'
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
