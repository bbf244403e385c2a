import { isFields } from '../../../settings/problems/fields.ts'
import { parsePathPattern } from '../../../settings/values/pattern.ts'
import type { SchemaDialect } from '../schema-copy.ts'
import { placeText, type SchemaProblem } from '../schema-place.ts'
import { LostReference, type SchemaDocuments, type SchemaPlace } from '../schema-documents.ts'
import { followed, memberOf, membersOf } from './document-places.ts'

/** An operation of a document. What it says of its messages is read where it is compiled. */
export interface ApiOperation {
  /** Its `operationId`, or method and path. */
  readonly name: string
  readonly method: string
  /** Patterns of the router, one for each base. */
  readonly paths: readonly string[]
  /** Names of its parameters of the path as the document has them, by those of the patterns. */
  readonly pathNames: ReadonlyMap<string, string>
  readonly place: SchemaPlace
  /** The path item that it stands in. */
  readonly item: SchemaPlace
}

export interface ApiDocument {
  readonly dialect: SchemaDialect['of']
  readonly operations: readonly ApiOperation[]
  readonly problems: readonly SchemaProblem[]
}

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']

/** More than the largest public APIs have. */
const MOST_OPERATIONS = 5000

/**
 * Reads which operations a document has.
 * @param base what stands before its paths; undefined: the paths of its servers
 * @throws LostReference where it is no document of OpenAPI
 */
export function readApi(file: string, base: string | undefined, documents: SchemaDocuments): ApiDocument {
  const root = documents.file(file)
  const version = memberOf(root, 'openapi')?.value
  const minor = typeof version === 'string' ? /^3\.([01])(?:\.|$)/.exec(version)?.[1] : undefined
  if (minor === undefined)
    throw new LostReference('is no document of OpenAPI 3.0 or 3.1: it has no "openapi" that says so')
  const reading = new ApiReading(documents, base, root)
  reading.paths()
  const { operations, problems } = reading
  return { dialect: minor === '0' ? 'openapi-3.0' : 'openapi-3.1', operations, problems }
}

class ApiReading {
  readonly operations: ApiOperation[] = []
  readonly problems: SchemaProblem[] = []
  private readonly documents: SchemaDocuments
  private readonly base: string | undefined
  private readonly root: SchemaPlace
  private readonly names = new Set<string>()
  private readonly taken = new Set<string>()

  constructor(documents: SchemaDocuments, base: string | undefined, root: SchemaPlace) {
    this.documents = documents
    this.base = base
    this.root = root
  }

  paths(): void {
    const paths = memberOf(this.root, 'paths')
    if (paths === undefined || !isFields(paths.value)) return this.wrong(this.root, 'has no "paths"')
    for (const [template, written] of membersOf(paths)) {
      if (template.startsWith('x-')) continue
      const item = this.follow(written)
      if (item === undefined) continue
      const read = readTemplate(template)
      if (typeof read === 'string') {
        this.wrong(written, read)
        continue
      }
      for (const [key, place] of membersOf(item))
        if (METHODS.includes(key)) this.operation(key.toUpperCase(), template, read, item, place)
    }
  }

  private follow(place: SchemaPlace): SchemaPlace | undefined {
    try {
      return followed(place, this.documents)
    } catch (error) {
      if (!(error instanceof LostReference)) throw error
      this.wrong(place, error.message)
      return undefined
    }
  }

  private operation(
    method: string,
    template: string,
    { pattern, names }: PathTemplate,
    item: SchemaPlace,
    place: SchemaPlace,
  ): void {
    if (!isFields(place.value)) return this.wrong(place, 'is no operation: an object')
    if (this.operations.length >= MOST_OPERATIONS)
      return this.wrong(place, `is one of more than ${MOST_OPERATIONS} operations`)
    const id = place.value['operationId']
    const name = typeof id === 'string' ? id : `${method} ${template}`
    if (this.names.has(name)) return this.wrong(place, `has the operationId of another: ${name}`)
    this.names.add(name)
    const bases = this.base === undefined ? this.bases([place, item, this.root]) : [this.base]
    const paths = bases.map((base) => (base === '/' ? pattern : base + pattern))
    for (const path of paths) {
      // Whatever parameters are called, they take the same.
      const taken = `${method} ${path.replaceAll(/\/:\w+/g, '/:')}`
      if (this.taken.has(taken)) return this.wrong(place, 'is the same method and path as another operation')
      this.taken.add(taken)
    }
    this.operations.push({ name, method, paths, pathNames: names, place, item })
  }

  /** Paths of the servers of the innermost place that names some (3.1, 4.8.5). */
  private bases(places: readonly SchemaPlace[]): string[] {
    for (const place of places) {
      const servers = membersOf(memberOf(place, 'servers'))
      if (servers.length === 0) continue
      const bases = servers.flatMap(([, server]) => {
        const base = basePathOf(server.value)
        if (base === undefined)
          this.wrong(server, 'has no URL whose path can be told: "base" says what it is')
        return base ?? []
      })
      return [...new Set(bases)]
    }
    return ['/']
  }

  private wrong(place: SchemaPlace, problem: string): void {
    this.problems.push({ place: placeText(place), problem })
  }
}

interface PathTemplate {
  readonly pattern: string
  readonly names: ReadonlyMap<string, string>
}

/** `/orders/{id}` as the router has it, or why it has no such thing. */
function readTemplate(template: string): PathTemplate | string {
  const names = new Map<string, string>()
  const segments = template.split('/').map((segment) => {
    const name = /^\{([^{}]+)\}$/.exec(segment)?.[1]
    if (name === undefined) return segment
    const plain = name.replaceAll(/\W/g, '_')
    const own = /^[A-Za-z]/.test(plain) && !names.has(plain) ? plain : `p${names.size + 1}_`
    names.set(own, name)
    return `:${own}`
  })
  if (segments.some((segment) => /[{}]/.test(segment)))
    return 'has a parameter that is not a whole segment of the path, as in /files/{name}.pdf: /files/{name} can be served'
  const pattern = segments.join('/')
  try {
    const { open } = parsePathPattern(pattern)
    return open ? 'holds "**", which no path of a document does' : { pattern, names }
  } catch (error) {
    return `is no path that can be served: ${error instanceof Error ? error.message : String(error)}`
  }
}

function basePathOf(server: unknown): string | undefined {
  const { url, variables } = isFields(server) ? server : {}
  if (typeof url !== 'string') return undefined
  const filled = url.replaceAll(/\{([^{}]+)\}/g, (_, name: string) => {
    const variable = isFields(variables) && Object.hasOwn(variables, name) ? variables[name] : undefined
    return isFields(variable) ? String(variable['default']) : 'unknown'
  })
  const path = URL.parse(filled, 'http://localhost/')?.pathname
  return path === undefined ? undefined : path.replace(/\/+$/, '') || '/'
}
