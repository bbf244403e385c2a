import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fc } from '../../../../../scripts/testing/property.ts'
import { decodeHead, encodeHead } from '../../../src/policies/cache/head-codec.ts'
import type { StoredHead } from '../../../src/policies/cache/store.ts'
import { storedHead } from './stored-head.ts'

const line = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code === 10 ? 9 : code)),
  maxLength: 12,
})
const lines = fc.array(line, { maxLength: 4 })
const time = fc.integer({ min: 0, max: 2 ** 45 })
const range = fc.record({ first: time, last: time, complete: time }, { noNullPrototype: true })

const heads: fc.Arbitrary<StoredHead> = fc.record({
  status: fc.integer({ min: 200, max: 599 }),
  fields: fc.array(fc.tuple(line, line), { maxLength: 5 }).map((pairs) => pairs.flat()),
  requestedAt: time,
  receivedAt: time,
  initialAge: time,
  lifetime: time,
  staleWhileRevalidate: time,
  staleIfError: time,
  rules: fc.nat({ max: 63 }),
  selecting: lines,
  variant: line,
  url: line,
  route: line,
  tags: lines,
  groups: lines,
  range: fc.option(range, { nil: undefined }),
  staleSince: fc.option(time, { nil: undefined }),
})

test('a head that was encoded is decoded as it was', () => {
  fc.assert(fc.property(heads, (head) => assert.deepEqual(decodeHead(encodeHead(head)), { ...head })))
})

test('what would be read as something else is not encoded', () => {
  for (const head of [
    { route: 'a\nb' },
    { fields: ['x', 'a\n'] },
    { tags: ['\u{1f600}'] },
    { url: 'http://a/\u0100' },
  ])
    assert.throws(() => encodeHead(storedHead(head)), TypeError)
})

test('bytes that are no head, or of another version, are none', () => {
  const good = encodeHead(storedHead({ tags: ['a'], fields: ['x', '1'] }))
  for (const text of [
    '',
    '1',
    `2${good.slice(1)}`,
    `${good}\nmore`,
    good.slice(0, -4),
    good.replace('200', 'abc'),
  ])
    assert.equal(decodeHead(text), undefined, JSON.stringify(text))
})

test('a head cut or changed anywhere is decoded to something whole or to nothing, and never throws', () => {
  const good = encodeHead(
    storedHead({ tags: ['a'], fields: ['x', '1'], range: { first: 1, last: 2, complete: 3 } }),
  )
  for (let at = 0; at < good.length; at++) {
    decodeHead(good.slice(0, at))
    decodeHead(`${good.slice(0, at)}\n${good.slice(at + 1)}`)
  }
})
