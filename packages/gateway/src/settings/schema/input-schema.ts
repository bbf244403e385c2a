import { readFileSync } from 'node:fs'
import { PACKAGE_FOLDER } from '../../package-folder.ts'
import type { JsonSchema } from './schema-tree.ts'

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
