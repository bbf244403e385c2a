import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fc } from '../../../../scripts/testing/property.ts'
import {
  type CacheDirectives,
  NO_DIRECTIVES,
  parseCacheControl,
  parseTargetedControl,
} from '../../src/fields/cache-control.ts'

function says(given: Partial<CacheDirectives>): CacheDirectives {
  return { ...NO_DIRECTIVES, ...given }
}

const NOT_FRESH = { maxAge: 0, sMaxAge: 0 }

for (const [value, expected] of [
  [undefined, {}],
  ['', {}],
  ['max-age=60', { maxAge: 60 }],
  ['MAX-Age=060 ,, Public', { maxAge: 60, public: true }],
  ['max-age="60"', { maxAge: 60 }],
  ["max-age='60'", { maxAge: 0 }],
  ['max-age=60.5', { maxAge: 0 }],
  ['max-age=-1', { maxAge: 0 }],
  ['max-age=60a', { maxAge: 0 }],
  ['max-age', { maxAge: 0 }],
  ['max-age=', { maxAge: 0 }],
  ['max-age= 60', { maxAge: 0 }],
  ['max-age =60', { maxAge: 0 }],
  ['max-age=2147483648', { maxAge: 2 ** 31 }],
  ['max-age=99999999999999999999999', { maxAge: 2 ** 31 }],
  ['max-age=60, max-age=30', { maxAge: 30 }],
  ['max-age=30, max-age=60', { maxAge: 30 }],
  ['min-fresh=3, min-fresh=9', { minFresh: 9 }],
  ['min-fresh=x', { minFresh: 2 ** 31 }],
  ['max-stale', { maxStale: Infinity }],
  ['max-stale=5', { maxStale: 5 }],
  [
    's-maxage=5, stale-while-revalidate=6, stale-if-error=7',
    { sMaxAge: 5, staleWhileRevalidate: 6, staleIfError: 7 },
  ],
  ['ext="max-age=3600", max-age=1', { maxAge: 1 }],
  ['ext="no-store\\", private", max-age=1', { maxAge: 1 }],
  ['max-age=1, ext="max-age=3600"', { maxAge: 1 }],
  ['max-age=60, ext="no-store', { ...NOT_FRESH }],
  ['ext="a, no-store', { ...NOT_FRESH, noStore: true }],
  ['max-age="60, no-store', { ...NOT_FRESH, noStore: true }],
  ['no-cache', { noCache: true }],
  ['no-cache="Set-Cookie, X-A"', { noCacheFields: ['set-cookie', 'x-a'] }],
  ['no-cache=set-cookie', { noCacheFields: ['set-cookie'] }],
  ['no-cache=""', { noCache: true }],
  ['no-cache="x", no-cache', { noCache: true, noCacheFields: ['x'] }],
  ['private="x"', { privateFields: ['x'] }],
  ['private', { private: true }],
  ['no-store=1', { noStore: true }],
  ['no-store; max-age=60', { noStore: true }],
  ['xno-store, no-storex', {}],
  [
    'must-revalidate, proxy-revalidate, must-understand, immutable, no-transform, only-if-cached',
    {
      mustRevalidate: true,
      proxyRevalidate: true,
      mustUnderstand: true,
      immutable: true,
      noTransform: true,
      onlyIfCached: true,
    },
  ],
  ['immutable=1, immutable', { immutable: true }],
  ['@, max-age=5', { maxAge: 5 }],
  ['@@@', {}],
  ['"no-store"', NOT_FRESH],
] as const) {
  test(`Cache-Control ${JSON.stringify(value)} says what it says, and no more`, () => {
    assert.deepEqual(parseCacheControl(value), says(expected))
  })
}

test('whatever is sent is read to its end, and what it says more cannot make it fresher', () => {
  const piece = fc.constantFrom(
    'max-age=9',
    'max-age=',
    '"',
    ',',
    ' ',
    '=',
    '\\',
    'no-store',
    's-maxage=3',
    'x',
    ';',
    '\t',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const { maxAge = Infinity } = parseCacheControl(`${pieces.join('')}, max-age=5`)
      assert.ok(maxAge <= 5 || pieces.includes('"') || pieces.includes('\\'), pieces.join(''))
    }),
  )
})

for (const [value, expected] of [
  ['max-age=60', { maxAge: 60 }],
  ['max-age=60;x=1, no-store', { maxAge: 60, noStore: true }],
  ['max-age=60, max-age=30', { maxAge: 30 }],
  ['max-age=30, max-age=60', { maxAge: 60 }],
  ['max-age="60", no-store=?0', {}],
  ['max-age=-1, s-maxage=5.5, private', { private: true }],
  ['no-cache="a, b", private=?1', { noCacheFields: ['a', 'b'], private: true }],
  ['max-age=999999999999999', { maxAge: 2 ** 31 }],
] as const) {
  test(`a targeted field ${value} is read as a dictionary`, () => {
    assert.deepEqual(parseTargetedControl(value), says(expected))
  })
}

for (const value of ['', 'Max-Age=60', 'max-age =60', 'max-age=60,', 'no-store "', 'max-age=a b'])
  test(`a targeted field ${JSON.stringify(value)} is as good as not there`, () => {
    assert.equal(parseTargetedControl(value), undefined)
  })
