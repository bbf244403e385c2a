import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Body, bodyFrom, collect, EMPTY_BODY, StreamBody, WholeBody } from '../../src/message/body.ts'
import { TrafficError } from '../../src/message/errors.ts'
import type { Exchange } from '../../src/message/exchange.ts'
import type { Handler } from '../../src/message/handler.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { eventually, FilledBody, gather, RecordingSink, waiting } from '../h1/harness.ts'
import { data, ping, reset, settings, windowUpdate } from './raw-client.ts'
import { serve } from './server-rig.ts'

const DATE = 'date=Thu, 01 Jan 2026 00:00:00 GMT'

const hello: Handler = async () => new HttpResponse(200, HeaderList.of({ 'x-a': 'b' }), bodyFrom('hello'))

/** Responds with what it was sent. */
const echo: Handler = async ({ request }) => new HttpResponse(200, new HeaderList(), request.body)

test('a request reaches the handler as one of HTTP/1.1 does, and its response leaves in HEADERS and DATA', async (t) => {
  const server = await serve(t, hello)
  const client = await server.client()
  client.send(
    client.head(1, [
      [':authority', 'Shop.Example:80'],
      [':path', '/a/./b%41?q=1'],
      ['accept', '*/*'],
      ['cookie', 'a=1'],
      ['cookie', 'b=2'],
    ]),
  )
  assert.deepEqual(await client.until('DATA+END 1'), [
    `HEADERS 1 :status=200 x-a=b content-length=5 ${DATE}`,
    'DATA+END 1 hello',
  ])
  const { request, peer } = server.exchanges[0] as Exchange
  assert.deepEqual(
    [request.method, request.scheme, request.authority.text, request.path, request.query, request.version],
    ['GET', 'http', 'shop.example', '/a/bA', '?q=1', '2'],
  )
  assert.deepEqual(
    [...request.headers].map(({ name, value }) => `${name}: ${value}`),
    ['host: shop.example', 'accept: */*', 'cookie: a=1; b=2'],
  )
  assert.equal(request.body, EMPTY_BODY)
  assert.equal(peer.address, '127.0.0.1')
  assert.deepEqual(server.outcomes, [{ status: 200, error: undefined, bytesSent: 5, bytesReceived: 0 }])
})

test('content that came with the head is no stream, other content streams, and both are counted', async (t) => {
  const wholes: boolean[] = []
  const server = await serve(t, async (exchange) => {
    wholes.push(exchange.request.body.whole !== undefined)
    return echo(exchange)
  })
  const client = await server.client()
  client.send(client.head(1, [[':method', 'POST']], 4), data(1, 'hel'), data(1, 'lo', 1))
  assert.deepEqual((await client.until('DATA+END 1')).at(-1), 'DATA+END 1 hello')
  client.send(client.head(3, [[':method', 'POST']], 4))
  await eventually(() => server.exchanges.length === 2, 'the second is handled')
  client.send(data(3, 'hel'))
  await client.until('DATA 3 hel')
  client.send(data(3, 'lo', 1))
  await client.until('DATA 3 lo')
  await client.until('DATA+END 3')
  assert.deepEqual(wholes, [true, false])
  assert.deepEqual(
    server.outcomes.map(({ bytesReceived }) => bytesReceived),
    [5, 5],
  )
})

test('trailers pass both ways, without what comes too late', async (t) => {
  const server = await serve(t, echo)
  const client = await server.client()
  client.send(client.head(1, [[':method', 'POST']], 4), data(1, 'x'))
  const trailers = [
    ['x-sum', '9'],
    ['authorization', 'late'],
    ['x-forwarded-for', '::1'],
  ] as const
  client.send(frameOfTrailers(1, client.block(trailers)))
  assert.deepEqual((await client.until('HEADERS+END 1')).slice(1), ['DATA 1 x', 'HEADERS+END 1 x-sum=9'])
})

function frameOfTrailers(id: number, block: Buffer): Buffer {
  const header = Buffer.from([0, 0, block.length, 1, 5, 0, 0, 0, id])
  return Buffer.concat([header, block])
}

test('a response of unknown length ends with its stream, and one to HEAD, 204 and 304 has no content', async (t) => {
  const filled = new FilledBody()
  const server = await serve(t, async ({ request }) => {
    if (request.path === '/stream') return new HttpResponse(200, new HeaderList(), filled.body)
    const status = Number(request.path.slice(1))
    return new HttpResponse(status, HeaderList.of({ 'content-length': '7' }), WholeBody.fromLatin1('content'))
  })
  const client = await server.client()
  client.send(client.head(1, [[':path', '/stream']]))
  await client.until(`HEADERS 1 :status=200 ${DATE}`)
  filled.push('abc')
  await client.until('DATA 1 abc')
  filled.body.end()
  await client.until('DATA+END 1')
  client.send(
    client.head(3, [
      [':method', 'HEAD'],
      [':path', '/200'],
    ]),
  )
  await client.until(`HEADERS+END 3 :status=200 content-length=7 ${DATE}`)
  client.send(client.head(5, [[':path', '/304']]))
  await client.until(`HEADERS+END 5 :status=304 content-length=7 ${DATE}`)
  client.send(client.head(7, [[':path', '/204']]))
  await client.until(`HEADERS+END 7 :status=204 ${DATE}`)
})

test('fields that concern a connection of HTTP/1.1 are not sent, and blanks at the ends of values neither', async (t) => {
  const fields = {
    connection: 'close',
    'keep-alive': 'timeout=5',
    'transfer-encoding': 'chunked',
    upgrade: 'x',
    'x-b': ' v ',
  }
  const server = await serve(t, async () => new HttpResponse(200, HeaderList.of(fields)))
  const client = await server.client()
  client.send(client.head(1))
  await client.until(`HEADERS+END 1 :status=200 x-b=v content-length=0 ${DATE}`)
})

test('1xx responses are sent before the final one, and 100 when somebody reads what waits for it', async (t) => {
  const server = await serve(t, async (exchange) => {
    exchange.inform?.(103, HeaderList.of({ link: '</a.css>' }))
    return new HttpResponse(200, new HeaderList(), bodyFrom(await collect(exchange.request.body)))
  })
  const client = await server.client()
  client.send(
    client.head(
      1,
      [
        [':method', 'PUT'],
        ['expect', '100-continue'],
      ],
      4,
    ),
  )
  assert.deepEqual(await client.until('HEADERS 1 :status=100'), [
    'HEADERS 1 :status=103 link=</a.css>',
    'WINDOW_UPDATE 1 196609',
    'HEADERS 1 :status=100',
  ])
  client.send(data(1, 'body', 1))
  await client.until('DATA+END 1 body')
})

test('what the same read takes back reaches no handler', async (t) => {
  const server = await serve(t, hello)
  const client = await server.client()
  client.send(Buffer.concat([client.head(1), reset(1), client.head(3)]))
  await client.until('DATA+END 3')
  assert.equal(server.exchanges.length, 1)
})

test('a stream that the peer resets cancels its exchange, and no other', async (t) => {
  const told: TrafficError[] = []
  const server = await serve(t, (exchange) =>
    exchange.request.path === '/' ? waiting(told)(exchange) : hello(exchange),
  )
  const client = await server.client()
  client.send(client.head(1))
  await eventually(() => server.exchanges.length === 1, 'it is handled')
  client.send(reset(1), client.head(3, [[':path', '/x']]))
  await client.until('DATA+END 3')
  assert.deepEqual([told.length, told[0]?.code], [1, 'downstream_closed'])
  assert.equal(server.outcomes[0]?.error?.code, 'downstream_closed')
  assert.equal(server.outcomes[0]?.status, undefined)
})

test('a peer that leaves cancels all its exchanges', async (t) => {
  const told: TrafficError[] = []
  const server = await serve(t, waiting(told))
  const client = await server.client()
  client.send(client.head(1), client.head(3))
  await eventually(() => server.exchanges.length === 2, 'they are handled')
  client.connection.reset()
  await eventually(() => server.outcomes.length === 2, 'they are over')
  assert.equal(told.length, 2)
  assert.equal(server.clock.pending, 0)
})

test('handlers at work count as streams, so that resets make no room for more of them', async (t) => {
  const server = await serve(t, () => new Promise(() => {}), { http2: { streams: 3 } })
  const client = await server.client()
  for (const id of [1, 3, 5]) {
    client.send(client.head(id))
    await eventually(() => server.exchanges.length === (id + 1) / 2, 'it is handled')
    client.send(reset(id))
  }
  client.send(client.head(7))
  await client.until('RST_STREAM 7 REFUSED_STREAM')
})

test('a response that breaks resets its stream, so that it cannot pass for whole', async (t) => {
  const filled = new FilledBody(10)
  const server = await serve(t, async () => new HttpResponse(200, new HeaderList(), filled.body))
  const client = await server.client()
  client.send(client.head(1))
  await client.until('HEADERS 1')
  filled.push('abc')
  await client.until('DATA 1 abc')
  filled.body.fail(new TrafficError('upstream_closed', 'the upstream left'))
  await client.until('RST_STREAM 1 INTERNAL_ERROR')
  assert.equal(server.outcomes[0]?.error?.code, 'upstream_closed')
})

for (const [what, text] of [
  ['longer', 'abcdefghijk'],
  ['shorter', 'abc'],
] as const) {
  test(`a body that is ${what} than its length resets its stream`, async (t) => {
    const filled = new FilledBody(10)
    const server = await serve(t, async () => new HttpResponse(200, new HeaderList(), filled.body))
    const client = await server.client()
    client.send(client.head(1))
    await client.until('HEADERS 1')
    filled.push(text)
    filled.body.end()
    await client.until('RST_STREAM 1 INTERNAL_ERROR')
    assert.equal(server.outcomes[0]?.error?.code, 'internal')
  })
}

test('a field that no block may hold is answered by 500, and nothing of the response leaves', async (t) => {
  const headers = new HeaderList()
  headers.add('x-a', 'b\r\nc: d')
  const server = await serve(t, async () => new HttpResponse(200, headers, bodyFrom('secret')))
  const client = await server.client()
  client.send(client.head(1))
  const lines = await client.until('DATA+END 1')
  assert.match(lines[0] ?? '', /^HEADERS 1 :status=500 /)
  assert.ok(!lines.join().includes('secret'))
})

test('a handler that rejects, throws, or resolves with nothing is answered by 500, and the connection goes on', async (t) => {
  let count = 0
  const server = await serve(t, (() => {
    count++
    if (count === 1) return Promise.reject(new Error('rejected'))
    if (count === 2) throw new Error('thrown')
    return Promise.resolve(undefined)
  }) as unknown as Handler)
  const client = await server.client()
  for (const id of [1, 3, 5]) {
    client.send(client.head(id))
    assert.match((await client.until(`DATA+END ${id}`))[0] ?? '', /:status=500/)
  }
  assert.deepEqual(
    server.outcomes.map(({ error }) => error?.code),
    ['internal', 'internal', 'internal'],
  )
})

test('the peer may send on as its content is taken: back-pressure reaches it', async (t) => {
  const sink = new RecordingSink()
  sink.room = false
  const server = await serve(
    t,
    (exchange) => {
      exchange.request.body.flowTo(sink)
      return new Promise(() => {})
    },
    { http2: { streamWindow: 100_000 } },
  )
  const client = await server.client()
  client.send(client.head(1, [[':method', 'POST']], 4))
  // Somebody reads: the window becomes what it is kept at.
  await client.until('WINDOW_UPDATE 1 34465')
  for (let count = 0; count < 10; count++) client.send(data(1, Buffer.alloc(10_000)))
  client.send(ping('12345678'))
  const lines = await client.until('PING+ACK')
  assert.deepEqual(lines, ['PING+ACK 0 12345678'])
  assert.equal(sink.bytes, 10_000)
  sink.room = true
  server.exchanges[0]?.request.body.resume()
  await client.until('WINDOW_UPDATE 1 100000')
  assert.equal(sink.bytes, 100_000)
})

test('content that nobody reads is no more than the first window', async (t) => {
  const server = await serve(t, () => new Promise(() => {}))
  const client = await server.client()
  client.send(client.head(1, [[':method', 'POST']], 4))
  for (let count = 0; count < 4; count++) client.send(data(1, Buffer.alloc(16_000)))
  client.send(ping('12345678'))
  assert.deepEqual(await client.until('PING+ACK'), ['PING+ACK 0 12345678'])
  client.send(data(1, Buffer.alloc(1_536)))
  await client.until('RST_STREAM 1 FLOW_CONTROL_ERROR')
})

test('frames of a byte each are joined while nobody takes them, so that they take no more memory than what is in them', async (t) => {
  const bodies: Body[] = []
  const server = await serve(t, ({ request }) => (bodies.push(request.body), new Promise(() => {})))
  const client = await server.client()
  const small = (count: number): Buffer => Buffer.concat(Array.from({ length: count }, () => data(1, 'a')))
  client.send(client.head(1, [[':method', 'POST']], 4), small(100), ping('12345678'))
  await client.until('PING+ACK')
  client.send(small(1_000), ping('12345678'))
  await client.until('PING+ACK')
  const [body] = bodies
  assert.ok(body instanceof StreamBody)
  const writes: number[] = []
  body.flowTo({ write: (chunk) => (writes.push(chunk.byteLength), false), end: () => {}, fail: () => {} })
  client.send(small(1_000), ping('12345678'))
  await client.until('PING+ACK')
  assert.deepEqual(writes, [100])
  body.resume()
  client.send(small(1_000), data(1, 'a', 1), ping('12345678'))
  await client.until('PING+ACK')
  // What is left comes with the end.
  assert.deepEqual(writes, [100, 2_000, 1_001])
})

test('content of a request that is refused keeps the connection’s window shut no longer than its stream lasts', async (t) => {
  const server = await serve(t, hello, { http2: { connectionWindow: 100_000 } })
  const client = await server.client(settings([4, 0]))
  client.send(
    client.head(
      1,
      [
        [':method', 'POST'],
        [':path', '/..;/x'],
      ],
      4,
    ),
  )
  await client.until('HEADERS 1 :status=400')
  for (const last of [0, 0, 0, 1]) client.send(data(1, Buffer.alloc(15_000), last))
  // The response can leave only now: the stream ends properly.
  client.send(ping('12345678'))
  await client.until('PING+ACK')
  client.send(windowUpdate(1, 1_000))
  await client.until('DATA+END 1')
  await client.until('WINDOW_UPDATE 0 60000')
})

test('a body is sent no faster than the windows open', async (t) => {
  const filled = new FilledBody()
  const server = await serve(t, async () => new HttpResponse(200, new HeaderList(), filled.body))
  const client = await server.client(settings([4, 10]))
  client.send(client.head(1))
  await client.until('HEADERS 1')
  const before = filled.resumed
  assert.equal(filled.push('0123456789abcde'), false)
  await client.until('DATA 1 0123456789')
  assert.equal(filled.resumed, before)
  client.send(windowUpdate(1, 100))
  await client.until('DATA 1 abcde')
  await eventually(() => filled.resumed > before, 'the body may go on')
})

test('a peer that does not open the window of a stream loses that stream alone', async (t) => {
  const server = await serve(
    t,
    async () => new HttpResponse(200, new HeaderList(), bodyFrom('x'.repeat(50))),
    {
      http2: { pingInterval: Infinity },
    },
  )
  const client = await server.client(settings([4, 10]))
  client.send(client.head(1))
  await client.until('DATA 1')
  await server.clock.advance(30_100)
  await client.until('RST_STREAM 1 CANCEL')
  assert.equal(server.outcomes[0]?.error?.code, 'downstream_too_slow')
  client.send(ping('12345678'))
  await client.until('PING+ACK')
})

test('a body that comes too slowly is answered by 408, and its stream reset', async (t) => {
  const server = await serve(
    t,
    async ({ request }) => {
      await gather(request.body).then(({ error }) => {
        if (error !== undefined) throw error
      })
      return new HttpResponse(200)
    },
    { http2: { pingInterval: Infinity } },
  )
  const client = await server.client()
  client.send(client.head(1, [[':method', 'POST']], 4), data(1, 'x'))
  await eventually(() => server.exchanges.length === 1, 'it is handled')
  await server.clock.advance(30_100)
  await client.until('HEADERS 1 :status=408')
  await client.until('DATA+END 1')
  await server.clock.advance(30_100)
  await client.until('RST_STREAM 1 NO_ERROR')
})

test('what is left of a body that nobody reads is thrown away', async (t) => {
  const server = await serve(t, hello)
  const client = await server.client()
  client.send(client.head(1, [[':method', 'POST']], 4), data(1, 'x'))
  await client.until('DATA+END 1')
  client.send(data(1, 'y', 1), ping('12345678'))
  assert.deepEqual(await client.until('PING+ACK'), ['PING+ACK 0 12345678'])
  assert.equal(server.connections[0]?.connection.streams.table.size, 0)
})

test('of what is left no more is read than a little, and then the stream is reset', async (t) => {
  const server = await serve(t, hello, { options: { discardLimit: 50_000 } })
  const client = await server.client()
  client.send(
    client.head(
      1,
      [
        [':method', 'POST'],
        ['content-length', '70000'],
      ],
      4,
    ),
  )
  await client.until('RST_STREAM 1 NO_ERROR')
  client.send(client.head(3, [[':method', 'POST']], 4))
  await client.until('DATA+END 3')
  for (let count = 0; count < 3; count++) client.send(data(3, Buffer.alloc(16_000)))
  client.send(data(3, Buffer.alloc(16_000)), data(3, Buffer.alloc(2_000)))
  await client.until('RST_STREAM 3 NO_ERROR')
})

test('a peer that does not send what is left of a body is waited for no longer than for any', async (t) => {
  const server = await serve(t, hello, { http2: { pingInterval: Infinity } })
  const client = await server.client()
  client.send(client.head(1, [[':method', 'POST']], 4))
  await client.until('DATA+END 1')
  await server.clock.advance(30_100)
  await client.until('RST_STREAM 1 NO_ERROR')
})

test('a drain lets exchanges finish, and the connection ends with them', async (t) => {
  const filled = new FilledBody()
  const server = await serve(t, async () => new HttpResponse(200, new HeaderList(), filled.body))
  const client = await server.client()
  client.send(client.head(1))
  await client.until('HEADERS 1')
  server.connections[0]?.drain(100)
  await client.until('GOAWAY 2147483647 NO_ERROR')
  await server.clock.advance(110)
  await client.until('GOAWAY 1 NO_ERROR')
  filled.push('end')
  filled.body.end()
  assert.deepEqual((await client.gone()).slice(-1), ['DATA+END 1'])
})
