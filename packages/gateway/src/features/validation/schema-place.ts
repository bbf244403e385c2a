import { resolve } from 'node:path'
import type { SchemaDocuments, SchemaPlace } from './schema-documents.ts'
import type { SchemaSource } from './setting.ts'

/** A schema of the configuration, or of a file that it names. @throws LostReference */
export function placeOf(source: SchemaSource, folder: string, documents: SchemaDocuments): SchemaPlace {
  if (typeof source !== 'string') return documents.inline(source, folder)
  const hash = source.indexOf('#')
  const place = documents.file(resolve(folder, hash === -1 ? source : source.slice(0, hash)))
  return hash === -1 ? place : documents.resolve(source.slice(hash), place)
}
