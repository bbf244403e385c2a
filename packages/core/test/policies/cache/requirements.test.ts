import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answer, rig, textOf } from './rig.ts'

const MINUTE = { 'cache-control': 'max-age=60' }

test('what is stored has every field of the response, known or not, but those of its connection and of proxies', async () => {
  const { get } = rig(() =>
    answer(200, {
      ...MINUTE,
      'x-unknown': '1',
      'content-type': 'text/plain',
      connection: 'x-of-the-connection',
      'x-of-the-connection': '2',
      'keep-alive': 'timeout=5',
      'proxy-authenticate': 'Basic',
      'proxy-authentication-info': 'x',
      trailer: 'x-sum',
      age: '5',
    }),
  )
  await get()
  const hit = await get()
  assert.deepEqual(
    Array.from(hit.headers, ({ name }) => name).filter((name) => name !== 'cache-status'),
    ['cache-control', 'x-unknown', 'content-type', 'date', 'age'],
  )
})

test('fields that no-cache and private name are left out of what is stored, and the rest answers', async () => {
  const { get, seen } = rig(() =>
    answer(
      200,
      {
        'cache-control': 'max-age=60, no-cache="x-a", private="X-B, x-c"',
        'x-a': '1',
        'x-b': '2',
        'x-d': '3',
      },
      'content',
    ),
  )
  const first = await get()
  assert.deepEqual([first.headers.get('x-a'), first.headers.get('x-b')], ['1', '2'])
  const hit = await get()
  assert.deepEqual(
    ['x-a', 'x-b', 'x-d'].map((name) => hit.headers.get(name)),
    [undefined, undefined, '3'],
  )
  assert.equal(seen.length, 1)
})

test('of two stored responses that fit, the newer one answers', async () => {
  // The second one no longer depends on x-lang, and so fits whatever fits the first.
  const { get, seen } = rig((_seen, number) =>
    answer(200, { ...MINUTE, ...(number === 1 && { vary: 'x-lang' }) }, `content ${number}`),
  )
  await get('/x', { 'x-lang': 'de' })
  await get('/x', { 'x-lang': 'en' })
  assert.equal(await textOf(await get('/x', { 'x-lang': 'de' })), 'content 2')
  assert.equal(seen.length, 2)
})

test('a client that has another representation gets all of ours where the origin confirms it', async () => {
  const { get, clock, seen } = rig(({ headers }) =>
    headers.has('if-none-match')
      ? answer(304, { ...MINUTE, etag: '"1"' })
      : answer(200, { ...MINUTE, etag: '"1"' }, 'content'),
  )
  await get()
  await clock.advance(60_000)
  const response = await get('/x', { 'if-none-match': '"0"' })
  assert.deepEqual([response.status, await textOf(response)], [200, 'content'])
  assert.equal(seen[1]?.headers.get('if-none-match'), '"1"')
})

test('a change goes to the origin, whatever is stored, and is answered when that has answered', async () => {
  const { get, ask, seen } = rig(({ method }) =>
    answer(method === 'GET' ? 200 : 202, MINUTE, `answer to ${method}`),
  )
  await get()
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'NEW-METHOD'])
    assert.equal(await textOf(await ask('/x', { method })), `answer to ${method}`)
  assert.equal(seen.length, 6)
})

test('what caches on the way say in Cache-Status stays, and ours comes behind it', async () => {
  const { get } = rig(() => answer(200, { ...MINUTE, 'cache-status': 'inner; hit' }))
  for (const own of ['headgate; fwd=uri-miss; ttl=60; stored', 'headgate; hit; ttl=60'])
    assert.equal((await get()).headers.get('cache-status'), `inner; hit, ${own}`)
})

test('a response may have many groups with long names, whose letter case counts', async () => {
  const names = Array.from({ length: 40 }, (_, index) => `${'n'.repeat(40)}${index}`)
  const list = names.map((name) => `"${name}"`).join(', ')
  const { get, ask, seen } = rig(({ method, url }) => {
    if (method === 'GET') return answer(200, { ...MINUTE, 'cache-groups': list }, 'x')
    const name = url.endsWith('upper') ? 'N'.repeat(41) : names[39]
    return answer(200, { 'cache-group-invalidation': `"${name}"` })
  })
  await get()
  await ask('/upper', { method: 'POST' })
  await get()
  assert.equal(seen.length, 2)
  await ask('/lower', { method: 'POST' })
  await get()
  assert.equal(seen.length, 4)
})

test('Cache-Group-Invalidation of a request that changes nothing means nothing', async () => {
  const { get, ask, seen } = rig(({ url }) =>
    answer(200, {
      ...MINUTE,
      'cache-groups': '"a"',
      ...(url.endsWith('/other') && { 'cache-group-invalidation': '"a"' }),
    }),
  )
  await get()
  await get('/other')
  await ask('/other', { method: 'OPTIONS' })
  await get()
  assert.equal(seen.length, 3)
})

const DATE = 'Thu, 01 Jan 2026 00:00:00 GMT'
const IN_AN_HOUR = 'Thu, 01 Jan 2026 01:00:00 GMT'
const LONG_AGO = { 'last-modified': 'Wed, 01 Jan 2020 00:00:00 GMT' }

/** Whether what is stored answers so many seconds later. */
for (const [name, response, asked, after, expected] of [
  [
    's-maxage goes before max-age in a shared cache',
    { 'cache-control': 'max-age=9, s-maxage=60' },
    '',
    59,
    true,
  ],
  ['… and ends the freshness as well', { 'cache-control': 'max-age=60, s-maxage=9' }, '', 10, false],
  ['Expires means nothing beside max-age', { ...MINUTE, expires: IN_AN_HOUR }, '', 61, false],
  [
    'Expires means nothing beside s-maxage',
    { 'cache-control': 's-maxage=9', expires: IN_AN_HOUR },
    '',
    10,
    false,
  ],
  ['Expires that is no date is in the past', { expires: '0', ...LONG_AGO }, '', 0, false],
  [
    'Expires in another zone than GMT is in the past',
    { expires: 'Thu, 01 Jan 2026 01:00:00 PST' },
    '',
    0,
    false,
  ],
  [
    'nothing is guessed where a lifetime is stated',
    { 'cache-control': 'max-age=1', ...LONG_AGO },
    '',
    2,
    false,
  ],
  ['a lifetime is guessed where none is stated', LONG_AGO, '', 3_600, true],
  ['an Age that is a list is that of an old response', { ...MINUTE, age: '0, 7' }, '', 0, false],
  ['age and lifetime are compared', { ...MINUTE, age: '30' }, '', 30, false],
  ['max-age of a request bounds the age', MINUTE, 'max-age=10', 11, false],
  ['min-fresh of a request bounds how long it stays fresh', MINUTE, 'min-fresh=10', 51, false],
  ['max-stale of a request takes what is stale', MINUTE, 'max-stale=5', 65, true],
  ['max-stale of a request bounds how stale it is', MINUTE, 'max-stale=5', 66, false],
  [
    'must-revalidate goes before max-stale',
    { 'cache-control': 'max-age=60, must-revalidate' },
    'max-stale',
    61,
    false,
  ],
  [
    'proxy-revalidate goes before max-stale',
    { 'cache-control': 'max-age=60, proxy-revalidate' },
    'max-stale',
    61,
    false,
  ],
  ['s-maxage goes before max-stale', { 'cache-control': 's-maxage=60' }, 'max-stale', 61, false],
  ['no-cache goes before max-stale', { 'cache-control': 'no-cache, max-age=60' }, 'max-stale', 1, false],
  [
    'must-revalidate goes before stale-while-revalidate',
    { 'cache-control': 'max-age=60, must-revalidate, stale-while-revalidate=9' },
    '',
    61,
    false,
  ],
  ['immutable stays through a reload', { 'cache-control': 'max-age=60, immutable' }, 'max-age=0', 59, true],
  [
    'immutable means nothing when stale',
    { 'cache-control': 'max-age=60, immutable' },
    'max-age=0',
    60,
    false,
  ],
  [
    'what a quoted extension holds is no directive',
    { 'cache-control': 'ext="max-age=3600", max-age=1' },
    '',
    2,
    false,
  ],
  [
    'a targeted field takes the place of Cache-Control',
    { ...MINUTE, 'cdn-cache-control': 'max-age=5' },
    '',
    6,
    false,
  ],
  [
    'a targeted field takes the place of Expires',
    { expires: IN_AN_HOUR, 'cdn-cache-control': 'public' },
    '',
    1,
    false,
  ],
  [
    'a targeted field that does not parse means nothing',
    { ...MINUTE, 'cdn-cache-control': 'max-age=' },
    '',
    59,
    true,
  ],
  ['a targeted no-store forbids to store', { ...MINUTE, 'cdn-cache-control': 'no-store' }, '', 0, false],
] as const) {
  test(`lifetimes: ${name}`, async () => {
    const { get, clock, seen } = rig(() => answer(200, { date: DATE, etag: '"1"', ...response }, 'x'))
    await get()
    await clock.advance(after * 1_000)
    await get('/x', asked === '' ? {} : { 'cache-control': asked })
    assert.equal(seen.length === 1, expected)
  })
}

test('without anybody’s word nothing stale is served where the origin fails, and with the request’s it is', async () => {
  const { get, clock } = rig((_seen, number) => (number === 1 ? answer(200, MINUTE, 'x') : answer(503)))
  await get()
  await clock.advance(69_000)
  assert.equal((await get()).status, 503)
  assert.equal((await get('/x', { 'cache-control': 'stale-if-error=9' })).status, 200)
})
