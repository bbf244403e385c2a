import type { FoundSchemas } from '../features/validation/find-schemas.ts'
import { validateSections } from '../features/validation/schema-sections.ts'
import type { GatewayConfig } from './schema/schema.ts'

/** Reads the schemas of a configuration as it was written; undefined where no route has any. */
export async function readSchemas(input: unknown, folder: string): Promise<FoundSchemas | undefined> {
  const sections = validateSections(input)
  if (sections.length === 0) return undefined
  // What reads and compiles them takes a tenth of a second to load.
  const { findSchemas } = await import('../features/validation/find-schemas.ts')
  return findSchemas(sections, folder)
}

/** The configuration with the files that were read. */
export function withSchemas(
  config: GatewayConfig,
  schemas: FoundSchemas | undefined,
  folder: string,
): GatewayConfig {
  if (schemas === undefined || Object.keys(schemas.files).length === 0) return config
  return { ...config, schemas: { folder, files: schemas.files } }
}
