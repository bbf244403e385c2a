import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { A_FEW_READS, dial, eventually, gather, RecordingSink } from './harness.ts'
import { fc } from '../../../../scripts/testing/property.ts'

interface Reading {
  readonly method?: string
  readonly bytes: string
  readonly status?: number
  readonly text?: string
  readonly trailer?: string
  /** Whether the connection lives on. */
  readonly lives: boolean
  /** Whether the origin closes its side behind the bytes. */
  readonly closes?: boolean
}

const OK = 'HTTP/1.1 200 OK\r\n'

const READINGS: Readonly<Record<string, Reading>> = {
  'a length': { bytes: `${OK}Content-Length: 5\r\n\r\nhello`, text: 'hello', lives: true },
  'no content': { bytes: `${OK}Content-Length: 0\r\n\r\n`, text: '', lives: true },
  chunks: {
    bytes: `${OK}Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n`,
    text: 'hello',
    lives: true,
  },
  trailers: {
    bytes: `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 7\r\nContent-Length: 1\r\n\r\n`,
    text: 'hello',
    trailer: '7',
    lives: true,
  },
  'the connection’s end': { bytes: `${OK}\r\nhello`, text: 'hello', lives: false, closes: true },
  'the connection’s end, and nothing': { bytes: `${OK}\r\n`, text: '', lives: false, closes: true },
  'a length, in HTTP/1.0': {
    bytes: 'HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    text: 'hello',
    lives: false,
  },
  'a length, in HTTP/1.0 that is kept alive': {
    bytes: 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello',
    text: 'hello',
    lives: true,
  },
  'the connection’s end, in HTTP/1.0 that says keep-alive': {
    bytes: 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nhello',
    text: 'hello',
    lives: false,
    closes: true,
  },
  'a length, and then close': {
    bytes: `${OK}Connection: Close\r\nContent-Length: 5\r\n\r\nhello`,
    text: 'hello',
    lives: false,
  },
  'chunks, and then close': {
    bytes: `${OK}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    text: 'hello',
    lives: false,
  },
  'HEAD with a length': { method: 'HEAD', bytes: `${OK}Content-Length: 5\r\n\r\n`, text: '', lives: false },
  'HEAD with a length of 0': {
    method: 'HEAD',
    bytes: `${OK}Content-Length: 0\r\n\r\n`,
    text: '',
    lives: true,
  },
  'HEAD with 304': {
    method: 'HEAD',
    bytes: 'HTTP/1.1 304 Not Modified\r\n\r\n',
    status: 304,
    text: '',
    lives: true,
  },
  'HEAD with chunks': {
    method: 'HEAD',
    bytes: `${OK}Transfer-Encoding: chunked\r\n\r\n`,
    text: '',
    lives: false,
  },
  'HEAD with neither': { method: 'HEAD', bytes: `${OK}\r\n`, text: '', lives: false },
  '204': { bytes: 'HTTP/1.1 204 No Content\r\n\r\n', status: 204, text: '', lives: true },
  '304 with the length of what it stands for': {
    bytes: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n',
    status: 304,
    text: '',
    lives: false,
  },
  '304 without a length': {
    bytes: 'HTTP/1.1 304 Not Modified\r\n\r\n',
    status: 304,
    text: '',
    lives: true,
  },
  '204 in chunks': {
    bytes: 'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n',
    status: 204,
    text: '',
    lives: false,
  },
  'no reason phrase': {
    bytes: 'HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello',
    text: 'hello',
    lives: true,
  },
  'an empty reason phrase': {
    bytes: 'HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\nhello',
    text: 'hello',
    lives: true,
  },
  '100 before it': {
    bytes: `HTTP/1.1 100 Continue\r\n\r\n${OK}Content-Length: 5\r\n\r\nhello`,
    text: 'hello',
    lives: true,
  },
  'several 1xx before it': {
    bytes: `HTTP/1.1 102 P\r\n\r\nHTTP/1.1 103 E\r\nLink: x\r\n\r\n${OK}Content-Length: 5\r\n\r\nhello`,
    text: 'hello',
    lives: true,
  },
}

/** Sends a request, lets the origin answer in pieces, and checks what comes of it. */
async function check(
  t: Parameters<typeof dial>[0],
  reading: Reading,
  pieces: readonly string[],
): Promise<void> {
  const { connection, origin, send, told } = await dial(t)
  const { response } = send(reading.method ?? 'GET')
  const read = response.then(({ status, body }) => gather(body).then((sink) => ({ status, sink })))
  await origin.receives('\r\n\r\n')
  let sent = 0
  for (const piece of pieces) {
    await eventually(() => connection.socket.bytesRead >= sent, 'the last piece was read')
    origin.send(piece)
    sent += piece.length
  }
  if (reading.closes) origin.finish()
  const { status, sink } = await read
  assert.equal(status, reading.status ?? 200)
  const { text, done, trailers } = sink
  assert.deepEqual([text, done], [reading.text, true])
  assert.equal(trailers?.get('x-sum'), reading.trailer)
  assert.equal(trailers?.has('content-length') ?? false, false)
  await eventually(() => told.length > 0, 'the owner is told')
  assert.deepEqual(told, [reading.lives ? 'released' : 'closed'])
  assert.equal(connection.closed, !reading.lives)
  if (!reading.lives) return void (await origin.end())
  origin.forget()
  const second = send('GET')
  await origin.receives('\r\n\r\n')
  origin.send(`${OK}Content-Length: 6\r\n\r\nsecond`)
  assert.equal((await gather((await second.response).body)).text, 'second')
}

for (const [name, reading] of Object.entries(READINGS)) {
  test(`a response with ${name} is read to its end, and the connection ${reading.lives ? 'lives' : 'dies'}`, async (t) => {
    await check(t, reading, [reading.bytes])
  })

  test(`a response with ${name} means the same wherever the network cuts it`, async (t) => {
    for (let cut = 1; cut < reading.bytes.length; cut += 1 + Math.floor(reading.bytes.length / 40)) {
      await check(t, reading, [reading.bytes.slice(0, cut), reading.bytes.slice(cut)])
    }
  })
}

test('a response means the same byte by byte', async (t) => {
  for (const reading of Object.values(READINGS)) await check(t, reading, reading.bytes.split(''))
})

test('a request is written as it stands, in one head, with its body behind it', async (t) => {
  const { origin, send } = await dial(t)
  send('GET', {
    path: '/a/../b?c=d',
    headers: { 'X-One': '1', connection: 'x', host: 'y', 'content-length': '9' },
  })
  assert.equal(
    await origin.receives('\r\n\r\n'),
    'GET /b?c=d HTTP/1.1\r\nhost: origin.example\r\nx-one: 1\r\n\r\n',
  )
})

test('fields of a response come with lower-case names, in order, and repeated ones apart', async (t) => {
  const { origin, send } = await dial(t)
  const { response } = send('GET')
  origin.send(`${OK}Set-Cookie: a=1\r\nX-Y:\r\nSET-COOKIE:  b=2 \r\nContent-Length: 0\r\n\r\n`)
  const fields = [...(await response).headers].map(({ name, value }) => `${name}=${value}`)
  assert.deepEqual(fields, ['set-cookie=a=1', 'x-y=', 'set-cookie=b=2', 'content-length=0'])
})

test('1xx responses are passed on as they come, 100 is not', async (t) => {
  const { origin, send } = await dial(t)
  const { exchange, response } = send('GET')
  const informed: string[] = []
  exchange.inform = (status, { size }) => informed.push(`${status}/${size}`)
  origin.send('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\nLink: b\r\n\r\n')
  await eventually(() => informed.length === 1, 'the hints come before the response')
  origin.send(`HTTP/1.1 102 Processing\r\n\r\n${OK}Content-Length: 0\r\n\r\n`)
  await response
  assert.deepEqual(informed, ['103/2', '102/0'])
})

test('1xx responses without end are cut off: each could have to wait for a slow peer', async (t) => {
  const { origin, send } = await dial(t)
  const { response } = send('GET')
  origin.send(`HTTP/1.1 103 Early Hints\r\nLink: ${'x'.repeat(200)}\r\n\r\n`.repeat(200))
  await assert.rejects(response, { code: 'response_head_too_large' })
})

test('a response’s body is read only as fast as it is taken', async (t) => {
  const { connection, origin, send } = await dial(t)
  const { response } = send('GET')
  const size = 20_000_000
  origin.send(`${OK}Content-Length: ${size}\r\n\r\n`)
  for (let sent = 0; sent < size; sent += 1_000_000) origin.send('x'.repeat(1_000_000))
  const { body } = await response
  for (let wait = 0; wait < 50; wait++) await turn()
  assert.ok(connection.socket.bytesRead <= A_FEW_READS, 'before anybody takes it')
  const sink = new RecordingSink()
  sink.room = false
  body.flowTo(sink)
  let taken = 0
  while (taken < 4_000_000) {
    await eventually(() => sink.bytes > taken, 'more comes')
    await eventually(() => connection.socket.isPaused(), 'it is paused')
    for (let wait = 0; wait < 3; wait++) await turn()
    assert.ok(sink.bytes - taken <= A_FEW_READS)
    taken = sink.bytes
    body.resume()
  }
  sink.room = true
  body.resume()
  await eventually(() => sink.done, 'all is read')
  assert.equal(sink.bytes, size)
})

test('a second response to one request is not taken: the first is delivered, the connection goes', async (t) => {
  const { origin, send, told } = await dial(t)
  const { response } = send('GET')
  const one = `${OK}Content-Length: 3\r\n\r\none`
  origin.send(`${one}${OK}Content-Length: 3\r\n\r\ntwo`)
  assert.equal((await gather((await response).body)).text, 'one')
  assert.deepEqual(told, ['closed'])
  await origin.end()
})

for (const [name, first, second] of [
  ['a length', `${OK}Content-Length: 6\r\n\r\none`, 'oneHTTP/1.1 200 OK\r\n'],
  ['chunks', `${OK}Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n`, '3\r\none\r\n0\r\n\r\nH'],
  ['HEAD', '', `${OK}Content-Length: 3\r\n\r\none`],
] as const) {
  test(`bytes behind a body with ${name} cost the connection, not the response`, async (t) => {
    const { origin, send, told, connection } = await dial(t)
    const { response } = send(name === 'HEAD' ? 'HEAD' : 'GET')
    origin.send(first)
    await eventually(() => connection.socket.bytesRead === first.length, 'the first part is read')
    origin.send(second)
    const { done, text } = await gather((await response).body)
    assert.equal(done, true)
    assert.equal(text, name === 'HEAD' ? '' : 'oneone')
    assert.deepEqual(told, ['closed'])
  })
}

test('bytes that arrive on an idle connection destroy it', async (t) => {
  const { connection, origin, send, told } = await dial(t)
  const { response } = send('GET')
  origin.send(`${OK}Content-Length: 0\r\n\r\n`)
  await response
  assert.deepEqual(told, ['released'])
  origin.send(OK)
  await origin.end()
  assert.deepEqual(told, ['released', 'closed'])
  assert.equal(connection.closed, true)
  assert.equal(connection.socket.destroyed, true)
})

test('bytes that arrive before the first request destroy the connection', async (t) => {
  const { origin, told } = await dial(t)
  origin.send(`${OK}\r\n`)
  await origin.end()
  assert.deepEqual(told, ['closed'])
})

test('an owner may send the next exchange at once when it is told that the connection is free', async (t) => {
  const { connection, origin, send } = await dial(t)
  const responses: Promise<unknown>[] = []
  connection.owner = {
    released() {
      if (responses.length === 0)
        responses.push(send('GET', { path: '/2' }).response.then(({ status }) => status))
    },
    closed() {},
  }
  const { response } = send('GET', { path: '/1' })
  origin.send('HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n')
  await origin.receives('GET /2')
  origin.send('HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n')
  assert.equal((await response).status, 201)
  assert.deepEqual(await Promise.all(responses), [202])
})

test('whatever an origin sends, the exchange ends, and the connection is not used again after a fault', async (t) => {
  const piece = fc.oneof(
    fc.constantFrom(
      OK,
      'HTTP/1.1 ',
      '204',
      ' OK',
      '\r\n',
      '\n',
      '\r\n\r\n',
      'Content-Length: 3\r\n',
      'abc',
      '0\r\n\r\n',
    ),
    fc.constantFrom(
      'Transfer-Encoding: chunked\r\n',
      '3\r\nabc\r\n',
      'HTTP/1.1 103 E\r\n\r\n',
      'Connection: close\r\n',
    ),
    fc.string({ unit: 'binary', maxLength: 5 }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 10 }), async (pieces) => {
      const { connection, origin, send, told } = await dial(t)
      const { response } = send('GET')
      origin.send(Buffer.from(pieces.join(''), 'latin1'))
      origin.finish()
      const outcome = await response.then(
        ({ body }) => gather(body).then(({ done }) => (done ? 'done' : 'broken')),
        () => 'rejected',
      )
      await eventually(() => connection.closed, 'it goes with the origin')
      assert.ok(['done', 'broken', 'rejected'].includes(outcome))
      assert.equal(told.filter((event) => event === 'closed').length, 1)
      if (outcome !== 'done') assert.deepEqual(told, ['closed'])
      origin.socket.destroy()
    }),
    { numRuns: 200 },
  )
})
