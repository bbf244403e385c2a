import type { JsonSchema } from '../schema/schema-tree.ts'

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
