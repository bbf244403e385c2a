import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type ClientOptions,
  type FailedAttempt,
  type RetrySettings,
  StatusError,
  createClient,
  apiKey,
  oauth2,
} from '../src/index.ts'
import { respond } from '../src/testing/index.ts'
import { clientOf, contentOf, originOf } from './origin.ts'

const QUICK = { backoff: { base: 1, max: 1 } }

/** A client whose origin answers with these statuses in turn, the last one for ever, and the requests that it saw. */
function scripted(statuses: readonly number[], retry: RetrySettings, options: ClientOptions = {}) {
  const seen: Request[] = []
  const transport = respond(async (request) => {
    seen.push(request.clone())
    await request.arrayBuffer()
    return new Response('x', { status: statuses[Math.min(seen.length, statuses.length) - 1] ?? 200 })
  })
  const client = createClient({ transport, breaker: false, ...options, retry: { ...QUICK, ...retry } })
  return { client, seen }
}

const URL_A = 'http://api.example/a?q=1'

test('retry.methods: what is listed is tried again as one that may be repeated, and nothing else is', async () => {
  for (const [method, methods, tries] of [
    ['POST', undefined, 1],
    ['POST', ['POST'], 2],
    ['GET', ['POST'], 1],
    ['GET', ['GET', 'HEAD'], 2],
    ['QUERY', ['QUERY'], 2],
    ['GET', [], 1],
  ] as const) {
    for (const status of [500, 503]) {
      const { client, seen } = scripted([status, 200], { methods })
      await client.attempt(URL_A, { method, ...(method === 'POST' && { json: {} }) })
      assert.equal(seen.length, tries, `${method} ${status} with ${String(methods)}`)
    }
  }
})

test('retry.methods does not list what cannot be a method, or never would match', () => {
  for (const methods of [['get'], [''], 'GET', [1]] as unknown as string[][])
    assert.throws(
      () => createClient({ retry: { methods } }),
      /option retry\.methods(?:\[0\])? is .*; allowed: .*methods? in capitals/,
    )
})

test('a stale connection is replaced whatever retry.methods says', async (t) => {
  let served = 0
  const url = await originOf(t, (request, response) => {
    if (++served === 2) request.socket.destroy()
    else response.end('x')
  })
  const client = clientOf(t, { retry: { methods: ['PUT'] } })
  await client.get(url).text()
  assert.equal(await client.get(url).text(), 'x')
})

test('retry.shouldRetry is told what happened, and undefined leaves it to the client', async () => {
  const told: FailedAttempt[] = []
  const { client } = scripted([503, 404], {
    shouldRetry: (failed) => void told.push(failed),
  })
  const { error } = await client.attempt(URL_A)
  assert.ok(error instanceof StatusError)
  assert.equal(error.status, 404)
  assert.deepEqual(
    told.map(({ method, url, attempt, status, willRetry, idempotent }) => ({
      method,
      url,
      attempt,
      status,
      willRetry,
      idempotent,
    })),
    [
      { method: 'GET', url: URL_A, attempt: 1, status: 503, willRetry: true, idempotent: true },
      { method: 'GET', url: URL_A, attempt: 2, status: 404, willRetry: false, idempotent: true },
    ],
  )
  const [first] = told
  assert.equal(first?.error.code, 'unexpected_status')
  assert.equal(first?.headers?.get('content-type'), 'text/plain;charset=UTF-8')
  assert.ok(first.elapsed >= 0 && first.remaining <= 30_000)
})

test('retry.shouldRetry decides: false ends a call that would go on, true goes on with one that would end', async () => {
  for (const [statuses, verdict, tries] of [
    [[503, 200], false, 1],
    [[404, 200], true, 2],
    [[404], true, 3],
  ] as const) {
    const { client, seen } = scripted(statuses, { shouldRetry: async () => verdict })
    const { ok } = await client.attempt(URL_A)
    assert.equal(seen.length, tries)
    assert.equal(ok, tries === 2)
  }
})

test('what retry.shouldRetry says cannot send a body again that is gone', async (t) => {
  let calls = 0
  const url = await originOf(t, (request, response) => {
    void contentOf(request).then(() => {
      calls++
      response.statusCode = 503
      response.end()
    })
  })
  let asked = 0
  const shouldRetry = (): boolean => ++asked > 0
  const body = ReadableStream.from([Buffer.from('once')])
  const { error } = await clientOf(t).attempt(url, { method: 'PUT', body, retry: { ...QUICK, shouldRetry } })
  assert.equal(error?.status, 503)
  assert.deepEqual([calls, asked], [1, 0])
})

test('retries that shouldRetry asks for are paid for by the budget', async () => {
  const { client, seen } = scripted([404], { attempts: 50, budget: 0, shouldRetry: () => true })
  await client.attempt(URL_A)
  assert.ok(seen.length < 10, `${seen.length} requests`)
})

test('what shouldRetry or beforeRetry throws is what the call fails with', async () => {
  const thrown = new RangeError('a defect')
  const fail = (): never => {
    throw thrown
  }
  for (const retry of [{ shouldRetry: fail }, { beforeRetry: fail }]) {
    const { client, seen } = scripted([503, 200], retry)
    const { error } = await client.attempt(URL_A)
    assert.equal(error?.code, 'internal')
    assert.equal(error.cause, thrown)
    assert.match(error.message, /^the function retry\.(?:should|before)Retry threw a defect$/)
    assert.equal(seen.length, 1)
  }
})

test('retry.beforeRetry renews credentials: 401 has not been applied, so that POST is tried again too', async () => {
  let token = 'old'
  const seen: (string | null)[] = []
  const transport = respond((request) => {
    seen.push(request.headers.get('authorization'))
    return new Response(null, { status: request.headers.get('authorization') === 'Bearer new' ? 200 : 401 })
  })
  const client = createClient({ transport, headers: { 'x-removed': '1' } })
  const response = await client.post('http://api.example/orders', {
    json: {},
    headers: { authorization: `Bearer ${token}` },
    retry: {
      ...QUICK,
      statuses: [401],
      beforeRetry: async ({ status }) => {
        assert.equal(status, 401)
        token = await Promise.resolve('new')
        return { headers: { Authorization: `Bearer ${token}`, 'x-removed': undefined } }
      },
    },
  })
  assert.equal(response.status, 200)
  assert.deepEqual(seen, ['Bearer old', 'Bearer new'])
})

test('retry.beforeRetry may name another URL of the same origin, and redirects go on from there', async (t) => {
  const seen: string[] = []
  const url = await originOf(t, (request, response) => {
    seen.push(request.url ?? '')
    response.statusCode = request.url === '/first' ? 503 : 200
    if (request.url === '/deep/second?n=2') response.writeHead(302, { location: 'third' })
    response.end()
  })
  const response = await clientOf(t).get(`${url}/first`, {
    retry: { ...QUICK, beforeRetry: () => ({ url: '/deep/second?n=2' }) },
  })
  assert.deepEqual(seen, ['/first', '/deep/second?n=2', '/deep/third'])
  assert.equal(response.url, `${url}/deep/third`)
})

const REFUSED: readonly [what: string, changes: unknown, message: RegExp][] = [
  ['another origin', { url: 'http://other.example/' }, /another origin/],
  ['another host in disguise', { url: '//other.example/' }, /another origin/],
  ['another scheme', { url: 'file:///etc/passwd' }, /neither http nor https/],
  ['credentials', { url: 'http://u:p@api.example/' }, /credentials/],
  ['a field of the engine', { headers: { 'Content-Length': '1' } }, /made by the client itself/],
  ['a field with a line end', { headers: { a: 'b\r\nc: d' } }, /a/],
  ['an unknown member', { header: {} }, /allowed: headers and url/],
  ['a number', 7, /allowed: \{ headers, url \}/],
]
for (const [what, changes, message] of REFUSED) {
  test(`retry.beforeRetry cannot bring ${what}`, async () => {
    const { client, seen } = scripted([503, 200], { beforeRetry: () => changes as undefined })
    const { error } = await client.attempt('http://api.example/')
    assert.equal(error?.code, 'invalid_request')
    assert.match(error.message, message)
    assert.equal(seen.length, 1)
  })
}

test('the URL cannot be changed where credentials are in its query', async () => {
  const auth = apiKey({ query: 'key', value: 's3cret', origins: ['http://api.example'] })
  const { client } = scripted([503, 200], { beforeRetry: () => ({ url: '/other' }) }, { auth })
  const { error } = await client.attempt('http://api.example/')
  assert.match(error?.message ?? '', /credentials are in its query/)
  assert.doesNotMatch(JSON.stringify(error), /s3cret/)
})

test('requests for tokens are tried again by the usual rules, and no hook hears of them', async () => {
  let tokens = 0
  const transport = respond(({ url }) => {
    if (!url.endsWith('/token')) return new Response('x')
    return ++tokens === 1
      ? new Response(null, { status: 429 })
      : Response.json({ access_token: 't', token_type: 'Bearer' })
  })
  const never = (): never => {
    throw new Error('a hook was called')
  }
  const auth = oauth2({
    tokenUrl: 'http://api.example/token',
    clientId: 'c',
    clientSecret: 's',
    origins: ['http://api.example'],
  })
  const client = createClient({
    transport,
    auth,
    retry: { ...QUICK, methods: ['GET'], shouldRetry: never, beforeRetry: never },
  })
  assert.equal(await client.get('http://api.example/').text(), 'x')
  assert.equal(tokens, 2)
})

test('a call that is given up while beforeRetry works sends nothing more', async () => {
  const control = new AbortController()
  const { client, seen } = scripted([503, 200], {
    beforeRetry: async () => {
      control.abort()
      await Promise.resolve()
    },
  })
  const { error } = await client.attempt(URL_A, { signal: control.signal })
  assert.equal(error?.code, 'cancelled')
  await new Promise(setImmediate)
  assert.equal(seen.length, 1)
})
