import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { type TestContext, test } from 'node:test'
import { ScriptedPeer } from '../../src/testing/index.ts'
import { clientOf, type Echo, echo, originOf } from '../origin.ts'

interface Message {
  readonly channel: string
  // As agents see them: by name.
  readonly request?: {
    readonly origin: string
    readonly path: string
    readonly method: string
    readonly headers: string[]
    readonly completed: boolean
    readonly aborted: boolean
    addHeader(name: string, value: string): unknown
  }
  readonly response?: { readonly statusCode: number; readonly statusText: string; readonly headers: Buffer[] }
  readonly trailers?: Buffer[]
  readonly error?: Error & { readonly code?: string }
  readonly headers?: string
  readonly socket?: { readonly remoteAddress: string; readonly remotePort: number }
  readonly connectParams?: Readonly<Record<string, unknown>>
  readonly chunk?: Uint8Array
}

const NAMES = [
  'undici:client:beforeConnect',
  'undici:client:connected',
  'undici:client:connectError',
  'undici:client:sendHeaders',
  'undici:request:create',
  'undici:request:bodySent',
  'undici:request:headers',
  'undici:request:bodyChunkReceived',
  'undici:request:trailers',
  'undici:request:error',
]

/** What is told from here to the end of the test, by clients of this test alone: other tests run in other processes. */
function listen(
  t: TestContext,
  names: readonly string[] = NAMES,
  onEach?: (message: Message) => void,
): Message[] {
  const messages: Message[] = []
  for (const name of names) {
    const take = (message: unknown): void => {
      const told = { ...(message as object), channel: name.replace('undici:', '') }
      messages.push(told)
      onEach?.(told)
    }
    subscribe(name, take)
    t.after(() => unsubscribe(name, take))
  }
  return messages
}

const channelsOf = (messages: readonly Message[]): string[] => messages.map(({ channel }) => channel)

test('a call is told as undici tells it, in that order and of that shape', async (t) => {
  const url = await originOf(t, echo)
  const messages = listen(t)
  const client = clientOf(t)
  const response = await client.fetch(`${url}/a?b=1`, {
    method: 'POST',
    body: 'hello',
    headers: { 'x-one': '1' },
  })
  await response.text()
  const expected = [
    'request:create',
    'client:beforeConnect',
    'client:connected',
    'client:sendHeaders',
    'request:bodySent',
    'request:headers',
    'request:bodyChunkReceived',
    'request:trailers',
  ]
  assert.deepEqual(channelsOf(messages), expected)
  const [created, begun, connected, sent, , received, chunk, ended] = messages
  const { request } = created ?? {}
  assert.deepEqual([request?.origin, request?.path, request?.method], [url, '/a?b=1', 'POST'])
  assert.equal(request?.headers[request.headers.indexOf('x-one') + 1], '1')
  assert.ok(messages.every((message) => message.request === undefined || message.request === request))
  const { host, hostname, port } = new URL(url)
  const params = {
    host,
    hostname,
    port,
    protocol: 'http:',
    version: 'h1',
    servername: null,
    localAddress: null,
  }
  for (const message of [begun, connected]) assert.deepEqual(message?.connectParams, params)
  for (const message of [connected, sent]) assert.equal(message?.socket?.remotePort, Number(port))
  assert.match(
    sent?.headers ?? '',
    /^POST \/a\?b=1 HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\n(?:.+\r\n)*x-one: 1\r\n/,
  )
  assert.equal(received?.response?.statusCode, 200)
  assert.equal(received?.response?.statusText, 'OK')
  const names = received?.response?.headers.map(String) ?? []
  assert.equal(names[names.indexOf('content-type') + 1], 'application/json')
  assert.equal((JSON.parse(Buffer.from(chunk?.chunk ?? []).toString()) as Echo).content, 'hello')
  assert.deepEqual(ended?.trailers, [])
  assert.equal(request.completed, true)
  await client.get(url).text()
  assert.ok(
    !channelsOf(messages.slice(expected.length)).includes('client:connected'),
    'the connection is there',
  )
})

test('fields that a listener adds are sent, in place of those of that name, and what is no field breaks nothing', async (t) => {
  const url = await originOf(t, echo)
  listen(t, ['undici:request:create'], ({ request }) => {
    request?.addHeader('traceparent', '00-ours')
    request?.addHeader('X-One', 'two')
    request?.addHeader('bad name', 'x')
    request?.addHeader('bad-value', 'x\r\ny: z')
    request?.headers.push('baggage', 'a=1')
  })
  const { headers, rawHeaders } = (await clientOf(t)
    .get(url, { headers: { traceparent: '00-theirs', 'x-one': 'one' } })
    .json()) as Echo
  assert.deepEqual([headers['traceparent'], headers['x-one'], headers['baggage']], ['00-ours', 'two', 'a=1'])
  assert.equal(rawHeaders.filter((name) => name.toLowerCase() === 'traceparent').length, 1)
  assert.ok(!rawHeaders.some((name) => /^(?:bad|y$)/.test(name)))
})

test('each attempt and each redirect is a request of its own', async (t) => {
  let times = 0
  const url = await originOf(t, ({ url: path }, response) => {
    if (path === '/old') response.writeHead(302, { location: '/new' })
    else if (++times === 1) response.writeHead(503)
    response.end()
  })
  const messages = listen(t, ['undici:request:create', 'undici:request:headers', 'undici:request:trailers'])
  await clientOf(t, { retry: { backoff: { base: 1, max: 1 } } }).get(`${url}/old`)
  const told = messages.filter(({ channel }) => channel === 'request:headers')
  assert.deepEqual(
    told.map(({ request, response }) => [request?.path, response?.statusCode]),
    [
      ['/old', 302],
      ['/new', 503],
      ['/new', 200],
    ],
  )
  assert.equal(messages.filter(({ channel }) => channel === 'request:trailers').length, 3)
})

test('what fails is told with its error: a connection, a body that breaks, and an abort by its reason', async (t) => {
  const peer = await ScriptedPeer.listen(async (connection) => {
    const head = await connection.receives('\r\n\r\n')
    if (head.includes('/slow')) return
    connection.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')
    connection.finish()
  })
  t.after(() => peer.close())
  const messages = listen(t, [
    'undici:request:error',
    'undici:client:connectError',
    'undici:request:trailers',
  ])
  const client = clientOf(t, { retry: false })
  await assert.rejects(client.fetch('http://127.0.0.1:1/'))
  await assert.rejects(client.fetch(`${peer.url}/`).then((response) => response.text()))
  const controller = new AbortController()
  const aborted = client.fetch(`${peer.url}/slow`, { signal: controller.signal })
  setImmediate(() => controller.abort())
  await assert.rejects(aborted, { name: 'AbortError' })
  assert.deepEqual(
    messages.map(({ channel, error }) => [
      channel,
      error?.code === (20 as never) ? error?.name : error?.code,
    ]),
    [
      ['client:connectError', 'connect_failed'],
      ['request:error', 'connect_failed'],
      ['request:error', 'upstream_closed'],
      ['request:error', 'AbortError'],
    ],
  )
  assert.ok(messages.every(({ request }) => request === undefined || request.aborted))
})

test('trailers are told with the end of the content', async (t) => {
  const url = await originOf(t, (_, response) => {
    response.writeHead(200, { trailer: 'x-sum' })
    response.write('content')
    response.addTrailers({ 'x-sum': '7' })
    setImmediate(() => response.end())
  })
  const messages = listen(t, ['undici:request:trailers'])
  await clientOf(t).get(url).text()
  assert.deepEqual(messages[0]?.trailers?.map(String), ['x-sum', '7'])
})

test('whoever listens late, or to one channel alone, breaks nothing', async (t) => {
  const url = await originOf(t, echo)
  const client = clientOf(t)
  await client.get(url).text()
  const messages = listen(t, ['undici:client:sendHeaders'])
  await client.get(url).text()
  assert.deepEqual(channelsOf(messages), ['client:sendHeaders'])
})
