import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { apiKey, basic, bearer, createClient, digest, oauth2, TrafficError } from '../src/index.ts'
import { clientOf, contentOf, echo, echoed, originOf } from './origin.ts'

test('bearer, basic and apiKey go to the origin of baseUrl, and no further', async (t) => {
  const url = await originOf(t, echo)
  const other = await originOf(t, echo)
  for (const [auth, name, value] of [
    [bearer(async () => 't'), 'authorization', 'Bearer t'],
    [basic('u', 'p'), 'authorization', 'Basic dTpw'],
    [apiKey({ header: 'X-Api-Key', value: 'k' }), 'x-api-key', 'k'],
  ] as const) {
    const client = clientOf(t, { baseUrl: `${url}/v1`, auth })
    assert.equal((await echoed(client.get('/x'))).headers[name], value)
    assert.equal((await echoed(client.fetch('/x'))).headers[name], value)
    assert.equal((await echoed(client.get(`${other}/x`))).headers[name], undefined)
    assert.equal((await echoed(client.get('/x', { auth: false }))).headers[name], undefined)
  }
})

test('a redirect to another origin loses the credentials', async (t) => {
  const evil = await originOf(t, echo)
  const url = await originOf(t, (_request, response) => {
    response.writeHead(302, { location: `${evil}/stolen` })
    response.end()
  })
  const client = clientOf(t, { baseUrl: url, auth: apiKey({ header: 'x-api-key', value: 'secret' }) })
  assert.equal((await echoed(client.get('/out'))).headers['x-api-key'], undefined)
  assert.equal((await client.get('/out')).url, `${evil}/stolen`)
})

test('the key in a query is in no URL that the caller sees', async (t) => {
  const url = await originOf(t, (request, response) => {
    response.statusCode = request.url?.startsWith('/bad') ? 400 : 200
    response.end(request.url)
  })
  const client = clientOf(t, { baseUrl: url, auth: apiKey({ query: 'appid', value: 'k3y' }) })
  const events: unknown[] = []
  for (const name of ['submitted', 'attempt-started', 'response-received', 'finished'] as const) {
    client.on(name, (event) => events.push(event))
  }
  const response = await client.get('/x?a=1')
  assert.equal(response.url, `${url}/x?a=1`)
  assert.equal(await response.text(), '/x?a=1&appid=k3y')
  const error: unknown = await client.get('/bad').catch((thrown: unknown) => thrown)
  assert.ok(error instanceof TrafficError)
  const shown = inspect(
    [response, error.message, error.stack, events, client, client.explain('/x').toString()],
    { depth: 12 },
  )
  assert.ok(events.length >= 8)
  assert.doesNotMatch(shown, /k3y/)
})

test('credentials need to know where they belong', async (t) => {
  const url = await originOf(t, echo)
  assert.throws(() => createClient({ auth: bearer('t') }), { name: 'TypeError', message: /baseUrl.*origins/ })
  assert.throws(
    () => createClient({ auth: 'token' as unknown as false }),
    /option auth is .*; allowed: .*credentials/,
  )
  const bound = clientOf(t, { auth: bearer('t', { origins: [url] }) })
  assert.equal((await echoed(bound.get(url))).headers['authorization'], 'Bearer t')
  await assert.rejects(async () => clientOf(t).get(url, { auth: bearer('t') }), /none are known/)
})

test('a client that is extended to another baseUrl leaves the credentials where they were', async (t) => {
  const url = await originOf(t, echo)
  const other = await originOf(t, echo)
  const client = clientOf(t, { baseUrl: url, auth: bearer('t') }).extend({ baseUrl: other })
  t.after(() => client.close({ grace: 0 }))
  assert.equal((await echoed(client.get('/'))).headers['authorization'], undefined)
  assert.equal((await echoed(client.get(url))).headers['authorization'], 'Bearer t')
  const own = client.extend({ auth: bearer('o') })
  t.after(() => own.close({ grace: 0 }))
  assert.equal((await echoed(own.get('/'))).headers['authorization'], 'Bearer o')
})

test('a token that was refused is replaced once, and the content sent again', async (t) => {
  const seen: string[] = []
  const url = await originOf(t, (request, response) => {
    void contentOf(request).then((content) => {
      seen.push(`${request.headers.authorization} ${content.toString()}`)
      response.statusCode = request.headers.authorization === 'Bearer new' ? 200 : 401
      response.end('{}')
    })
  })
  const token = ({ rejected }: { readonly rejected: string | undefined }): string =>
    rejected ? 'new' : 'old'
  const client = clientOf(t, { baseUrl: url, auth: bearer(token) })
  await client.post('/', { json: { a: 1 } }).json()
  assert.deepEqual(seen, ['Bearer old {"a":1}', 'Bearer new {"a":1}'])
  seen.length = 0
  const stream = new Blob(['once']).stream()
  await assert.rejects(async () => client.post('/', { body: stream }), {
    code: 'unexpected_status',
    status: 401,
  })
  assert.deepEqual(seen, ['Bearer old once'])
})

test('digest is spoken with a real origin', async (t) => {
  const md5 = (text: string): string => createHash('md5').update(text).digest('hex')
  let requests = 0
  const url = await originOf(t, (request, response) => {
    requests++
    const fields = Object.fromEntries(
      [...(request.headers.authorization ?? '').matchAll(/(\w+)="?([^",]*)"?/g)].map(([, name, value]) => [
        name,
        value,
      ]),
    )
    const { nonce, nc, cnonce, qop } = fields
    const expected = md5(`${md5('u:r:p')}:${nonce}:${nc}:${cnonce}:${qop}:${md5(`GET:${request.url}`)}`)
    response.statusCode = fields['response'] === expected ? 200 : 401
    response.setHeader('www-authenticate', 'Basic realm="r", Digest realm="r", qop="auth", nonce="abc"')
    response.end('content')
  })
  const client = clientOf(t, { baseUrl: url, auth: digest('u', 'p') })
  for (let round = 0; round < 3; round++) assert.equal(await client.get('/a?b=%20c').text(), 'content')
  assert.equal(requests, 4)
})

test('oauth2 fetches its token through the client, once, and not with itself', async (t) => {
  const tokens: string[] = []
  const identity: RequestListener = (request, response) => {
    void contentOf(request).then((content) => {
      tokens.push(`${request.headers.authorization} ${content.toString()}`)
      response.end(
        JSON.stringify({ access_token: `t${tokens.length}`, token_type: 'Bearer', expires_in: 3600 }),
      )
    })
  }
  const url = await originOf(t, (request, response) => {
    if (request.url === '/token') return identity(request, response)
    echo(request, response)
  })
  const auth = oauth2({ tokenUrl: `${url}/token`, clientId: 'id', clientSecret: 'secret' })
  const client = clientOf(t, { baseUrl: url, auth })
  const all = await Promise.all(Array.from({ length: 8 }, () => echoed(client.get('/x'))))
  assert.deepEqual(new Set(all.map(({ headers }) => headers['authorization'])), new Set(['Bearer t1']))
  assert.deepEqual(tokens, ['Basic aWQ6c2VjcmV0 grant_type=client_credentials'])
})

test('a token endpoint that refuses fails the call with auth_failed, without the secret', async (t) => {
  const url = await originOf(t, (_request, response) => {
    response.statusCode = 401
    response.end('{"error":"invalid_client"}')
  })
  const auth = oauth2({ tokenUrl: `${url}/token`, clientId: 'id', clientSecret: 's3cret' })
  const { ok, error } = await clientOf(t, { baseUrl: url, auth }).attempt('/x')
  assert.ok(!ok && error.code === 'auth_failed', String(error))
  assert.match(error.message, /\/token answered with status 401 \(invalid_client\)/)
  assert.doesNotMatch(inspect(error, { depth: 12 }), /s3cret|czNjcmV0/)
})
