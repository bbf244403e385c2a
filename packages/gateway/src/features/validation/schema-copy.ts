import { type Fields, isFields, listOf } from '../../settings/problems/fields.ts'
import { addEntry } from '../../settings/read/positions.ts'
import { FORMATS, KEYWORDS, OPENAPI_NOTES } from './keywords.ts'
import { linearPattern } from './pattern.ts'
import { child, LostReference, type SchemaDocuments, type SchemaPlace } from './schema-documents.ts'
import { placeText, type SchemaProblem } from './schema-place.ts'
import { translated30 } from './openapi/openapi-30.ts'
import { pointerStep } from './violation.ts'

/** How the schemas of a document are written, and which way their messages go. */
export interface SchemaDialect {
  readonly of: '2020-12' | 'openapi-3.0' | 'openapi-3.1'
  /** What only the other side sends need not be there. */
  readonly way: 'request' | 'response'
}

const PLAIN_SCHEMA: SchemaDialect = { of: '2020-12', way: 'request' }

/** A schema without references to elsewhere: all that they lead to is in `$defs`, under numbers. */
export interface SchemaCopy {
  readonly schema: Fields | boolean
  readonly problems: readonly SchemaProblem[]
  readonly start: SchemaPlace
  /** Where each entry of `$defs` comes from. */
  readonly origins: readonly SchemaPlace[]
  /** Schemas in it. */
  readonly size: number
}

/** Beside each reference: see `SchemaCompiler`. */
export const STEP = 'x-headgate-step'

/** In place of "enum" and "const" where lists or objects are among the values: a list of them for each. */
export const VALUES = 'x-headgate-values'

/** Schemas in one copy: to compile so many takes about a second. */
const MOST_SCHEMAS = 10_000

/** Nobody reads more. */
const MOST_PROBLEMS = 20

/** How deep schemas may stand in each other without a reference: what follows them goes down with them. */
const DEEPEST = 100

/** Copies a schema with all that it refers to. */
export function copySchema(
  start: SchemaPlace,
  documents: SchemaDocuments,
  dialect: SchemaDialect = PLAIN_SCHEMA,
): SchemaCopy {
  const copying = new Copying(documents, dialect)
  const schema = copying.copy(start, 0)
  const definitions = copying.definitions()
  const { problems, origins, size } = copying
  const whole =
    isFields(schema) && definitions.length > 0
      ? { ...schema, $defs: Object.fromEntries(definitions.entries()) }
      : schema
  return { schema: whole, start, problems, origins, size }
}

class Copying {
  readonly problems: SchemaProblem[] = []
  /** What references lead to, in the order in which they were met. */
  readonly origins: SchemaPlace[] = []
  size = 0
  private readonly documents: SchemaDocuments
  private readonly dialect: SchemaDialect
  private readonly numbers = new Map<string, number>()

  constructor(documents: SchemaDocuments, dialect: SchemaDialect) {
    this.documents = documents
    this.dialect = dialect
  }

  definitions(): (Fields | boolean)[] {
    const copies: (Fields | boolean)[] = []
    // Copying finds further ones.
    for (let index = 0; index < this.origins.length; index++) {
      const origin = this.origins[index]
      if (origin !== undefined) copies.push(this.copy(origin, 0))
    }
    return copies
  }

  copy(written: SchemaPlace, depth: number): Fields | boolean {
    if (typeof written.value === 'boolean') return written.value
    if (!isFields(written.value)) return this.wrong(written, 'is no schema: an object, true or false')
    if (++this.size > MOST_SCHEMAS)
      return this.wrong(written, `is one of more than ${MOST_SCHEMAS} schemas that belong together`)
    if (depth > DEEPEST) return this.wrong(written, `is nested deeper than ${DEEPEST} levels`)
    const place = this.dialect.of === 'openapi-3.0' ? this.translated(written) : written
    const copy = {}
    for (const [keyword, value] of Object.entries(place.value as Fields))
      this.keyword(copy, keyword, child(place, keyword, value), depth)
    return copy
  }

  private keyword(copy: Fields, keyword: string, place: SchemaPlace, depth: number): void {
    const { value } = place
    switch (Object.hasOwn(KEYWORDS, keyword) ? KEYWORDS[keyword] : undefined) {
      case 'schema':
        return addEntry(copy, keyword, this.copy(place, depth + 1))
      case 'schemas': {
        if (!Array.isArray(value)) return void this.wrong(place, 'is no list of schemas')
        const copies = value.map((each, index) => this.copy(child(place, String(index), each), depth + 1))
        return addEntry(copy, keyword, copies)
      }
      case 'named-schemas':
        return addEntry(copy, keyword, this.named(keyword, place, depth))
      case 'plain':
        return this.plain(copy, keyword, place)
      case 'note':
        if (keyword === '$schema') this.checkDraft(place)
        return
      case undefined:
        if (keyword === '$ref' || keyword === '$dynamicRef') this.reference(copy, place)
        else this.unknown(keyword, place)
    }
  }

  private named(keyword: string, place: SchemaPlace, depth: number): object {
    const copies = {}
    if (!isFields(place.value)) {
      this.wrong(place, 'is no object of schemas')
      return copies
    }
    for (const [name, value] of Object.entries(place.value)) {
      if (keyword === 'patternProperties') this.checkPattern(name, child(place, name, value))
      addEntry(copies, name, this.copy(child(place, name, value), depth + 1))
    }
    return copies
  }

  private plain(copy: Fields, keyword: string, place: SchemaPlace): void {
    const { value } = place
    if (keyword === 'pattern' && typeof value === 'string') this.checkPattern(value, place)
    if (keyword === 'format' && !FORMATS.some((format) => format === value)) {
      const problem = `is the format ${JSON.stringify(value)}, which is not known here`
      if (this.dialect.of === '2020-12') this.wrong(place, `${problem}: one of ${FORMATS.join(', ')}`)
      else this.warn(place, `${problem}, and anything is taken`)
      return
    }
    if (keyword === 'required' && Array.isArray(value)) {
      const asked: unknown[] = value.filter((name) => !this.isOfOtherSide(name, place))
      return addEntry(copy, keyword, asked)
    }
    const values: unknown = keyword === 'const' ? [value] : keyword === 'enum' ? value : undefined
    if (Array.isArray(values) && values.some((each) => typeof each === 'object' && each !== null)) {
      return addEntry(copy, VALUES, [...listOf(copy[VALUES]), values])
    }
    addEntry(copy, keyword, value)
  }

  /** OpenAPI 3.1, 4.8.24.2 and 3.0, 4.7.24: what is read only is not required of requests, nor what is write only of responses. */
  private isOfOtherSide(name: unknown, { document, path }: SchemaPlace): boolean {
    if (this.dialect.of === '2020-12' || typeof name !== 'string') return false
    try {
      const pointer = [...path.slice(0, -1), 'properties', name].map(pointerStep).join('')
      const root = { document, path: [], value: document.root, base: '' }
      let property = this.documents.resolve(`#${encodeURI(pointer)}`, root)
      const next = isFields(property.value) ? property.value['$ref'] : undefined
      if (typeof next === 'string') property = this.documents.resolve(next, property)
      const only = this.dialect.way === 'request' ? 'readOnly' : 'writeOnly'
      return isFields(property.value) && property.value[only] === true
    } catch {
      return false
    }
  }

  private reference(copy: Fields, place: SchemaPlace): void {
    const { value } = place
    if (typeof value !== 'string') return void this.wrong(place, 'is no reference')
    try {
      const target = this.documents.resolve(value, place)
      const key = `${target.document.file}#${target.path.map(pointerStep).join('')}`
      const number = this.numbers.get(key) ?? this.origins.push(target) - 1
      this.numbers.set(key, number)
      addEntry(copy, '$ref', `#/$defs/${number}`)
      addEntry(copy, STEP, true)
    } catch (error) {
      if (!(error instanceof LostReference)) throw error
      this.wrong(place, `${JSON.stringify(value)} ${error.message}`)
    }
  }

  private translated(place: SchemaPlace): SchemaPlace {
    return { ...place, value: translated30(place.value as Fields) }
  }

  private checkPattern(pattern: string, place: SchemaPlace): void {
    try {
      linearPattern(pattern)
    } catch (error) {
      this.wrong(place, error instanceof TypeError ? error.message : String(error))
    }
  }

  private checkDraft(place: SchemaPlace): void {
    if (typeof place.value === 'string' && /draft-?0[1-7]|2019-09/.test(place.value))
      this.wrong(place, 'is another draft of JSON Schema: schemas are read as 2020-12')
  }

  private unknown(keyword: string, place: SchemaPlace): void {
    if (keyword.startsWith('x-')) return
    const isOpenApi = this.dialect.of !== '2020-12'
    if (isOpenApi && OPENAPI_NOTES.has(keyword)) return
    const problem = 'is no keyword of JSON Schema 2020-12, nor does it begin with "x-"'
    if (isOpenApi) this.warn(place, `${problem}: it is passed over`)
    else this.wrong(place, problem)
  }

  private wrong(place: SchemaPlace, problem: string): true {
    if (this.problems.length < MOST_PROBLEMS) this.problems.push({ place: placeText(place), problem })
    return true
  }

  private warn(place: SchemaPlace, problem: string): void {
    if (this.problems.length < MOST_PROBLEMS)
      this.problems.push({ place: placeText(place), problem, isWarning: true })
  }
}
