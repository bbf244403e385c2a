import { readFileSync } from 'node:fs'
import { PACKAGE_FOLDER } from '../../package-folder.ts'

type Scalar = 'string' | 'number' | 'boolean'

/** Whether values of the type may stand where these parts of the schema describe it; one of them is enough. */
export function admits(schemas: readonly JsonSchema[], type: Scalar): boolean {
  return schemas.some((schema) => {
    const { type: named, const: only, enum: some } = schema
    if (only !== undefined) return typeof only === type
    if (named === undefined && Array.isArray(some)) return some.some((each) => typeof each === type)
    const types: readonly unknown[] = Array.isArray(named) ? named : [named]
    return types.some((each) => each === type || (type === 'number' && each === 'integer'))
  })
}

/** Whether variables of requests may stand there, as `${request.path}`. */
export function isTemplate(schemas: readonly JsonSchema[]): boolean {
  return schemas.some((schema) => schema['$comment'] === TEMPLATE)
}

/** How the schema marks such settings. */
export const TEMPLATE = 'template'

/** How the schema marks the setting of a section that one value in the section's place means, where several could hold it. */
export const MAIN = 'main: '

export function withMain(setting: string): { $comment: string } {
  return { $comment: MAIN + setting }
}

/** The part of JSON Schema that `inputSchema` makes. */
export interface JsonSchema {
  readonly [keyword: string]: unknown
  readonly description?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
  readonly additionalProperties?: JsonSchema | false
  readonly anyOf?: readonly JsonSchema[]
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, JsonSchema>>
}

/**
 * The parts of the schema that describe what stands at the path: several where there is a choice.
 * @param root where references lead from; the schema itself by default
 */
export function schemasAt(
  schema: JsonSchema,
  path: readonly PropertyKey[],
  root: JsonSchema = schema,
): JsonSchema[] {
  const { $ref } = schema
  if (typeof $ref === 'string') return schemasAt(definition(root, $ref), path, root)
  const [key, ...rest] = path
  const options = (schema.anyOf ?? []).flatMap((option) => schemasAt(option, path, root))
  if (key === undefined) return [schema, ...options]
  const child = childAt(schema, key)
  return child === undefined ? options : [...schemasAt(child, rest, root), ...options]
}

/** What is described once and meant in several places: `#/$defs/match`. */
function definition(root: JsonSchema, reference: string): JsonSchema {
  return root.$defs?.[reference.replace('#/$defs/', '')] ?? {}
}

function childAt(schema: JsonSchema, key: PropertyKey): JsonSchema | undefined {
  if (typeof key === 'number') return schema.items
  const properties = schema.properties ?? {}
  if (typeof key === 'string' && Object.hasOwn(properties, key)) return properties[key]
  return schema.additionalProperties === false ? undefined : schema.additionalProperties
}

/** The settings that the object at the path may have. */
export function settingsAt(schema: JsonSchema, path: readonly PropertyKey[]): string[] {
  return [...new Set(schemasAt(schema, path).flatMap((part) => Object.keys(part.properties ?? {})))]
}

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

/** The build writes it (scripts/write-schemas.mjs), from `makeInputSchema`. */
const BUILT = new URL('dist/input-schema.json', PACKAGE_FOLDER)

let known: JsonSchema | undefined

/**
 * The JSON Schema (2020-12) of what is written. Every load of a configuration needs it: to make it anew costs 100 to 170 ms of
 * CPU, a seventh of a whole `headgate check`; to read what the build wrote costs one.
 */
export function inputSchema(): JsonSchema {
  known ??= JSON.parse(readFileSync(BUILT, 'utf8')) as JsonSchema
  return known
}

/** Whether `true` stands for the setting at the path with its defaults, or is its value. */
export function takesTrue(schema: JsonSchema, path: readonly PropertyKey[]): boolean {
  return schemasAt(schema, path).some(({ const: only, type }) => only === true || type === 'boolean')
}
