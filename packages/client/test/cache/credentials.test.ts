import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Handler, HeaderList, HttpResponse, ProcessStore, bodyFrom } from '@headgate/core'
import { bearer, CookieJar, type ClientOptions } from '../../src/index.ts'
import { clientOf } from '../origin.ts'
import { type Answers, cachedOrigin, FRESH, numbered, TAGGED, wayOf } from './cached-origin.ts'

/** Says who asked. */
const whoAmI: Answers = ({ headers }, response) => {
  const who =
    headers.authorization ?? headers.cookie ?? headers['x-api-key'] ?? headers['x-tenant'] ?? 'nobody'
  response.writeHead(200, FRESH).end(String(who))
}

for (const field of ['authorization', 'cookie', 'x-api-key', 'proxy-authorization'])
  test(`who sends another ${field} gets nothing of what was stored, and who sends the same does`, async (t) => {
    const { client, seen } = await cachedOrigin(t, numbered(FRESH))
    const ask = (value: string | undefined): Promise<string> =>
      client.get('/a', { headers: { [field]: value } }).text()
    const asked = ['a=1', 'a=2', undefined, 'a=1', 'a=2', undefined]
    const answers: string[] = []
    for (const value of asked) answers.push(await ask(value))
    assert.deepEqual(answers, ['no. 1', 'no. 2', 'no. 3', 'no. 1', 'no. 2', 'no. 3'])
    assert.equal(seen.length, 3)
  })

test('what is stored is for the credentials that were sent, whoever added them', async (t) => {
  const store = new ProcessStore()
  const options: ClientOptions = { cache: { store } }
  const { client, url } = await cachedOrigin(t, whoAmI, { ...options, auth: bearer('ada') })
  const grace = clientOf(t, { ...options, baseUrl: url, auth: bearer('grace') })
  for (let count = 0; count < 2; count++) {
    assert.equal(await client.get('/a').text(), 'Bearer ada')
    assert.equal(await grace.get('/a').text(), 'Bearer grace')
    assert.equal(await client.get('/a', { auth: false }).text(), 'nobody')
  }
})

test('clients that were extended share a store, and not what their own fields say of who asks', async (t) => {
  const { client, seen } = await cachedOrigin(t, whoAmI)
  const [one, other] = ['one', 'other'].map((tenant) => client.extend({ headers: { 'x-tenant': tenant } }))
  t.after(() => Promise.all([one?.close(), other?.close()]))
  for (let count = 0; count < 2; count++) {
    assert.equal(await one?.get('/a').text(), 'one')
    assert.equal(await other?.get('/a').text(), 'other')
    assert.equal(await client.get('/a').text(), 'nobody')
  }
  assert.equal(seen.length, 3)
  const patient = client.extend({ timeout: 5_000 })
  t.after(() => patient.close())
  assert.equal(wayOf(await patient.get('/a')), 'hit')
})

test('a store that clients share keeps apart what came by different ways', async (t) => {
  const store = new ProcessStore()
  const { url, client } = await cachedOrigin(t, numbered(FRESH), { cache: { store } })
  assert.equal(await client.get('/a').text(), 'no. 1')
  const transport: Handler = () =>
    Promise.resolve(new HttpResponse(200, HeaderList.of(FRESH), bodyFrom('of the transport')))
  const byTransport = clientOf(t, { cache: { store }, baseUrl: url, transport })
  assert.equal(await byTransport.get('/a').text(), 'of the transport')
  assert.equal(await client.get('/a').text(), 'no. 1')
  const guarded = clientOf(t, { cache: { store }, baseUrl: url, guard: true })
  await assert.rejects(guarded.get('/a'), { code: 'address_refused' })
})

test('the key of what is stored holds no credentials', async (t) => {
  const store = new ProcessStore()
  const begin = t.mock.method(store, 'begin')
  const { client } = await cachedOrigin(t, numbered(FRESH), { cache: { store }, auth: bearer('s3cret') })
  await client.get('/a').text()
  assert.equal(begin.mock.callCount(), 1)
  assert.doesNotMatch(JSON.stringify(begin.mock.calls[0]?.arguments), /s3cret/)
})

test('a cookie that came with what is stored does not come back, and one of a 304 is kept', async (t) => {
  const jar = new CookieJar()
  const { client } = await cachedOrigin(
    t,
    ({ headers, url }, response, number) => {
      const cookie = { 'set-cookie': `${url?.slice(1)}=${number}; path=/elsewhere` }
      if (url === '/stored') response.writeHead(200, { ...FRESH, ...cookie })
      else if (url === '/renewed')
        response.writeHead(200, {
          'cache-control': 'no-store',
          'set-cookie': 'stored=renewed; path=/elsewhere',
        })
      else response.writeHead(headers['if-none-match'] === undefined ? 200 : 304, { ...TAGGED, ...cookie })
      response.end()
    },
    { cookies: jar },
  )
  await client.get('/stored').text()
  await client.get('/renewed').text()
  const hit = await client.get('/stored')
  assert.equal(wayOf(hit), 'hit')
  assert.deepEqual(hit.headers.getSetCookie(), [])
  await client.get('/confirmed').text()
  assert.equal(wayOf(await client.get('/confirmed')), 'stale stored')
  const kept = JSON.stringify(jar)
  assert.match(kept, /"renewed"/)
  assert.match(kept, /"4"/)
})
