import assert from 'node:assert/strict'
import { test } from 'node:test'
import { numberOf, parseDictionary, parseItem, parseList } from '../../src/fields/structured.ts'
import type { BareItem, Dictionary, Item, Member } from '../../src/fields/structured-types.ts'
import { serializeDictionary, serializeItem, serializeList } from '../../src/fields/structured-writer.ts'
import { fc } from '../../../../scripts/testing/property.ts'

for (const [text, expected] of [
  ['42', { type: 'integer', value: 42 }],
  ['  -0042 ', { type: 'integer', value: -42 }],
  ['999999999999999', { type: 'integer', value: 999_999_999_999_999 }],
  ['4.5', { type: 'decimal', value: 4.5 }],
  ['-123456789012.125', { type: 'decimal', value: -123_456_789_012.125 }],
  ['"a \\"quoted\\\\ string\\""', { type: 'string', value: 'a "quoted\\ string"' }],
  ['""', { type: 'string', value: '' }],
  ['foo123/456:a*', { type: 'token', value: 'foo123/456:a*' }],
  ['*a', { type: 'token', value: '*a' }],
  [':aGVsbG8=:', { type: 'bytes', value: new Uint8Array(Buffer.from('hello')) }],
  [':aGVsbG8:', { type: 'bytes', value: new Uint8Array(Buffer.from('hello')) }],
  ['::', { type: 'bytes', value: new Uint8Array(0) }],
  ['?1', { type: 'boolean', value: true }],
  ['?0', { type: 'boolean', value: false }],
  ['-0', { type: 'integer', value: 0 }],
  ['@1659578233', { type: 'date', value: 1_659_578_233 }],
  ['@-1', { type: 'date', value: -1 }],
  ['%"f%c3%bc%c3%bc %25 %22"', { type: 'display', value: 'füü % "' }],
] as const) {
  test(`item ${text}`, () => assert.deepEqual(parseItem(text), { bare: expected, parameters: new Map() }))
}

for (const text of [
  '',
  ' ',
  '\t1',
  '1 2',
  '1,2',
  '1.',
  '.1',
  '-',
  '--1',
  '+1',
  '1e3',
  '1000000000000000',
  '1234567890123.0',
  '1.0001',
  '"open',
  '"bad \\escape"',
  '"tab\t"',
  '"ü"',
  "'single'",
  ':open',
  ':a:',
  ':a===:',
  ':aGVsbG8==:',
  ':aG=VsbG8:',
  ':a_b-:',
  '?',
  '?2',
  '?true',
  '@1.5',
  '@',
  '@"x"',
  '%"open',
  '%"%C3%BC"',
  '%"%c3"',
  '%"%ff"',
  '%"%zz"',
  '%a',
  '1;',
  '1;A=1',
  '1;a=',
  '1;a =1',
  '1 ;a',
  '(1)',
  'a b',
  '\u00e9',
]) {
  test(`as an item, ${JSON.stringify(text)} is refused`, () => assert.equal(parseItem(text), undefined))
}

test('parameters may be without a value, after spaces, and are overwritten by later ones', () => {
  const item = parseItem('a;b;  c=1;d="x";c=2')
  assert.deepEqual(item && [...item.parameters], [
    ['b', { type: 'boolean', value: true }],
    ['c', { type: 'integer', value: 2 }],
    ['d', { type: 'string', value: 'x' }],
  ])
})

for (const [text, expected] of [
  ['', []],
  ['1', ['1']],
  ['1, 2', ['1', '2']],
  ['1 \t,\t 2', ['1', '2']],
  ['("a"   "b" );x, ()', ['("a" "b");x', '()']],
  ['(1;a 2);b', ['(1;a 2);b']],
  ['sugar, tea, rum', ['sugar', 'tea', 'rum']],
] as const) {
  test(`list ${JSON.stringify(text)}`, () => {
    assert.deepEqual(
      parseList(text)?.map((member) => serializeList([member])),
      expected,
    )
  })
}

for (const text of [
  ',',
  '1,',
  '1, ',
  ', 1',
  '1,,2',
  '1 2',
  '(1',
  '(1,2)',
  '(1"a")',
  '((1))',
  '(1\t2)',
  '(1) (2)',
  '1;a,',
]) {
  test(`as a list, ${JSON.stringify(text)} is refused`, () => assert.equal(parseList(text), undefined))
}

for (const [text, expected] of [
  ['', ''],
  ['a=1, b;x=2, c=(1 2);y', 'a=1, b;x=2, c=(1 2);y'],
  ['a=?1;x, b=?0', 'a;x, b=?0'],
  ['a=1,a=2,b=3', 'a=2, b=3'],
  ['*a.b_c-d=tok', '*a.b_c-d=tok'],
] as const) {
  test(`dictionary ${JSON.stringify(text)}`, () => {
    const dictionary = parseDictionary(text)
    assert.equal(dictionary && serializeDictionary(dictionary), expected)
  })
}

for (const text of ['A=1', '1=1', 'a=', 'a =1', 'a= 1', 'a=1 b=2', 'a=1,', '=1', 'a,,b', 'ä=1']) {
  test(`as a dictionary, ${JSON.stringify(text)} is refused`, () =>
    assert.equal(parseDictionary(text), undefined))
}

for (const [value, expected] of [
  [1.0005, '1.0'],
  [1.0015, '1.002'],
  [0.0625, '0.062'],
  [0.1875, '0.188'],
  [-0.0001, '0.0'],
  [10, '10.0'],
  [-2.5, '-2.5'],
] as const) {
  test(`${value} is written as ${expected}`, () => {
    assert.equal(serializeItem({ bare: { type: 'decimal', value }, parameters: new Map() }), expected)
  })
}

for (const bare of [
  { type: 'integer', value: 1.5 },
  { type: 'integer', value: 1e15 },
  { type: 'integer', value: Number.NaN },
  { type: 'decimal', value: 1e12 },
  { type: 'decimal', value: Number.NaN },
  { type: 'date', value: 0.5 },
  { type: 'string', value: 'ü' },
  { type: 'string', value: 'a\nb' },
  { type: 'token', value: '' },
  { type: 'token', value: '1a' },
  { type: 'token', value: 'a b' },
  { type: 'display', value: '\ud800' },
] as const) {
  test(`${bare.type} ${JSON.stringify(bare.value)} is not written`, () => {
    assert.throws(() => serializeItem({ bare, parameters: new Map() }), { name: 'TypeError' })
  })
}

test('what is no key is not written', () => {
  const item: Item = { bare: { type: 'integer', value: 1 }, parameters: new Map() }
  assert.throws(() => serializeDictionary(new Map([['A', item]])), { name: 'TypeError' })
  const parameters = new Map([['a b', item.bare]])
  assert.throws(() => serializeItem({ ...item, parameters }), { name: 'TypeError' })
})

test('a number is one of either type', () => {
  assert.equal(numberOf({ type: 'integer', value: 1 }), 1)
  assert.equal(numberOf({ type: 'decimal', value: 1.5 }), 1.5)
  assert.equal(numberOf({ type: 'string', value: '1' }), undefined)
  assert.equal(numberOf(undefined), undefined)
})

const integer = fc.integer({ min: -999_999_999_999_999, max: 999_999_999_999_999 })
const key = fc.stringMatching(/^[a-z*][a-z0-9_.*-]{0,6}$/)
const bare: fc.Arbitrary<BareItem> = fc.oneof(
  integer.map((value) => ({ type: 'integer' as const, value })),
  fc
    .integer({ min: -1e12, max: 1e12 })
    .map((value) => ({ type: 'decimal' as const, value: value / 1000 || 0 })),
  fc.stringMatching(/^[ -~]*$/).map((value) => ({ type: 'string' as const, value })),
  fc
    .stringMatching(/^[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]{0,9}$/)
    .map((value) => ({ type: 'token' as const, value })),
  fc.uint8Array().map((value) => ({ type: 'bytes' as const, value })),
  fc.boolean().map((value) => ({ type: 'boolean' as const, value })),
  integer.map((value) => ({ type: 'date' as const, value })),
  fc.string({ unit: 'binary' }).map((value) => ({ type: 'display' as const, value })),
)
const parameters = fc.array(fc.tuple(key, bare), { maxLength: 3 }).map((pairs) => new Map(pairs))
const item: fc.Arbitrary<Item> = fc.record({ bare, parameters }, { noNullPrototype: true })
const member: fc.Arbitrary<Member> = fc.oneof(
  item,
  fc.record({ items: fc.array(item, { maxLength: 4 }), parameters }, { noNullPrototype: true }),
)

test('any item, list and dictionary that is written is read as the same', () => {
  fc.assert(fc.property(item, (each) => assert.deepEqual(parseItem(serializeItem(each)), each)))
  fc.assert(fc.property(fc.array(member), (list) => assert.deepEqual(parseList(serializeList(list)), list)))
  const dictionary: fc.Arbitrary<Dictionary> = fc.array(fc.tuple(key, member)).map((pairs) => new Map(pairs))
  fc.assert(
    fc.property(dictionary, (each) => {
      const read = parseDictionary(serializeDictionary(each))
      assert.deepEqual(read && [...read], [...each])
    }),
  )
})

test('whatever is read can be written, and is then read as the same', () => {
  const alphabet = fc.constantFrom(...'ab1.-*";=,()?:@% \t\\/é'.split(''))
  const noise = fc.string({ unit: alphabet, maxLength: 12 })
  fc.assert(
    fc.property(noise, (text) => {
      const list = parseList(text)
      if (list !== undefined) assert.deepEqual(parseList(serializeList(list)), list)
      const dictionary = parseDictionary(text)
      if (dictionary !== undefined) {
        assert.deepEqual(parseDictionary(serializeDictionary(dictionary)), dictionary)
      }
    }),
    { numRuns: 2_000 },
  )
})
