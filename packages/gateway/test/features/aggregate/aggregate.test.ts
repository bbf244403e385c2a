import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { test, type TestContext } from 'node:test'
import zlib from 'node:zlib'
import type { GatewayConfigInput } from '../../../src/config/input/input.ts'
import { createGateway } from '../../../src/embedding/create-gateway.ts'
import { neededCalls } from '../../../src/features/aggregate/call-path.ts'
import { eventually } from '../../../../../scripts/testing/eventually.ts'
import { ask } from '../../survival/http-client.ts'
import { startService } from '../../survival/origins.ts'
import { startGateway } from '../../survival/start-gateway.ts'

type Aggregate = NonNullable<NonNullable<GatewayConfigInput['routes']>[number]['aggregate']>
type Calls = readonly Omit<Aggregate['calls'][number], 'upstream'>[]

interface Asked {
  readonly url: string
  readonly headers: IncomingMessage['headers']
}

/** A gateway whose route joins calls of one service, which answers by path. */
async function joining(
  t: TestContext,
  answers: Readonly<Record<string, unknown>>,
  calls: Calls,
  more: Omit<Aggregate, 'calls'> = {},
) {
  const asked: Asked[] = []
  const { url: upstream } = await startService(t, (request, response) => {
    const { url = '', headers } = request
    asked.push({ url, headers })
    const answer = answers[url]
    if (typeof answer === 'function') return (answer as (response: ServerResponse) => void)(response)
    if (answer === undefined)
      return void response.writeHead(404, { 'content-type': 'text/plain' }).end(`no ${url}`)
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  })
  const aggregate = { calls: calls.map((each) => ({ ...each, upstream })), ...more }
  const gateway = await startGateway(t, {
    routes: [{ match: { path: '/page/:id' }, aggregate, retry: false }],
  })
  return { ...gateway, asked }
}

test('calls are joined under their names, and one that names an earlier one is made with what that has brought', async (t) => {
  const { url, asked } = await joining(
    t,
    {
      '/orders/7': { customer: { id: 'a b' }, total: 1 },
      '/customers/a%20b?full=1': { name: 'Ada' },
      '/news': [1, 2],
    },
    [
      { name: 'order', path: '/orders/${params.id}' },
      { name: 'customer', path: '/customers/{order/customer/id}?full=1' },
      { name: 'news', path: '/news' },
    ],
  )
  const headers = {
    authorization: 'Bearer a',
    range: 'bytes=0-1',
    'if-none-match': '"1"',
    'accept-encoding': 'gzip',
  }
  const { status, content, headers: told } = await ask(`${url}/page/7?x=y`, { headers })
  assert.deepEqual([status, told['content-type']], [200, 'application/json'])
  assert.equal(
    content,
    '{"order":{"customer":{"id":"a b"},"total":1},"customer":{"name":"Ada"},"news":[1,2]}',
  )
  assert.deepEqual(asked.map((each) => each.url).toSorted(), [
    '/customers/a%20b?full=1',
    '/news',
    '/orders/7',
  ])
  for (const { headers: sent } of asked) {
    assert.deepEqual(
      [sent.authorization, sent['accept'], sent['accept-encoding'], sent['range'], sent['if-none-match']],
      ['Bearer a', 'application/json', 'identity', undefined, undefined],
    )
  }
})

test('calls that need nothing of each other are made at the same time', async (t) => {
  const waiting: ServerResponse[] = []
  const hold = (response: ServerResponse): void => {
    waiting.push(response)
    if (waiting.length === 3) for (const each of waiting) each.end('{}')
  }
  const { url } = await joining(
    t,
    { '/a': hold, '/b': hold, '/c': hold },
    ['a', 'b', 'c'].map((name) => ({ name, path: `/${name}` })),
  )
  assert.equal((await ask(`${url}/page/1`)).content, '{"a":{},"b":{},"c":{}}')
})

test('members of objects are joined into one where the route says so', async (t) => {
  const { url } = await joining(
    t,
    { '/a': { x: 1, y: 1 }, '/b': { y: 2 }, '/c': [3] },
    ['a', 'b', 'c'].map((name) => ({ name, path: `/${name}` })),
    { merge: 'members' },
  )
  assert.equal((await ask(`${url}/page/1`)).content, '{"x":1,"y":2,"c":[3]}')
})

test('a call that fails is what the client gets, is left out, or has a value in its place, as the route says', async (t) => {
  const answers = {
    '/good': { a: 1 },
    '/text': (response: ServerResponse) => void response.end('no JSON'),
    '/cut': (response: ServerResponse) => void response.destroy(),
    '/large': ['x'.repeat(200)],
  }
  const bad = ['gone', 'text', 'cut', 'large']
  for (const name of bad) {
    const calls = [
      { name: 'good', path: '/good' },
      { name, path: `/${name}` },
    ] as const
    const failing = await ask(`${(await joining(t, answers, calls, { limit: '64B' })).url}/page/1`)
    assert.deepEqual([name, failing.status], [name, name === 'gone' ? 404 : 502])
    const omitting = await joining(t, answers, [calls[0], { ...calls[1], onFailure: 'omit' }], {
      limit: '64B',
    })
    assert.equal((await ask(`${omitting.url}/page/1`)).content, '{"good":{"a":1}}')
    const instead = { ...calls[1], onFailure: 'value', value: { b: null } } as const
    const replacing = await joining(t, answers, [calls[0], instead], { limit: '64B' })
    assert.equal((await ask(`${replacing.url}/page/1`)).content, `{"good":{"a":1},"${name}":{"b":null}}`)
  }
})

test('a call whose needs were not brought fails as any other, and asks for nothing', async (t) => {
  const { url, asked } = await joining(t, { '/a': { id: null, up: '..', both: 'a/b' } }, [
    { name: 'a', path: '/a' },
    { name: 'b', path: '/b/{a/id}', onFailure: 'omit' },
    { name: 'c', path: '/c/{a/up}', onFailure: 'omit' },
    { name: 'd', path: '/d/{a/gone}', onFailure: 'omit' },
    { name: 'f', path: '/f/{a/both}', onFailure: 'omit' },
    { name: 'e', path: '/e/{b/id}', onFailure: 'omit' },
  ])
  assert.equal((await ask(`${url}/page/1`)).content, '{"a":{"id":null,"up":"..","both":"a/b"}}')
  assert.deepEqual(
    asked.map((each) => each.url),
    ['/a'],
  )
})

test('an answer that is encoded all the same is decoded, numbers stay as they came, and HEAD has no content', async (t) => {
  const { url } = await joining(
    t,
    {
      '/a': (response: ServerResponse) => {
        response
          .writeHead(200, { 'content-encoding': 'gzip' })
          .end(zlib.gzipSync('{"n": 12345678901234567890}'))
      },
    },
    [{ name: 'a', path: '/a' }],
  )
  assert.equal((await ask(`${url}/page/1`)).content, '{"a":{"n":12345678901234567890}}')
  assert.deepEqual(
    await ask(`${url}/page/1`, { method: 'HEAD' }).then(({ status, content }) => [status, content]),
    [200, ''],
  )
  const refused = await ask(`${url}/page/1`, { method: 'POST' })
  assert.deepEqual([refused.status, refused.headers['allow']], [405, 'GET, HEAD'])
})

test('calls end when the client leaves', async (t) => {
  let left = 0
  let came = 0
  const hold = (response: ServerResponse): void => {
    came++
    response.on('close', () => left++)
  }
  const gateway = await joining(
    t,
    { '/a': hold, '/b': hold },
    ['a', 'b'].map((name) => ({ name, path: `/${name}` })),
  )
  const client = await gateway.connect()
  client.socket.write('GET /page/1 HTTP/1.1\r\nhost: a\r\n\r\n')
  await eventually(() => came === 2, 'both are asked')
  client.socket.destroy()
  await eventually(() => left === 2, 'both are given up')
})

const WRONG: readonly (readonly [calls: unknown, message: RegExp])[] = [
  [[{ name: 'a', path: '/{b/c}' }], /names b, which is no earlier call/],
  [
    [
      { name: 'a', path: '/' },
      { name: 'a', path: '/' },
    ],
    /is the name of an earlier call/,
  ],
  [[{ name: 'a', path: 'x' }], /does not start with "\/"/],
  [[{ name: 'a', path: '/../..' }], /is no path/],
  [[{ name: 'a', path: '/', value: 1 }], /has a value without onFailure/],
  [[{ name: 'a', path: '/', onFailure: 'value' }], /without a value/],
  [Array.from({ length: 21 }, (_, index) => ({ name: `c${index}`, path: '/' })), /has 21 calls/],
]
for (const [calls, message] of WRONG)
  test(`calls are refused: ${message.source}`, async () => {
    const upstream = 'http://127.0.0.1:1'
    const aggregate = { calls: (calls as object[]).map((each) => ({ upstream, ...each })) }
    await assert.rejects(createGateway({ routes: [{ aggregate }] } as never), message)
  })

test('what a path needs is told from variables of the request', () => {
  assert.deepEqual(neededCalls('/${params.id}/{a/b}/{c.d/e/f}?x={a/g}'), ['a', 'c.d', 'a'])
})
