import assert from 'node:assert/strict'
import { describe, it, test } from 'node:test'
import { WholeBody } from '@headgate/core'
import { fc } from '../../../../../scripts/testing/property.ts'
import { byteCheck } from '../../../src/features/validation/byte-check.ts'
import { readJson } from '../../../src/features/validation/read-json.ts'
import { SchemaCompiler } from '../../../src/features/validation/schema-compiler.ts'
import { copySchema } from '../../../src/features/validation/schema-copy.ts'
import { SchemaDocuments } from '../../../src/features/validation/schema-documents.ts'

type Schema = Record<string, unknown> | boolean

const RULES = { depth: 4, values: 20, duplicateKeys: 'refuse', prototypeKeys: 'refuse' } as const
const compiler = new SchemaCompiler()

function copied(schema: Schema) {
  const documents = new SchemaDocuments(() => undefined)
  return copySchema(documents.inline(schema, '/'), documents).schema
}

/** Whether the bytes alone tell that a text is taken, and whether it is once it is read. */
function judged(schema: Schema, text: string): { seen: boolean | undefined; taken: boolean } {
  const copy = copied(schema)
  const bytes = Buffer.from(text)
  const read = readJson(WholeBody.fromBytes(bytes), RULES)
  const taken = read.ok && compiler.compile(copy)(read.value, read.values) === undefined
  return { seen: byteCheck(copy)?.(bytes, RULES), taken }
}

const ORDER: Schema = {
  type: 'object',
  required: ['id'],
  additionalProperties: false,
  properties: {
    id: { type: 'string', pattern: '^[A-Z]+$', maxLength: 5 },
    lines: { type: 'array', minItems: 1, maxItems: 3, items: { $ref: '#/$defs/line' } },
    at: { type: 'string', format: 'date' },
    kind: { enum: ['a', 1, null] },
    open: { type: ['boolean', 'null'] },
    size: { type: 'number', minimum: 1 },
    less: { exclusiveMaximum: 1.5 },
    any: true,
    none: false,
    parent: { $ref: '#' },
  },
  $defs: {
    line: { $ref: '#/$defs/own' },
    own: { type: 'object', properties: { n: { type: 'integer', minimum: 1, exclusiveMaximum: 9 } } },
  },
}

describe('the bytes alone tell that a body is taken', () => {
  for (const text of [
    '{"id":"A"}',
    ' { "id" : "A" , "lines" : [ { "n" : 1 } , { } ] , "at" : "2027-06-30" } \r\n\t',
    '{"open":null,"kind":1,"id":"A"}',
    '{"id":"A","kind":null,"open":true,"any":[1,-2.5,"x",false],"parent":{"id":"B"}}',
    '{"id":"A","lines":[{"n":8.0}],"any":{}}',
  ])
    it(text, () => assert.deepEqual(judged(ORDER, text), { seen: true, taken: true }))
})

describe('the bytes alone tell nothing of what is wrong, or might be', () => {
  for (const [text, taken] of [
    ['{}', false],
    ['{"id":"a"}', false],
    ['{"id":"ABCDEF"}', false],
    ['{"id":"A","id":"A"}', false],
    ['{"id":"A","more":1}', false],
    ['{"id":"A","__proto__":1}', false],
    ['{"id":"A","none":1}', false],
    ['{"id":"A","kind":"b"}', false],
    ['{"id":"A","kind":{}}', false],
    ['{"id":"A","open":1}', false],
    ['{"id":"A","at":"2027-02-30"}', false],
    ['{"id":"A","lines":[]}', false],
    ['{"id":"A","size":0.5}', false],
    ['{"id":"A","less":1.5}', false],
    ['{"id":"A","lines":[{},{},{},{}]}', false],
    ['{"id":"A","lines":[{"n":0}]}', false],
    ['{"id":"A","lines":[{"n":9}]}', false],
    ['{"id":"A","lines":[{"n":1.5}]}', false],
    ['{"id":"A","lines":[{"n":01}]}', false],
    ['{"id":"A","lines":[{"n":1.}]}', false],
    ['{"id":"A","lines":[{"n":-}]}', false],
    ['{"id":"A","lines":[{"n":1},]}', false],
    ['{"id":"A",}', false],
    ['{"id":"A"', false],
    ['{"id":"A', false],
    ['{"id":"A"}}', false],
    ['{"id":"A"}1', false],
    ['{"id" "A"}', false],
    ['{id:"A"}', false],
    ['{"id":"A","any":"\u0001"}', false],
    ['{"id":"A","any":nul}', false],
    [`{"id":"A","any":[${'1,'.repeat(30)}1]}`, false],
    ['{"id":"A","parent":{"id":"A","parent":{"id":"A","parent":{"id":"A","parent":{"id":"A"}}}}}', false],
    ['{"id":"\\u0041"}', true],
    ['{"\\u0069d":"A"}', true],
    ['{"id":"A","any":"ä"}', true],
    ['{"id":"A","any":1e2}', true],
    ['{"id":"A","any":{"constructor":1}}', true],
    ['', false],
  ] as const)
    it(text.slice(0, 80), () => assert.deepEqual(judged(ORDER, text), { seen: false, taken }))
})

test('a schema that says more than is understood has no such check', () => {
  for (const schema of [
    { allOf: [{}] },
    { properties: { a: { items: { multipleOf: 2 } } } },
    { $ref: '#/$defs/a', minLength: 1, $defs: { a: {} } },
    { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/a' } } },
    { properties: Object.fromEntries(Array.from({ length: 32 }, (_, index) => [`a${index}`, {}])) },
  ])
    assert.equal(byteCheck(copied(schema)), undefined, JSON.stringify(schema))
})

const NAMES = ['a', 'b', 'constructor', '__proto__', 'ä', '', 'toString']
const name = fc.constantFrom(...NAMES)
const scalar = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    -0,
    1,
    1.5,
    -7,
    2 ** 53,
    1e300,
    '',
    'a',
    'ab',
    'ä',
    '"',
    '\\',
  ),
  fc.integer(),
  fc.double(),
  fc.string({ maxLength: 3 }),
)

/** Schemas of what is understood, that values of these names and kinds may meet: each says little, so that much is taken. */
const { schema } = fc.letrec<{ schema: Schema }>((tie) => {
  const some = (keys: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Schema> =>
    fc.record(keys, { requiredKeys: [] })
  return {
    schema: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.boolean(),
      some({
        type: fc.constantFrom('number', 'integer', ['integer', 'string']),
        minimum: fc.integer({ min: -2, max: 2 }),
        maximum: fc.integer({ min: 0, max: 9 }),
      }),
      some({
        exclusiveMinimum: fc.integer({ min: -2, max: 2 }),
        exclusiveMaximum: fc.constantFrom(1, 1.5, 9),
        format: fc.constantFrom('int32', 'double'),
      }),
      some({ type: fc.constant('string'), minLength: fc.nat(2), maxLength: fc.nat(3) }),
      some({
        pattern: fc.constantFrom('^a', 'b$', '.'),
        format: fc.constantFrom('date', 'byte', 'password'),
      }),
      some({
        enum: fc.uniqueArray(scalar, {
          minLength: 1,
          maxLength: 4,
          selector: (each) => JSON.stringify(each),
        }),
      }),
      some({ const: scalar, enum: fc.constant([1, 'a', {}, []]) }),
      some({ type: fc.constantFrom('array', 'null', 'boolean', 'object', ['object', 'array', 'null']) }),
      some({ items: tie('schema'), minItems: fc.nat(2), maxItems: fc.nat(3) }),
      some({
        properties: fc.dictionary(name, tie('schema'), { maxKeys: 4 }),
        additionalProperties: fc.boolean(),
        required: fc.uniqueArray(name, { maxLength: 1 }),
      }),
    ),
  }
})

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 3 }),
  ),
}))

/** A byte is changed, left out or doubled. */
const damage = fc.option(
  fc.tuple(
    fc.nat(),
    fc.constantFrom('', '"', ',', ':', '{', '}', '[', ']', '0', 'e', '.', '-', ' ', '\\', 't'),
  ),
  { freq: 3 },
)

test('whatever the bytes alone are said to be taken as is taken once it is read', () => {
  let seen = 0
  fc.assert(
    fc.property(schema, value, damage, fc.constantFrom(undefined, 1), (drawn, sent, change, indent) => {
      const text = JSON.stringify(sent, undefined, indent)
      const at = change === null ? 0 : change[0] % (text.length + 1)
      const changed =
        change === null ? text : text.slice(0, at) + change[1] + text.slice(at + (change[0] % 2))
      const result = judged(drawn, changed)
      if (result.seen === true) seen++
      assert.ok(result.seen !== true || result.taken, changed)
    }),
    { numRuns: 2000 },
  )
  assert.ok(seen > 100, `only ${seen} were seen to be taken`)
})
