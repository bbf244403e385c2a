import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCacheControl } from '../../../src/fields/cache-control.ts'
import { HeaderList } from '../../../src/message/headers.ts'
import { type CacheRules, DEFAULT_RULES } from '../../../src/policies/cache/cache-rules.ts'
import { reuse, servesOnError } from '../../../src/policies/cache/reuse.ts'
import { storable, type NotStored, type Storing } from '../../../src/policies/cache/storable.ts'
import { HEAD_RULES, type StoredHead } from '../../../src/policies/cache/store.ts'
import { storedHead } from './stored-head.ts'

type Fields = Readonly<Record<string, string>>

const NOW = Date.UTC(2026, 0, 1)
const DATE = 'Thu, 01 Jan 2026 00:00:00 GMT'
const HOUR_AGO = 'Wed, 31 Dec 2025 23:00:00 GMT'
const TAG = { etag: '"1"' }

function judge(
  response: Fields,
  {
    status = 200,
    request = {},
    method = 'GET',
    rules = {},
  }: { status?: number; request?: Fields; method?: string; rules?: Partial<CacheRules> } = {},
): Storing | NotStored {
  return storable(
    { method, headers: HeaderList.of(request) },
    { status, headers: HeaderList.of(response) },
    { requestedAt: NOW, receivedAt: NOW },
    { ...DEFAULT_RULES, ...rules },
  )
}

function lifetime(response: Fields, rules: Partial<CacheRules> = {}, status = 200): number | NotStored {
  const storing = judge({ ...TAG, ...response }, { rules, status })
  return typeof storing === 'string' ? storing : storing.lifetime / 1000
}

const PRIVATE = { shared: false, storeSetCookie: true }

for (const [response, expected, rules = {}] of [
  [{ 'cache-control': 'max-age=60' }, 60],
  [{ 'cache-control': 'max-age=60, s-maxage=5' }, 5],
  [{ 'cache-control': 'max-age=60, s-maxage=5' }, 60, PRIVATE],
  [{ 'cache-control': 'max-age=60', expires: DATE }, 60],
  [{ expires: 'Thu, 01 Jan 2026 00:01:00 GMT', date: DATE }, 60],
  [{ expires: 'Thu, 01 Jan 2026 00:01:00 GMT', date: HOUR_AGO }, 3660],
  [{ expires: '0' }, 0],
  [{ expires: 'Thu, 01 Jan 2026 01:00:00 PST' }, 0],
  [{ expires: HOUR_AGO }, 0],
  [{ 'last-modified': HOUR_AGO, date: DATE }, 360],
  [{ 'last-modified': HOUR_AGO, date: DATE }, 0, { heuristicFraction: 0 }],
  [{ 'last-modified': 'Sat, 01 Jan 2000 00:00:00 GMT', date: DATE }, 86_400],
  [{ 'last-modified': DATE, date: HOUR_AGO }, 0],
  [{}, 0],
  [{ 'cache-control': 'max-age=60', 'cdn-cache-control': 'max-age=5' }, 5],
  [{ expires: 'Thu, 01 Jan 2026 00:01:00 GMT', 'cdn-cache-control': 'public' }, 0],
  [{ 'cache-control': 'no-store', 'cdn-cache-control': 'max-age=5' }, 5],
  [{ 'cache-control': 'max-age=60', 'cdn-cache-control': 'no-store' }, 'no-store'],
  [{ 'cache-control': 'no-store', 'surrogate-control': 'MAX-age=7;here, content="ESI/1.0"' }, 7],
  [{ 'cache-control': 'no-store', 'surrogate-control': 'max-age=7;here, x' }, 7],
  [{ 'surrogate-control': 'max-age=7', 'cdn-cache-control': 'max-age=5' }, 5],
  [{ 'cache-control': 'max-age=60', 'cdn-cache-control': 'max-age=' }, 60],
  [{ 'cache-control': 'max-age=60', 'cdn-cache-control': 'max-age=5' }, 60, PRIVATE],
  [
    { 'cache-control': 'max-age=60', 'x-cache': 'max-age=7' },
    7,
    { targets: ['x-cache', 'cdn-cache-control'] },
  ],
  [{ 'cache-control': 'max-age=60' }, 9, { ttl: new Map([[200, 9_000]]) }],
  [{ 'cache-control': 'max-age=60' }, 60, { ttl: new Map([['default', 9_000]]) }],
  [{}, 9, { ttl: new Map([['default', 9_000]]) }],
  [{ 'cache-control': 'max-age=60' }, 'ttl', { ttl: new Map([[200, 0]]) }],
  [{ 'cache-control': 'no-store' }, 0, { ignoreResponseControl: true }],
] as readonly (readonly [Fields, number | NotStored, Partial<CacheRules>?])[]) {
  test(`${JSON.stringify(response)} is fresh for ${expected} with ${JSON.stringify(rules)}`, () => {
    assert.equal(lifetime(response, rules), expected)
  })
}

for (const [age, expected] of [
  ['', 2 ** 31],
  ['20', 20],
  ['abc', 2 ** 31],
  ['-5', 2 ** 31],
  ['7.0', 2 ** 31],
  ['0, 7', 2 ** 31],
] as const) {
  test(`a response with Age ${JSON.stringify(age)} came ${expected} s old`, () => {
    const storing = judge({ ...TAG, age, 'cache-control': 'max-age=60' })
    assert.ok(typeof storing !== 'string')
    assert.equal(storing.initialAge, expected * 1000)
  })
}

test('the age is what Date says where that is more, and never below 0', () => {
  for (const [date, expected] of [
    [HOUR_AGO, 3_600_000],
    ['Thu, 01 Jan 2026 01:00:00 GMT', 0],
    ['nonsense', 0],
  ] as const) {
    const storing = judge({ ...TAG, date, 'cache-control': 'max-age=60' })
    assert.ok(typeof storing !== 'string')
    assert.equal(storing.initialAge, expected)
  }
})

const FRESH = { 'cache-control': 'max-age=60' }
const AUTHORIZED = { authorization: 'Bearer x' }

for (const [name, response, options, expected] of [
  ['a plain response', FRESH, {}, 'stored'],
  ['POST', FRESH, { method: 'POST' }, 'method'],
  ['QUERY', FRESH, { method: 'QUERY' }, 'stored'],
  ['no-store', { 'cache-control': 'no-store, max-age=60' }, {}, 'no-store'],
  ['private', { 'cache-control': 'private, max-age=60' }, {}, 'private'],
  ['private in a private cache', { 'cache-control': 'private, max-age=60' }, { rules: PRIVATE }, 'stored'],
  ['private of one field', { 'cache-control': 'private="x", max-age=60' }, {}, 'stored'],
  ['no-store of the request', FRESH, { request: { 'cache-control': 'no-store' } }, 'request-no-store'],
  [
    'no-store of a request that means nothing',
    FRESH,
    { request: { 'cache-control': 'no-store' }, rules: { ignoreRequestControl: true } },
    'stored',
  ],
  ['Authorization', FRESH, { request: AUTHORIZED }, 'authorization'],
  ['Authorization in a private cache', FRESH, { request: AUTHORIZED, rules: PRIVATE }, 'stored'],
  ['Authorization with public', { 'cache-control': 'public, max-age=60' }, { request: AUTHORIZED }, 'stored'],
  ['Authorization with s-maxage', { 'cache-control': 's-maxage=60' }, { request: AUTHORIZED }, 'stored'],
  [
    'Authorization with must-revalidate',
    { 'cache-control': 'must-revalidate, max-age=60' },
    { request: AUTHORIZED },
    'stored',
  ],
  ['Vary: *', { ...FRESH, vary: 'accept, *' }, {}, 'vary'],
  ['Set-Cookie', { ...FRESH, 'set-cookie': 'a=1' }, {}, 'set-cookie'],
  ['Set-Cookie with public', { 'cache-control': 'public, max-age=60', 'set-cookie': 'a=1' }, {}, 'stored'],
  [
    'Set-Cookie that is left out',
    { 'cache-control': 'max-age=60, no-cache="set-cookie"', 'set-cookie': 'a=1' },
    {},
    'stored',
  ],
  [
    'Set-Cookie that may be',
    { ...FRESH, 'set-cookie': 'a=1' },
    { rules: { storeSetCookie: true } },
    'stored',
  ],
  ['nothing that says how long', {}, {}, 'no-freshness'],
  ['a validator alone', TAG, {}, 'stored'],
  ['an age beyond its lifetime', { ...FRESH, age: '60' }, {}, 'stale'],
  ['the same with a grace', { 'cache-control': 'max-age=60, stale-if-error=9', age: '60' }, {}, 'stored'],
  ['no-cache without a validator', { 'cache-control': 'no-cache, max-age=60' }, {}, 'stale'],
  [
    'must-understand with a known status',
    { 'cache-control': 'must-understand, no-store, max-age=60' },
    {},
    'stored',
  ],
  [
    'must-understand with an unknown status',
    { 'cache-control': 'must-understand, max-age=60' },
    { status: 599 },
    'status',
  ],
  ['an unknown status with a lifetime', FRESH, { status: 599 }, 'stored'],
  ['302 without a lifetime', TAG, { status: 302 }, 'status'],
  ['599 with public', { ...TAG, 'cache-control': 'public' }, { status: 599 }, 'stored'],
  ['304', FRESH, { status: 304 }, 'status'],
  ['206 without its range', FRESH, { status: 206 }, 'range'],
  ['206 of unknown length', { ...FRESH, 'content-range': 'bytes 0-1/*' }, { status: 206 }, 'range'],
  ['206 in another unit', { ...FRESH, 'content-range': 'lines 0-1/9' }, { status: 206 }, 'range'],
  ['206 of a range that cannot be', { ...FRESH, 'content-range': 'bytes 2-1/9' }, { status: 206 }, 'range'],
  ['206', { ...FRESH, 'content-range': 'bytes 0-1/9' }, { status: 206 }, 'stored'],
  ['200 with a range, which means nothing', { ...FRESH, 'content-range': 'bytes 0-1/9' }, {}, 'stored'],
] as const) {
  test(`${name} is ${expected}`, () => {
    const storing = judge(response, options)
    assert.equal(typeof storing === 'string' ? storing : 'stored', expected)
  })
}

const MINUTE: Partial<StoredHead> = { receivedAt: NOW, lifetime: 60_000 }

for (const [head, asked, after, expected] of [
  [{}, '', 59, 'fresh'],
  [{}, '', 60, 'stale'],
  [{ initialAge: 30_000 }, '', 30, 'stale'],
  [{}, '', -3600, 'fresh'],
  [{}, 'no-cache', 0, 'request'],
  [{}, 'max-age=10', 10, 'fresh'],
  [{}, 'max-age=10', 11, 'request'],
  [{ rules: HEAD_RULES.immutable }, 'max-age=0', 11, 'fresh'],
  [{ rules: HEAD_RULES.immutable }, 'max-age=0', 60, 'stale'],
  [{}, 'max-age=10, max-stale', 11, 'fresh'],
  [{}, 'min-fresh=10', 50, 'fresh'],
  [{}, 'min-fresh=10', 51, 'request'],
  [{}, 'max-stale=5', 65, 'stale-accepted'],
  [{}, 'max-stale=5', 66, 'stale'],
  [{}, 'max-stale', 9_999, 'stale-accepted'],
  [{ rules: HEAD_RULES.mustRevalidate }, 'max-stale', 61, 'stale'],
  [{ rules: HEAD_RULES.noCache }, 'max-stale', 1, 'stale'],
  [{ staleWhileRevalidate: 5_000 }, '', 65, 'stale-while-revalidate'],
  [{ staleWhileRevalidate: 5_000 }, '', 66, 'stale'],
  [{ staleWhileRevalidate: 5_000, rules: HEAD_RULES.mustRevalidate }, '', 65, 'stale'],
  [{ staleWhileRevalidate: 5_000 }, 'max-age=3', 65, 'stale'],
  [{ staleSince: NOW }, '', 1, 'stale'],
  [{ staleSince: NOW, staleWhileRevalidate: 5_000 }, '', 5, 'stale-while-revalidate'],
  [{ staleSince: NOW, staleWhileRevalidate: 5_000 }, '', 6, 'stale'],
] as const) {
  test(`${JSON.stringify(head)} is ${expected} after ${after} s for "${asked}"`, () => {
    assert.equal(
      reuse(storedHead({ ...MINUTE, ...head }), parseCacheControl(asked), NOW + after * 1000),
      expected,
    )
  })
}

for (const [head, asked, after, expected] of [
  [{}, '', 61, false],
  [{ staleIfError: 9_000 }, '', 69, true],
  [{ staleIfError: 9_000 }, '', 70, false],
  [{}, 'stale-if-error=9', 69, true],
  [{ staleIfError: 9_000, rules: HEAD_RULES.mustRevalidate }, '', 61, false],
  [{ rules: HEAD_RULES.noCache }, '', 1, false],
  [{}, '', 1, true],
] as const) {
  test(`${JSON.stringify(head)} ${expected ? 'stands' : 'does not stand'} in for an origin that fails after ${after} s for "${asked}"`, () => {
    assert.equal(
      servesOnError(storedHead({ ...MINUTE, ...head }), parseCacheControl(asked), NOW + after * 1000),
      expected,
    )
  })
}
