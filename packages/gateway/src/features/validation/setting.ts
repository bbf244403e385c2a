import { list } from '../../settings/schema/list.ts'
import { nothing, type Read, section } from '../../settings/schema/section.ts'
import { boolean, bytes, integer, oneOf, value } from '../../settings/schema/setting.ts'
import { filePath, type Kind, textKind } from '../../settings/values/kinds.ts'
import { parsed, refused } from '../../settings/values/parsed.ts'
import { isFields } from '../../settings/problems/fields.ts'
import { openapiSetting } from './openapi/setting.ts'

/** The path of a file, or the schema itself. */
export type SchemaSource = string | Readonly<Record<string, unknown>>

const schemaSource: Kind<SchemaSource> = {
  allowed: 'a JSON Schema (2020-12), or the path of a file that holds one, such as ./order.json',
  json: { anyOf: [filePath.json, { type: 'object' }] },
  type: 'string | { readonly [keyword: string]: unknown }',
  parse(written) {
    if (isFields(written)) return parsed(written)
    return typeof written === 'string' ? filePath.parse(written) : refused('is no schema')
  },
}

/** Types whose content is read; JSON under other names among them. */
const contentType: Kind<string> = textKind(
  'a media type of JSON or of forms',
  'application/json, another type that ends in +json, application/*+json, or application/x-www-form-urlencoded',
  (written) => {
    const type = written.toLowerCase()
    return isReadable(type) ? parsed(type) : refused('is not a media type that can be read here')
  },
  {
    pattern:
      '^([aA]pplication/([jJ][sS][oO][nN]|x-www-form-urlencoded|\\*\\+json)|[\\w.!#$&^-]+/[\\w.!#$&^+-]+\\+json)$',
  },
)

/** Whether bodies of that type are read; in lower case. */
function isReadable(type: string): boolean {
  return (
    type === 'application/json' ||
    type === FORM ||
    type === 'application/*+json' ||
    /^[\w.!#$&^-]+\/[\w.!#$&^+-]+\+json$/.test(type)
  )
}

export const FORM = 'application/x-www-form-urlencoded'

const body = section('ValidateBodyInput', () => ({
  schema: value(
    schemaSource,
    'What it must be: a JSON Schema (2020-12), or the path of a file that holds one, with "#/pointer" for a part of it.',
  ).optional(),
  types: list(value(contentType))
    .min(1)
    .prefault(['application/json'])
    .describe('Media types that are taken; others are answered with 415.'),
  required: boolean('Whether a POST, PUT or PATCH must have one.', true),
}))

const limits = section('ValidateLimitsInput', () => ({
  size: bytes('Size of a body that is checked: it is read into memory before it is sent on.', {
    min: '64B',
    max: '64MiB',
  }).prefault('1MiB'),
  depth: integer('How many lists and objects may stand in each other.', 32, 1, 200),
  values: integer('Entries of lists and members of objects, all together.', 10_000, 1, 1_000_000),
}))

function allowance(about: string) {
  return oneOf(['refuse', 'allow'], about).prefault('refuse')
}

export const validateSetting = section('ValidateInput', () => ({
  openapi: openapiSetting()
    .describe(
      'A document of OpenAPI 3.0 or 3.1, of which each request must be an operation, in place of schemas: its path, or a section for more.',
    )
    .optional(),
  body: body().optional().describe('What bodies must be.'),
  query: value(
    schemaSource,
    'What the parameters of the query must be: the schema of an object, whose members are read as their types say.',
  ).optional(),
  headers: value(
    schemaSource,
    'The same of the fields of the head, by names in any case. A list is one value with commas.',
  ).optional(),
  cookies: value(schemaSource, 'The same of cookies.').optional(),
  params: value(schemaSource, 'The same of the parameters of the path, as :id.').optional(),
  limits: limits().prefault(nothing).describe('What is looked at before a body is parsed.'),
  duplicateKeys: allowance(
    'Objects in which a name stands twice: some programs take the first member, some the last.',
  ),
  prototypeKeys: allowance(
    'Members called "__proto__", and "constructor" with a "prototype" in it: programs that merge them into their own objects change all of these.',
  ),
  mode: oneOf(
    ['enforce', 'report'],
    'Whether what is not valid is refused (400), or only counted and logged; limits.size holds anyway.',
  ).prefault('enforce'),
}))

export type ValidateConfig = Read<typeof validateSetting>

/** Settings that hold a schema, as they are called in problem details. */
export const SCHEMA_SETTINGS = [
  ['query', 'query'],
  ['headers', 'header'],
  ['cookies', 'cookie'],
  ['params', 'path'],
] as const
