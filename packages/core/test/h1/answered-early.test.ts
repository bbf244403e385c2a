import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { bodyFrom } from '../../src/message/body.ts'
import { type Dialled, dial, eventually, FilledBody, gather } from './harness.ts'

const EMPTY = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'
const EXPECTING = { expect: '100-continue' }

/** The response comes before the request's last byte has left: its connection must not be used again. */
const early: Readonly<Record<string, (dialled: Dialled) => Promise<unknown>>> = {
  async 'before any of a body with a length'({ origin, send }) {
    const filled = new FilledBody(SMUGGLED.length)
    const { response } = send('POST', { body: filled.body })
    await origin.receives('\r\n\r\n')
    origin.send(EMPTY)
    await response
    filled.push(SMUGGLED)
    filled.body.end()
  },
  async 'in the middle of a chunked body'({ origin, send }) {
    const filled = new FilledBody()
    const { response } = send('POST', { body: filled.body })
    filled.push('half')
    await origin.receives('half')
    origin.send(EMPTY)
    await response
    filled.push(SMUGGLED)
    filled.body.end()
  },
  async 'before the last chunk'({ origin, send }) {
    const filled = new FilledBody()
    const { response } = send('POST', { body: filled.body })
    filled.push('all')
    await origin.receives('all')
    origin.send(EMPTY)
    await response
    filled.body.end()
  },
  async 'with only its first byte before the end of the body'(dialled) {
    const { origin, send } = dialled
    const filled = new FilledBody(4)
    const { response } = send('POST', { body: filled.body })
    await origin.receives('\r\n\r\n')
    origin.send('H')
    await eventually(() => dialled.connection.socket.bytesRead === 1, 'it is read')
    filled.push('body')
    filled.body.end()
    await origin.receives('body')
    origin.send(EMPTY.slice(1))
    await response
  },
  async 'behind 103, before the body'({ origin, send }) {
    const filled = new FilledBody(4)
    const { response } = send('POST', { body: filled.body })
    await origin.receives('\r\n\r\n')
    origin.send(`HTTP/1.1 103 Early Hints\r\n\r\n${EMPTY}`)
    await response
    filled.push('body')
    filled.body.end()
  },
  async 'behind the 100 for which the body waited'({ origin, send }) {
    const { response } = send('POST', { headers: EXPECTING, body: bodyFrom('x'.repeat(100_000)) })
    await origin.receives('\r\n\r\n')
    origin.send(`HTTP/1.1 100 Continue\r\n\r\n${EMPTY}`)
    await response
  },
  async 'while the body waits in the socket'({ origin, send, connection }) {
    origin.pause()
    const { response } = send('POST', { body: bodyFrom(Buffer.alloc(16_000_000, SMUGGLED)) })
    await eventually(() => connection.socket.writableLength > 0, 'the kernel takes no more')
    origin.send(EMPTY)
    await response
    origin.resume()
  },
}

for (const [name, play] of Object.entries(early)) {
  test(`a connection is not used again whose response comes ${name}`, async (t) => {
    const dialled = await dial(t)
    await play(dialled)
    await dialled.origin.end()
    assert.deepEqual(dialled.told, ['closed'])
    await eventually(() => dialled.connection.socket.destroyed, 'the socket is closed')
    assert.equal(dialled.clock.pending, 0)
  })
}

/** The request is out when the final response begins, whatever came before. */
const inTime: Readonly<Record<string, (dialled: Dialled) => Promise<unknown>>> = {
  async 'of which a 103 came before the body was out'({ origin, send }) {
    const filled = new FilledBody(4)
    const { response } = send('POST', { body: filled.body })
    await origin.receives('\r\n\r\n')
    origin.send('HTTP/1.1 103 Early Hints\r\n\r\n')
    for (let wait = 0; wait < 20; wait++) await turn()
    filled.push('body')
    filled.body.end()
    await origin.receives('body')
    origin.send(EMPTY)
    await response
  },
  async 'of which a 100, cut in two, came before the body was out'(dialled) {
    const { origin, send } = dialled
    const { response } = send('POST', { headers: EXPECTING, body: bodyFrom('x'.repeat(5_000)) })
    await origin.receives('\r\n\r\n')
    origin.send('HTTP/1.1 100 Cont')
    await eventually(() => dialled.connection.socket.bytesRead === 17, 'the half is read')
    origin.send('inue\r\n\r\n')
    await origin.receives(/x{5000}$/)
    origin.send(EMPTY)
    await response
  },
  async 'with a large body that the origin has read'({ origin, send }) {
    const { response } = send('POST', { body: bodyFrom(Buffer.alloc(4_000_000, 'x')) })
    await origin.receives(4_000_000)
    await origin.receives(/x{1000}$/)
    for (let wait = 0; wait < 20; wait++) await turn()
    origin.send(EMPTY)
    await response
  },
}

for (const [name, play] of Object.entries(inTime)) {
  test(`a connection is used again after an exchange ${name}`, async (t) => {
    const dialled = await dial(t)
    await play(dialled)
    assert.deepEqual(dialled.told, ['released'])
  })
}

test('an origin that answers early and reads slowly still gets all of the upload', async (t) => {
  const dialled = await dial(t)
  const { origin, send, told } = dialled
  const filled = new FilledBody(8_000_000)
  const { response } = send('POST', { body: filled.body })
  await origin.receives('\r\n\r\n')
  origin.forget()
  origin.pause()
  origin.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly')
  assert.equal((await gather((await response).body)).text, 'early')
  filled.push('x'.repeat(8_000_000))
  filled.body.end()
  assert.deepEqual(told, ['closed'])
  origin.resume()
  assert.equal((await origin.end()).length, 8_000_000)
})

test('an origin that answers early and then takes nothing is given up, and so is what waits for it', async (t) => {
  const dialled = await dial(t, { pace: { idle: 1_000, minimumRate: 0, grace: 0 } })
  const { origin, send, connection, clock } = dialled
  origin.pause()
  const { response } = send('POST', { body: bodyFrom(Buffer.alloc(16_000_000)) })
  await eventually(() => connection.socket.writableLength > 0, 'the kernel takes no more')
  origin.send(EMPTY)
  await response
  await clock.advance(1_100)
  await eventually(() => connection.socket.destroyed, 'the socket is closed')
  assert.equal(clock.pending, 0)
})

test('a response that streams is not cut because its origin takes no more of the request', async (t) => {
  const { origin, send, clock, told } = await dial(t, { pace: { idle: 1_000, minimumRate: 0, grace: 0 } })
  const filled = new FilledBody()
  origin.pause()
  const { response } = send('POST', { body: filled.body })
  while (filled.push('x'.repeat(60_000))) await turn()
  origin.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nearly')
  const read = gather((await response).body)
  await clock.advance(900)
  origin.send('-')
  for (let wait = 0; wait < 20; wait++) await turn()
  await clock.advance(900)
  assert.ok(filled.cancelled !== undefined)
  origin.send('late')
  assert.deepEqual([(await read).text, (await read).error], ['early-late', undefined])
  assert.deepEqual(told, ['closed'])
})

test('a switch of protocols before the request is out is refused', async (t) => {
  const { origin, send, told } = await dial(t)
  const filled = new FilledBody(4)
  const { response } = send('POST', { body: filled.body, upgrade: 'websocket' })
  await origin.receives('\r\n\r\n')
  origin.send('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n')
  await assert.rejects(response, { code: 'malformed_response' })
  assert.deepEqual(told, ['closed'])
})
