import { isFields } from '../../../settings/problems/fields.ts'
import { mediaType } from '../../../routing/conditions.ts'
import { isJsonType } from '../judge-body.ts'
import type { NamedPart } from '../judge-parts.ts'
import { placeText, type SchemaProblem } from '../schema-place.ts'
import { LostReference, type SchemaDocuments, type SchemaPlace } from '../schema-documents.ts'
import type { ApiOperation } from './document.ts'
import { followed, memberOf, membersOf } from './document-places.ts'
import { isStyle, type Parameter, STYLES } from './parameter-texts.ts'

/** A media type or a range of them, in lower case, with what its content must be. */
export interface ApiContent {
  readonly type: string
  readonly schema: SchemaPlace | undefined
}

export interface ApiParameter extends Parameter {
  readonly schema: SchemaPlace | undefined
  readonly required: boolean
  /** Whether it may be there with nothing in it. */
  readonly allowsEmpty: boolean
}

export interface ApiResponse {
  /** In upper case: `200`, `2XX` or `DEFAULT`. */
  readonly status: string
  /** Undefined where it says nothing of content. */
  readonly contents: readonly ApiContent[] | undefined
}

/** What an operation says of its messages. */
export interface OperationSays {
  readonly parameters: readonly ApiParameter[]
  readonly body: { readonly required: boolean; readonly contents: readonly ApiContent[] } | undefined
  readonly responses: readonly ApiResponse[]
}

const PARTS: readonly NamedPart[] = ['query', 'header', 'cookie', 'path']

/** The document speaks of these elsewhere (3.1, 4.8.12.1). */
const NOT_PARAMETERS = new Set(['accept', 'content-type', 'authorization'])

/** Reads it, and says what is wrong with it. */
export class OperationReading {
  readonly problems: SchemaProblem[] = []
  private readonly documents: SchemaDocuments

  constructor(documents: SchemaDocuments) {
    this.documents = documents
  }

  read({ place, item }: ApiOperation): OperationSays {
    const responses = membersOf(memberOf(place, 'responses')).flatMap(([status, written]): ApiResponse[] => {
      const response = status.startsWith('x-') ? undefined : this.follow(written)
      return response === undefined
        ? []
        : [{ status: status.toUpperCase(), contents: this.contents(response) }]
    })
    return { parameters: this.parameters([item, place]), body: this.body(place), responses }
  }

  /** Those of the operation come before those of its path (3.1, 4.8.10.1). */
  private parameters(owners: readonly SchemaPlace[]): ApiParameter[] {
    const found = new Map<string, ApiParameter>()
    for (const owner of owners)
      for (const [, written] of membersOf(memberOf(owner, 'parameters'))) {
        const parameter = this.follow(written)
        const read = parameter && this.parameter(parameter)
        if (read !== undefined) found.set(`${read.part} ${read.name}`, read)
      }
    return [...found.values()]
  }

  private parameter(place: SchemaPlace): ApiParameter | undefined {
    const fields = isFields(place.value) ? place.value : {}
    const { name, required, allowEmptyValue } = fields
    const part = PARTS.find((each) => each === fields['in'])
    if (typeof name !== 'string' || part === undefined)
      return this.wrong(place, `is no parameter: it needs a "name", and "in" is one of ${PARTS.join(', ')}`)
    if (part === 'header' && NOT_PARAMETERS.has(name.toLowerCase())) return undefined
    const isQuery = part === 'query'
    const own = {
      name,
      part,
      required: required === true || part === 'path',
      allowsEmpty: isQuery && allowEmptyValue === true,
    }
    const [content, ...others] = membersOf(memberOf(place, 'content'))
    if (content !== undefined) {
      const [type, media] = content
      if (others.length > 0 || !isJsonType(mediaType(type)))
        return this.wrong(
          place,
          'has a "content" that cannot be read here: application/json, and nothing else',
        )
      return { ...own, style: 'json', explode: false, schema: memberOf(media, 'schema') }
    }
    const { style = isQuery || part === 'cookie' ? 'form' : 'simple' } = fields
    if (!isStyle(part, style))
      return this.wrong(place, `has a "style" that is none of "in: ${part}": ${STYLES[part].join(', ')}`)
    const { explode = style === 'form' } = fields
    return { ...own, style, explode: explode === true, schema: memberOf(place, 'schema') }
  }

  private body(operation: SchemaPlace): OperationSays['body'] {
    const written = memberOf(operation, 'requestBody')
    const body = written && this.follow(written)
    const contents = body && this.contents(body)
    return contents && { required: memberOf(body, 'required')?.value === true, contents }
  }

  /** The most specific first (3.1, 4.8.14.1). */
  private contents(owner: SchemaPlace): readonly ApiContent[] | undefined {
    const contents = membersOf(memberOf(owner, 'content')).map(([type, media]): ApiContent => {
      return { type: mediaType(type), schema: memberOf(media, 'schema') }
    })
    if (contents.length === 0) return undefined
    return contents.sort((one, other) => stars(one.type) - stars(other.type))
  }

  private follow(place: SchemaPlace): SchemaPlace | undefined {
    try {
      return followed(place, this.documents)
    } catch (error) {
      if (!(error instanceof LostReference)) throw error
      return this.wrong(place, error.message)
    }
  }

  private wrong(place: SchemaPlace, problem: string): undefined {
    this.problems.push({ place: placeText(place), problem })
  }
}

function stars(type: string): number {
  return type.split('*').length
}
