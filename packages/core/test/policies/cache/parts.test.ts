import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fc } from '../../../../../scripts/testing/property.ts'
import type { HttpResponse } from '../../../src/message/response.ts'
import { createCacheMemory } from '../../../src/policies/cache/memory/cache-memory.ts'
import { SharedMemoryStore } from '../../../src/policies/cache/memory/shared-memory-store.ts'
import { askedRange } from '../../../src/fields/byte-ranges.ts'
import { answer, type Fields, type Origin, rig, type Seen, statusOf, textOf } from './rig.ts'

const CONTENT = '0123456789abcdefghij'
const MINUTE = { 'cache-control': 'max-age=60', 'content-type': 'text/plain' }

/** An origin that sends the part that it is asked for, as RFC 9110 14 has it. */
function partial({ headers }: Seen, fields: Fields, content = CONTENT): HttpResponse {
  const { etag } = fields
  if (etag !== undefined && headers.get('if-none-match') === etag) return answer(304, fields)
  const condition = headers.get('if-range')
  const range = askedRange(headers.get('range'), content.length)
  if (typeof range !== 'object' || (condition !== undefined && condition !== etag))
    return answer(200, fields, content)
  const { first, last } = range
  const told = { 'content-range': `bytes ${first}-${last}/${content.length}` }
  return answer(206, { ...fields, ...told }, content.slice(first, last + 1))
}

function tagged(etag: string, fields: Fields = MINUTE): Origin {
  return (seen) => partial(seen, { ...fields, etag })
}

async function told(response: HttpResponse): Promise<readonly unknown[]> {
  return [response.status, await textOf(response), response.headers.get('content-range')]
}

test('parts with the same strong ETag that adjoin or overlap answer what lies in them together', async () => {
  const { get, seen } = rig(tagged('"1"'))
  for (const range of ['bytes=2-5', 'bytes=9-12', 'bytes=5-8']) await textOf(await get('/x', { range }))
  assert.equal(seen.length, 3)
  const all = await get('/x', { range: 'bytes=2-12' })
  assert.equal(statusOf(all), 'hit; ttl=60')
  assert.equal(all.headers.get('content-length'), '11')
  assert.deepEqual(await told(all), [206, '23456789abc', 'bytes 2-12/20'])
  assert.deepEqual(await told(await get('/x', { range: 'bytes=4-9' })), [206, '456789', 'bytes 4-9/20'])
  assert.equal(seen.length, 3)
  assert.equal(statusOf(await get('/x', { range: 'bytes=12-13' })), 'fwd=partial; ttl=60; stored')
})

test('parts that are all of it together answer for the whole', async () => {
  const { get, ask, seen } = rig(tagged('"1"'))
  await textOf(await get('/x', { range: 'bytes=10-' }))
  await textOf(await get('/x', { range: 'bytes=0-11' }))
  const whole = await get()
  assert.equal(whole.headers.get('content-length'), '20')
  assert.deepEqual(await told(whole), [200, CONTENT, undefined])
  const head = await ask('/x', { method: 'HEAD' })
  assert.deepEqual([head.status, head.headers.get('content-length')], [200, '20'])
  assert.equal((await get('/x', { 'if-none-match': '"1"' })).status, 304)
  assert.equal(seen.length, 2)
})

test('parts are fresh for as long as the configuration says of 200, unless it says it of 206', async () => {
  for (const [ttl, expected] of [
    [{ 200: 60_000 }, 'hit; ttl=60'],
    [{ 200: 60_000, 206: 9_000 }, 'hit; ttl=9'],
    [{ 200: 60_000, 206: 0 }, 'fwd=uri-miss; detail=ttl'],
  ] as const) {
    const { get } = rig(tagged('"1"', { 'content-type': 'text/plain' }), { ttl })
    await textOf(await get('/x', { range: 'bytes=2-5' }))
    assert.equal(statusOf(await get('/x', { range: 'bytes=3-4' })), expected)
  }
})

for (const [name, first, second] of [
  ['another strong ETag', '"1"', '"2"'],
  ['a weak ETag', 'W/"1"', 'W/"1"'],
  ['no ETag', undefined, undefined],
] as const)
  test(`parts with ${name} are never put together`, async () => {
    const { get, seen } = rig((asked, number) => {
      const etag = number === 1 ? first : second
      return partial(asked, { ...MINUTE, ...(etag !== undefined && { etag }) })
    })
    await textOf(await get('/x', { range: 'bytes=0-9' }))
    await textOf(await get('/x', { range: 'bytes=10-19' }))
    assert.equal(statusOf(await get('/x', { range: 'bytes=8-11' })), 'fwd=partial; ttl=60; stored')
    assert.equal(seen.length, 3)
  })

test('a part of another representation takes the place of what is stored of the one before, parts or whole', async () => {
  for (const before of ['bytes=0-9', undefined] as const) {
    const { get, store, clock } = rig(
      (asked, number) =>
        number === 1
          ? partial(asked, { ...MINUTE, etag: '"1"' })
          : partial(asked, { ...MINUTE, etag: '"2"' }, CONTENT.toUpperCase()),
      { requestMode: ({ request }) => (request.headers.has('x-reload') ? 'reload' : 'default') },
    )
    await textOf(await get('/x', before && { range: before }))
    await clock.advance(1)
    await textOf(await get('/x', { range: 'bytes=10-19', 'x-reload': '1' }))
    assert.equal(store.stats().entries, 1)
    assert.equal(await textOf(await get('/x', { range: 'bytes=10-11' })), 'AB')
    assert.equal(statusOf(await get('/x', { range: 'bytes=0-1' })), 'fwd=partial; ttl=60; stored')
  }
})

test('a part from the cache has the fields that the whole would have', async () => {
  const fields = {
    ...MINUTE,
    vary: 'accept',
    date: 'Thu, 01 Jan 2026 00:00:00 GMT',
    'content-location': '/x.txt',
  }
  const { get } = rig(tagged('"1"', { ...fields, expires: '0' }))
  const names = 'date cache-control etag expires content-location vary content-type'.split(' ')
  const saidBy = ({ headers }: HttpResponse): unknown => names.map((name) => headers.get(name))
  const came = saidBy(await get('/x', { range: 'bytes=1-2' }))
  assert.deepEqual(saidBy(await get('/x', { range: 'bytes=1-2' })), came)
  const whole = saidBy(await get())
  assert.deepEqual(saidBy(await get('/x', { range: 'bytes=4-5' })), whole)
})

test('the fields of the newest part hold for all, and what it lacks those of older ones say', async () => {
  const { get, clock } = rig((asked, number) =>
    partial(asked, { ...MINUTE, etag: '"1"', 'x-number': String(number), [`x-only-${number}`]: 'yes' }),
  )
  for (const range of ['bytes=0-4', 'bytes=5-9']) {
    await textOf(await get('/x', { range }))
    await clock.advance(1000)
  }
  const { headers } = await get('/x', { range: 'bytes=0-9' })
  const said = ['x-number', 'x-only-1', 'x-only-2', 'content-range'].map((name) => headers.get(name))
  assert.deepEqual(said, ['2', 'yes', 'yes', 'bytes 0-9/20'])
})

test('a complete response takes the place of the parts', async () => {
  const { get, store } = rig(tagged('"1"'))
  for (const range of ['bytes=0-1', 'bytes=4-5']) await textOf(await get('/x', { range }))
  assert.equal(store.stats().entries, 2)
  assert.equal(await textOf(await get()), CONTENT)
  assert.equal(store.stats().entries, 1)
  assert.deepEqual(await told(await get('/x', { range: 'bytes=3-4' })), [206, '34', 'bytes 3-4/20'])
})

test('a part takes the place of those that lie in it', async () => {
  const { get, store } = rig(tagged('"1"'))
  for (const range of ['bytes=2-3', 'bytes=6-7', 'bytes=12-13', 'bytes=1-8'])
    await textOf(await get('/x', { range }))
  assert.equal(store.stats().entries, 2)
})

test('no more parts are kept than one key may have, and the oldest give way', async () => {
  const { get, store, seen } = rig(tagged('"1"'), { maxParts: 3 })
  for (const first of [0, 4, 8, 12, 16]) await textOf(await get('/x', { range: `bytes=${first}-${first}` }))
  assert.equal(store.stats().entries, 3)
  await get('/x', { range: 'bytes=8-8' })
  assert.equal(seen.length, 5)
  await get('/x', { range: 'bytes=4-4' })
  assert.equal(seen.length, 6)
})

test('parts are as fresh as the newest of them, and a 304 makes all of them fresh again', async () => {
  const { get, seen, clock } = rig(tagged('"1"'))
  await textOf(await get('/x', { range: 'bytes=0-4' }))
  await clock.advance(50_000)
  await textOf(await get('/x', { range: 'bytes=5-9' }))
  await clock.advance(30_000)
  const hit = await get('/x', { range: 'bytes=2-7' })
  assert.deepEqual([statusOf(hit), hit.headers.get('age')], ['hit; ttl=30', '30'])
  await clock.advance(40_000)
  const revalidated = await get('/x', { range: 'bytes=2-7' })
  assert.deepEqual(await told(revalidated), [206, '234567', 'bytes 2-7/20'])
  assert.equal(statusOf(revalidated), 'fwd=stale; fwd-status=304; ttl=60; stored')
  const asked = seen[2]?.headers
  assert.deepEqual([asked?.get('if-none-match'), asked?.get('range')], ['"1"', 'bytes=2-7'])
  await clock.advance(50_000)
  assert.equal(statusOf(await get('/x', { range: 'bytes=0-9' })), 'hit; ttl=10')
  assert.equal(seen.length, 3)
})

test('where a part is stale and another representation is there now, the part of that one is sent and stored', async () => {
  const { get, seen, clock, store } = rig((asked, number) =>
    number === 1
      ? partial(asked, { ...MINUTE, etag: '"1"' })
      : partial(asked, { ...MINUTE, etag: '"2"' }, CONTENT.toUpperCase()),
  )
  await textOf(await get('/x', { range: 'bytes=8-12' }))
  await clock.advance(61_000)
  const response = await get('/x', { range: 'bytes=9-10' })
  assert.deepEqual(await told(response), [206, '9A', 'bytes 9-10/20'])
  assert.equal(statusOf(await get('/x', { range: 'bytes=10-10' })), 'hit; ttl=60')
  assert.deepEqual([seen.length, store.stats().entries], [2, 1])
})

test('who asks for a part with If-Range gets all of what has changed, where a part is stale', async () => {
  const { get, clock } = rig((asked, number) =>
    number === 1
      ? partial(asked, { ...MINUTE, etag: '"1"' })
      : partial(asked, { ...MINUTE, etag: '"2"' }, CONTENT.toUpperCase()),
  )
  await textOf(await get('/x', { range: 'bytes=8-12' }))
  await clock.advance(61_000)
  const response = await get('/x', { range: 'bytes=9-10', 'if-range': '"1"' })
  assert.deepEqual([response.status, await textOf(response)], [200, CONTENT.toUpperCase()])
})

test('many who ask for the same part at once are one request, and another part is another one', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { get, seen } = rig(async (asked) => {
    await promise
    return partial(asked, { ...MINUTE, etag: '"1"' })
  })
  const ranges = ['bytes=0-4', 'bytes=0-4', 'bytes=5-6', 'bytes=0-4']
  const answers = ranges.map((range) => get('/x', { range }))
  const conditional = get('/x', { range: 'bytes=0-4', 'if-range': '"1"' })
  resolve()
  const texts = await Promise.all(answers.map(async (each) => textOf(await each)))
  assert.deepEqual(texts, ['01234', '01234', '56', '01234'])
  assert.equal(await textOf(await conditional), '01234')
  assert.equal(seen.length, 3)
})

test('parts in shared memory are put together as they are in that of a process, and held no longer than they are read', async () => {
  const content = Buffer.alloc(900_000, 'content of a film ').toString()
  const memory = createCacheMemory({ bytes: 2 * 1024 * 1024, largest: 1024 * 1024, seed: Buffer.alloc(8) })
  const store = new SharedMemoryStore(memory, 0)
  const { get, seen } = rig((asked) => partial(asked, { ...MINUTE, etag: '"1"' }, content), { store })
  for (const range of ['bytes=0-299999', 'bytes=300000-500000', 'bytes=400000-899999'])
    await textOf(await get('/film', { range }))
  for (let count = 0; count < 10; count++) {
    const part = await get('/film', { range: `bytes=${250_000 + count}-450000` })
    assert.ok((await textOf(part)) === content.slice(250_000 + count, 450_001))
  }
  assert.ok((await textOf(await get('/film'))) === content)
  assert.equal(seen.length, 3)
  await store.purge({ by: 'all' }, 'hard', 0)
  // What is held could not be given to others.
  for (const path of ['/a', '/b', '/c', '/d']) {
    assert.ok((await textOf(await get(path))) === content)
    const hit = await get(path)
    assert.equal(statusOf(hit), 'hit; ttl=60', path)
    await textOf(hit)
  }
})

test('a part that came for If-Range without its type is not stored', async () => {
  const { get, seen } = rig((asked) => partial(asked, { 'cache-control': 'max-age=60', etag: '"1"' }))
  for (let count = 0; count < 2; count++)
    await textOf(await get('/x', { range: 'bytes=0-4', 'if-range': '"1"' }))
  assert.equal(seen.length, 2)
})

test('whatever parts are asked for in whatever order, each answer is what the origin would have sent', async () => {
  const edge = fc.nat({ max: CONTENT.length - 1 })
  const step = fc.record({
    range: fc.option(fc.tuple(edge, edge), { nil: undefined }),
    wait: fc.constantFrom(0, 0, 20_000, 61_000),
    changes: fc.constantFrom(false, false, false, true),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 25 }), async (steps) => {
      let version = 1
      const contentOf = (number: number): string => CONTENT.replaceAll('0', String.fromCharCode(64 + number))
      const { get, clock, seen } = rig(
        (asked) => partial(asked, { ...MINUTE, etag: `"${version}"` }, contentOf(version)),
        { maxParts: 4 },
      )
      for (const { range, wait, changes } of steps) {
        await clock.advance(wait)
        if (changes) version++
        const bounds = range?.toSorted((one, other) => one - other)
        const before = seen.length
        const response = await get('/x', bounds && { range: `bytes=${bounds.join('-')}` })
        const text = await textOf(response)
        const etag = response.headers.get('etag') ?? ''
        // A hit may be of an earlier version, and never of two.
        const whole = contentOf(Number(etag.slice(1, -1)))
        if (seen.length > before) assert.equal(etag, `"${version}"`)
        const [first = 0, last = CONTENT.length] = response.status === 206 ? (bounds ?? []) : []
        assert.equal(text, whole.slice(first, last + 1), JSON.stringify(steps))
      }
    }),
    { numRuns: 200 },
  )
})
