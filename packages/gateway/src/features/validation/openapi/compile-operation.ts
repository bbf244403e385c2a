import { type Fields, isFields } from '../../../settings/problems/fields.ts'
import { addEntry } from '../../../settings/read/positions.ts'
import { byteCheck } from '../byte-check.ts'
import { type BodyForm, isJsonType } from '../judge-body.ts'
import type { NamedPart } from '../judge-parts.ts'
import { copySchema, type SchemaCopy, type SchemaDialect } from '../schema-copy.ts'
import type { SchemaProblem } from '../schema-place.ts'
import type { SchemaCheck } from '../schema-compiler.ts'
import { LostReference, type SchemaDocuments, type SchemaPlace } from '../schema-documents.ts'
import { FORM } from '../setting.ts'
import { namedReaders, type TextSchema } from '../text-values.ts'
import type { ApiDocument, ApiOperation } from './document.ts'
import { referenceTo } from './document-places.ts'
import { judgeParameters, type ParametersJudge } from './judge-parameters.ts'
import type { ResponseForm } from './judge-response.ts'
import { type ApiContent, type ApiParameter, OperationReading } from './operation.ts'

/** What holds for the messages of an operation. */
export interface CompiledOperation {
  readonly parameters: readonly ParametersJudge[]
  readonly body: { readonly required: boolean; readonly forms: readonly BodyForm[] } | undefined
  readonly responses: readonly ResponseForm[]
}

/** Makes a check of a schema without references to elsewhere; undefined where it has mistakes, or is only looked at. */
export type MakeCheck = (copy: SchemaCopy) => SchemaCheck | undefined

const UNCHECKED: TextSchema = { check: () => undefined, readers: new Map() }

/** Compiles the operations of one document; what several of them refer to, once. */
export class OperationCompiler {
  readonly problems: SchemaProblem[] = []
  private readonly api: ApiDocument
  private readonly documents: SchemaDocuments
  private readonly make: MakeCheck
  private readonly known = new Map<string, TextSchema>()
  private readonly compiled = new Map<string, CompiledOperation>()

  constructor(api: ApiDocument, documents: SchemaDocuments, make: MakeCheck) {
    this.api = api
    this.documents = documents
    this.make = make
  }

  /**
   * Once for each, whatever is reloaded beside the document: what compiled it keeps all that it has compiled.
   * @param withResponses whether what it says of these is compiled, too
   */
  compile(operation: ApiOperation, withResponses: boolean): CompiledOperation {
    const key = `${withResponses} ${operation.name}`
    const known = this.compiled.get(key)
    if (known !== undefined) return known
    const compiled = this.made(operation, withResponses)
    this.compiled.set(key, compiled)
    return compiled
  }

  private made(operation: ApiOperation, withResponses: boolean): CompiledOperation {
    const reading = new OperationReading(this.documents)
    const { parameters, body, responses } = reading.read(operation)
    this.problems.push(...reading.problems)
    const parts = Map.groupBy(parameters, ({ part }) => part)
    return {
      parameters: Array.from(parts, ([part, list]) => this.parameters(part, list, operation)),
      body: body && { required: body.required, forms: this.forms(body.contents, 'request') },
      responses: withResponses
        ? responses.map(({ status, contents }) => ({
            status,
            forms: contents && this.forms(contents, 'response'),
          }))
        : [],
    }
  }

  private parameters(
    part: NamedPart,
    list: readonly ApiParameter[],
    { item, pathNames }: ApiOperation,
  ): ParametersJudge {
    const properties = {}
    for (const { name, schema, allowsEmpty } of list) {
      const reference = schema === undefined ? true : { $ref: referenceTo(schema) }
      addEntry(properties, name, allowsEmpty ? { anyOf: [{ const: '' }, reference] } : reference)
    }
    const required = list.filter((each) => each.required).map(({ name }) => name)
    const root = { type: 'object', properties, required }
    const copy = this.copied(this.documents.inline(root, item.document.folder), 'request')
    const schema: Fields = isFields(copy.schema) ? copy.schema : {}
    return judgeParameters(part, list, schema, this.make(copy) ?? UNCHECKED.check, pathNames)
  }

  private forms(contents: readonly ApiContent[], way: SchemaDialect['way']): BodyForm[] {
    return contents.map(({ type, schema }) => {
      const isRead = isJsonType(type) || type === FORM || type.includes('*')
      return { type, schema: schema === undefined || !isRead ? undefined : this.schema(schema, way) }
    })
  }

  private schema(place: SchemaPlace, way: SchemaDialect['way']): TextSchema {
    const target = this.target(place)
    const key = `${way} ${referenceTo(target)}`
    const known = this.known.get(key)
    if (known !== undefined) return known
    const copy = this.copied(target, way)
    const check = this.make(copy)
    const made: TextSchema =
      check === undefined
        ? UNCHECKED
        : { check, readers: namedReaders(copy.schema), takes: byteCheck(copy.schema) }
    this.known.set(key, made)
    return made
  }

  /** What several operations refer to is found to be the same. */
  private target(place: SchemaPlace): SchemaPlace {
    const reference = onlyReference(place)
    try {
      return reference === undefined ? place : this.documents.resolve(reference, place)
    } catch (error) {
      // Copying meets it again, and says where it stands.
      if (error instanceof LostReference) return place
      throw error
    }
  }

  private copied(place: SchemaPlace, way: SchemaDialect['way']): SchemaCopy {
    return copySchema(place, this.documents, { of: this.api.dialect, way })
  }
}

function onlyReference({ value }: SchemaPlace): string | undefined {
  if (!isFields(value) || Object.keys(value).length !== 1) return undefined
  return typeof value['$ref'] === 'string' ? value['$ref'] : undefined
}
