import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Exchange, HttpRequest, systemClock } from '@headgate/core'
import { type JsonChange, jsonChanges } from '../../../src/features/transform/json-changes.ts'
import { formToJson, jsonToForm } from '../../../src/features/transform/form-json.ts'
import { jsonNode, jsonText, parseJson } from '../../../src/features/transform/json-tree.ts'
import { fc } from '../../../../../scripts/testing/property.ts'

const LIMITS = { depth: 20 }
const EXCHANGE = new Exchange(HttpRequest.to('http://a/x?y=z', { headers: { 'x-who': 'Ada' } }), systemClock)

function changed(text: string, ...changes: JsonChange[]): string {
  return jsonText(jsonChanges(changes)(parseJson(text, LIMITS), EXCHANGE))
}

test('what is read and written again is the same value, whatever it is', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(undefined, 2), (value, blanks) => {
      const text = JSON.stringify(value, undefined, blanks)
      assert.deepEqual(JSON.parse(jsonText(parseJson(text, LIMITS))), JSON.parse(text))
      assert.equal(jsonText(jsonNode(JSON.parse(text))), JSON.stringify(JSON.parse(text)))
    }),
  )
})

test('it takes what JSON.parse takes, and nothing else', () => {
  const piece = fc.constantFrom(
    ...'{}[],:" \\n-0123456789.eE+truefalsn\u0001'.split(''),
    '"a"',
    'null',
    '1.0',
    '\\u00e9',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 9 }), (pieces) => {
      const text = pieces.join('')
      let value: unknown
      try {
        value = JSON.parse(text)
      } catch {
        assert.throws(() => parseJson(text, LIMITS), TypeError, text)
        return
      }
      assert.deepEqual(JSON.parse(jsonText(parseJson(text, LIMITS))), value)
    }),
    { numRuns: 2_000 },
  )
})

test('numbers leave as they came, however long they are', () => {
  assert.equal(changed('[12345678901234567890, 1.0, 1e400, -0]'), '[12345678901234567890,1.0,1e400,-0]')
})

const REFUSED: readonly (readonly [text: string, message: RegExp])[] = [
  ['{"a":1,"a":2}', /two members of one name/],
  ['{"a":1,"\\u0061":2}', /two members of one name/],
  ['['.repeat(100_000), /more than 20 lists and objects stand in each other, at character 21/],
  ['{"a":1} x', /something follows the value/],
  ['', /there is not a value, at character 1/],
]
for (const [text, message] of REFUSED)
  test(`${text.slice(0, 20)} is not taken: ${message.source}`, () => {
    assert.throws(() => parseJson(text, LIMITS), message)
  })

const ORDER = '{"id":7,"customer":{"name":"Ada","tax":"1"},"items":[{"sku":"a","n":1},{"sku":"b","n":2}]}'

const CHANGES: readonly (readonly [change: JsonChange, before: string, after: string])[] = [
  [{ set: '/b', value: { c: [1, null] } }, '{"a":1}', '{"a":1,"b":{"c":[1,null]}}'],
  [{ set: '/a', value: 2 }, '{"a":1,"b":1}', '{"a":2,"b":1}'],
  [{ set: '/x/y/z', value: true }, '{}', '{"x":{"y":{"z":true}}}'],
  [{ set: '/list/-', value: 3 }, '{"list":[1,2]}', '{"list":[1,2,3]}'],
  [{ set: '/list/5', value: 3 }, '{"list":[1,2]}', '{"list":[1,2]}'],
  [{ set: '/a/b', value: 1 }, '{"a":"text"}', '{"a":"text"}'],
  [{ set: '', value: [] }, '{"a":1}', '[]'],
  [{ set: '/who', text: '${request.headers.x-who} at ${request.path}' }, '{}', '{"who":"Ada at /x"}'],
  [{ remove: '/a' }, '{"a":1,"b":2}', '{"b":2}'],
  [{ remove: '/list/0' }, '{"list":[1,2]}', '{"list":[2]}'],
  [{ remove: '/gone/too' }, '{"a":1}', '{"a":1}'],
  [{ rename: '/a', to: 'c' }, '{"a":1,"b":2,"c":3}', '{"c":1,"b":2}'],
  [{ rename: '/gone', to: 'c' }, '{"c":3}', '{"c":3}'],
  [{ move: '/a', to: '/b/c' }, '{"a":1,"b":{}}', '{"b":{"c":1}}'],
  [{ move: '/a', to: '/a/b' }, '{"a":{}}', '{"a":{}}'],
  [{ copy: '/a', to: '/b' }, '{"a":[1]}', '{"a":[1],"b":[1]}'],
  [{ pick: ['/id', '/customer/name'] }, ORDER, '{"id":7,"customer":{"name":"Ada"}}'],
  [{ pick: ['/n'] }, '[{"n":1,"m":1},{"m":2}]', '[{"n":1},{}]'],
  [{ wrap: 'data' }, '[1]', '{"data":[1]}'],
  [{ unwrap: '/data' }, '{"data":[1]}', '[1]'],
  [{ unwrap: '/gone' }, '[1]', '[1]'],
  [{ set: '/a~1b', value: 1 }, '{}', '{"a/b":1}'],
  [{ set: '/__proto__/x', value: 1 }, '{}', '{"__proto__":{"x":1}}'],
]
for (const [change, before, after] of CHANGES)
  test(`${JSON.stringify(change)} makes ${after} of ${before}`, () => {
    assert.equal(changed(before, change), after)
    assert.equal(({} as Record<string, unknown>)['x'], undefined)
  })

test('changes follow each other', () => {
  assert.equal(
    changed(ORDER, { pick: ['/id'] }, { rename: '/id', to: 'order' }, { wrap: 'data' }),
    '{"data":{"order":7}}',
  )
})

test('a form becomes an object of texts and back, lists for names that stand several times', () => {
  assert.equal(jsonText(formToJson('a=1&b=x+y&b=%C3%A9')), '{"a":"1","b":["x y","é"]}')
  assert.equal(jsonToForm(parseJson('{"a":1,"b":["x y",true],"c":null}', LIMITS)), 'a=1&b=x+y&b=true')
  assert.throws(() => jsonToForm(parseJson('{"a":{}}', LIMITS)), /no form can say/)
  assert.throws(() => jsonToForm(parseJson('[]', LIMITS)), /no form can say/)
})

test('forms go to JSON and back as they were', () => {
  const pairs = fc.array(
    fc.tuple(fc.string({ minLength: 1, unit: 'grapheme' }), fc.string({ unit: 'grapheme' })),
  )
  fc.assert(
    fc.property(pairs, (drawn) => {
      const form = new URLSearchParams(drawn.toSorted(([one], [other]) => (one < other ? -1 : 1)))
      const again = new URLSearchParams(jsonToForm(formToJson(form.toString())))
      form.sort()
      again.sort()
      assert.equal(again.toString(), form.toString())
    }),
  )
})
