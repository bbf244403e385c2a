import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { fieldName, fieldOf, malformation, STATIC_FIELDS } from '../../src/h2/field.ts'
import { FieldKind } from '../../src/h2/field-kinds.ts'
import { FieldSection } from '../../src/h2/field-section.ts'
import {
  requestMalformation,
  responseMalformation,
  trailersMalformation,
} from '../../src/h2/message-rules.ts'
import { HpackEncoder } from '../../src/h2/hpack-encoder.ts'
import { field, NO_LIMITS, type Pair } from './hpack-blocks.ts'

/** Bytes of a head that a field is cut from. */
const HEAD = 64 * 1024

const MALFORMED: readonly (readonly [name: string, value: string, reason: RegExp])[] = [
  ['', 'a', /no field name/],
  ['Accept', 'a', /no field name in lower case/],
  ['a b', 'a', /no field name/],
  ['a:', 'a', /no field name/],
  ['a\0', 'a', /no field name/],
  ['a\x7f', 'a', /no field name/],
  ['\xe4', 'a', /no field name/],
  ['\u0100', 'a', /no field name/],
  [':unknown', 'a', /pseudo-header field that is not known/],
  [':Method', 'GET', /pseudo-header field that is not known/],
  [':', 'a', /pseudo-header field that is not known/],
  ['connection', 'close', /8\.2\.2/],
  ['keep-alive', 'timeout=5', /8\.2\.2/],
  ['proxy-connection', 'close', /8\.2\.2/],
  ['transfer-encoding', 'chunked', /8\.2\.2/],
  ['upgrade', 'h2c', /8\.2\.2/],
  ['te', 'gzip', /"trailers"/],
  ['te', 'trailers, gzip', /"trailers"/],
  ['te', '', /"trailers"/],
  ['x', 'a\0b', /value of x/],
  ['x', 'a\r', /value of x/],
  ['x', 'a\nb', /value of x/],
  ['x', 'a\x01', /value of x/],
  ['x', 'a\x7f', /value of x/],
  ['x', ' a', /value of x/],
  ['x', 'a ', /value of x/],
  ['x', '\ta', /value of x/],
  ['x', 'a\t', /value of x/],
  ['x', ' ', /value of x/],
  ['x', '\u0100', /value of x/],
  [':path', '/a\r\nb', /value of :path/],
  ['content-length', '', /decimal number/],
  ['content-length', '+1', /decimal number/],
  ['content-length', '-1', /decimal number/],
  ['content-length', '1,1', /decimal number/],
  ['content-length', '0x1', /decimal number/],
  ['content-length', '1e3', /decimal number/],
  ['content-length', '9007199254740993', /decimal number/],
]

for (const [name, value, reason] of MALFORMED) {
  test(`the field ${JSON.stringify(name)} with ${JSON.stringify(value)} makes a message malformed`, () => {
    const made = field(name, value)
    assert.equal(made.kind, FieldKind.malformed)
    assert.match(malformation(made), reason)
    const section = new FieldSection(NO_LIMITS)
    section.add(made)
    section.add(field('x-b', '\0'))
    assert.match(section.malformed ?? '', reason, 'the first reason stays')
    assert.deepEqual(section.fields, [])
  })
}

test('a reason never tells a value, nor much of a name', () => {
  assert.doesNotMatch(malformation(field('authorization', 'hush\0')), /hush/)
  assert.ok(malformation(field('A'.repeat(100_000), 'a')).length < 200)
})

test('what a field may hold is well-formed', () => {
  for (const [name, value] of [
    ['x', ''],
    ['x', 'a b\tc'],
    ['x', 'caf\xe9'],
    ['x_y.z~', '\x80\xff'],
    ['te', 'trailers'],
    ['te', 'Trailers'],
    ['content-length', '0'],
    ['content-length', '999999999999999'],
    ['content-length', '9007199254740991'],
    ['content-length', '0000000000000012'],
    [':authority', ''],
  ] as const) {
    assert.notEqual(field(name, value).kind, FieldKind.malformed, `${name}: ${value}`)
  }
})

test('the fields of the static table are those of RFC 7541 appendix A, found by name and value', () => {
  assert.equal(STATIC_FIELDS.length, 61)
  for (const [index, each] of STATIC_FIELDS.entries()) {
    assert.equal(each.staticIndex, index + 1)
    assert.equal(fieldOf(each.name, each.value), each)
  }
  for (const [name, first] of [
    [':authority', 1],
    [':method', 2],
    [':path', 4],
    [':scheme', 6],
    [':status', 8],
    ['accept-encoding', 16],
    ['www-authenticate', 61],
    ['x-other', 0],
  ] as const) {
    assert.equal(fieldName(name).staticIndex, first)
  }
})

test('names and repeated fields are shared, but no secret and nothing long is kept', () => {
  assert.equal(fieldName('x-shared'), fieldName('x-shared'))
  assert.equal(field('x-shared', '1'), field('x-shared', '1'))
  for (const secret of ['authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'x-api-key']) {
    for (const value of ['a', 'b']) field(secret, value)
    assert.equal(fieldName(secret).recent, undefined)
    assert.equal(fieldName(secret).values, undefined)
  }
  field('x-long', 'a'.repeat(257))
  assert.equal(fieldName('x-long').recent, undefined)
  for (let each = 0; each < 5000; each++) fieldName(`forged-${each}`)
  assert.equal(fieldName('accept'), STATIC_FIELDS[18]?.name)
})

test('values that take turns are the same fields each time; only so many are kept, of so many names', () => {
  const [one, other] = [field('x-turns', 'one'), field('x-turns', 'other')]
  for (let turn = 0; turn < 3; turn++) {
    assert.equal(field('x-turns', 'one'), one)
    assert.equal(field('x-turns', 'other'), other)
  }
  for (let each = 0; each < 10_000; each++) field('x-turns', String(each))
  assert.ok((fieldName('x-turns').values?.size ?? 0) <= 64)
  for (let each = 0; each < 200; each++) for (const value of ['a', 'b']) field(`x-name-${each}`, value)
  const kept = Array.from({ length: 200 }, (_, each) => fieldName(`x-name-${each}`).values)
  assert.ok(kept.filter((values) => values !== undefined).length <= 64)
  for (const name of [':path', 'x-request-id', 'cookie'])
    for (const value of ['a', 'b', 'c'])
      assert.equal((field(name, value), fieldName(name).values), undefined, name)
})

test('names that are known no more, and that a table still uses, keep no values', () => {
  const names = Array.from({ length: 3 }, (_, each) => fieldName(`x-used-${each}`))
  for (const name of names) for (const value of ['a', 'b']) fieldOf(name, value)
  for (let each = 0; each < 2_000; each++) fieldName(`x-flood-${each}`)
  for (const name of names) assert.equal(name.values, undefined)
  for (const name of names) for (const value of ['c', 'd']) fieldOf(name, value)
  for (let each = 0; each < 2_000; each++) fieldName(`x-flood-again-${each}`)
  for (const name of names) assert.equal(name.values, undefined)
})

function section(...pairs: readonly Pair[]): FieldSection {
  const made = new FieldSection(NO_LIMITS)
  for (const [name, value] of pairs) made.add(field(name, value))
  return made
}

const METHOD: Pair = [':method', 'GET']
const SCHEME: Pair = [':scheme', 'https']
const PATH: Pair = [':path', '/']
const AUTHORITY: Pair = [':authority', 'a']
const CONNECT: Pair = [':method', 'CONNECT']
const PROTOCOL: Pair = [':protocol', 'websocket']
const STATUS: Pair = [':status', '200']

test('a request has just the pseudo-header fields that it needs, each once and before all others', () => {
  const judge = (...pairs: readonly Pair[]): string | undefined => requestMalformation(section(...pairs))
  assert.equal(judge(METHOD, SCHEME, PATH), undefined)
  assert.equal(judge(PATH, AUTHORITY, SCHEME, METHOD, ['a', 'b']), undefined)
  assert.match(judge(SCHEME, PATH) ?? '', /:method is missing/)
  assert.match(judge(METHOD, PATH) ?? '', /:scheme is missing/)
  assert.match(judge(METHOD, SCHEME) ?? '', /:path is missing/)
  assert.match(judge(METHOD, SCHEME, [':path', '']) ?? '', /:path is empty/)
  assert.match(judge(METHOD, SCHEME, PATH, STATUS) ?? '', /:status has no place/)
  assert.match(judge(METHOD, SCHEME, PATH, PROTOCOL) ?? '', /:protocol has no place/)
  for (const twice of [METHOD, SCHEME, PATH, AUTHORITY]) {
    assert.match(judge(METHOD, SCHEME, PATH, AUTHORITY, twice) ?? '', /is there twice/)
  }
  assert.match(judge(METHOD, SCHEME, ['a', 'b'], PATH) ?? '', /:path stands behind/)
  assert.match(judge(METHOD, SCHEME, PATH, ['content-length', '1'], ['content-length', '1']) ?? '', /twice/)
})

test('CONNECT has an authority alone, and an extended one all that a request has, and no content', () => {
  assert.equal(requestMalformation(section(CONNECT, AUTHORITY)), undefined)
  assert.match(requestMalformation(section(CONNECT)) ?? '', /:authority is missing/)
  assert.match(requestMalformation(section(CONNECT, AUTHORITY, PATH)) ?? '', /:path has no place/)
  assert.match(requestMalformation(section(CONNECT, AUTHORITY, SCHEME)) ?? '', /:scheme has no place/)
  const extended = [CONNECT, PROTOCOL, SCHEME, PATH, AUTHORITY]
  assert.equal(requestMalformation(section(...extended)), undefined)
  assert.match(requestMalformation(section(...extended, ['content-length', '0'])) ?? '', /has no place/)
  assert.match(requestMalformation(section(CONNECT, PROTOCOL, AUTHORITY)) ?? '', /:scheme is missing/)
})

test('a response has a status of three digits and no other pseudo-header field, trailers have none', () => {
  assert.equal(responseMalformation(section(STATUS, ['a', 'b'])), undefined)
  assert.match(responseMalformation(section()) ?? '', /:status is missing/)
  assert.match(responseMalformation(section(STATUS, PATH)) ?? '', /:path has no place/)
  for (const status of ['101', '', '20', '2000', '099', '600', '2x0', '20x', ' 20', '+20']) {
    assert.notEqual(responseMalformation(section([':status', status])), undefined, status)
  }
  for (const status of ['100', '599'])
    assert.equal(responseMalformation(section([':status', status])), undefined)
  assert.equal(trailersMalformation(section(['a', 'b'])), undefined)
  for (const each of [METHOD, SCHEME, PATH, AUTHORITY, STATUS, PROTOCOL]) {
    assert.match(trailersMalformation(section(each)) ?? '', /has no place/)
  }
})

test('what a section holds is found by what it is', () => {
  const made = section(METHOD, SCHEME, PATH, AUTHORITY, ['content-length', '12'], ['cookie', 'a=b'])
  assert.equal(made.method?.value, 'GET')
  assert.equal(made.authority?.value, 'a')
  assert.equal(made.contentLength, 12)
  assert.equal(made.fields[1]?.kind, FieldKind.cookie)
})

test('a field that is kept does not keep the head that its value was cut from', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const name = fieldName('x-cut')
  const head = (at: number): string => Buffer.alloc(HEAD, `value-${at}-of-some-length,`).toString('latin1')
  const encoder = new HpackEncoder()
  const out = Buffer.alloc(4096)
  fieldOf(name, 'first')
  collect()
  const before = process.memoryUsage().heapUsed
  for (let at = 0; at < 60; at++) {
    const text = head(at)
    fieldOf(name, text.slice(0, 100))
    encoder.encode(out, 0, [fieldOf(name, text.slice(0, 1000))])
  }
  collect()
  const kept = process.memoryUsage().heapUsed - before
  assert.ok(kept < 2 * HEAD, `${kept} bytes`)
  assert.equal(name.values?.size, 61)
  assert.ok(encoder.tableSize > 1000)
})
