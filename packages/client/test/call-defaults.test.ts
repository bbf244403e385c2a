import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type ClientOptions,
  CookieJar,
  createClient,
  type Query,
  type QueryArrays,
  StatusError,
} from '../src/index.ts'
import { respond } from '../src/testing/index.ts'

/** A client whose origin answers with what it was asked for. */
function echoing(options: ClientOptions = {}) {
  const transport = respond(({ url, method }) =>
    Response.json({ url: url.replace('http://api.example', ''), method }),
  )
  const client = createClient({ transport, ...options })
  return {
    client,
    asked: async (url: string, query?: Query, queryArrays?: QueryArrays): Promise<string> =>
      (await client.get(url, { query, queryArrays }).json<{ url: string }>()).url,
  }
}

const LISTS: readonly [arrays: QueryArrays, text: string][] = [
  ['repeat', '?tag=a+b&tag=c%2Cd&tag=1&n=2'],
  ['comma', '?tag=a+b,c%2Cd,1&n=2'],
  ['brackets', '?tag%5B%5D=a+b&tag%5B%5D=c%2Cd&tag%5B%5D=1&n=2'],
  ['indices', '?tag%5B0%5D=a+b&tag%5B1%5D=c%2Cd&tag%5B2%5D=1&n=2'],
]
for (const [arrays, text] of LISTS) {
  test(`queryArrays ${arrays} writes a list as ${text}, said for a client or for a call`, async () => {
    const query = { tag: ['a b', undefined, 'c,d', 1], none: [], left: undefined, n: 2 }
    assert.equal(await echoing({ queryArrays: arrays }).asked('http://api.example/', query), `/${text}`)
    assert.equal(await echoing().asked('http://api.example/', query, arrays), `/${text}`)
    assert.equal(await echoing({ query, queryArrays: arrays }).asked('http://api.example/'), `/${text}`)
  })
}

test('parameters of the client are on every request, and give way to those of the URL and of the call', async () => {
  const { asked, client } = echoing({ baseUrl: 'http://api.example', query: { v: '2', lang: ['de', 'en'] } })
  assert.equal(await asked('/a'), '/a?v=2&lang=de&lang=en')
  assert.equal(await asked('/a?v=3'), '/a?v=3&lang=de&lang=en')
  assert.equal(await asked('/a?x=1', { lang: 'fr' }), '/a?x=1&v=2&lang=fr')
  assert.equal(await asked('/a', { v: undefined, lang: null }), '/a')
  const fetched = (await (await client.fetch('/a')).json()) as { url: string }
  assert.equal(fetched.url, '/a?v=2&lang=de&lang=en')
})

test('parameters of the client stay with the origin of its baseUrl, and extend merges them', async () => {
  const { client } = echoing({ baseUrl: 'http://api.example', query: { key: 's3cret', v: 1 } })
  const url = async (from: typeof client, to: string): Promise<string> =>
    (await from.get(to).json<{ url: string }>()).url
  assert.equal(await url(client, 'http://other.example/a'), 'http://other.example/a')
  assert.equal(await url(client.extend({ query: { v: 2, w: 3 } }), '/a'), '/a?key=s3cret&v=2&w=3')
  assert.equal(await url(client.extend({ query: { key: undefined } }), '/a'), '/a?v=1')
  assert.equal(await url(client.extend({ baseUrl: 'http://other.example' }), '/a'), 'http://other.example/a')
})

test('pages of paginate keep lists as lists, and say parameters of the client once', async () => {
  const asked: string[] = []
  const transport = respond(({ url }) => {
    asked.push(new URL(url).search)
    return Response.json(asked.length < 3 ? [1] : [])
  })
  const client = createClient({ transport, query: { v: 1 }, queryArrays: 'brackets' })
  const pages = client.paginate('http://api.example/', { query: { tag: ['a'] }, by: { page: 'p' } })
  for await (const _page of pages) void _page
  assert.deepEqual(asked.slice(0, 2), ['?v=1&tag%5B%5D=a&p=1', '?v=1&tag%5B%5D=a&p=2'])
})

test('a default parameter that cannot be sent is refused when the client is made, without its value', () => {
  const make = (query: unknown) => () => createClient({ query: query as Query })
  assert.throws(make({ a: { secret: 1 } }), /option query: query parameter a cannot be of type object/)
  assert.throws(make(7), /option query is 7/)
  assert.throws(
    () => createClient({ queryArrays: 'php' as QueryArrays }),
    /queryArrays is "php"; allowed: "repeat"/,
  )
})

test('throwOnStatus of a client is what a call may say otherwise', async () => {
  const transport = respond(() => new Response('x', { status: 404 }))
  const client = createClient({ transport, throwOnStatus: false })
  assert.equal((await client.get('http://api.example/')).status, 404)
  assert.equal((await client.extend({ name: 'other' }).get('http://api.example/')).status, 404)
  await assert.rejects(client.get('http://api.example/', { throwOnStatus: true }), StatusError)
  assert.equal((await client.fetch('http://api.example/')).status, 404)
})

test('parseJson reads the JSON of all methods but fetch', async () => {
  const transport = respond(() => new Response('{"at":"2026-01-01T00:00:00.000Z"}'))
  const reviver = (key: string, value: unknown): unknown => (key === 'at' ? new Date(String(value)) : value)
  const client = createClient({ transport, parseJson: (text) => JSON.parse(text, reviver) })
  const url = 'http://api.example/'
  assert.ok((await client.get(url).json<{ at: Date }>()).at instanceof Date)
  assert.ok((await (await client.get(url)).json<{ at: Date }>()).at instanceof Date)
  for await (const page of client.paginate<{ at: Date }>(url)) assert.ok(page.at instanceof Date)
  assert.equal(typeof ((await (await client.fetch(url)).json()) as { at: unknown }).at, 'string')
})

test('what parseJson throws is invalid_content', async () => {
  const transport = respond(() => new Response('{"token":"s3cret"'))
  const url = 'http://api.example/'
  const strict = createClient({ transport, parseJson: (text) => JSON.parse(text) as unknown })
  await assert.rejects(strict.get(url).json(), (error: Error) => {
    assert.equal((error as { code?: string }).code, 'invalid_content')
    assert.doesNotMatch(`${error.message} ${String(error.cause)}`, /s3cret/)
    return true
  })
  const thrown = new RangeError('too deep')
  const parseJson = (): never => {
    throw thrown
  }
  await assert.rejects(createClient({ transport, parseJson }).get(url).json(), {
    code: 'invalid_content',
    cause: thrown,
  })
})

test('options sends OPTIONS, and request any method', async () => {
  const { client } = echoing()
  const method = async (call: PromiseLike<Response>): Promise<string> =>
    ((await (await call).json()) as { method: string }).method
  assert.equal(await method(client.options('http://api.example/')), 'OPTIONS')
  assert.equal(await method(client.request('QUERY', 'http://api.example/', { json: {} })), 'QUERY')
  assert.equal(await method(client.request('get', 'http://api.example/')), 'GET')
  await assert.rejects(client.request('a b', 'http://api.example/'), { code: 'invalid_request' })
})

/** A client with a jar, whose origin sets a cookie, and the cookies that it saw. */
function keeping() {
  const seen: (string | null)[] = []
  const transport = respond((request) => {
    seen.push(request.headers.get('cookie'))
    return new Response('x', { headers: { 'set-cookie': `n=${seen.length}` } })
  })
  const jar = new CookieJar()
  return { seen, client: createClient({ transport, cookies: jar }) }
}

test('credentials: omit sends no cookie of the jar and keeps none; include and same-origin do both', async () => {
  const { client, seen } = keeping()
  const url = 'http://api.example/'
  await client.fetch(url)
  await client.fetch(url, { credentials: 'omit' })
  await client.fetch(url, { credentials: 'same-origin' })
  await client.fetch(url, { credentials: 'include' })
  await client.fetch(new Request(url, { credentials: 'omit' }))
  await client.fetch(url)
  assert.deepEqual(seen, [null, null, 'n=1', 'n=3', null, 'n=4'])
})

test('a call with cookies: false neither sends nor keeps any, and a Cookie that the caller writes goes as it is', async () => {
  const { client, seen } = keeping()
  const url = 'http://api.example/'
  await client.get(url)
  await client.get(url, { cookies: false })
  await client.fetch(url, { headgate: { cookies: false }, headers: { cookie: 'own=1' } })
  await client.get(url)
  assert.deepEqual(seen, [null, null, 'own=1', 'n=1'])
  await assert.rejects(
    client.get(url, { cookies: true as false }),
    /option cookies of a call is true; allowed: false/,
  )
})
