import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TrafficError } from '../../src/message/errors.ts'
import { EncoderTable } from '../../src/h2/encoder-table.ts'
import { Field, fieldName } from '../../src/h2/field.ts'
import { FieldSection } from '../../src/h2/field-section.ts'
import { HpackDecoder } from '../../src/h2/hpack-decoder.ts'
import { HpackEncoder, mostBytes } from '../../src/h2/hpack-encoder.ts'
import { decodeAll, decodeInto, encode, field, NO_LIMITS, pair } from './hpack-blocks.ts'

/** The first byte tells how a field is represented (RFC 7541 6). */
function representation(encoder: HpackEncoder, each: Field): string {
  const first = encode(encoder, [each])[0] ?? 0
  if (first >= 0x80) return 'indexed'
  if (first >= 0x40) return 'literal, indexed'
  return first >= 0x10 ? 'literal, never indexed' : 'literal'
}

test('a field that repeats is indexed, and found by the very object as well as by name and value', () => {
  const encoder = new HpackEncoder()
  const first = field('x-repeats', 'a')
  assert.equal(representation(encoder, first), 'literal, indexed')
  assert.equal(representation(encoder, first), 'indexed')
  const equal = new Field(fieldName('x-repeats'), 'a', 0, false)
  assert.notEqual(equal, first)
  assert.equal(representation(encoder, equal), 'indexed')
  assert.equal(representation(encoder, equal), 'indexed')
  assert.equal(encode(encoder, [first, equal]).length, 2)
})

test('more fields than have a place by identity are all found, in whichever order they come', () => {
  const encoder = new HpackEncoder()
  const decoder = new HpackDecoder()
  const fields = Array.from({ length: 80 }, (_, index) => field(`x-place-${index}`, 'a'))
  decodeAll(decoder, encode(encoder, fields))
  for (const order of [fields, fields.toReversed(), fields]) {
    const block = encode(encoder, order)
    assert.ok(block.length <= 2 * order.length, 'each of them is an index')
    assert.deepEqual(decodeAll(decoder, block), order.map(pair))
  }
})

test('of a name with several values each is found by name and value, the first one, too', () => {
  const encoder = new HpackEncoder()
  for (const value of ['a', 'b', 'c']) {
    assert.equal(representation(encoder, field('x-several', value)), 'literal, indexed', value)
  }
  for (const value of ['a', 'b', 'c', 'a']) {
    assert.equal(representation(encoder, field('x-several', value)), 'indexed', value)
  }
})

test('secrets are never indexed, nor what is declared a secret, nor what came as never indexed', () => {
  const encoder = new HpackEncoder({ secrets: new Set(['x-api-key']) })
  const before = encoder.tableSize
  for (const name of ['authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'x-api-key']) {
    const secret = field(name, 'Bearer abcdefgh')
    for (let round = 0; round < 3; round++) {
      assert.equal(representation(encoder, secret), 'literal, never indexed', name)
    }
    assert.equal(encode(encoder, [secret]).toString('latin1').includes('Bearer abcdefgh'), true)
  }
  assert.equal(representation(encoder, field('x-plain', 'a', true)), 'literal, never indexed')
  assert.equal(representation(encoder, field(':method', 'GET', true)), 'literal, never indexed')
  assert.equal(encoder.tableSize, before)
  assert.equal(representation(new HpackEncoder(), field('x-api-key', 'a')), 'literal, indexed')
})

test('a field that came as never indexed goes on as such, though its equal was indexed before', () => {
  const encoder = new HpackEncoder()
  encode(encoder, [field('x-token', 'a')])
  const decoder = new HpackDecoder()
  const section = new FieldSection(NO_LIMITS)
  decodeInto(decoder, encode(new HpackEncoder(), [field('x-token', 'a', true)]), section)
  assert.equal(representation(encoder, section.fields[0] as Field), 'literal, never indexed')
})

test('a guess at another client’s secret never makes a block shorter', () => {
  const encoder = new HpackEncoder({ secrets: new Set(['x-api-key']) })
  encode(encoder, [field('cookie', 'session=4711'), field('x-api-key', 'k-4711')])
  for (const [name, right, wrong] of [
    ['cookie', 'session=4711', 'session=0815'],
    ['x-api-key', 'k-4711', 'k-0815'],
  ] as const) {
    assert.equal(encode(encoder, [field(name, right)]).length, encode(encoder, [field(name, wrong)]).length)
  }
})

test('names whose values differ each time are not indexed at all, or no longer after a while', () => {
  const encoder = new HpackEncoder()
  for (const name of [':path', 'etag', 'traceparent', 'x-request-id']) {
    assert.equal(representation(encoder, field(name, 'a1')), 'literal', name)
  }
  const kept = field('x-kept', 'a')
  encode(encoder, [kept])
  let indexed = 0
  for (let each = 0; each < 640; each++) {
    if (representation(encoder, field('x-varies', `value ${each}`)) === 'literal, indexed') indexed++
    if (each % 10 === 0) encode(encoder, [kept])
  }
  assert.ok(indexed < 60, String(indexed))
  const repeating = new HpackEncoder()
  for (let each = 0; each < 500; each++) {
    assert.notEqual(representation(repeating, field('x-repeats', String(each % 5))), 'literal')
  }
})

test('what changes now and then and repeats in between stays worth an entry, as Date is', () => {
  const encoder = new HpackEncoder()
  for (let second = 0; second < 500; second++) {
    const date = field('date', `Mon, 21 Oct 2013 20:13:21 GMT ${second}`)
    assert.equal(representation(encoder, date), 'literal, indexed', String(second))
    for (let each = 0; each < 3; each++) assert.equal(representation(encoder, date), 'indexed')
  }
})

test('a name whose values begin to differ, or to repeat, is soon judged by that', () => {
  const encoder = new HpackEncoder()
  const same = field('x-changes', 'same')
  for (let each = 0; each < 10_000; each++) encode(encoder, [same])
  const indexed = (from: number, to: number): number => {
    let count = 0
    for (let each = from; each < to; each++) {
      if (representation(encoder, field('x-changes', String(each))) === 'literal, indexed') count++
    }
    return count
  }
  indexed(0, 200)
  assert.ok(indexed(200, 840) <= 16)
  indexed(1000, 6000)
  for (let round = 0; round < 4; round++) {
    const repeated = field('x-changes', `round ${round}`)
    const first = representation(encoder, repeated)
    if (round > 1) assert.equal(first, 'literal, indexed')
    for (let each = 0; each < 300; each++) encode(encoder, [repeated])
  }
})

test('a name that is in a table is not written again, and a field beyond half the table is not indexed', () => {
  const encoder = new HpackEncoder()
  encode(encoder, [field('x-name', 'a')])
  assert.equal(
    encode(encoder, [field('x-name', 'b')])
      .toString('latin1')
      .includes('x-name'),
    false,
  )
  assert.equal(representation(encoder, field('x-name', 'v'.repeat(2100))), 'literal')
  assert.equal(representation(encoder, field('content-type', 'a/b')), 'literal, indexed')
})

test('what has become of the table’s size is told once, the smallest first', () => {
  const updates = (...sizes: readonly number[]): string => {
    const encoder = new HpackEncoder()
    encode(encoder, [field('x-a', 'b')])
    for (const size of sizes) encoder.limitTable(size)
    const block = encode(encoder, []).toString('hex')
    assert.equal(encode(encoder, []).length, 0)
    return block
  }
  assert.equal(updates(), '')
  assert.equal(updates(4096), '')
  assert.equal(updates(65_536), '', 'no more than 4096 is used')
  assert.equal(updates(0), '20')
  assert.equal(updates(100), '3f45')
  assert.equal(updates(0, 4096), '203fe11f')
  assert.equal(updates(100, 0, 50), '203f13')
  assert.equal(updates(50, 100), '3f133f45')
})

test('a table of no size makes literals of all but the static table', () => {
  const encoder = new HpackEncoder()
  const decoder = new HpackDecoder()
  encoder.limitTable(0)
  decoder.limitTable(0)
  const fields = [field(':method', 'GET'), field('x-a', 'b'), field('x-a', 'b')]
  for (let round = 0; round < 3; round++) {
    assert.deepEqual(decodeAll(decoder, encode(encoder, fields)), fields.map(pair))
  }
  assert.equal(encoder.tableSize, 0)
})

test('a malformed field is not sent, and nothing of its block goes into the table', () => {
  const encoder = new HpackEncoder()
  for (const bad of [
    field('x-a', 'a\r\nb: c'),
    field('X-A', 'a'),
    field('connection', 'close'),
    field('content-length', ''),
  ]) {
    assert.throws(
      () => encode(encoder, [field('x-before', 'a'), bad]),
      (error) =>
        error instanceof TrafficError &&
        error.code === 'internal' &&
        error.phase === 'send' &&
        error.replaySafe === 'unsent' &&
        error.message.endsWith(': a policy put it there; set fields through HeaderList.set'),
    )
  }
  assert.equal(encoder.tableSize, 0)
})

test('forged names and values never let what the encoder keeps grow without end', () => {
  const encoder = new HpackEncoder()
  const decoder = new HpackDecoder()
  for (let each = 0; each < 3000; each++) {
    const fields = [
      field(`x-${each}`, 'a'),
      field('x-same', String(each % 700)),
      field(`x-${each % 300}`, 'b'),
    ]
    assert.deepEqual(decodeAll(decoder, encode(encoder, fields)), fields.map(pair))
    assert.equal(decoder.tableSize, encoder.tableSize)
  }
  assert.ok(encoder.tableSize <= 4096)
})

test('of names and of objects that are equal no more than a few hundred are known', () => {
  const table = new EncoderTable()
  const name = fieldName('x-same')
  table.insert(new Field(name, 'a', 0, false))
  for (let each = 0; each < 5000; each++) {
    const equal = new Field(name, 'a', 0, false)
    assert.equal(table.indexOfEqual(equal), 62)
    assert.equal(table.indexOfObject(equal), 62)
  }
  assert.ok(table.known <= 600, String(table.known))
  for (let each = 0; each < 5000; each++) table.insert(new Field(fieldName(`x-${each}`), 'a', 0, false))
  assert.ok(table.known <= 1000, String(table.known))
})

test('long values, of which each is another object, are found in the table and not remembered beside it', () => {
  const table = new EncoderTable()
  const name = fieldName('content-security-policy')
  table.insert(new Field(name, 'a'.repeat(1_000), 0, false))
  const before = table.known
  for (let each = 0; each < 100; each++)
    assert.equal(table.indexOfEqual(new Field(name, 'a'.repeat(1_000), 0, false)), 62)
  assert.equal(table.known, before)
})

test('a block takes no more than is said before', () => {
  const encoder = new HpackEncoder()
  encoder.limitTable(0)
  encoder.limitTable(4096)
  const fields = [field('a', ''), field('b'.repeat(300), 'c'.repeat(70_000)), field('x', 'y', true)]
  assert.ok(encode(encoder, fields).length <= mostBytes(fields))
})
