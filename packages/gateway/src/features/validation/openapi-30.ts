import { type Fields, isFields } from '../../settings/problems/fields.ts'

/**
 * A schema object of OpenAPI 3.0 (4.7.24) as JSON Schema 2020-12 says the same; only the object itself. There, nothing beside a
 * reference counts, `nullable` adds null to a type, limits that exclude themselves are flags, and files are texts.
 */
export function translated30(schema: Fields): Fields {
  if (typeof schema['$ref'] === 'string') return { $ref: schema['$ref'] }
  const { nullable, exclusiveMinimum, exclusiveMaximum, ...others } = schema
  const limits = {
    ...exclusive(others, 'minimum', 'exclusiveMinimum', exclusiveMinimum),
    ...exclusive(others, 'maximum', 'exclusiveMaximum', exclusiveMaximum),
  }
  const { minimum, maximum, ...rest } = others
  const translated = {
    ...rest,
    ...(minimum !== undefined && !('exclusiveMinimum' in limits && exclusiveMinimum === true) && { minimum }),
    ...(maximum !== undefined && !('exclusiveMaximum' in limits && exclusiveMaximum === true) && { maximum }),
    ...limits,
  }
  return nullable === true ? withNull(translated) : translated
}

function exclusive(schema: Fields, limit: string, keyword: string, written: unknown): Fields {
  if (written === undefined || written === false) return {}
  return written === true
    ? schema[limit] === undefined
      ? {}
      : { [keyword]: schema[limit] }
    : { [keyword]: written }
}

/** Only a type can be nullable (3.0.3): where null is not among the values of "enum", it stays refused. */
function withNull(schema: Fields): Fields {
  const { type } = schema
  return typeof type === 'string' && !isFields(type) ? { ...schema, type: [type, 'null'] } : schema
}
