import type { Fields } from '../../../settings/problems/fields.ts'

const LIMITS = [
  ['minimum', 'exclusiveMinimum'],
  ['maximum', 'exclusiveMaximum'],
] as const

/**
 * A schema object of OpenAPI 3.0 (4.7.24) as JSON Schema 2020-12 says the same; only the object itself. There, nothing beside a
 * reference counts, `nullable` adds null to a type, and limits that exclude themselves are flags.
 */
export function translated30(schema: Fields): Fields {
  if (typeof schema['$ref'] === 'string') return { $ref: schema['$ref'] }
  const { nullable, ...others } = schema
  const translated: Record<string, unknown> = others
  for (const [limit, exclusive] of LIMITS) {
    const flag = translated[exclusive]
    if (typeof flag !== 'boolean') continue
    const value = translated[limit]
    delete translated[exclusive]
    if (!flag || value === undefined) continue
    delete translated[limit]
    translated[exclusive] = value
  }
  // Only a type can be nullable (3.0.3): where null is not among the values of "enum", it stays refused.
  const { type } = translated
  return nullable === true && typeof type === 'string' ? { ...translated, type: [type, 'null'] } : translated
}
