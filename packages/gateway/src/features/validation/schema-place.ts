import { resolve } from 'node:path'
import type { SchemaDocuments, SchemaPlace } from './schema-documents.ts'
import type { SchemaSource } from './setting.ts'
import { pointerStep } from './violation.ts'

/** A schema of the configuration, or of a file that it names. @throws LostReference */
export function placeOf(source: SchemaSource, folder: string, documents: SchemaDocuments): SchemaPlace {
  if (typeof source !== 'string') return documents.inline(source, folder)
  const hash = source.indexOf('#')
  const place = documents.file(resolve(folder, hash === -1 ? source : source.slice(0, hash)))
  return hash === -1 ? place : documents.resolve(source.slice(hash), place)
}

/** Something that is wrong with a schema, or that is passed over in it. */
export interface SchemaProblem {
  /** The file, or "the schema", with the JSON pointer in it. */
  readonly place: string
  /** The continuation of a sentence that begins with the place. */
  readonly problem: string
  /** It is passed over, and the rest holds. */
  readonly isWarning?: true
}

/** The file with the pointer, as in a URI. */
export function placeText({ document, path }: SchemaPlace): string {
  return `${document.name}#${path.map(pointerStep).join('')}`
}
