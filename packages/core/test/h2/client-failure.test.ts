import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { bodyFrom, collect, StreamBody } from '../../src/message/body.ts'
import type { TrafficError } from '../../src/message/errors.ts'
import { type Call, clientRig, told } from './client-rig.ts'
import { frame } from './frames.ts'
import { data, goaway, ping, reset, settings, windowUpdate } from './raw-client.ts'

async function failure({ response }: Call): Promise<string> {
  const error = await response.then(
    () => undefined,
    (thrown: TrafficError) => thrown,
  )
  return error === undefined ? 'none' : `${error.code} ${error.replaySafe}`
}

test('a stream that the server refuses was not handled; one that it resets otherwise may have been', async (t) => {
  const { call, accept } = await clientRig(t)
  const post = { method: 'POST', body: bodyFrom('x') }
  const calls = [call('/', post), call('/', post), call('/')]
  const server = await accept()
  await server.until('HEADERS+END 5')
  server.send(reset(1, 7), reset(3, 2), reset(5, 2))
  assert.deepEqual(await Promise.all(calls.map(failure)), [
    'upstream_closed refused',
    'upstream_closed unknown',
    'upstream_closed idempotent',
  ])
})

test('who asks for HTTP/1.1 where that is not allowed is told so in the error, and nothing is tried there again', async (t) => {
  const { call, accept } = await clientRig(t)
  const one = call('/', { method: 'POST', body: bodyFrom('x') })
  const server = await accept()
  await server.until('DATA+END 1')
  server.send(reset(1, 0xd))
  const error = await one.response.then(
    () => undefined,
    (thrown: TrafficError) => thrown,
  )
  assert.deepEqual(
    [error?.code, error?.replaySafe, error?.onlyElsewhere],
    ['upstream_closed', 'refused', true],
  )
  assert.match(error?.message ?? '', /HTTP_1_1_REQUIRED.*HTTP\/1\.1 is not allowed there; use https/)
})

test('GOAWAY makes those behind its last stream retryable, the others end, and new ones get another connection', async (t) => {
  const { call, accept, endpoint } = await clientRig(t)
  const post = { method: 'POST', body: bodyFrom('x') }
  const calls = [call('/1', post), call('/2', post), call('/3', post)]
  const server = await accept()
  await server.until('DATA+END 5')
  server.send(goaway(3))
  assert.equal(await failure(calls[2] as Call), 'upstream_closed refused')
  const later = call('/4')
  const second = await accept()
  await second.until('HEADERS+END 1')
  second.send(second.response(1, [], { end: true }))
  assert.equal(await told(later), '200')
  server.send(server.response(1, [], { end: true }), server.response(3), data(3, 'whole', 1))
  assert.equal(await told(calls[0] as Call), '200')
  assert.equal(await told(calls[1] as Call), '200 whole')
  await server.gone()
  await eventually(() => endpoint.stats().closed === 1, 'the first has gone')
})

test('GOAWAY in two steps refuses only what its second step leaves out', async (t) => {
  const { call, accept } = await clientRig(t)
  const calls = [call('/1'), call('/2')]
  const server = await accept()
  await server.until('HEADERS+END 3')
  server.send(goaway(0x7fff_ffff))
  server.send(server.response(1, [], { end: true }))
  assert.equal(await told(calls[0] as Call), '200')
  server.send(goaway(1))
  assert.equal(await failure(calls[1] as Call), 'upstream_closed refused')
  await server.gone()
})

test('a lost connection fails what was sent on it, by its method', async (t) => {
  const { call, accept } = await clientRig(t)
  const calls = [call('/'), call('/', { method: 'POST', body: bodyFrom('x') })]
  const server = await accept()
  await server.until('DATA+END 3')
  server.connection.reset()
  assert.deepEqual(await Promise.all(calls.map(failure)), [
    'upstream_closed idempotent',
    'upstream_closed unknown',
  ])
})

test('what had not left when the connection was lost was not sent', async (t) => {
  const { call, accept } = await clientRig(t)
  const first = call('/')
  const server = await accept()
  await server.until('HEADERS')
  // More than the sockets hold, so that what follows waits.
  const filler = call('/', { method: 'PUT', body: bodyFrom(Buffer.alloc(32 * 1024 * 1024)) })
  server.connection.pause()
  server.send(windowUpdate(0, 0x7fff_0000 - 65_535), settings([4, 0x7fff_0000]))
  server.send(server.response(1, [], { end: true }))
  assert.equal(await told(first), '200')
  const late = call('/', { method: 'POST', body: bodyFrom('x') })
  // A turn of the event loop, in which it would be sent if there were room.
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  server.connection.reset()
  assert.equal(await failure(late), 'upstream_closed unsent')
  assert.equal(await failure(filler), 'upstream_closed idempotent')
})

test('a connection that ended just as it was used again is stale, and no fault of the exchange', async (t) => {
  const { call, accept } = await clientRig(t)
  const first = call('/')
  const server = await accept()
  await server.until('HEADERS')
  server.send(server.response(1, [], { end: true }))
  await told(first)
  const second = call('/', { method: 'POST', body: bodyFrom('x') })
  await server.until('DATA+END 3')
  server.connection.finish()
  await assert.rejects(second.response, (error: TrafficError) => error.staleConnection)
})

test('a response that is cut off breaks its content', async (t) => {
  const { call, accept } = await clientRig(t)
  const one = call('/')
  const server = await accept()
  await server.until('HEADERS')
  server.send(server.response(1), data(1, 'half'))
  const { body } = await one.response
  server.connection.finish()
  await assert.rejects(collect(body), { code: 'upstream_closed', phase: 'response-body' })
})

test('what was received before the connection broke counts', async (t) => {
  const { call, accept } = await clientRig(t)
  const one = call('/')
  const server = await accept()
  await server.until('HEADERS')
  server.send(server.response(1), data(1, 'whole', 1), goaway(1))
  server.connection.finish()
  assert.equal(await told(one), '200 whole')
})

test('each wait has an end: for the head, for content, for a window, and for who reads', async (t) => {
  const { call, accept, clock } = await clientRig(t)
  const head = call('/head')
  const content = call('/content')
  const window = call('/window', { method: 'PUT', body: bodyFrom('x'.repeat(20)) })
  const unread = call('/unread')
  const server = await accept(settings([4, 10]))
  await server.until('DATA 5')
  server.send(server.response(3), data(3, 'x'), server.response(7), data(7, 'x'))
  const reading = assert.rejects(collect((await content.response).body), { code: 'upstream_too_slow' })
  const { body } = await unread.response
  // A PING that is answered: the connection lives.
  const keepAlive = async (ms: number): Promise<void> => {
    await clock.advance(ms)
    server.send(ping('are here'))
    await server.until('PING+ACK')
  }
  await keepAlive(29_000)
  const outcomes = Promise.all([head, window].map(failure))
  await keepAlive(2_000)
  assert.deepEqual(await outcomes, ['upstream_timeout idempotent', 'upstream_too_slow idempotent'])
  await reading
  for (let waited = 0; waited < 95_000; waited += 19_000) await keepAlive(19_000)
  await assert.rejects(collect(body), { code: 'cancelled' })
})

test('a peer that says nothing is asked by PING, and given up', async (t) => {
  const { call, accept, clock } = await clientRig(t, { connection: { responseHeadTimeout: Infinity } })
  const one = call('/')
  const server = await accept()
  await server.until('HEADERS')
  await clock.advance(121_000)
  await server.until('PING')
  const failed = failure(one)
  await clock.advance(21_000)
  assert.equal(await failed, 'upstream_closed idempotent')
})

test('a server that has answered, and takes no more of the request, is read to the end of its response', async (t) => {
  const { call, accept, clock, endpoint } = await clientRig(t)
  const body = new StreamBody(undefined, { resumeBody() {}, cancelBody() {} })
  const one = call('/', { method: 'PUT', body })
  const server = await accept(settings([4, 1]))
  await server.until('HEADERS 1')
  body.push(Buffer.from('two'))
  server.send(server.response(1), data(1, 'par'))
  const reading = collect((await one.response).body)
  for (let turn = 0; turn < 2; turn++) {
    await clock.advance(20_000)
    server.send(data(1, 't'), ping('are here'))
    await server.until('PING+ACK')
  }
  server.send(data(1, '', 1))
  assert.equal((await reading).toString(), 'partt')
  assert.equal((await server.until('RST_STREAM')).at(-1), 'RST_STREAM 1 CANCEL')
  assert.deepEqual([endpoint.stats().exchanges, endpoint.stats().idle], [0, 1])
})

test('a request’s content that waits for a window that does not open is not waited for when the response is here', async (t) => {
  const { call, accept, clock } = await clientRig(t)
  const body = new StreamBody(undefined, { resumeBody() {}, cancelBody() {} })
  const one = call('/', { method: 'PUT', body })
  const server = await accept(settings([4, 1]))
  await server.until('HEADERS 1')
  body.push(Buffer.from('two'))
  server.send(server.response(1, [], { end: true }))
  assert.equal(await told(one), '200')
  await clock.advance(31_000)
  await server.until('RST_STREAM 1 CANCEL')
})

for (const [what, bytes, message] of [
  ['HTTP/1.1', 'HTTP/1.1 400 Bad Request\r\n\r\n', /did not begin HTTP\/2/],
  ['nothing and closes', '', /closed the connection/],
  ['frames without SETTINGS', ping('12345678'), /did not begin HTTP\/2/],
] as const) {
  test(`a peer that says ${what} does not speak HTTP/2: nothing was sent`, async (t) => {
    const { call, peer } = await clientRig(t)
    const one = call('/', { method: 'POST', body: bodyFrom('x') })
    const connection = await peer.accept()
    if (bytes.length > 0) connection.send(bytes)
    else connection.finish()
    await assert.rejects(one.response, (error: TrafficError) => {
      assert.equal(`${error.code} ${error.replaySafe}`, 'connect_failed unsent')
      assert.match(error.message, message)
      return true
    })
  })
}

test('a peer that never says SETTINGS is not waited for beyond the connect timeout', async (t) => {
  const { call, peer, clock } = await clientRig(t)
  const one = call('/')
  await peer.accept()
  // The connection is there.
  await eventually(() => peer.connections[0]?.text.startsWith('PRI ') === true, 'the preface is here')
  const failed = failure(one)
  await clock.advance(5_100)
  assert.equal(await failed, 'connect_timeout unsent')
})

for (const [what, flood] of [
  ['PING', () => ping('12345678')],
  ['SETTINGS', () => settings()],
  ['WINDOW_UPDATE', () => windowUpdate(0, 1)],
  ['empty DATA', () => data(1, '')],
  ['PRIORITY', () => frame(2, 0, 1, '\0\0\0\0\0')],
  ['unknown frames', () => frame(0x77, 0, 0)],
] as const) {
  test(`a flood of ${what} ends the connection`, async (t) => {
    const { call, accept } = await clientRig(t)
    const one = call('/')
    const server = await accept()
    await server.until('HEADERS')
    server.send(server.response(1))
    await one.response
    const many = Buffer.concat(Array.from({ length: 500 }, flood))
    for (let count = 0; count < 6; count++) server.send(many)
    await server.until('GOAWAY 0 ENHANCE_YOUR_CALM')
  })
}

test('CONTINUATION without end ends the connection, and so does a block that is larger than all limits', async (t) => {
  for (const [size, count] of [
    [1, 30],
    [16_000, 4],
  ] as const) {
    const { call, accept } = await clientRig(t)
    const one = call('/')
    const server = await accept()
    await server.until('HEADERS')
    const parts = Array.from({ length: count }, () => frame(9, 0, 1, 'a'.repeat(size)))
    server.send(frame(1, 0, 1, '\x88'), ...parts)
    await server.until('GOAWAY')
    assert.equal(await failure(one), 'malformed_response idempotent')
  }
})

test('a stream’s fault by the server does not reach others, a hundred of them end the connection', async (t) => {
  const { call, accept } = await clientRig(t, { http2: { wastedWork: 100 } })
  const calls = Array.from({ length: 12 }, (_, index) => call(`/${index}`))
  const server = await accept()
  await server.until('HEADERS+END 23')
  for (let id = 1; id <= 23; id += 2) server.send(server.response(id, [['Bad', 'x']]))
  await server.until('GOAWAY')
  assert.deepEqual(new Set(await Promise.all(calls.map(failure))), new Set(['malformed_response idempotent']))
})

test('a server’s end by a plain FIN while nothing is under way is no failure', async (t) => {
  const { call, accept, endpoint } = await clientRig(t)
  const one = call('/')
  const server = await accept()
  await server.until('HEADERS')
  server.send(server.response(1, [], { end: true }))
  await told(one)
  server.connection.finish()
  await server.gone()
  await eventually(() => endpoint.stats().closed === 1, 'it has gone')
  const two = call('/')
  const second = await accept()
  await second.until('HEADERS')
  second.send(second.response(1, [], { end: true }))
  assert.equal(await told(two), '200')
})
