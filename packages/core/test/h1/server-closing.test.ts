import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { bodyFrom, WholeBody } from '../../src/message/body.ts'
import type { TrafficError } from '../../src/message/errors.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { echo, eventually, FilledBody, headers, RecordingSink, serve, waiting } from './harness.ts'

const GET = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'

test('a peer that closes its side after a request is answered, and then the connection ends', async (t) => {
  const server = await serve(t, echo)
  const client = await server.client()
  client.send(GET)
  client.finish()
  assert.match(await client.gone(), /^HTTP\/1\.1 200 OK\r\n[^]*\n\.$/)
  await eventually(() => server.closed.length === 1, 'the server lets go')
  assert.equal(server.outcomes[0]?.error, undefined)
})

test('all pipelined requests of a peer that has closed its side are answered', async (t) => {
  const server = await serve(t, echo)
  const client = await server.client()
  client.send(GET + GET + GET)
  client.finish()
  assert.equal((await client.gone()).match(/200 OK/g)?.length, 3)
})

test('a peer that closes its side is answered for a while only: it may have left altogether', async (t) => {
  const told: TrafficError[] = []
  const server = await serve(t, waiting(told), { halfClosedTimeout: 10_000 })
  const client = await server.client()
  client.send(GET)
  client.finish()
  await eventually(() => server.connections[0]?.socket.readableEnded === true, 'its end arrived')
  await server.clock.advance(9_900)
  assert.equal(told.length, 0)
  await server.clock.advance(200)
  await client.gone()
  assert.equal(told[0]?.code, 'downstream_closed')
  assert.equal(server.outcomes[0]?.error?.code, 'downstream_closed')
  assert.equal(server.outcomes[0]?.status, undefined)
})

for (const bytes of ['', 'GET / HT', '\r\n', 'GET / HTTP/1.1\r\nHost: h\r\n']) {
  test(`a peer that leaves after ${JSON.stringify(bytes)} is let go without a word`, async (t) => {
    const server = await serve(t, echo)
    const client = await server.client()
    client.send(bytes)
    client.finish()
    assert.equal(await client.gone(), '')
    await eventually(() => server.closed.length === 1, 'the server lets go')
    assert.equal(server.clock.pending, 0)
  })
}

test('half a body and then the end: the exchange is cancelled, and its body broken, never ended', async (t) => {
  const told: TrafficError[] = []
  const sink = new RecordingSink()
  const server = await serve(t, (exchange) => {
    exchange.request.body.flowTo(sink)
    return waiting(told)(exchange)
  })
  const client = await server.client()
  client.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhello')
  await eventually(() => sink.bytes === 5, 'the half is here')
  client.finish()
  await client.gone()
  assert.equal(client.text, '')
  assert.deepEqual([told.length, sink.done, sink.error?.code], [1, false, 'downstream_closed'])
  assert.equal(server.outcomes[0]?.bytesReceived, 5)
})

test('a peer that leaves before the response cancels the exchange', async (t) => {
  const told: TrafficError[] = []
  const server = await serve(t, waiting(told))
  const client = await server.client()
  client.send(GET)
  await eventually(() => server.exchanges.length === 1, 'the handler runs')
  client.reset()
  await eventually(() => server.closed.length === 1, 'the server lets go')
  assert.equal(told[0]?.code, 'downstream_closed')
  assert.equal(server.exchanges[0]?.cancellation?.code, 'downstream_closed')
  assert.equal(server.outcomes.length, 1)
})

test('a peer that leaves is noticed during a pipelined exchange as well', async (t) => {
  const told: TrafficError[] = []
  const server = await serve(t, (exchange) =>
    exchange.request.path === '/1' ? echo(exchange) : waiting(told)(exchange),
  )
  const client = await server.client()
  client.send('GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n')
  await client.receives('\n.')
  await eventually(() => server.exchanges.length === 2, 'the second is handled')
  await turn()
  client.reset()
  await eventually(() => told.length === 1, 'the handler is told')
})

test('a peer that leaves mid-response cancels the exchange and the response’s body', async (t) => {
  const told: TrafficError[] = []
  const filled = new FilledBody()
  const server = await serve(t, (exchange) => {
    exchange.occupy({ cancelled: (error) => told.push(error) })
    return Promise.resolve(new HttpResponse(200, headers(), filled.body))
  })
  const client = await server.client()
  client.send(GET)
  await client.receives('\r\n\r\n')
  filled.push('some')
  await client.receives('some')
  client.reset()
  await eventually(() => server.closed.length === 1, 'the server lets go')
  assert.equal(filled.cancelled?.code, 'downstream_closed')
  assert.equal(told[0]?.code, 'downstream_closed')
  const { error, ...rest } = server.outcomes[0] ?? {}
  assert.equal(error?.code, 'downstream_closed')
  assert.deepEqual(rest, { status: 200, bytesSent: 4, bytesReceived: 0 })
  assert.equal(server.clock.pending, 0)
})

test('the response of a handler that answers after the peer has left is cancelled', async (t) => {
  const filled = new FilledBody()
  const { promise, resolve } = Promise.withResolvers<HttpResponse>()
  const server = await serve(t, () => promise)
  const client = await server.client()
  client.send(GET)
  await eventually(() => server.exchanges.length === 1, 'the handler runs')
  client.reset()
  await eventually(() => server.closed.length === 1, 'the server lets go')
  resolve(new HttpResponse(200, headers(), filled.body))
  await turn()
  assert.equal(filled.cancelled?.code, 'downstream_closed')
  assert.equal(server.outcomes.length, 1)
})

test('drain: an idle connection gets its grace for a last request, whose response says close', async (t) => {
  const server = await serve(t, echo)
  const [used, idle, asked] = await Promise.all([server.client(), server.client(), server.client()])
  used?.send(GET)
  await used?.receives('\n.')
  for (const connection of server.connections) connection.drain(500)
  await server.clock.advance(400)
  asked?.send(GET)
  assert.match((await asked?.end()) ?? '', /\r\nconnection: close\r\n[^]*\n\.$/)
  assert.equal(idle?.ended, false)
  await server.clock.advance(200)
  assert.equal(await idle?.end(), '')
  await used?.end()
})

test('drain: an exchange under way is finished, and its response says close', async (t) => {
  const { promise, resolve } = Promise.withResolvers<HttpResponse>()
  const server = await serve(t, () => promise)
  const client = await server.client()
  client.send(GET)
  await eventually(() => server.exchanges.length === 1, 'the handler runs')
  server.connections[0]?.drain(500)
  await server.clock.advance(10_000)
  resolve(new HttpResponse(200, headers(), bodyFrom('done')))
  assert.match(await client.end(), /\r\nconnection: close\r\n\r\ndone$/)
})

test('drain: a response whose head is out already is finished, and the connection gets its grace then', async (t) => {
  const filled = new FilledBody()
  const server = await serve(t, () => Promise.resolve(new HttpResponse(200, headers(), filled.body)))
  const client = await server.client()
  client.send(GET)
  await client.receives('\r\n\r\n')
  server.connections[0]?.drain(500)
  await server.clock.advance(5_000)
  filled.push('all')
  filled.body.end()
  await client.receives('0\r\n\r\n')
  assert.equal(client.ended, false)
  await server.clock.advance(600)
  await client.end()
})

test('a connection that is closed while the last response is still on its way delivers it', async (t) => {
  const large = Buffer.alloc(5_000_000, 'x')
  const server = await serve(t, () =>
    Promise.resolve(new HttpResponse(200, headers(), WholeBody.fromBytes(large))),
  )
  const client = await server.client()
  client.pause()
  client.send('GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
  await eventually(() => server.outcomes.length === 1, 'the response is handed over')
  await server.clock.advance(20_000)
  client.resume()
  assert.equal((await client.end()).length - client.text.indexOf('\r\n\r\n') - 4, 5_000_000)
  client.finish()
  await eventually(() => server.closed.length === 1, 'the server lets go')
})
