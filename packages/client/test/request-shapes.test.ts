import assert from 'node:assert/strict'
import { test } from 'node:test'
import { respond } from '../src/testing/index.ts'
import { type CallOptions, type Client, type ClientOptions, createClient } from '../src/index.ts'

/** A client whose calls are answered with their URL, fields and content. */
function echoing(options: ClientOptions = {}): Client {
  const transport = respond(async (request) =>
    Response.json({ url: request.url, headers: [...request.headers], content: await request.text() }),
  )
  return createClient({ transport, baseUrl: 'http://api.example', lint: false, ...options })
}

interface Seen {
  readonly url: string
  readonly headers: readonly [string, string][]
  readonly content: string
}

const QUERIES: readonly [query: NonNullable<CallOptions['query']>, search: string][] = [
  [new URLSearchParams({ a: '1' }), '?a=1'],
  ['?a=1&b=%20', '?a=1&b=+'],
  [
    [
      ['a', 1],
      ['a', '2'],
    ],
    '?a=1&a=2',
  ],
  [new Map([['a', 1n]]), '?a=1'],
  [
    { a: [1, 'x', true, null, undefined], b: undefined, c: null, d: false, e: '' },
    '?a=1&a=x&a=true&d=false&e=',
  ],
  [{ at: new Date(0) }, '?at=1970-01-01T00%3A00%3A00.000Z'],
  [{}, ''],
]
for (const [query, search] of QUERIES)
  test(`the query ${JSON.stringify(query, (_, each: unknown) => (typeof each === 'bigint' ? `${each}n` : each))} is sent as ${search}`, async () => {
    const { url } = await echoing().get('/x', { query }).json<Seen>()
    assert.equal(url, `http://api.example/x${search}`)
  })

const UNSENDABLE: readonly [options: Record<string, unknown>, message: RegExp][] = [
  [{ query: { a: { b: 'SECRET' } } }, /^query parameter a cannot be of type object; allowed: a string/],
  [{ query: { a: [['SECRET']] } }, /^query parameter a cannot be of type list/],
  [{ query: { a: NaN } }, /^query parameter a cannot be NaN/],
  [{ query: { a: () => 'SECRET' } }, /^query parameter a cannot be of type function/],
  [{ query: { a: new Date(NaN) } }, /^query parameter a cannot be/],
  [{ query: 3 }, /^query is 3; allowed: an object/],
  [{ query: ['ab'] }, /^query: a list of parameters has pairs/],
  [{ headers: { a: { b: 'SECRET' } } }, /^header field a cannot be of type object; allowed: a string/],
  [{ headers: { a: Symbol('SECRET') } }, /^header field a cannot be of type symbol/],
  [{ headers: { a: NaN } }, /^header field a cannot be NaN/],
  [{ headers: 'a: SECRET' }, /^headers are a text; allowed: an object/],
  [{ headers: [['a']] }, /^headers: a list of fields has pairs/],
  [{ json: 1n }, /^json: the value has no JSON form: Do not know how to serialize a BigInt$/],
  [{ json: cyclic() }, /^json: the value has no JSON form: Converting circular structure to JSON$/],
  [{ json: () => 1 }, /^json: a value of type function has no JSON form/],
  [{ body: { a: 'SECRET' } }, /^a body of type object cannot be sent: .*for JSON use the option json/],
  [{ body: 3 }, /^a body of type number cannot be sent/],
]
for (const [options, message] of UNSENDABLE)
  test(`a POST that cannot be sent is refused with ${String(message)}`, async () => {
    const { error } = await echoing().attempt('/x', { method: 'POST', ...options })
    assert.equal(error?.code, 'invalid_request')
    assert.match(error?.message ?? '', message)
    assert.doesNotMatch(error?.message ?? '', /SECRET/)
  })

function cyclic(): object {
  const value: Record<string, unknown> = {}
  value['SECRET'] = value
  return value
}

test('a list of values is a field line for each, numbers and booleans are text, null and undefined leave a field out', async () => {
  const headers = { 'x-a': ['1', 2], 'x-b': true, 'x-c': null, 'x-d': undefined, 'x-e': 3n }
  const seen = await echoing().get('/', { headers }).json<Seen>()
  assert.deepEqual(
    seen.headers.filter(([name]) => name.startsWith('x-')),
    [
      ['x-a', '1, 2'],
      ['x-b', 'true'],
      ['x-e', '3'],
    ],
  )
})

test('a function as body that makes no stream is an error that says so', async () => {
  const { error } = await echoing().attempt('/', { method: 'POST', body: (() => 'text') as never })
  assert.match(error?.message ?? '', /the function given as body has made a value of type string/)
})

test('names and file names of a form are escaped as browsers escape them', async () => {
  const form = new FormData()
  form.append('a"\r\nX: y', new File(['content'], 'b"\r\nc\rd.txt'))
  const { content } = await echoing().post('/', { body: form }).json<Seen>()
  assert.match(content, /name="a%22%0D%0AX: y"; filename="b%22%0D%0Ac%0Dd\.txt"\r\n/)
})

const JOINED: readonly [base: string, reference: string, joined: string | RegExp][] = [
  ['http://a.example/v1', '/x', 'http://a.example/v1/x'],
  ['http://a.example/v1/', 'x', 'http://a.example/v1/x'],
  ['http://a.example/v1', '', 'http://a.example/v1'],
  ['http://a.example/v1', '#f', 'http://a.example/v1'],
  ['http://a.example/v1', '?a', 'http://a.example/v1?a'],
  ['http://a.example/v1', ' /x ', 'http://a.example/v1/x'],
  ['http://a.example/v1', '/x/../y', 'http://a.example/v1/y'],
  ['http://a.example/v1', '/x?to=../..', 'http://a.example/v1/x?to=../..'],
  ['http://a.example/v1', './x:1', 'http://a.example/v1/x:1'],
  ['http://a.example/v1', 'http://b.example/z', 'http://b.example/z'],
  ['http://a.example/v1', '\thttp://b.example/z', 'http://b.example/z'],
  ['http://a.example', '../x', 'http://a.example/x'],
  ['http://a.example/v1', '../admin', /leads out of \/v1/],
  ['http://a.example/v1', '/%2e%2E/admin', /leads out of \/v1/],
  ['http://a.example/v1', '/x/%2e./../admin', /leads out of \/v1/],
  ['http://a.example/v1', '/.\t./admin', /leads out of \/v1/],
  ['http://a.example/v1', '/../v11', /leads out of \/v1/],
  ['http://a.example/v1', '//b.example/z', /names another host/],
  ['http://a.example/v1', ' //b.example/z', /names another host/],
  ['http://a.example/v1', '/\t/b.example/z', /names another host/],
  ['http://a.example/v1', '/\\b.example/z', /holds a backslash/],
  ['http://a.example/v1', '\\\\b.example/z', /holds a backslash/],
  ['http://a.example/v1', '/x\\..\\..\\admin', /holds a backslash/],
  ['http://a.example/v1', 'user:1', /neither http nor https/],
  ['http://a.example/v1', 'javascript:alert(1)', /neither http nor https/],
]
for (const [base, reference, joined] of JOINED)
  test(`${JSON.stringify(reference)} with the base ${base} is ${String(joined)}`, async () => {
    const client = echoing({ baseUrl: base })
    const { value, error } = await client.attempt(client.get(reference).json<Seen>())
    if (typeof joined === 'string') assert.equal(value?.url, joined, error?.message)
    else assert.match(error?.message ?? '', joined)
  })

test('Accept and User-Agent are there unless they are left out or given', async () => {
  const seen = async (options: ClientOptions, call: CallOptions = {}): Promise<Record<string, string>> => {
    const response = await echoing({ decompress: false, tracing: false, ...options }).get('/', call)
    return Object.fromEntries((await response.json<Seen>()).headers)
  }
  assert.deepEqual(await seen({}), { accept: '*/*', 'user-agent': 'headgate/0.1.0' })
  assert.deepEqual(await seen({ headers: { accept: undefined, 'User-Agent': undefined } }), {})
  assert.deepEqual(await seen({}, { headers: { Accept: undefined, 'user-agent': undefined } }), {})
  assert.deepEqual(await seen({ headers: { 'user-agent': 'mine/1', accept: 'text/csv' } }), {
    accept: 'text/csv',
    'user-agent': 'mine/1',
  })
})

test('the fields of a client go to the origin of its baseUrl, and to others only what says nothing of who asks', async () => {
  const headers = { authorization: 'SECRET', cookie: 'SECRET', 'x-tenant': 'SECRET', 'accept-language': 'de' }
  const client = echoing({ headers })
  const fields = async (url: string, one: Client = client): Promise<string> =>
    JSON.stringify((await one.get(url).json<Seen>()).headers)
  assert.match(await fields('/x'), /SECRET.*SECRET.*SECRET/)
  assert.match(await fields('http://api.example/x'), /SECRET.*SECRET.*SECRET/)
  for (const other of ['http://b.example/', 'https://api.example/', 'http://api.example:81/']) {
    assert.doesNotMatch(await fields(other), /SECRET/)
    assert.match(await fields(other), /"accept-language","de"/)
    assert.doesNotMatch(await fields('/', client.extend({ baseUrl: other })), /SECRET/)
  }
  assert.match(await fields('/', client.extend({ timeout: 5_000 })), /SECRET/)
})

test('a redirect or a next page at another origin gets neither the fields of the client nor credentials of the call', async () => {
  const seen: string[] = []
  const transport = respond((request) => {
    seen.push(`${request.url} ${request.headers.get('x-tenant')} ${request.headers.get('x-api-key')}`)
    if (new URL(request.url).pathname === '/moved') return Response.redirect('http://b.example/there', 307)
    const link = request.url.endsWith('/first')
      ? { link: '<http://b.example/second>; rel="next"' }
      : undefined
    return Response.json([1], { headers: { ...link } })
  })
  const client = createClient({ transport, baseUrl: 'http://api.example', headers: { 'x-tenant': 'T' } })
  const call = { headers: { 'x-api-key': 'K' } }
  await client.get('/moved', call)
  for await (const _ of client.paginate('/first', { ...call, origins: ['http://b.example'] }));
  assert.deepEqual(seen, [
    'http://api.example/moved T K',
    'http://b.example/there null null',
    'http://api.example/first T K',
    'http://b.example/second null null',
  ])
})
