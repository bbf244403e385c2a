import assert from 'node:assert/strict'
import { test } from 'node:test'
import { httpDate, parseHttpDate } from '../../src/fields/http-date.ts'
import { parseRetryAfter } from '../../src/fields/retry-after.ts'
import { fc } from '../../../../scripts/testing/property.ts'

const NOW = Date.UTC(2026, 0, 1)
const EXAMPLE = Date.UTC(1994, 10, 6, 8, 49, 37)

for (const [text, expected] of [
  ['Sun, 06 Nov 1994 08:49:37 GMT', EXAMPLE],
  ['Sunday, 06-Nov-94 08:49:37 GMT', EXAMPLE],
  ['Sun Nov  6 08:49:37 1994', EXAMPLE],
  ['Thursday, 01-Jan-76 00:00:00 GMT', Date.UTC(2076, 0, 1)],
  ['Saturday, 01-Jan-77 00:00:00 GMT', Date.UTC(1977, 0, 1)],
  ['Tue, 29 Feb 2028 00:00:00 GMT', Date.UTC(2028, 1, 29)],
  ['Sat, 31 Dec 2016 23:59:60 GMT', Date.UTC(2017, 0, 1)],
  ['Sun, 29 Feb 2026 00:00:00 GMT', undefined],
  ['Sun, 06 Nov 1994 24:00:00 GMT', undefined],
  ['Sun, 06 Nov 1994 08:49:37 CET', undefined],
  ['Sun, 06 Non 1994 08:49:37 GMT', undefined],
  ['Sun, 06 anF 1994 08:49:37 GMT', undefined],
  ['sun, 06 Nov 1994 08:49:37 GMT', undefined],
  ['Sun, 6 Nov 1994 08:49:37 GMT', undefined],
  ['1994-11-06T08:49:37Z', undefined],
  ['', undefined],
] as const) {
  test(`as an HTTP-date, ${JSON.stringify(text)} is ${expected === undefined ? 'refused' : 'taken'}`, () => {
    assert.equal(parseHttpDate(text, NOW), expected)
  })
}

test('any date that is written is read as the same', () => {
  const seconds = fc.integer({ min: 0, max: 253_402_300_799 })
  fc.assert(
    fc.property(seconds, (time) => {
      assert.equal(parseHttpDate(httpDate(time * 1000), NOW), time * 1000)
    }),
  )
})

for (const [value, expected] of [
  [undefined, undefined],
  ['120', 120_000],
  [' 0 ', 0],
  ['Thu, 01 Jan 2026 00:02:00 GMT', 120_000],
  ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
  ['99999999999999999999', 2 ** 31 * 1000],
  ['-1', undefined],
  ['1.5', undefined],
  ['soon', undefined],
  ['120, 60', undefined],
] as const) {
  test(`Retry-After: ${value} asks for ${expected} ms`, () => {
    assert.equal(parseRetryAfter(value, NOW), expected)
  })
}
