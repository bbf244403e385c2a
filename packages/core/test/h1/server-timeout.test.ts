import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { bytesTaken } from '../../src/socket/write-watch.ts'
import { bodyFrom, WholeBody } from '../../src/message/body.ts'
import { HttpResponse } from '../../src/message/response.ts'
import type { ScriptedConnection } from '../../src/testing/scripted-peer.ts'
import {
  echo,
  eventually,
  FilledBody,
  gather,
  headers,
  RecordingSink,
  type Served,
  serve,
} from './harness.ts'

const GET = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'

/** Waits until the server has read that many bytes on its first connection. */
function read(server: Served, bytes: number): Promise<boolean> {
  return eventually(() => server.connections[0]?.socket.bytesRead === bytes, `${bytes} bytes are read`)
}

test('a head that does not come to its end in time is answered with 408', async (t) => {
  const server = await serve(t, echo, { requestHeadTimeout: 1_000 })
  const client = await server.client()
  client.send('GET / HT')
  await read(server, 8)
  await server.clock.advance(600)
  client.send('TP/1.1\r\nHos')
  await read(server, 19)
  await server.clock.advance(300)
  assert.equal(client.text, '')
  await server.clock.advance(200)
  assert.match(await client.end(), /^HTTP\/1\.1 408 Request Timeout\r\n(.*\r\n)*connection: close\r\n/)
  assert.equal(server.refusals[0]?.code, 'request_timeout')
  assert.equal(server.exchanges.length, 0)
})

test('a connection that brings nothing at all is closed without a word', async (t) => {
  const server = await serve(t, echo, { requestHeadTimeout: 1_000 })
  const client = await server.client()
  await server.clock.advance(1_100)
  assert.equal(await client.end(), '')
  assert.equal(server.refusals.length, 0)
})

test('an idle connection is closed when its time is up, counted from the last response', async (t) => {
  const server = await serve(t, echo, { keepAliveTimeout: 5_000 })
  const client = await server.client()
  for (let count = 0; count < 3; count++) {
    client.send(GET)
    await client.receives('\n.')
    client.forget()
    await server.clock.advance(4_900)
  }
  assert.equal(client.ended, false)
  await server.clock.advance(200)
  assert.equal(await client.end(), '')
})

test('the head of a later request has its own time', async (t) => {
  const server = await serve(t, echo, { keepAliveTimeout: 5_000, requestHeadTimeout: 1_000 })
  const client = await server.client()
  client.send(GET)
  await client.receives('\n.')
  client.forget()
  await server.clock.advance(4_900)
  client.send('GET')
  await read(server, GET.length + 3)
  await server.clock.advance(900)
  client.send(GET.slice(3))
  await client.receives('\n.')
  client.forget()
  client.send('GET')
  await read(server, 2 * GET.length + 3)
  await server.clock.advance(1_100)
  assert.match(await client.end(), /^HTTP\/1\.1 408 /)
})

test('no time limit of the wire cuts a handler off', async (t) => {
  const { promise, resolve } = Promise.withResolvers<HttpResponse>()
  const server = await serve(t, () => promise)
  const client = await server.client()
  client.send(GET)
  await eventually(() => server.exchanges.length === 1, 'the handler runs')
  await server.clock.advance(3_600_000)
  resolve(new HttpResponse(200, headers(), bodyFrom('late')))
  await client.receives('late')
})

const POST = 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n'
/** Reads the whole body and answers, or is rejected by what broke it. */
const reading: Parameters<typeof serve>[1] = async ({ request }) => {
  const { bytes, error } = await gather(request.body)
  if (error !== undefined) throw error
  return new HttpResponse(200, headers(), bodyFrom(`<${bytes}>`))
}

test('a body that stops coming is answered with 408', async (t) => {
  const server = await serve(t, reading, { pace: { idle: 1_000, minimumRate: 0, grace: 1_000 } })
  const client = await server.client()
  client.send(POST)
  for (let count = 1; count <= 5; count++) {
    await server.clock.advance(900)
    client.send('x')
    await read(server, POST.length + count)
  }
  assert.equal(client.text, '')
  await server.clock.advance(1_100)
  assert.match(await client.end(), /^HTTP\/1\.1 408 (.*\r\n)*connection: close\r\n/)
  assert.equal(server.outcomes[0]?.bytesReceived, 5)
})

test('a body that drips more slowly than the minimum rate is answered with 408, never idle as it is', async (t) => {
  const server = await serve(t, reading, { pace: { idle: 1_000, minimumRate: 10, grace: 1_000 } })
  const client = await server.client()
  client.send(POST)
  let sent = 0
  // 10 bytes a second for 20 seconds: that is enough.
  for (; sent < 40; sent++) {
    client.send('xxxxx')
    await read(server, POST.length + (sent + 1) * 5)
    await server.clock.advance(500)
  }
  assert.equal(client.text, '')
  // 4 bytes a second.
  for (; sent < 60 && client.text === ''; sent++) {
    client.send('xx')
    await turn()
    await server.clock.advance(500)
  }
  assert.match(await client.end(), /^HTTP\/1\.1 408 /)
  assert.equal(server.refusals[0]?.code, 'request_timeout')
})

test('the time in which nobody takes a body is not held against the peer', async (t) => {
  const sink = new RecordingSink()
  sink.room = false
  const { promise, resolve } = Promise.withResolvers<HttpResponse>()
  const server = await serve(
    t,
    ({ request }) => {
      request.body.flowTo(sink)
      return promise
    },
    { pace: { idle: 1_000, minimumRate: 240, grace: 1_000 } },
  )
  const client = await server.client()
  client.send(POST + 'x'.repeat(100))
  await eventually(() => sink.bytes === 100, 'it has begun')
  await server.clock.advance(600_000)
  assert.equal(sink.error, undefined)
  sink.room = true
  server.exchanges[0]?.request.body.resume()
  await server.clock.advance(500)
  client.send('x'.repeat(99_900))
  await eventually(() => sink.done, 'it is complete')
  resolve(new HttpResponse(204))
  await client.receives('204')
})

test('the time before 100 is sent is not held against the peer, the time after it is', async (t) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const server = await serve(
    t,
    async (exchange) => {
      await promise
      return reading(exchange)
    },
    { pace: { idle: 1_000, minimumRate: 0, grace: 1_000 } },
  )
  const client = await server.client()
  client.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n')
  await eventually(() => server.exchanges.length === 1, 'the handler runs')
  await server.clock.advance(60_000)
  resolve()
  await client.receives('100 Continue')
  await server.clock.advance(900)
  assert.doesNotMatch(client.text, /408/)
  await server.clock.advance(200)
  await client.receives('HTTP/1.1 408 ')
})

test('a rest to be thrown away that stops coming ends the connection', async (t) => {
  const server = await serve(t, () => Promise.resolve(new HttpResponse(204)), {
    pace: { idle: 1_000, minimumRate: 0, grace: 1_000 },
  })
  const client = await server.client()
  client.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 50\r\n\r\nx')
  await client.receives('204')
  await server.clock.advance(900)
  assert.equal(client.ended, false)
  await server.clock.advance(200)
  await client.end()
})

test('a peer that does not take a streamed response is cut off, and its body cancelled', async (t) => {
  const filled = new FilledBody()
  const server = await serve(t, () => Promise.resolve(new HttpResponse(200, headers(), filled.body)), {
    pace: { idle: 1_000, minimumRate: 0, grace: 1_000 },
  })
  const client = await server.client()
  client.send(GET)
  await client.receives('\r\n\r\n')
  client.pause()
  while (filled.push('x'.repeat(60_000))) await turn()
  await server.clock.advance(900)
  assert.equal(server.closed.length, 0)
  await server.clock.advance(2_100)
  await eventually(() => server.closed.length === 1, 'the connection is cut')
  assert.equal(server.outcomes[0]?.error?.code, 'downstream_too_slow')
  assert.equal(filled.cancelled?.code, 'downstream_too_slow')
})

test('a peer that takes a streamed response slowly but steadily gets all of it', async (t) => {
  const filled = new FilledBody()
  const server = await serve(t, () => Promise.resolve(new HttpResponse(200, headers(), filled.body)), {
    pace: { idle: 1_000, minimumRate: 1_000, grace: 1_000 },
  })
  const client = await server.client()
  client.send(GET)
  await client.receives('\r\n\r\n')
  let pushed = 0
  for (let second = 0; second < 8; second++) {
    client.pause()
    while (filled.push('x'.repeat(60_000))) {
      pushed += 60_000
      await turn()
    }
    pushed += 60_000
    await server.clock.advance(900)
    const before = filled.resumed
    client.resume()
    await eventually(() => filled.resumed > before, 'there is room again')
  }
  filled.body.end()
  await client.receives('\r\n0\r\n\r\n')
  assert.ok(client.text.length > pushed)
  assert.equal(server.outcomes[0]?.error, undefined)
})

test('a peer that takes nothing of a last, whole response is cut off in the end', async (t) => {
  const large = WholeBody.fromBytes(Buffer.alloc(20_000_000, 'x'))
  const server = await serve(t, () => Promise.resolve(new HttpResponse(200, headers(), large)))
  const client = await server.client()
  client.pause()
  client.send('GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
  await eventually(() => server.outcomes.length === 1, 'the response is handed over')
  await server.clock.advance(29_000)
  assert.equal(server.closed.length, 0)
  await server.clock.advance(32_000)
  await eventually(() => server.closed.length === 1, 'the connection is cut')
})

test('a peer that takes a last, whole response slowly but steadily gets all of it', async (t) => {
  const size = 60_000_000
  const large = WholeBody.fromBytes(Buffer.alloc(size, 'x'))
  const server = await serve(t, () => Promise.resolve(new HttpResponse(200, headers(), large)), {
    pace: { idle: 1_000, minimumRate: 1_000, grace: 1_000 },
  })
  const client = await server.client()
  client.pause()
  client.send('GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
  await eventually(() => server.outcomes.length === 1, 'the response is handed over')
  // The kernel alone takes less than this at a time.
  for (let received = 8_000_000; received < size; received += 8_000_000) {
    client.resume()
    await client.receives(received)
    client.pause()
    await server.clock.advance(990)
  }
  client.resume()
  assert.equal((await client.end()).length - client.text.indexOf('\r\n\r\n') - 4, size)
})

/** The peer takes something of what waits for it, but far from all. */
async function takeSome(socket: Socket, client: ScriptedConnection): Promise<void> {
  const before = bytesTaken(socket)
  client.resume()
  await eventually(() => bytesTaken(socket) > before, 'something is taken')
  client.pause()
}

for (const [name, connection] of [
  ['the last, whole response', 'close'],
  ['a streamed response', 'keep-alive'],
] as const) {
  test(`a peer that drips ${name} is held to the minimum rate`, async (t) => {
    const large = Buffer.alloc(60_000_000, 'x')
    const filled = new FilledBody()
    const body = connection === 'close' ? WholeBody.fromBytes(large) : filled.body
    const server = await serve(t, () => Promise.resolve(new HttpResponse(200, headers(), body)), {
      pace: { idle: 1_000, minimumRate: 50_000_000, grace: 1_000 },
    })
    const client = await server.client()
    client.send(`GET / HTTP/1.1\r\nHost: h\r\nConnection: ${connection}\r\n\r\n`)
    await client.receives('\r\n\r\n')
    client.pause()
    if (connection === 'keep-alive') filled.body.push(large)
    const socket = server.connections[0]?.socket
    assert.ok(socket !== undefined)
    await takeSome(socket, client)
    await server.clock.advance(900)
    assert.equal(server.closed.length, 0)
    await server.clock.advance(200)
    await eventually(() => server.closed.length === 1, 'the connection is cut')
    assert.ok(client.text.length < 60_000_000)
  })
}

test('a peer that has its last response has a while to close its side', async (t) => {
  const server = await serve(t, echo)
  const client = await server.client()
  client.send('GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
  await client.end()
  await server.clock.advance(1_900)
  assert.equal(server.closed.length, 0)
  await server.clock.advance(200)
  await eventually(() => server.closed.length === 1, 'the connection is cut')
  assert.equal(server.clock.pending, 0)
})
