import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AskedRange, askedRanges } from '../../src/fields/byte-ranges.ts'
import { fc } from '../../../../scripts/testing/property.ts'

const LENGTH = 100

/** What a client means by one part, found byte by byte. */
function meant(text: string): AskedRange | undefined {
  const [, first = '', last = ''] = /^(\d*)-(\d*)$/.exec(text) ?? []
  const wanted = Array.from({ length: LENGTH }, (_, at) => at).filter((at) =>
    first === '' ? at >= LENGTH - Number(last) : at >= Number(first) && (last === '' || at <= Number(last)),
  )
  const [from] = wanted
  const to = wanted.at(-1)
  return from === undefined || to === undefined ? undefined : { first: from, last: to }
}

const number = fc.nat({ max: 120 })
const part = fc.oneof(
  fc.tuple(number, number).map(([one, other]) => `${Math.min(one, other)}-${Math.max(one, other)}`),
  number.map((first) => `${first}-`),
  number.map((count) => `-${count}`),
)

test('parts are those bytes that the client means, in its order', () => {
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
      const ranges = parts.flatMap((each) => meant(each) ?? [])
      assert.deepEqual(
        askedRanges(`bytes=${parts.join(' , ')}`, LENGTH, 4),
        ranges.length === 0 ? 'unsatisfiable' : ranges,
      )
    }),
  )
})

test('the whole is sent for more parts than are given, and for what is no range', () => {
  for (const value of [
    undefined,
    '',
    'bytes',
    'bytes=',
    'bytes=,',
    'bytes=1',
    'bytes=-',
    'bytes=3-2',
    'bytes=0-1,x',
    'bytes=0-1,1-2,2-3',
    'items=0-1',
    `bytes=0-${'1'.repeat(16)}`,
    `bytes=${' '.repeat(1_000)}0-1`,
  ])
    assert.equal(askedRanges(value, LENGTH, 2), undefined, value)
  assert.deepEqual(askedRanges('BYTES=0-1', LENGTH, 2), [{ first: 0, last: 1 }])
  assert.equal(askedRanges('bytes=0-', 0, 2), 'unsatisfiable')
  assert.equal(askedRanges('bytes=-5', 0, 2), undefined)
})
