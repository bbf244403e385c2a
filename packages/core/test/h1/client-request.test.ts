import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { bodyFrom, WholeBody } from '../../src/message/body.ts'
import { TrafficError } from '../../src/message/errors.ts'
import { A_FEW_READS, dial, eventually, FilledBody, gather, headers } from './harness.ts'

const OK = 'HTTP/1.1 200 OK\r\n'
const EMPTY = `${OK}Content-Length: 0\r\n\r\n`

for (const [method, head] of [
  ['GET', ''],
  ['DELETE', ''],
  ['POST', 'content-length: 0\r\n'],
  ['PUT', 'content-length: 0\r\n'],
  ['PATCH', 'content-length: 0\r\n'],
] as const) {
  test(`${method} without content says ${head === '' ? 'nothing of it' : 'so'}`, async (t) => {
    const { origin, send } = await dial(t)
    send(method)
    assert.equal(
      await origin.receives('\r\n\r\n'),
      `${method} / HTTP/1.1\r\nhost: origin.example\r\n${head}\r\n`,
    )
  })
}

for (const size of [5, 16 * 1024, 16 * 1024 + 1, 3_000_000]) {
  test(`a whole body of ${size} bytes is sent whole`, async (t) => {
    const bytes = Buffer.alloc(size, 'abcdefghijklm\xff', 'latin1')
    const { origin, send, told } = await dial(t)
    const { response } = send('POST', { body: WholeBody.fromBytes(bytes) })
    const head = `POST / HTTP/1.1\r\nhost: origin.example\r\ncontent-length: ${size}\r\n\r\n`
    await origin.receives(head.length + size)
    assert.equal(origin.text, head + bytes.toString('latin1'))
    origin.send(EMPTY)
    await response
    assert.deepEqual(told, ['released'])
  })
}

test('a streamed body of known length is sent by its length, as it comes', async (t) => {
  const filled = new FilledBody(10)
  const { origin, send, told } = await dial(t)
  const { response } = send('POST', { body: filled.body })
  assert.match(await origin.receives('\r\n\r\n'), /\r\ncontent-length: 10\r\n/)
  filled.push('hello')
  await origin.receives(/hello$/)
  filled.push('world')
  filled.body.end()
  await origin.receives(/helloworld$/)
  origin.send(EMPTY)
  await response
  assert.deepEqual(told, ['released'])
})

test('a streamed body of unknown length is sent in chunks, with its trailers', async (t) => {
  const filled = new FilledBody()
  const { origin, send, told } = await dial(t)
  const { response } = send('POST', { body: filled.body })
  filled.push('hello')
  filled.push('')
  filled.push('x'.repeat(5_000))
  filled.body.end(headers(['x-sum', '7'], ['transfer-encoding', 'x']))
  const text = await origin.receives('x-sum: 7\r\n\r\n')
  assert.equal(
    text,
    `POST / HTTP/1.1\r\nhost: origin.example\r\ntransfer-encoding: chunked\r\n\r\n` +
      `5\r\nhello\r\n1388\r\n${'x'.repeat(5_000)}\r\n0\r\nx-sum: 7\r\n\r\n`,
  )
  origin.send(EMPTY)
  await response
  assert.deepEqual(told, ['released'])
})

for (const length of [undefined, 100_000_000]) {
  test(`a body ${length === undefined ? 'of unknown length' : 'with a length'} is asked for only as fast as the origin takes it`, async (t) => {
    const filled = new FilledBody(length)
    const { connection, origin, send } = await dial(t)
    origin.pause()
    const { response } = send('POST', { body: filled.body })
    const part = 'x'.repeat(50_000)
    let pushed = 0
    const push = async (): Promise<void> => {
      while (filled.push(part)) {
        pushed += part.length
        await turn()
      }
      pushed += part.length
    }
    await push()
    assert.ok(connection.socket.writableLength <= A_FEW_READS)
    const resumed = filled.resumed
    for (let wait = 0; wait < 20; wait++) await turn()
    assert.equal(filled.resumed, resumed)
    origin.resume()
    await eventually(() => filled.resumed > resumed, 'there is room again')
    if (length !== undefined) return
    filled.body.end()
    await origin.receives(/\r\n0\r\n\r\n$/)
    assert.ok(origin.text.length > pushed)
    origin.send(EMPTY)
    await response
  })
}

test('an origin that does not take a body fails the exchange', async (t) => {
  const filled = new FilledBody()
  const { origin, send, clock, told } = await dial(t, { pace: { idle: 1_000, minimumRate: 0, grace: 0 } })
  origin.pause()
  const { response } = send('PUT', { body: filled.body })
  while (filled.push('x'.repeat(60_000))) await turn()
  await clock.advance(2_100)
  await assert.rejects(response, { code: 'upstream_too_slow', phase: 'send', replaySafe: 'idempotent' })
  assert.deepEqual(told, ['closed'])
  assert.ok(filled.cancelled !== undefined)
})

test('a body that fails midway fails the exchange with its reason, and the origin sees half a request', async (t) => {
  const broken = new TrafficError('downstream_closed', 'the peer has left')
  for (const length of [undefined, 100]) {
    const filled = new FilledBody(length)
    const { origin, send, told } = await dial(t)
    const { response } = send('POST', { body: filled.body })
    filled.push('half')
    await origin.receives('half')
    filled.body.fail(broken)
    await assert.rejects(response, broken)
    assert.deepEqual(told, ['closed'])
    assert.match(await origin.end(), /half(\r\n)?$/)
  }
})

test('a body that does not keep to its length is never made to look complete', async (t) => {
  for (const parts of [['four'], ['12345', '678901']]) {
    const filled = new FilledBody(10)
    const { origin, send, told } = await dial(t)
    const { response } = send('POST', { body: filled.body })
    await origin.receives('\r\n\r\n')
    origin.forget()
    for (const part of parts) filled.push(part)
    filled.body.end()
    await assert.rejects(response, { code: 'internal' })
    assert.deepEqual(told, ['closed'])
    assert.ok((await origin.end()).length < 10)
  }
})

test('bytesSent tells how much of a request had left when its exchange failed', async (t) => {
  const filled = new FilledBody()
  const { origin, send } = await dial(t)
  const { response } = send('POST', { body: filled.body })
  filled.push('x'.repeat(1000))
  const { length } = (await origin.receives('x'.repeat(1000))).split('\r\n\r\n')[0] ?? ''
  origin.reset()
  await assert.rejects(response, { bytesSent: length + 4 + 1000 })
})

test('an early response does not stop the body; the connection ends when both are through', async (t) => {
  const filled = new FilledBody()
  const { origin, send, told } = await dial(t)
  const { exchange, response } = send('POST', { body: filled.body })
  filled.push('first')
  await origin.receives('first')
  origin.send(`${OK}Content-Length: 5\r\n\r\nearly`)
  assert.equal((await gather((await response).body)).text, 'early')
  assert.deepEqual(told, [])
  filled.push('second')
  await origin.receives('second')
  filled.body.end()
  await origin.receives('0\r\n\r\n')
  // An origin that left the body unread would take it for the next request.
  assert.deepEqual(told, ['closed'])
  assert.equal(exchange.cancellation, undefined)
  await origin.end()
})

test('an early response that is still arriving when the body is through ends the connection at its own end', async (t) => {
  const filled = new FilledBody()
  const { origin, send, told } = await dial(t)
  const { response } = send('POST', { body: filled.body })
  origin.send(`${OK}Content-Length: 10\r\n\r\nearly`)
  const read = gather((await response).body)
  filled.push('all')
  filled.body.end()
  await origin.receives('0\r\n\r\n')
  assert.deepEqual(told, [])
  origin.send('-late')
  assert.equal((await read).text, 'early-late')
  assert.deepEqual(told, ['closed'])
})

test('an early response that says close ends the connection and the body', async (t) => {
  const filled = new FilledBody()
  const { origin, send, told } = await dial(t)
  const { response } = send('POST', { body: filled.body })
  filled.push('first')
  await origin.receives('first')
  origin.send('HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig')
  const { status, body } = await response
  assert.deepEqual([status, (await gather(body)).text], [413, 'big'])
  assert.deepEqual(told, ['closed'])
  assert.ok(filled.cancelled !== undefined)
})

test('a body that fails after an early, complete response costs the connection only', async (t) => {
  const filled = new FilledBody()
  const { origin, send, told } = await dial(t)
  const { response } = send('POST', { body: filled.body })
  origin.send(`${OK}Content-Length: 5\r\n\r\nearly`)
  const { body } = await response
  filled.body.fail(new TrafficError('downstream_closed', 'gone'))
  assert.equal((await gather(body)).text, 'early')
  assert.deepEqual(told, ['closed'])
  await origin.end()
})

test('bytes behind an early, complete response cost the connection', async (t) => {
  const filled = new FilledBody()
  const { origin, send, told } = await dial(t)
  const { response } = send('POST', { body: filled.body })
  origin.send(`${OK}Content-Length: 5\r\n\r\nearly`)
  const { body } = await response
  origin.send('more')
  await origin.end()
  assert.equal((await gather(body)).text, 'early')
  assert.deepEqual(told, ['closed'])
  assert.ok(filled.cancelled !== undefined)
})

const EXPECTING = { headers: { expect: '100-continue' } }

test('a body that expects 100 is held back until it comes', async (t) => {
  const filled = new FilledBody()
  const { origin, send, told, clock } = await dial(t)
  const { response } = send('POST', { ...EXPECTING, body: filled.body })
  filled.push('body')
  assert.match(await origin.receives('\r\n\r\n'), /\r\nexpect: 100-continue\r\n(.*\r\n)*\r\n$/)
  for (let wait = 0; wait < 20; wait++) await turn()
  assert.match(origin.text, /\r\n\r\n$/)
  origin.send('HTTP/1.1 100 Continue\r\n\r\n')
  await origin.receives('4\r\nbody\r\n')
  filled.body.end()
  await origin.receives('0\r\n\r\n')
  origin.send(EMPTY)
  await response
  assert.deepEqual(told, ['released'])
  assert.equal(clock.pending, 0)
})

test('a large whole body that expects 100 is held back as well', async (t) => {
  const { origin, send } = await dial(t)
  const { response } = send('POST', { ...EXPECTING, body: bodyFrom('x'.repeat(100_000)) })
  await origin.receives('\r\n\r\n')
  for (let wait = 0; wait < 20; wait++) await turn()
  assert.match(origin.text, /\r\n\r\n$/)
  origin.send('HTTP/1.1 100 Continue\r\n\r\n')
  await origin.receives(100_000)
  await origin.receives(/x{100000}$/)
  origin.send(EMPTY)
  await response
})

test('a body that expects 100 is sent all the same when that does not come in time', async (t) => {
  const filled = new FilledBody()
  const { origin, send, clock } = await dial(t, { continueTimeout: 1_000 })
  const { response } = send('POST', { ...EXPECTING, body: filled.body })
  filled.push('body')
  filled.body.end()
  await origin.receives('\r\n\r\n')
  await clock.advance(990)
  assert.match(origin.text, /\r\n\r\n$/)
  await clock.advance(20)
  await origin.receives('4\r\nbody\r\n0\r\n\r\n')
  // Late, and without effect.
  origin.send(`HTTP/1.1 100 Continue\r\n\r\n${EMPTY}`)
  assert.equal((await response).status, 200)
})

for (const persistent of [true, false]) {
  test(`a final response instead of 100: the body is never sent, and the connection goes (${persistent})`, async (t) => {
    const filled = new FilledBody()
    const { origin, send, told, clock } = await dial(t)
    const { response } = send('POST', { ...EXPECTING, body: filled.body })
    filled.push('body')
    await origin.receives('\r\n\r\n')
    origin.send(
      `HTTP/1.1 403 Forbidden\r\n${persistent ? '' : 'Connection: close\r\n'}Content-Length: 2\r\n\r\nno`,
    )
    const { status, body } = await response
    assert.deepEqual([status, (await gather(body)).text], [403, 'no'])
    assert.deepEqual(told, ['closed'])
    assert.ok(filled.cancelled !== undefined)
    await clock.advance(10_000)
    assert.match(await origin.end(), /\r\n\r\n$/)
  })
}

test('an exchange is released once, and only when request and response are both through', async (t) => {
  const filled = new FilledBody()
  const { origin, send } = await dial(t)
  const { exchange, response } = send('POST', { body: filled.body })
  let released = 0
  const release = exchange.release.bind(exchange)
  exchange.release = (worker) => {
    released++
    release(worker)
  }
  origin.send(EMPTY)
  await response
  assert.equal(released, 0)
  filled.body.end()
  assert.equal(released, 1)
  origin.reset()
  await origin.gone()
  await turn()
  assert.equal(released, 1)
})
