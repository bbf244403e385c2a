/** The part of JSON Schema that `inputSchema` makes. */
export interface JsonSchema {
  readonly [keyword: string]: unknown
  readonly description?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
  readonly additionalProperties?: JsonSchema | false
  readonly anyOf?: readonly JsonSchema[]
}

/** The parts of the schema that describe what stands at the path: several where there is a choice. */
export function schemasAt(schema: JsonSchema, path: readonly PropertyKey[]): JsonSchema[] {
  const [key, ...rest] = path
  const options = (schema.anyOf ?? []).flatMap((option) => schemasAt(option, path))
  if (key === undefined) return [schema, ...options]
  const child = childAt(schema, key)
  return child === undefined ? options : [...schemasAt(child, rest), ...options]
}

function childAt(schema: JsonSchema, key: PropertyKey): JsonSchema | undefined {
  if (typeof key === 'number') return schema.items
  const properties = schema.properties ?? {}
  if (typeof key === 'string' && Object.hasOwn(properties, key)) return properties[key]
  return schema.additionalProperties === false ? undefined : schema.additionalProperties
}

/** The settings that the object at the path may have. */
export function settingsAt(schema: JsonSchema, path: readonly PropertyKey[]): string[] {
  return schemasAt(schema, path).flatMap((part) => Object.keys(part.properties ?? {}))
}
