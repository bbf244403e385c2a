import { fieldOf, isFields } from '../../settings/problems/fields.ts'
import { type Finding, findEach, type Path } from '../../settings/problems/problem.ts'
import { checkDocument } from './openapi/check-document.ts'
import { SchemaCompiler } from './schema-compiler.ts'
import { copySchema, type SchemaCopy } from './schema-copy.ts'
import { LostReference, SchemaDocuments, type SchemaFiles } from './schema-documents.ts'
import { SchemaFileReader } from './schema-files.ts'
import { placeOf } from './schema-place.ts'
import type { SchemaSection } from './schema-sections.ts'
import { SCHEMA_SETTINGS } from './setting.ts'

/** The schemas of a configuration, read and compiled once to see that they can be. */
export interface FoundSchemas {
  readonly findings: readonly Finding[]
  /** What is passed over in documents of OpenAPI. */
  readonly warnings: readonly Finding[]
  readonly files: SchemaFiles
  /** Of all files that were to be read. */
  readonly paths: readonly string[]
}

export async function findSchemas(sections: readonly SchemaSection[], folder: string): Promise<FoundSchemas> {
  const reader = await SchemaFileReader.load()
  const compiler = new SchemaCompiler()
  const documents = new SchemaDocuments(reader.read)
  const findings = findEach(sections, ({ section, path }) =>
    schemaFindings(section, path, folder, documents, compiler),
  )
  const apis = sections.flatMap(({ section, path }) => {
    const written = fieldOf(section, 'openapi')
    const at = [...path, 'openapi']
    return written === undefined ? [] : [checkDocument(written, at, folder, reader.read, compiler)]
  })
  return {
    findings: [...findings, ...apis.flatMap((each) => each.findings)],
    warnings: apis.flatMap((each) => each.warnings),
    files: reader.files,
    paths: [...reader.paths],
  }
}

/** What is wrong with the schemas of a section, as it was written. */
function schemaFindings(
  section: unknown,
  path: Path,
  folder: string,
  documents: SchemaDocuments,
  compiler: SchemaCompiler,
): Finding[] {
  const sources: (readonly [Path, unknown])[] = [
    [[...path, 'body', 'schema'], fieldOf(fieldOf(section, 'body'), 'schema')],
    ...SCHEMA_SETTINGS.map(([key]) => [[...path, key], fieldOf(section, key)] as const),
  ]
  return sources.flatMap(([at, source]): Finding[] => {
    if (!isFields(source) && (typeof source !== 'string' || source.trim() === '' || source.includes('\0')))
      return []
    try {
      const place = placeOf(source, folder, documents)
      return problemsOf(copySchema(place, documents), compiler).map((problem) => ({
        path: at,
        whole: true,
        problem,
      }))
    } catch (error) {
      if (!(error instanceof LostReference)) throw error
      return [{ path: at, problem: error.message, allowed: 'a file that holds a JSON Schema (2020-12)' }]
    }
  })
}

/** Of a copy, as sentences. */
function problemsOf(copy: SchemaCopy, compiler: SchemaCompiler): string[] {
  if (copy.problems.length > 0) return copy.problems.map(({ place, problem }) => `${place} ${problem}`)
  return compiler.mistakesInSchema(copy)
}
