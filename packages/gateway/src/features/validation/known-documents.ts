import { resolve } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { type ApiDocument, readApi } from './openapi/document.ts'
import type { OperationCompiler } from './openapi/compile-operation.ts'
import { type KnownSchemas, LostReference, SchemaDocuments } from './schema-documents.ts'

/** Where no file was read: what stands in the configuration refers to itself alone. */
const NOTHING_READ: KnownSchemas = { folder: '/', files: {} }

/**
 * The files of schemas of a configuration, for all of its routes: a document of a thousand operations is looked through once, and not
 * once for each route that it makes.
 */
export class KnownDocuments {
  readonly documents: SchemaDocuments
  /** Where relative paths start. */
  readonly folder: string
  /** Made by whoever compiles first: what they need takes long to load. */
  readonly operations = new Map<ApiDocument, OperationCompiler>()
  private readonly apis = new Map<string, ApiDocument>()
  private turn: Promise<unknown> = Promise.resolve()

  constructor({ folder, files }: KnownSchemas = NOTHING_READ) {
    this.folder = folder
    this.documents = new SchemaDocuments((file) => {
      const known = Object.hasOwn(files, file) ? files[file] : undefined
      if (known === undefined) throw new LostReference('was not read when the configuration was')
      return known.content
    })
  }

  /** @throws LostReference */
  api({ document, base }: { readonly document: string; readonly base?: string | undefined }): ApiDocument {
    const key = JSON.stringify([document, base])
    const api = this.apis.get(key) ?? readApi(resolve(this.folder, document), base, this.documents)
    this.apis.set(key, api)
    return api
  }

  /** Compiles with other work before it, whatever else is to be compiled: exchanges go on meanwhile. */
  inTurn<Made>(compile: () => Made): Promise<Made> {
    const made = this.turn.then(() => setImmediate()).then(compile)
    this.turn = made.catch(() => {}) // told to whoever waits for it
    return made
  }
}
