import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { translated30 } from '../../../../src/features/validation/openapi/openapi-30.ts'
import { copySchema, type SchemaDialect } from '../../../../src/features/validation/schema-copy.ts'
import { SchemaCompiler } from '../../../../src/features/validation/schema-compiler.ts'
import { SchemaDocuments } from '../../../../src/features/validation/schema-documents.ts'

describe('a schema of OpenAPI 3.0 becomes one of JSON Schema 2020-12', () => {
  for (const [what, schema, expected] of [
    ['with null among its types', { type: 'string', nullable: true }, { type: ['string', 'null'] }],
    ['without it', { type: 'string', nullable: false }, { type: 'string' }],
    ['where there is no type to be nullable', { nullable: true, enum: ['a'] }, { enum: ['a'] }],
    ['with an exclusive limit', { minimum: 1, exclusiveMinimum: true }, { exclusiveMinimum: 1 }],
    ['with an inclusive one', { maximum: 9, exclusiveMaximum: false }, { maximum: 9 }],
    ['with a flag that has no limit', { exclusiveMaximum: true }, {}],
    [
      'with two exclusive limits',
      { minimum: 1, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: true },
      { exclusiveMinimum: 1, exclusiveMaximum: 9 },
    ],
    ['with nothing beside a reference', { $ref: '#/a', nullable: true, minLength: 1 }, { $ref: '#/a' }],
  ] as [string, Record<string, unknown>, unknown][])
    it(what, () => {
      const before = structuredClone(schema)
      assert.deepEqual(translated30(schema), expected)
      assert.deepEqual(schema, before)
    })
})

describe('a schema of OpenAPI', () => {
  const ORDER = {
    type: 'object',
    required: ['id', 'secret', 'name'],
    properties: {
      id: { type: 'integer', readOnly: true },
      secret: { $ref: '#/$defs/secret' },
      name: { type: 'string', example: 'a', xml: { name: 'n' }, format: 'own' },
      size: { type: 'number', exclusiveMinimum: 0, 'x-own': 1, unknown: 1 },
    },
    discriminator: { propertyName: 'kind' },
    externalDocs: {},
    $defs: { secret: { type: 'string', writeOnly: true } },
  }
  const judged = (of: SchemaDialect['of'], way: SchemaDialect['way'], value: unknown): string[] => {
    const documents = new SchemaDocuments(() => undefined)
    const { schema, problems } = copySchema(documents.inline(ORDER, '/'), documents, { of, way })
    assert.deepEqual(
      problems.filter(({ isWarning }) => isWarning !== true),
      [],
    )
    return (new SchemaCompiler().compile(schema)(value, 1) ?? []).map(
      ({ pointer, detail }) => `${pointer} ${detail}`,
    )
  }
  for (const dialect of ['openapi-3.0', 'openapi-3.1'] as const) {
    it(`${dialect.slice(8)} asks of requests nothing that is read only, and of responses nothing that is write only`, () => {
      assert.deepEqual(judged(dialect, 'request', {}), ['/secret is missing', '/name is missing'])
      assert.deepEqual(judged(dialect, 'response', {}), ['/id is missing', '/name is missing'])
    })

    it(`${dialect.slice(8)} has keywords of its own, and formats that are passed over with a warning`, () => {
      const documents = new SchemaDocuments(() => undefined)
      const { problems } = copySchema(documents.inline(ORDER, '/'), documents, {
        of: dialect,
        way: 'request',
      })
      assert.deepEqual(
        problems.map(({ place, problem, isWarning }) => `${place} ${problem} ${isWarning}`),
        [
          'the schema#/properties/name/format is the format "own", which is not known here, and anything is taken true',
          'the schema#/properties/size/unknown is no keyword of JSON Schema 2020-12, nor does it begin with "x-": it is passed over true',
        ],
      )
    })
  }
})
