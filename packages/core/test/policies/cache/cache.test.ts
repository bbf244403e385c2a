import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bodyFrom } from '../../../src/message/body.ts'
import { TrafficError } from '../../../src/message/errors.ts'
import { httpDate } from '../../../src/fields/http-date.ts'
import type { CacheStore } from '../../../src/policies/cache/store.ts'
import type { VirtualClock } from '../../../src/testing/virtual-clock.ts'
import { answer, rig, statusOf, textOf } from './rig.ts'

const MINUTE = { 'cache-control': 'max-age=60' }

test('what is fresh is answered without the origin, with its age and what the cache did', async () => {
  const { get, clock, seen, outcomes } = rig((_seen, number) =>
    answer(200, { ...MINUTE, 'x-number': String(number) }, 'content'),
  )
  const first = await get()
  assert.equal(statusOf(first), 'fwd=uri-miss; ttl=60; stored')
  assert.equal(first.headers.has('age'), false)
  assert.equal(await textOf(first), 'content')
  await clock.advance(59_000)
  const second = await get()
  assert.equal(await textOf(second), 'content')
  assert.equal(second.headers.get('age'), '59')
  assert.equal(second.headers.get('x-number'), '1')
  assert.equal(statusOf(second), 'hit; ttl=1')
  assert.equal(seen.length, 1)
  await clock.advance(1_000)
  assert.equal((await get()).headers.get('x-number'), '2', 'its age is its lifetime: it is stale')
  assert.deepEqual(
    outcomes.map(({ hit }) => hit),
    [false, true, false],
  )
})

test('a hit can be changed by whoever gets it, and the next one is as it was stored', async () => {
  const { get } = rig(() => answer(200, { ...MINUTE, 'x-a': '1' }, 'content'))
  await get()
  const hit = await get()
  hit.headers.set('x-a', '2')
  assert.equal((await get()).headers.get('x-a'), '1')
})

test('the time that a response took, and the age that it came with, count', async () => {
  const { get } = rig(async (_seen, _number, { clock }) => {
    await (clock as VirtualClock).advance(10_000)
    return answer(200, { ...MINUTE, age: '20' }, 'x')
  })
  await get()
  assert.equal((await get()).headers.get('age'), '30')
})

test('a stale response is confirmed by a 304, whose fields take the place of the stored ones', async () => {
  const { get, clock, seen } = rig((asked, number) =>
    asked.headers.get('if-none-match') === '"1"'
      ? answer(304, {
          etag: '"1"',
          'cache-control': 'max-age=120',
          'x-a': String(number),
          'content-length': '0',
        })
      : answer(200, { ...MINUTE, etag: '"1"', 'x-a': String(number), 'x-kept': 'y' }, 'content'),
  )
  await get()
  await clock.advance(61_000)
  const confirmed = await get()
  assert.equal(confirmed.status, 200)
  assert.equal(await textOf(confirmed), 'content')
  assert.equal(statusOf(confirmed), 'fwd=stale; fwd-status=304; ttl=120; stored')
  assert.deepEqual(
    [confirmed.headers.get('x-a'), confirmed.headers.get('x-kept'), confirmed.headers.get('age')],
    ['2', 'y', '0'],
  )
  await clock.advance(119_000)
  assert.equal((await get()).headers.get('x-a'), '2')
  assert.equal(seen.length, 2)
})

test('a stale response is asked for by its date where it has no tag, and replaced by what has changed', async () => {
  const modified = 'Wed, 01 Jan 2025 00:00:00 GMT'
  const { get, clock, seen } = rig((_seen, number) =>
    answer(200, { ...MINUTE, 'last-modified': modified }, `content ${number}`),
  )
  await get()
  await clock.advance(60_000)
  assert.equal(await textOf(await get()), 'content 2')
  assert.equal(seen[1]?.headers.get('if-modified-since'), modified)
  assert.equal(await textOf(await get()), 'content 2')
  assert.equal(seen.length, 2)
})

test('a 304 about another representation brings nothing up to date, and what is stored is not used again', async () => {
  const { get, clock, seen } = rig((_seen, number) =>
    number === 2
      ? answer(304, { etag: '"2"', ...MINUTE })
      : answer(200, { ...MINUTE, etag: '"1"' }, `content ${number}`),
  )
  await get()
  await clock.advance(60_000)
  const confirmed = await get()
  assert.deepEqual([await textOf(confirmed), confirmed.headers.get('etag')], ['content 1', '"1"'])
  assert.equal(await textOf(await get()), 'content 3')
  assert.equal(seen[2]?.headers.has('if-none-match'), false)
})

test('no-cache is stored, and never used without the origin', async () => {
  const { get, seen } = rig((asked) =>
    asked.headers.has('if-none-match')
      ? answer(304, { etag: '"1"' })
      : answer(200, { 'cache-control': 'no-cache', etag: '"1"' }, 'x'),
  )
  await get()
  for (let count = 0; count < 2; count++) assert.equal(await textOf(await get()), 'x')
  assert.equal(seen.length, 3)
})

test('a client that asks for the origin gets it, and one that may not does not', async () => {
  for (const [ignoreRequestControl, expected] of [
    [false, 2],
    [true, 1],
  ] as const) {
    const { get, seen } = rig(() => answer(200, MINUTE, 'x'), { ignoreRequestControl })
    await get()
    await get('/x', { 'cache-control': 'no-cache' })
    assert.equal(seen.length, expected)
  }
})

test('only-if-cached is answered by 504 where nothing is stored', async () => {
  const { get, seen } = rig(() => answer(200, MINUTE, 'x'))
  const none = await get('/x', { 'cache-control': 'only-if-cached' })
  assert.equal(none.status, 504)
  assert.match(await textOf(none), /^nothing is stored that answers this/)
  await get()
  assert.equal((await get('/x', { 'cache-control': 'only-if-cached' })).status, 200)
  assert.equal(seen.length, 1)
})

test('what a client has already is answered by 304, from the store and from the origin', async () => {
  const headers = {
    ...MINUTE,
    etag: '"1"',
    'content-type': 'text/plain',
    'last-modified': 'Wed, 01 Jan 2025 00:00:00 GMT',
    'content-location': '/y',
  }
  const { get, seen } = rig(() => answer(200, headers, 'content'))
  for (const expected of ['fwd=uri-miss; fwd-status=200; ttl=60; stored', 'hit; ttl=60']) {
    const response = await get('/x', { 'if-none-match': 'W/"0", W/"1"' })
    assert.equal(response.status, 304)
    assert.equal(statusOf(response), expected)
    assert.equal(response.body.length, 0)
    assert.deepEqual(
      ['etag', 'content-type', 'last-modified', 'content-location', 'cache-control'].map((name) =>
        response.headers.has(name),
      ),
      [true, false, false, true, true],
    )
  }
  assert.equal((await get('/x', { 'if-none-match': '"2"' })).status, 200)
  assert.equal((await get('/x', { 'if-modified-since': 'Wed, 01 Jan 2025 00:00:00 GMT' })).status, 304)
  assert.equal(seen.length, 1)
  assert.equal(seen[0]?.headers.has('if-none-match'), false, 'all of it is asked for, to be stored')
})

test('conditions that only the origin can judge go to the origin', async () => {
  const { get, seen } = rig(() => answer(200, { ...MINUTE, etag: '"1"' }, 'content'))
  await get()
  const response = await get('/x', { 'if-match': '"2"' })
  assert.equal(statusOf(response), 'fwd=bypass')
  assert.equal(seen[1]?.headers.get('if-match'), '"2"')
})

test('a part of what is stored is sent to who asks for a part', async () => {
  const { get, seen } = rig(() => answer(200, { ...MINUTE, etag: '"1"' }, '0123456789'))
  await get()
  for (const [range, status, content, told] of [
    ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-2', 206, '89', 'bytes 8-9/10'],
    ['bytes=8-20', 206, '89', 'bytes 8-9/10'],
    ['bytes=10-', 416, '', 'bytes */10'],
    ['bytes=-0', 416, '', 'bytes */10'],
    ['bytes=0-1,4-5', 200, '0123456789', undefined],
    ['bytes=4-2', 200, '0123456789', undefined],
    ['lines=1-2', 200, '0123456789', undefined],
  ] as const) {
    const response = await get('/x', { range })
    assert.deepEqual(
      [response.status, await textOf(response), response.headers.get('content-range')],
      [status, content, told],
      range,
    )
  }
  for (const [condition, status] of [
    ['"1"', 206],
    ['"2"', 200],
    ['W/"1"', 200],
  ] as const)
    assert.equal((await get('/x', { range: 'bytes=1-2', 'if-range': condition })).status, status)
  assert.equal(seen.length, 1)
})

test('a part that came is stored, and answers who asks for it or less', async () => {
  const { get, seen } = rig((asked) =>
    asked.headers.get('range') === 'bytes=4-9'
      ? answer(206, { ...MINUTE, 'content-range': 'bytes 4-9/20' }, '456789')
      : answer(200, MINUTE, '0123456789abcdefghij'),
  )
  assert.equal((await get('/x', { range: 'bytes=4-9' })).status, 206)
  const hit = await get('/x', { range: 'bytes=6-8' })
  assert.deepEqual(
    [hit.status, await textOf(hit), hit.headers.get('content-range')],
    [206, '678', 'bytes 6-8/20'],
  )
  assert.equal(seen.length, 1)
  assert.equal(statusOf(await get('/x', { range: 'bytes=6-10' })), 'fwd=partial; ttl=60; stored')
  assert.equal(await textOf(await get()), '0123456789abcdefghij')
  assert.equal(seen.length, 2)
})

test('a part of another length than it says is passed on and not stored', async () => {
  const { get, seen } = rig(() => answer(206, { ...MINUTE, 'content-range': 'bytes 4-9/20' }, '45678'))
  for (let count = 0; count < 2; count++)
    assert.equal(await textOf(await get('/x', { range: 'bytes=4-9' })), '45678')
  assert.equal(seen.length, 2)
})

test('HEAD is answered from what GET stored, and brings it up to date where it is stale', async () => {
  const { ask, get, clock, seen } = rig((asked, number) =>
    answer(
      200,
      { ...MINUTE, etag: '"1"', 'x-a': String(number), 'content-length': '7' },
      asked.method === 'HEAD' ? '' : 'content',
    ),
  )
  await get()
  const head = await ask('/x', { method: 'HEAD' })
  assert.deepEqual(
    [head.headers.get('content-length'), head.body.length, head.headers.get('x-a')],
    ['7', 0, '1'],
  )
  await clock.advance(60_000)
  assert.equal((await ask('/x', { method: 'HEAD' })).headers.get('x-a'), '2')
  const hit = await get()
  assert.deepEqual([hit.headers.get('x-a'), await textOf(hit)], ['2', 'content'])
  assert.equal(seen.length, 2)
})

test('a HEAD that tells of other content makes what is stored stale', async () => {
  const { ask, get, seen } = rig((asked, number) =>
    answer(200, { ...MINUTE, etag: `"${number}"` }, asked.method === 'HEAD' ? '' : `content ${number}`),
  )
  await get()
  await ask('/x', { method: 'HEAD', headers: { 'cache-control': 'no-cache' } })
  assert.equal(await textOf(await get()), 'content 3')
  assert.equal(seen[2]?.headers.get('if-none-match'), '"1"')
})

test('a change invalidates its target, and what it names of the same origin, if it went well', async () => {
  const stored = ['/x', '/location', '/content-location', '/x?q', 'http://b.example/location']
  for (const [method, status, gone] of [
    ['POST', 201, [true, true, true, false, false]],
    ['DELETE', 204, [true, true, true, false, false]],
    ['M-SEARCH', 200, [true, true, true, false, false]],
    ['PUT', 500, [false, false, false, false, false]],
    ['OPTIONS', 200, [false, false, false, false, false]],
    ['GET', 200, [false, false, false, false, false]],
  ] as const) {
    const { ask, get, seen } = rig(({ method: asked }) =>
      asked === 'GET'
        ? answer(200, MINUTE, 'x')
        : answer(status, { location: '/location', 'content-location': 'http://a.example/content-location' }),
    )
    for (const path of stored) await get(path)
    await ask('/x', { method })
    const before = seen.length
    const asked: boolean[] = []
    for (const path of stored) {
      const count = seen.length
      await get(path)
      asked.push(seen.length > count)
    }
    assert.deepEqual(asked, gone, `${method} ${status}, after ${before}`)
  }
})

test('a change of a URL whose parameters are not all in the key invalidates what is stored under that key', async () => {
  const { ask, get, seen } = rig(
    ({ method }) => (method === 'GET' ? answer(200, MINUTE, 'x') : answer(200)),
    {
      key: { query: { without: ['utm'] } },
    },
  )
  await get('/x?id=1&utm=a')
  await ask('/x?id=1&utm=b', { method: 'POST' })
  await get('/x?id=1')
  assert.equal(seen.length, 3)
})

test('a stranger cannot have entries of another origin removed by Location', async () => {
  const { ask, get, seen } = rig(({ method }) =>
    method === 'GET' ? answer(200, MINUTE, 'x') : answer(201, { location: 'http://a.example/x' }),
  )
  await get()
  await ask('http://evil.example/y', { method: 'POST' })
  await get()
  assert.equal(seen.length, 2)
})

test('a change invalidates the groups that it names, of its own origin', async () => {
  const { ask, get, seen } = rig(({ method }) =>
    method === 'GET'
      ? answer(200, { ...MINUTE, 'cache-groups': '"scripts", "all"' }, 'x')
      : answer(200, { 'cache-group-invalidation': '"scripts"' }),
  )
  await get('/a')
  await get('http://b.example/a')
  await ask('/other', { method: 'POST' })
  await get('/a')
  await get('http://b.example/a')
  assert.deepEqual(
    seen.map(({ url }) => url),
    ['http://a.example/a', 'http://b.example/a', 'http://a.example/other', 'http://a.example/a'],
  )
})

test('what is fetched while a change goes through is not stored', async () => {
  let release: (() => void) | undefined
  const { ask, get, seen } = rig(async ({ method }, number) => {
    if (method === 'POST') return answer(200)
    const response = answer(200, MINUTE, `content ${number}`)
    if (number === 1) await new Promise<void>((resolve) => (release = resolve))
    return response
  })
  const slow = get()
  await new Promise((resolve) => setImmediate(resolve))
  await ask('/x', { method: 'POST' })
  release?.()
  assert.equal(await textOf(await slow), 'content 1')
  await get()
  assert.equal(seen.length, 3)
})

test('QUERY has its content in the key', async () => {
  const { ask, seen } = rig((_seen, number) => answer(200, MINUTE, `answer ${number}`))
  const query = async (content: string): Promise<string> =>
    textOf(
      await ask('/x', {
        method: 'QUERY',
        headers: { 'content-type': 'text/plain' },
        body: bodyFrom(content),
      }),
    )
  assert.equal(await query('a'), 'answer 1')
  assert.equal(await query('b'), 'answer 2')
  assert.equal(await query('a'), 'answer 1')
  assert.equal(await textOf(await ask('/x', {})), 'answer 3')
  assert.equal(seen.length, 3)
})

test('a response for one is not stored in a shared cache, and is in a private one', async () => {
  for (const [mode, expected] of [
    ['shared', 2],
    ['private', 1],
  ] as const) {
    const { get, seen } = rig(
      () => answer(200, { 'cache-control': 'private, max-age=60', 'set-cookie': 'a=1' }, 'x'),
      { mode },
    )
    await get()
    await get()
    assert.equal(seen.length, expected, mode)
  }
})

test('entries are apart by who asks, where an identity is in the key', async () => {
  const identity = { identity: ({ clientAddress }: { clientAddress: string }) => clientAddress }
  const { exchange, handle, seen } = rig(() => answer(200, MINUTE, 'x'), { key: identity })
  for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.1']) {
    const each = exchange()
    each.clientAddress = address
    await handle(each)
  }
  assert.equal(seen.length, 2)
})

test('lifetimes of the configuration go before the origin, by status', async () => {
  const { get, clock, seen } = rig(
    ({ url }) => answer(url.endsWith('/404') ? 404 : 200, { 'cache-control': 'max-age=5' }, 'x'),
    {
      ttl: { 200: 60_000, 404: 1_000 },
    },
  )
  await get('/x')
  await get('/404')
  await clock.advance(2_000)
  await get('/x')
  await get('/404')
  assert.equal(seen.length, 3)
})

test('a store that throws, or rejects, costs hits and nothing else', async () => {
  const errors: unknown[] = []
  for (const fail of [
    () => {
      throw new Error('broken')
    },
    () => Promise.reject(new Error('broken')),
  ]) {
    const store = new Proxy({} as CacheStore, { get: () => fail })
    const { get, ask, clock, seen } = rig(() => answer(200, { ...MINUTE, etag: '"1"' }, 'x'), {
      store,
      onStoreError: (error) => errors.push(error),
    })
    for (let count = 0; count < 3; count++) assert.equal(await textOf(await get()), 'x')
    await ask('/x', { method: 'POST' })
    await clock.advance(1)
    assert.equal(seen.length, 4)
  }
  assert.ok(errors.length >= 6)
})

test('what the origin fails with is what the client fails with, where nothing is stored', async () => {
  const down = new TrafficError('connect_failed', 'down')
  const { get } = rig(() => Promise.reject(down))
  await assert.rejects(get(), down)
})

test('Date is added where it is missing, and stays as it is', async () => {
  const { get, clock } = rig(() => answer(200, MINUTE, 'x'))
  const made = httpDate(clock.wallTime())
  await get()
  await clock.advance(5_000)
  assert.equal((await get()).headers.get('date'), made)
})
