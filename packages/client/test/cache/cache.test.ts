import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { type Handler, HeaderList, HttpResponse, ProcessStore, WholeBody } from '@headgate/core'
import { VirtualClock } from '@headgate/core/testing'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { createClient, digest } from '../../src/index.ts'
import { clientOf } from '../origin.ts'
import { cachedOrigin, FRESH, numbered, tagged, wayOf } from './cached-origin.ts'

test('what is fresh is answered without the origin, and the response tells so', async (t) => {
  const { client, seen } = await cachedOrigin(t, numbered(FRESH))
  const first = await client.get('/a')
  assert.equal(wayOf(first), 'uri-miss stored')
  assert.equal(await first.text(), 'no. 1')
  const second = await client.get('/a')
  assert.equal(second.clone().cacheStatus?.hit, true)
  assert.equal(await second.text(), 'no. 1')
  const { hit, age, freshFor } = second.cacheStatus ?? {}
  assert.equal(hit, true)
  assert.ok(age !== undefined && age >= 0 && age < 60_000)
  assert.ok(freshFor !== undefined && freshFor > 0 && freshFor <= 60_000)
  assert.match(second.header('age') ?? '', /^\d+$/)
  assert.equal(second.header('cache-status'), undefined)
  assert.equal(second.attempts, 0)
  assert.equal(await client.get('/b').text(), 'no. 2')
  assert.equal(seen.length, 2)
})

test('a client without the option stores nothing', async (t) => {
  const { client, seen } = await cachedOrigin(t, numbered(FRESH), { cache: false })
  for (const expected of ['no. 1', 'no. 2']) assert.equal(await client.get('/a').text(), expected)
  assert.equal((await client.get('/a')).cacheStatus, undefined)
  assert.equal(seen.length, 3)
})

test('the first call tells where it came from and how long it took, as without a cache', async (t) => {
  const { client } = await cachedOrigin(t, numbered(FRESH))
  const missed = await client.get('/a')
  assert.equal(missed.remoteAddress, '127.0.0.1')
  assert.ok(missed.timings.firstByte !== undefined)
  await missed.text()
  const { remoteAddress, timings } = await client.get('/a')
  assert.deepEqual([remoteAddress, timings.firstByte], [undefined, undefined])
})

test('what is stale is confirmed by a 304, and its content is not sent again', async (t) => {
  const { client, seen } = await cachedOrigin(t, tagged)
  for (const expected of ['uri-miss stored', 'stale stored']) {
    const response = await client.get('/a')
    assert.equal(wayOf(response), expected)
    assert.equal(response.status, 200)
    assert.equal(await response.text(), 'no. 1')
  }
  assert.deepEqual(
    seen.map(({ headers }) => headers['if-none-match']),
    [undefined, '"a"'],
  )
})

test('what is stale stands in where the timeout of a call is over, if the origin allows it', async (t) => {
  const clock = new VirtualClock()
  const transport: Handler = () =>
    asked++ === 0
      ? Promise.resolve(new HttpResponse(200, HeaderList.of(fields), WholeBody.fromLatin1('old')))
      : new Promise(() => undefined)
  const fields = { 'cache-control': 'max-age=60, stale-if-error=600' }
  let asked = 0
  const client = clientOf(t, { cache: true, transport, clock, timeout: 2_000 })
  const url = 'http://a.example/'
  assert.equal(await client.get(url).text(), 'old')
  await clock.advance(61_000)
  const waiting = client.get(url)
  await eventually(() => asked === 2, 'the transport is asked')
  await clock.advance(2_000)
  const stale = await waiting
  assert.deepEqual([await stale.text(), wayOf(stale)], ['old', 'stale stale-if-error'])
})

test('HEAD is answered from what GET has stored', async (t) => {
  const { client, seen } = await cachedOrigin(t, numbered(FRESH))
  await client.get('/a').text()
  const head = await client.head('/a')
  assert.equal(wayOf(head), 'hit')
  assert.equal(head.header('content-length'), '5')
  assert.equal(await head.text(), '')
  assert.equal(seen.length, 1)
})

test('what an origin forbids to store, and what a call does not want stored, is asked for each time', async (t) => {
  const forbidden = await cachedOrigin(t, numbered({ 'cache-control': 'no-store' }))
  for (const expected of ['no. 1', 'no. 2']) assert.equal(await forbidden.client.get('/a').text(), expected)
  const store = new ProcessStore()
  const { client } = await cachedOrigin(t, numbered(FRESH), { cache: { store } })
  assert.equal(wayOf(await client.get('/a', { cache: 'no-store' })), 'bypass')
  assert.equal(store.stats().entries, 0)
})

test('a private response is stored, as the cache is private', async (t) => {
  const { client, seen } = await cachedOrigin(t, numbered({ 'cache-control': 'private, max-age=60' }))
  for (let count = 0; count < 2; count++) await client.get('/a').text()
  assert.equal(seen.length, 1)
})

test('a change at a URL drops what was stored of it', async (t) => {
  const { client } = await cachedOrigin(t, numbered(FRESH))
  await client.get('/a').text()
  await client.put('/a', { body: 'x' })
  assert.equal(await client.get('/a').text(), 'no. 3')
})

test('a redirect that is stored is followed without the origin', async (t) => {
  const { client, seen } = await cachedOrigin(t, (request, response, number) => {
    if (request.url === '/old') response.writeHead(301, { location: '/new', ...FRESH }).end()
    else numbered(FRESH)(request, response, number)
  })
  for (let count = 0; count < 2; count++) {
    const response = await client.get('/old')
    assert.equal(response.redirected, true)
    assert.equal(await response.text(), 'no. 2')
  }
  assert.equal(seen.length, 2)
})

test('calls for the same at the same time are one request, each with all of the content', async (t) => {
  const { client, seen } = await cachedOrigin(t, numbered(FRESH))
  const texts = await Promise.all(Array.from({ length: 20 }, () => client.get('/a').text()))
  assert.deepEqual(new Set(texts), new Set(['no. 1']))
  assert.equal(seen.length, 1)
})

test('a stream of events is not stored, whatever its Cache-Control says', async (t) => {
  const store = new ProcessStore()
  const { client, seen } = await cachedOrigin(
    t,
    (_request, response, number) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', ...FRESH }).end(`data: ${number}\n\n`)
    },
    { cache: { store } },
  )
  for (const expected of ['1', '2'])
    for await (const event of client.sse('/events', { reconnect: false })) assert.equal(event.data, expected)
  assert.equal(seen.length, 2)
  assert.equal(store.stats().entries, 0)
})

test('a call that is given up in the middle of the content leaves nothing half stored', async (t) => {
  const store = new ProcessStore()
  const { client, seen } = await cachedOrigin(
    t,
    (_request, response, number) => {
      response.writeHead(200, { 'content-length': '10', ...FRESH }).write('01234')
      if (number > 1) response.end('56789')
    },
    { cache: { store } },
  )
  const abort = new AbortController()
  const response = await client.get('/a', { signal: abort.signal })
  const reading = response.text()
  abort.abort()
  await assert.rejects(reading)
  await eventually(() => seen[0]?.socket.destroyed, 'the connection is cut')
  assert.equal(store.stats().entries, 0)
  assert.equal(await client.get('/a').text(), '0123456789')
  assert.equal(store.stats().entries, 1)
})

test('the store stays within its bound, and what is too large for it passes unharmed', async (t) => {
  const store = new ProcessStore({ maxBytes: 16_384 })
  const { client, seen } = await cachedOrigin(
    t,
    ({ url = '' }, response) => response.writeHead(200, FRESH).end(Buffer.alloc(Number(url.split('/')[1]))),
    { cache: { store } },
  )
  for (let count = 0; count < 20; count++) await client.get(`/1000/${count}`).bytes()
  const { bytes, evictions } = store.stats()
  assert.ok(bytes <= 16_384, `${bytes}`)
  assert.ok(evictions > 0)
  for (let count = 0; count < 2; count++) assert.equal((await client.get('/100000').bytes()).length, 100_000)
  assert.equal(seen.length, 22)
  assert.equal(wayOf(await client.get('/1000/19')), 'hit')
})

test('maxBytes bounds the store of the client’s own', async (t) => {
  const { client, seen } = await cachedOrigin(t, numbered(FRESH), { cache: { maxBytes: 100 } })
  for (let count = 0; count < 2; count++) await client.get('/a').text()
  assert.equal(seen.length, 2)
})

test('a closed client answers nothing, stored or not', async (t) => {
  const { client } = await cachedOrigin(t, numbered(FRESH))
  await client.get('/a').text()
  await client.close()
  await assert.rejects(client.get('/a'), { code: 'shutting_down' })
})

test('what is stored is decoded for each who gets it', async (t) => {
  const { client, seen } = await cachedOrigin(t, (_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip', vary: 'accept-encoding', ...FRESH })
    response.end(gzipSync('a text'))
  })
  for (let count = 0; count < 2; count++) assert.equal(await client.get('/a').text(), 'a text')
  assert.equal(seen.length, 1)
})

test('the option is a flag, a store or a bound, and not both of these', () => {
  const store = new ProcessStore()
  assert.throws(
    () => createClient({ cache: { store, maxBytes: 1 } }),
    /option cache is an object; allowed: true or false; or an object with a store, or with maxBytes/,
  )
  assert.throws(
    () => createClient({ cache: { maxBytes: 0 } }),
    /option cache\.maxBytes is 0; allowed: a whole number above 0/,
  )
  const map = new Map() as unknown as ProcessStore
  assert.throws(
    () => createClient({ cache: { store: map } }),
    /option cache\.store is a Map; allowed: a store of responses/,
  )
})

test('digest credentials, with which nothing would be found again, are told as a finding', (t) => {
  const client = clientOf(t, {
    cache: true,
    auth: digest('ada', 'x'),
    baseUrl: 'http://a.example',
    lint: false,
  })
  assert.deepEqual(
    client.explain('/').findings.map(({ option }) => option),
    ['cache'],
  )
})
