import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { TrafficError } from '../../src/message/errors.ts'
import { type Dialled, dial, eventually, exchangeTo, FilledBody, gather, RecordingSink } from './harness.ts'

const OK = 'HTTP/1.1 200 OK\r\n'
const EMPTY = `${OK}Content-Length: 0\r\n\r\n`
const CANCELLED = new TrafficError('cancelled', 'no longer wanted')

/** Waits until the connection has read that many bytes. */
function read({ connection }: Dialled, bytes: number): Promise<boolean> {
  return eventually(() => connection.socket.bytesRead === bytes, `${bytes} bytes are read`)
}

function broken({ error }: RecordingSink): boolean {
  return error !== undefined
}

test('an origin that closes without an answer fails the exchange', async (t) => {
  for (const end of ['finish', 'reset'] as const) {
    for (const method of ['GET', 'POST']) {
      const { origin, send, told } = await dial(t)
      const { response } = send(method)
      await origin.receives('\r\n\r\n')
      origin[end]()
      await assert.rejects(response, {
        code: 'upstream_closed',
        source: 'upstream',
        phase: 'response-head',
        staleConnection: false,
        replaySafe: method === 'GET' ? 'idempotent' : 'unknown',
      })
      assert.deepEqual(told, ['closed'])
    }
  }
})

test('a reused connection that closes before any byte of a response was stale, one that answered in part was not', async (t) => {
  for (const [bytes, stale] of [
    ['', true],
    ['HTTP', false],
    ['HTTP/1.1 100 Continue\r\n\r\n', false],
  ] as const) {
    const dialled = await dial(t)
    const { origin, send } = dialled
    const first = send('GET')
    origin.send(EMPTY)
    await first.response
    const { response } = send('GET')
    await origin.receives(/(\r\n\r\n[^]*){2}/)
    origin.send(bytes)
    await read(dialled, EMPTY.length + bytes.length)
    origin.finish()
    await assert.rejects(response, { code: 'upstream_closed', staleConnection: stale })
  }
})

test('a response that ends with half a head fails the exchange', async (t) => {
  const { origin, send } = await dial(t)
  const { response } = send('GET')
  origin.send('HTTP/1.1 200 OK\r\nContent-')
  origin.finish()
  await assert.rejects(response, { code: 'upstream_closed', phase: 'response-head' })
})

for (const [framing, head, part] of [
  ['a length', 'Content-Length: 10', 'hello'],
  ['chunks', 'Transfer-Encoding: chunked', '5\r\nhello\r\n'],
  ['a chunk cut through', 'Transfer-Encoding: chunked', 'a\r\nhello'],
  ['chunks without the last line end', 'Transfer-Encoding: chunked', '5\r\nhello\r\n0\r\n'],
] as const) {
  for (const end of ['finish', 'reset'] as const) {
    test(`a body with ${framing} that is cut by a ${end} breaks, and never looks complete`, async (t) => {
      const { origin, send, told } = await dial(t)
      const { response } = send('GET')
      origin.send(`${OK}${head}\r\n\r\n${part}`)
      const { body } = await response
      const sink = new RecordingSink()
      body.flowTo(sink)
      await eventually(() => sink.text === 'hello', 'the half is here')
      origin[end]()
      await eventually(() => sink.error !== undefined, 'it breaks')
      const { error, done } = sink
      assert.deepEqual([error?.code, error?.phase, done], ['upstream_closed', 'response-body', false])
      assert.deepEqual(told, ['closed'])
    })
  }
}

test('a body that ends with the connection breaks when that is reset', async (t) => {
  const { origin, send } = await dial(t)
  const { response } = send('GET')
  origin.send(`${OK}\r\nhello`)
  const sink = new RecordingSink()
  ;(await response).body.flowTo(sink)
  origin.reset()
  await eventually(() => sink.error !== undefined, 'it breaks')
  assert.deepEqual([sink.text, sink.done], ['hello', false])
})

test('a body that broke before anybody took it breaks when it is taken', async (t) => {
  const { connection, origin, send } = await dial(t)
  const { response } = send('GET')
  origin.send(`${OK}Content-Length: 10\r\n\r\n`)
  const { body } = await response
  origin.reset()
  await eventually(() => connection.closed, 'the connection is gone')
  const { error, done } = await gather(body)
  assert.deepEqual([error?.code, done], ['upstream_closed', false])
})

test('no head in time: the exchange fails, and its connection goes', async (t) => {
  const { origin, send, told, clock } = await dial(t, { responseHeadTimeout: 1_000 })
  const { response } = send('POST')
  await origin.receives('\r\n\r\n')
  await clock.advance(990)
  assert.deepEqual(told, [])
  // Neither a 1xx response nor a part of a head is one.
  origin.send('HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200')
  await turn()
  await clock.advance(20)
  await assert.rejects(response, { code: 'upstream_timeout', phase: 'response-head', replaySafe: 'unknown' })
  assert.deepEqual(told, ['closed'])
  await origin.end()
  assert.equal(clock.pending, 0)
})

test('the time for the head starts anew with each exchange, and ends with the head', async (t) => {
  const dialled = await dial(t, { responseHeadTimeout: 1_000 })
  const { origin, send, clock } = dialled
  for (let count = 0; count < 3; count++) {
    const { response } = send('GET')
    await clock.advance(900)
    origin.send(EMPTY)
    await response
    await clock.advance(5_000)
  }
  const { response } = send('GET')
  origin.send(`${OK}Content-Length: 5\r\n\r\n`)
  await response
  await clock.advance(5_000)
  assert.equal(dialled.connection.closed, false)
})

test('the time for the head does not run while the request is still on its way', async (t) => {
  const filled = new FilledBody()
  const { origin, send, clock, connection } = await dial(t, { responseHeadTimeout: 1_000 })
  const { response } = send('POST', { body: filled.body })
  await clock.advance(60_000)
  filled.push('late')
  filled.body.end()
  await origin.receives('0\r\n\r\n')
  await clock.advance(900)
  assert.equal(connection.closed, false)
  await clock.advance(200)
  await assert.rejects(response, { code: 'upstream_timeout' })
})

test('a body that stops coming breaks', async (t) => {
  const { origin, send, clock, told } = await dial(t, { pace: { idle: 1_000, minimumRate: 0, grace: 0 } })
  const { response } = send('GET')
  origin.send(`${OK}Content-Length: 100\r\n\r\n`)
  const sink = new RecordingSink()
  ;(await response).body.flowTo(sink)
  for (let count = 1; count <= 5; count++) {
    await clock.advance(900)
    origin.send('x')
    await eventually(() => sink.bytes === count, 'a byte comes')
  }
  assert.ok(!broken(sink))
  await clock.advance(1_100)
  assert.deepEqual([sink.error?.code, sink.done], ['upstream_too_slow', false])
  assert.deepEqual(told, ['closed'])
})

test('the time in which nobody takes a body is not held against the origin', async (t) => {
  const dialled = await dial(t, { pace: { idle: 1_000, minimumRate: 100, grace: 0 } })
  const { origin, send, clock } = dialled
  const { response } = send('GET')
  const bytes = `${OK}Content-Length: 10\r\n\r\nhello`
  origin.send(bytes)
  const { body } = await response
  await read(dialled, bytes.length)
  await clock.advance(100_000)
  const read_ = gather(body)
  origin.send('world')
  assert.equal((await read_).text, 'helloworld')
})

test('an event stream may be silent for long, but not for ever', async (t) => {
  const { origin, send, clock } = await dial(t)
  const { response } = send('GET')
  origin.send(`${OK}Content-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n`)
  const sink = new RecordingSink()
  ;(await response).body.flowTo(sink)
  await clock.advance(3_000_000)
  origin.send('7\r\ndata: 1\r\n')
  await eventually(() => sink.text === 'data: 1', 'the event comes')
  await clock.advance(3_000_000)
  assert.ok(!broken(sink))
  await clock.advance(700_000)
  assert.equal(sink.error?.code, 'upstream_too_slow')
})

test('a cancellation before the head rejects with its reason, and closes the connection', async (t) => {
  const { origin, send, told, clock } = await dial(t)
  const { exchange, response } = send('GET')
  await origin.receives('\r\n\r\n')
  exchange.cancel(CANCELLED)
  await assert.rejects(response, CANCELLED)
  assert.deepEqual(told, ['closed'])
  await origin.end()
  assert.equal(clock.pending, 0)
})

test('a cancellation while the request is on its way stops its body as well', async (t) => {
  const filled = new FilledBody()
  const { origin, send, told } = await dial(t)
  const { exchange, response } = send('POST', { body: filled.body })
  filled.push('some')
  await origin.receives('some')
  exchange.cancel(CANCELLED)
  await assert.rejects(response, CANCELLED)
  assert.ok(filled.cancelled !== undefined)
  assert.deepEqual(told, ['closed'])
  assert.doesNotMatch(await origin.end(), /0\r\n\r\n$/)
})

test('a cancellation while a body is held back for 100 stops it before it began', async (t) => {
  const filled = new FilledBody()
  const { origin, send, clock } = await dial(t)
  const { exchange, response } = send('POST', { body: filled.body, headers: { expect: '100-continue' } })
  await origin.receives('\r\n\r\n')
  exchange.cancel(CANCELLED)
  await assert.rejects(response, CANCELLED)
  assert.ok(filled.cancelled !== undefined)
  assert.equal(clock.pending, 0)
})

test('a cancellation while the response’s body arrives breaks it', async (t) => {
  const { origin, send, told, clock } = await dial(t)
  const { exchange, response } = send('GET')
  origin.send(`${OK}Content-Length: 10\r\n\r\nhello`)
  const sink = new RecordingSink()
  ;(await response).body.flowTo(sink)
  exchange.cancel(CANCELLED)
  assert.deepEqual([sink.error, sink.done], [CANCELLED, false])
  assert.deepEqual(told, ['closed'])
  await origin.end()
  assert.equal(clock.pending, 0)
})

test('a cancellation after the exchange was released leaves the connection alone', async (t) => {
  const { origin, send, told, connection } = await dial(t)
  const first = send('GET')
  origin.send(EMPTY)
  await first.response
  const second = send('GET')
  first.exchange.cancel(CANCELLED)
  origin.send(EMPTY)
  assert.equal((await second.response).status, 200)
  assert.deepEqual(told, ['released', 'released'])
  assert.equal(connection.closed, false)
})

test('whoever cancels a response’s body closes the connection: the rest cannot be skipped', async (t) => {
  const { origin, send, told } = await dial(t)
  const { response } = send('GET')
  origin.send(`${OK}Content-Length: 10\r\n\r\nhello`)
  const { body } = await response
  body.cancel(CANCELLED)
  assert.deepEqual(told, ['closed'])
  await origin.end()
})

test('a body that is complete when it is cancelled leaves the connection alive', async (t) => {
  const dialled = await dial(t)
  const { origin, send, told } = dialled
  const { response } = send('GET')
  const bytes = `${OK}Content-Length: 5\r\n\r\nhello`
  origin.send(bytes)
  ;(await response).body.cancel(CANCELLED)
  await read(dialled, bytes.length)
  assert.deepEqual(told, ['released'])
})

test('an origin that goes away between exchanges takes its connection along', async (t) => {
  for (const end of ['finish', 'reset'] as const) {
    const { origin, send, told, connection } = await dial(t)
    const { response } = send('GET')
    origin.send(EMPTY)
    await response
    origin[end]()
    await eventually(() => connection.closed, 'it is closed')
    assert.deepEqual(told, ['released', 'closed'])
  }
})

test('an exchange whose request cannot be written fails before a single byte is sent', async (t) => {
  const cases: ((request: ReturnType<Dialled['send']>['exchange']['request']) => void)[] = [
    (request) => request.headers.add('x-a', 'b\r\nGET /smuggled HTTP/1.1'),
    (request) => request.headers.add('x-a\r\ny', 'b'),
    (request) => {
      request.path = '/a b'
    },
    (request) => {
      request.path = '/a\r\nx: y'
    },
    (request) => {
      request.query = '?a HTTP/1.1\r\n\r\nGET /smuggled'
    },
    (request) => {
      request.method = 'GET /x'
    },
    (request) => {
      request.path = ''
    },
    (request) => {
      request.path = '/\u{1f600}'
    },
    (request) => {
      request.authority = { ...request.authority, text: 'a\r\nb' }
    },
  ]
  for (const [index, spoil] of cases.entries()) {
    const dialled = await dial(t)
    const { connection, origin, told } = dialled
    const exchange = exchangeTo('GET', {}, dialled.clock)
    spoil(exchange.request)
    await assert.rejects(
      connection.send(exchange),
      { code: 'internal', replaySafe: 'unsent', bytesSent: 0 },
      `case ${index}`,
    )
    assert.deepEqual(told, ['closed'])
    assert.equal(await origin.end(), '')
  }
})
