import { LEADING_SOMEWHERE } from './schema/route-schema.ts'
import { makeInputSchema } from './schema/schema.ts'
import type { JsonSchema } from './schema/schema-tree.ts'

/** The JSON Schema (2020-12) of a configuration file, for editors and other tools. */
export function configJsonSchema(): JsonSchema {
  const { $schema, ...schema } = makeInputSchema()
  return {
    $schema,
    title: 'Headgate configuration',
    description: 'Durations (30s), sizes (64KiB) and rates (240B/s) are texts with their unit.',
    ...schema,
    if: { required: ['defaults'] },
    else: { properties: { routes: LEADING_SOMEWHERE } },
  }
}
