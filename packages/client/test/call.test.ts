import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bodyFrom, HttpResponse } from '@headgate/core'
import { z } from 'zod'
import {
  type CallOptions,
  createClient,
  type StandardSchema,
  StatusError,
  TrafficError,
} from '../src/index.ts'
import { clientOf, echo, echoed, originOf } from './origin.ts'

/** A schema by hand: what a library's looks like from outside. */
const named: StandardSchema<unknown, { name: string }> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) =>
      typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string'
        ? { value: { name: value.name } }
        : { issues: [{ message: 'not a string', path: ['name'] }] },
  },
}

test('json gives the content as the schema types it', async (t) => {
  const url = await originOf(t, (_request, response) => response.end('{"name":"Ada","more":1}'))
  const client = clientOf(t, { baseUrl: url })
  const byHand: { name: string } = await client.get('/').json(named)
  assert.deepEqual(byHand, { name: 'Ada' })
  const byZod: { name: string } = await client.get('/').json(z.object({ name: z.string() }))
  assert.deepEqual(byZod, { name: 'Ada' })
  assert.deepEqual(await client.get('/').json(), { name: 'Ada', more: 1 })
})

test('content that the schema does not allow is invalid_content, with the place and without the content', async (t) => {
  const url = await originOf(t, (_request, response) => response.end('{"name":4711}'))
  const client = clientOf(t, { baseUrl: url })
  const refused = { code: 'invalid_content', message: /schema.*name/ }
  await assert.rejects(client.get('/').json(named), refused)
  await assert.rejects(client.get('/').json(z.object({ name: z.string() })), refused)
})

test('content that is no JSON is invalid_content, and is not quoted', async (t) => {
  const url = await originOf(t, (_request, response) => response.end('the secret'))
  await assert.rejects(clientOf(t).get(url).json(), (error: TrafficError) => {
    assert.equal(error.code, 'invalid_content')
    assert.doesNotMatch(error.message, /secret/)
    return true
  })
})

test('a status of 400 or more is a StatusError with the response', async (t) => {
  const url = await originOf(t, (_request, response) => response.writeHead(422).end('{"why":"so"}'))
  await assert.rejects(clientOf(t).get(`${url}/a?token=hidden`).json(), (error: unknown) => {
    assert.ok(error instanceof StatusError && error instanceof TrafficError)
    assert.equal(error.code, 'unexpected_status')
    assert.equal(error.status, 422)
    assert.match(error.message, /GET .*\/a\?… was answered with 422/)
    return true
  })
  const error = await clientOf(t)
    .get(url)
    .then(
      () => assert.fail('it has a status of 422'),
      (thrown: unknown) => thrown as StatusError,
    )
  assert.deepEqual(await error.response.json(), { why: 'so' })
  const response = await clientOf(t).get(url, { throwOnStatus: false })
  assert.equal(response.status, 422)
})

test('attempt never rejects', async (t) => {
  const url = await originOf(t, (request, response) => {
    if (request.url === '/cut') request.socket.destroy()
    else response.writeHead(request.url === '/404' ? 404 : 200).end('{}')
  })
  const client = clientOf(t, { baseUrl: url, retry: false })
  const good = await client.attempt('/')
  assert.equal(good.ok && good.value.status, 200)
  assert.deepEqual(await client.attempt(client.get('/').json()), { ok: true, value: {} })
  const codes = {
    '/404': 'unexpected_status',
    '/cut': 'upstream_closed',
    'ftp://example.org/': 'invalid_request',
    '//other.example/': 'invalid_request',
  }
  for (const [path, code] of Object.entries(codes)) {
    const { ok, error } = await client.attempt(path)
    assert.equal(ok, false, path)
    assert.equal(error?.code, code, path)
    assert.equal((await client.get(path).attempt()).error?.code, code)
  }
  const misuse = await client.attempt('/', { timeout: -1 })
  assert.equal(misuse.ok, false)
})

test('each method sends itself', async (t) => {
  const client = clientOf(t, { baseUrl: await originOf(t, echo) })
  for (const method of ['get', 'post', 'put', 'patch', 'delete'] as const)
    assert.equal((await echoed(client[method]('/'))).method, method.toUpperCase())
  assert.equal((await client.head('/')).status, 200)
  assert.equal((await echoed(client.fetch('/', { method: 'QUERY', body: 'q' }))).method, 'QUERY')
})

test('a call is sent once, however often it is awaited', async (t) => {
  let requests = 0
  const url = await originOf(t, (_request, response) => response.end(String(++requests)))
  const call = clientOf(t).get(url)
  const [one, other] = await Promise.all([call, call])
  assert.equal(one, other)
  await call.finally(() => {})
  assert.equal(requests, 1)
})

test('json sends a value as JSON, and asks for what the reader wants', async (t) => {
  const client = clientOf(t, { baseUrl: await originOf(t, echo) })
  const sent = (await client.post('/', { json: { a: 'ü' } }).json()) as Awaited<ReturnType<typeof echoed>>
  assert.equal(Buffer.from(sent.content, 'latin1').toString(), '{"a":"ü"}')
  assert.equal(sent.headers['content-type'], 'application/json')
  assert.equal(sent.headers.accept, 'application/json')
  const own = await echoed(client.get('/', { headers: { accept: 'text/csv' } }))
  assert.equal(own.headers.accept, 'text/csv')
})

/** Base, path, query: and the target that is asked for. */
const targets: readonly [base: string, path: string, query: CallOptions['query'], expected: string][] = [
  ['', '/', undefined, '/'],
  ['/', 'a', undefined, '/a'],
  ['/v1', '/a', undefined, '/v1/a'],
  ['/v1/', 'a/b', undefined, '/v1/a/b'],
  ['/v1', '', undefined, '/v1'],
  ['/v1', '?x=1', undefined, '/v1?x=1'],
  ['/v1', '/ü b', undefined, '/v1/%C3%BC%20b'],
  ['/v1', '/a%2Fb', undefined, '/v1/a%2Fb'],
  ['', '/a#fragment', undefined, '/a'],
  ['', '/a?x=1', { y: 2 }, '/a?x=1&y=2'],
  [
    '',
    '/a',
    { list: ['1', 2], none: undefined, flag: true, text: 'a&b=c' },
    '/a?list=1&list=2&flag=true&text=a%26b%3Dc',
  ],
]

for (const [base, path, query, expected] of targets) {
  test(`base ${base || 'none'} and ${JSON.stringify(path)}${query ? ' with a query' : ''} ask for ${expected}`, async (t) => {
    const client = clientOf(t, { baseUrl: (await originOf(t, echo)) + base })
    assert.equal((await echoed(client.get(path, { query }))).url, expected)
  })
}

test('a call’s fields take the place of the client’s, in any case, and undefined leaves one out', async (t) => {
  const client = clientOf(t, {
    baseUrl: await originOf(t, echo),
    headers: { 'X-Kept': 'client', 'X-Replaced': 'client', 'X-Gone': 'client' },
  })
  const { headers } = await echoed(
    client.get('/', { headers: { 'x-replaced': 'call', 'x-gone': undefined, 'x-new': 'call' } }),
  )
  assert.equal(headers['x-kept'], 'client')
  assert.equal(headers['x-replaced'], 'call')
  assert.equal(headers['x-gone'], undefined)
  assert.equal(headers['x-new'], 'call')
})

/** What must not leave this process, whoever wrote it. */
const invalid: readonly [what: string, url: string, options: CallOptions][] = [
  ['a line end in a field', '/', { headers: { 'x-a': 'b\r\nEvil: 1' } }],
  ['NUL in a field', '/', { headers: { 'x-a': 'b\0' } }],
  ['a field name with a space', '/', { headers: { 'x a': 'b' } }],
  ['a field name with a line end', '/', { headers: { 'x\r\nEvil': 'b' } }],
  ['a field of the engine’s own', '/', { headers: { 'Transfer-Encoding': 'chunked' } }],
  ['a length of the caller’s own', '/', { headers: { 'content-length': '5' } }],
  ['a method with a space', '/', { method: 'GET /evil' }],
  ['a method with a line end', '/', { method: 'GET\r\nEvil: 1' }],
  ['CONNECT', '/', { method: 'CONNECT' }],
  ['a URL with credentials', 'http://user:pass@127.0.0.1/', {}],
  ['another host in place of a path', '//evil.example/', {}],
  ['another scheme', 'file:///etc/passwd', {}],
  ['body and json', '/', { method: 'POST', body: 'a', json: 1 }],
  ['a body with GET', '/', { body: 'a' }],
  ['a body of no known kind', '/', { method: 'POST', body: 5 as unknown as string }],
  ['JSON of a function', '/', { method: 'POST', json: () => {} }],
]

for (const [what, path, options] of invalid) {
  test(`${what} is refused before any byte is sent`, async (t) => {
    let connections = 0
    const url = await originOf(t, (_request, response) => response.end())
    const client = clientOf(t, { baseUrl: url })
    client.on('attempt-started', () => connections++)
    const { error } = await client.attempt(path, options)
    assert.equal(error?.code, 'invalid_request')
    assert.equal(error.replaySafe, 'unsent')
    assert.equal(error.attempts, 0)
    assert.doesNotMatch(error.message, /pass@/)
    assert.equal(connections, 0)
  })
}

test('a client that was closed takes no more calls', async (t) => {
  const url = await originOf(t, (_request, response) => response.end('last'))
  const client = createClient({ baseUrl: url })
  const last = client.get('/').text()
  await new Promise(setImmediate)
  await Promise.all([client.close(), last])
  await assert.rejects(client.get('/'), { code: 'shutting_down', replaySafe: 'unsent' })
})

test('await using closes a client', async (t) => {
  const url = await originOf(t, (_request, response) => response.end())
  let kept: ReturnType<typeof createClient>
  {
    await using client = createClient({ baseUrl: url })
    await client.get('/').text()
    kept = client
  }
  await assert.rejects(kept.get('/'), { code: 'shutting_down' })
})

test('cancel gives a call up wherever it stands, at its origin too', async (t) => {
  const closed = Promise.withResolvers<void>()
  const url = await originOf(t, (request, response) => {
    if (request.url === '/head') response.write('the first part')
    if (request.url !== '/') response.on('close', () => closed.resolve())
  })
  const client = clientOf(t, { baseUrl: url })
  const unsent = client.get('/')
  unsent.cancel()
  await assert.rejects(unsent, { code: 'cancelled', attempts: 0 })
  const response = await client.get('/head')
  const streamed = client.get('/head')
  const { body } = await streamed
  streamed.cancel()
  await assert.rejects(new Response(body).text(), { code: 'cancelled' })
  await closed.promise
  const started = new Promise((resolve) => void client.on('attempt-started', resolve))
  const waiting = client.get('/never')
  const failed = assert.rejects(waiting, { code: 'cancelled' })
  await started
  waiting.cancel()
  await failed
  await response.discard()
})

test('a response that comes after its call was cancelled is given up', async (t) => {
  const answer = Promise.withResolvers<HttpResponse>()
  const client = clientOf(t, { transport: () => answer.promise })
  const call = client.get('http://api.example/')
  const failed = assert.rejects(call, { code: 'cancelled' })
  await new Promise(setImmediate)
  call.cancel()
  let given: unknown
  const body = bodyFrom('late')
  t.mock.method(body, 'cancel', (error: unknown) => void (given = error))
  answer.resolve(new HttpResponse(200, undefined, body))
  await failed
  assert.equal((given as { code?: string } | undefined)?.code, 'cancelled')
})

test('the number of a call is the one that events speak of', async (t) => {
  const url = await originOf(t, (_request, response) => response.end())
  const client = clientOf(t, { baseUrl: url })
  const told: number[] = []
  client.on('finished', ({ call }) => void told.push(call))
  const calls = [client.get('/'), client.get('/')]
  assert.deepEqual(
    calls.map(({ number }) => number),
    [0, 0],
  )
  for (const call of calls) await (await call).text()
  assert.deepEqual(
    told,
    calls.map(({ number }) => number),
  )
  assert.equal(new Set(told).size, 2)
})
