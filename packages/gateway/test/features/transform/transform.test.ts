import assert from 'node:assert/strict'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { test, type TestContext } from 'node:test'
import zlib from 'node:zlib'
import { HttpError } from '@headgate/client/web'
import type { GatewayConfigInput } from '../../../src/config/input/input.ts'
import { createGateway } from '../../../src/embedding/create-gateway.ts'
import { ask } from '../../survival/http-client.ts'
import { startService } from '../../survival/origins.ts'
import { startGateway } from '../../survival/start-gateway.ts'

type Transform = NonNullable<NonNullable<GatewayConfigInput['routes']>[number]['transform']>

interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly content: string
}

/** A gateway whose route is transformed, in front of a service that tells what came. */
async function transforming(
  t: TestContext,
  transform: Transform,
  answer: (response: ServerResponse) => void = (response) => void response.end('ok'),
) {
  const seen: Seen[] = []
  const { url: upstream } = await startService(t, (request, response) => {
    const { method = '', url = '', headers } = request
    let content = ''
    request.setEncoding('latin1').on('data', (text: string) => (content += text))
    request.on('end', () => {
      seen.push({ method, url, headers, content })
      answer(response)
    })
  })
  const gateway = await startGateway(t, { routes: [{ name: 'shop', upstream, transform }] })
  return { ...gateway, seen }
}

const JSON_TYPE = { 'content-type': 'application/json' }

function post(url: string, content: string | Uint8Array, headers: Record<string, string> = JSON_TYPE) {
  return ask(url, { method: 'POST', content, headers })
}

test('the JSON of a request is changed, and what is said of its bytes goes with it', async (t) => {
  const { url, seen } = await transforming(t, {
    request: { json: [{ set: '/by', text: '${request.headers.x-who}' }, { remove: '/secret' }] },
  })
  const headers = { ...JSON_TYPE, 'x-who': 'Ada', 'content-digest': 'sha-256=:AA==:', digest: 'x' }
  await post(url, '{"n": 12345678901234567890, "secret": 1}', headers)
  const [request] = seen
  assert.equal(request?.content, '{"n":12345678901234567890,"by":"Ada"}')
  const { 'content-length': length, 'content-digest': contentDigest, digest } = request?.headers ?? {}
  assert.deepEqual([length, contentDigest, digest], ['37', undefined, undefined])
})

test('content of another type passes as it is, and so does a request without any', async (t) => {
  const { url, seen } = await transforming(t, { request: { json: [{ wrap: 'data' }] } })
  await post(url, '{"a":1}', { 'content-type': 'text/plain' })
  await ask(url)
  assert.deepEqual(
    seen.map(({ content }) => content),
    ['{"a":1}', ''],
  )
})

test('a coding of the request is undone, and a bomb is not', async (t) => {
  const { url, seen } = await transforming(t, { request: { json: [{ wrap: 'data' }], limit: '2MiB' } })
  await post(url, zlib.gzipSync('{"a":1}'), { ...JSON_TYPE, 'content-encoding': 'gzip' })
  assert.deepEqual([seen[0]?.content, seen[0]?.headers['content-encoding']], ['{"data":{"a":1}}', undefined])
  const bomb = zlib.gzipSync(Buffer.alloc(50_000_000, '['))
  const { status } = await post(url, bomb, { ...JSON_TYPE, 'content-encoding': 'gzip' })
  assert.ok(status === 413 || status === 400, String(status))
  assert.equal(seen.length, 1)
})

const UNFIT: readonly (readonly [what: string, content: string, status: number])[] = [
  ['is larger than the limit', `["${'x'.repeat(100)}"]`, 413],
  ['is no JSON', '{"a":', 400],
  ['has two members of one name', '{"a":1,"a":2}', 400],
  ['is 100,000 lists deep', '['.repeat(100_000), 413],
  ['is no UTF-8', '"\xff"', 400],
]
for (const [what, content, refused] of UNFIT)
  test(`a request whose content ${what} is refused, or passes where the route says so`, async (t) => {
    const bytes = Buffer.from(content, 'latin1')
    const json = [{ wrap: 'data' }]
    const strict = await transforming(t, { request: { json, limit: '64B' } })
    assert.equal((await post(strict.url, bytes)).status, refused)
    assert.equal(strict.seen.length, 0)
    const lenient = await transforming(t, { request: { json, limit: '64B', onUnfit: 'pass' } })
    assert.equal((await post(lenient.url, bytes)).status, 200)
    assert.equal(lenient.seen[0]?.content, content)
  })

test('a form becomes JSON for the upstream, and JSON a form', async (t) => {
  const toJson = await transforming(t, { request: { as: 'json', json: [{ remove: '/b' }] } })
  await post(toJson.url, 'a=1&b=2&c=x&c=y', { 'content-type': 'application/x-www-form-urlencoded' })
  assert.deepEqual(
    [toJson.seen[0]?.content, toJson.seen[0]?.headers['content-type']],
    ['{"a":"1","c":["x","y"]}', 'application/json'],
  )
  const toForm = await transforming(t, { request: { as: 'form' } })
  await post(toForm.url, '{"a": 1, "c": ["x y", "z"]}')
  assert.deepEqual(
    [toForm.seen[0]?.content, toForm.seen[0]?.headers['content-type']],
    ['a=1&c=x+y&c=z', 'application/x-www-form-urlencoded'],
  )
  assert.equal((await post(toForm.url, '{"a": {}}')).status, 400)
})

test('the JSON of a response is changed, with its status, its entity tag and what is said of its bytes', async (t) => {
  const { url, seen } = await transforming(
    t,
    { response: { status: { '404': 200 }, json: [{ pick: ['/id'] }, { wrap: 'data' }] } },
    (response) => {
      response.writeHead(404, { ...JSON_TYPE, etag: '"1"', 'content-md5': 'x', 'accept-ranges': 'bytes' })
      response.end('{"id": 1.0, "secret": 2}')
    },
  )
  const { status, content, headers } = await ask(url, {
    headers: { 'accept-encoding': 'gzip', range: 'bytes=0-1' },
  })
  assert.deepEqual([status, content], [200, '{"data":{"id":1.0}}'])
  assert.deepEqual(
    [headers['etag'], headers['content-md5'], headers['accept-ranges'], headers['content-length']],
    ['W/"1"', undefined, undefined, '19'],
  )
  assert.deepEqual([seen[0]?.headers['accept-encoding'], seen[0]?.headers['range']], ['identity', undefined])
  const head = await ask(url, { method: 'HEAD' })
  assert.deepEqual([head.status, head.content, head.headers['content-length']], [200, '', undefined])
})

test('a response that is encoded all the same is decoded, for JSON and for text', async (t) => {
  const answer = (response: ServerResponse): void => {
    response.writeHead(200, { ...JSON_TYPE, 'content-encoding': 'br' })
    response.end(zlib.brotliCompressSync('{"at":"http://internal/a"}'))
  }
  for (const response of [
    { json: [{ set: '/at', value: 'https://shop/a' }] },
    { text: [{ find: 'http://internal', replace: 'https://shop' }] },
  ]) {
    const { url } = await transforming(t, { response }, answer)
    const { content, headers } = await ask(url)
    assert.deepEqual([content, headers['content-encoding']], ['{"at":"https://shop/a"}', undefined])
  }
})

test('a response that is not what it says is a 502, or passes where the route says so', async (t) => {
  const answer = (response: ServerResponse): void => void response.writeHead(200, JSON_TYPE).end('{"a":')
  const json = [{ wrap: 'data' }]
  const strict = await transforming(t, { response: { json } }, answer)
  const { status, content } = await ask(strict.url)
  assert.equal(status, 502)
  assert.match(content, /urn:headgate:invalid_content/)
  const lenient = await transforming(t, { response: { json, onUnfit: 'pass' } }, answer)
  assert.equal((await ask(lenient.url)).content, '{"a":')
})

test('texts are replaced while a stream passes, and what is no text stays as it is', async (t) => {
  const text = [{ find: 'internal', replace: 'shop' }]
  const { url } = await transforming(t, { response: { text } }, (response) => {
    response.writeHead(200, { 'content-type': 'text/html' })
    response.write('<a href="http://int')
    setImmediate(() => response.end('ernal/">'))
  })
  assert.equal((await ask(url)).content, '<a href="http://shop/">')
  const binary = await transforming(t, { response: { text } }, (response) => {
    response.writeHead(200, { 'content-type': 'image/png', 'content-length': '8' }).end('internal')
  })
  assert.equal((await ask(binary.url)).content, 'internal')
})

test('code changes requests and responses: what it returns stands in their place, and nothing leaves them as they are', async (t) => {
  const { url, seen } = await transforming(t, {
    request: {
      by: async (request, { route }) => {
        if (request.method === 'GET') return undefined
        const headers = new Headers(request.headers)
        headers.set('x-route', route)
        const body = (await request.text()).toUpperCase()
        return new Request(new URL('/other?x=1', request.url), { method: 'PUT', headers, body })
      },
    },
    response: {
      json: [],
      by: async (response) =>
        response.status === 200
          ? new Response(`${await response.text()}!`, { status: 201, headers: { 'x-made': 'here' } })
          : undefined,
    },
  })
  const { status, content, headers } = await post(`${url}/a`, 'content', { 'x-kept': '1' })
  assert.deepEqual([status, content, headers['x-made']], [201, 'ok!', 'here'])
  const [first] = seen
  assert.deepEqual([first?.method, first?.url, first?.content], ['PUT', '/other?x=1', 'CONTENT'])
  assert.deepEqual([first?.headers['x-route'], first?.headers['x-kept']], ['shop', '1'])
  assert.equal((await ask(`${url}/b`)).content, 'ok!')
  assert.deepEqual([seen[1]?.method, seen[1]?.url], ['GET', '/b'])
})

test('code that fails is a 500, and one that throws an HttpError answers with it', async (t) => {
  const { url, seen } = await transforming(t, {
    request: {
      by: (request) => {
        if (request.method === 'GET') throw new HttpError(403, { detail: 'not you' })
        throw new Error('the secret is 42')
      },
    },
  })
  const refused = await ask(url)
  assert.equal(refused.status, 403)
  assert.match(refused.content, /not you/)
  const failed = await post(url, 'x')
  assert.equal(failed.status, 500)
  assert.doesNotMatch(failed.content, /secret/)
  assert.equal(seen.length, 0)
})

const WRONG: readonly (readonly [transform: unknown, message: RegExp])[] = [
  [{ request: { json: [{}] } }, /changes nothing[^]*allowed: one of set, remove/],
  [{ request: { json: [{ set: '/a', remove: '/b', value: 1 }] } }, /has "set" and "remove"/],
  [{ request: { json: [{ set: '/a' }] } }, /has "set" without its other half/],
  [{ request: { json: [{ remove: '/a', to: 'b' }] } }, /"to" is without effect beside "remove"/],
  [{ request: { json: [{ remove: 'a' }] } }, /"a" is not a place in JSON/],
  [{ response: { text: [{ find: '', replace: 'x' }] } }, /is empty or too long/],
  [{ response: { status: { '99': 200 } } }, /is not a status/],
]
for (const [transform, message] of WRONG)
  test(`${JSON.stringify(transform)} is refused: ${message.source}`, async () => {
    const routes = [{ upstream: 'http://127.0.0.1:1', transform }]
    await assert.rejects(createGateway({ routes } as never), message)
  })

test('a variable in what a cache would keep for everybody is refused', async () => {
  const transform = { response: { json: [{ set: '/who', text: '${identity.subject}' }] } }
  await assert.rejects(
    createGateway({ routes: [{ upstream: 'http://127.0.0.1:1', cache: true, transform }] }),
    /what one client is told would be told to others/,
  )
})
