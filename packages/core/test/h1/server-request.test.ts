import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { bodyFrom, WholeBody } from '../../src/message/body.ts'
import { HttpResponse } from '../../src/message/response.ts'
import {
  A_FEW_READS,
  echo,
  eventually,
  gather,
  headers,
  RecordingSink,
  type Served,
  serve,
  undated,
} from './harness.ts'
import { fc } from '../../../../scripts/testing/property.ts'

const POST_LENGTH = 'POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\nhello world'
const POST_CHUNKED =
  'PUT /b?c HTTP/1.1\r\nhost: h\r\ntransfer-encoding: Chunked\r\n\r\n' +
  '5\r\nhello\r\n006;ext="x"\r\n world\r\n0\r\nX-Sum: 42\r\nContent-Length: 5\r\n\r\n'
const GET = 'GET /d HTTP/1.1\r\nHost: h\r\nX-Empty:\r\nX-Padded: \t v w \t\r\nx-obs: \xe9\r\n\r\n'
const LAST = 'GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n'

/** What the server answers to these bytes, which come in these pieces. */
async function answersTo(server: Served, pieces: readonly string[]): Promise<string> {
  const client = await server.client()
  const index = server.connections.length - 1
  let sent = 0
  for (const piece of pieces) {
    await eventually(() => server.connections[index]?.socket.bytesRead === sent, 'the last piece was read')
    client.send(piece)
    sent += piece.length
  }
  const text = undated(await client.end())
  client.socket.destroy()
  return text
}

test('requests with each kind of body are read as they were sent', async (t) => {
  const server = await serve(t, echo)
  const text = await answersTo(server, [GET + POST_LENGTH + POST_CHUNKED + LAST])
  const contents = text.split(/HTTP\/1\.1 200 OK\r\n.*?\r\n\r\n/s).slice(1)
  assert.deepEqual(contents, [
    'GET h /d\nhost: h\nx-empty: \nx-padded: v w\nx-obs: Ã©\n\n.',
    'POST h /a\nhost: h\ncontent-length: 11\nhello world\n.',
    'PUT h /b?c\nhost: h\ntransfer-encoding: Chunked\nhello world\ntrailer x-sum: 42\n.',
    'GET h /last\nhost: h\nconnection: close\n\n.',
  ])
  assert.deepEqual(
    server.outcomes.map(({ bytesReceived }) => bytesReceived),
    [0, 11, 11, 0],
  )
})

for (const [name, message] of [
  ['no body', GET],
  ['a length', POST_LENGTH],
  ['chunks and trailers', POST_CHUNKED],
  ['an empty line before it', `\r\n${GET}`],
] as const) {
  test(`a request with ${name} means the same wherever the network cuts it`, async (t) => {
    const server = await serve(t, echo)
    const bytes = message + LAST
    const whole = await answersTo(server, [bytes])
    for (let cut = 1; cut < bytes.length; cut++) {
      const text = await answersTo(server, [bytes.slice(0, cut), bytes.slice(cut)])
      assert.equal(text, whole, `cut after ${JSON.stringify(bytes.slice(0, cut).slice(-20))}`)
    }
  })
}

test('pipelined requests mean the same byte by byte, and cut at random', async (t) => {
  const server = await serve(t, echo)
  const bytes = GET + POST_CHUNKED + POST_LENGTH + POST_CHUNKED + LAST
  const whole = await answersTo(server, [bytes])
  const single = await server.client()
  for (const byte of bytes) {
    single.send(byte)
    await turn()
  }
  assert.equal(undated(await single.end()), whole)
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 8 }),
      async (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), bytes.length]
        const pieces = places.slice(1).map((place, index) => bytes.slice(places[index], place))
        assert.equal(await answersTo(server, pieces), whole)
      },
    ),
    { numRuns: 60 },
  )
})

test('pipelined requests are answered one at a time and in order, however long each takes', async (t) => {
  let active = 0
  const server = await serve(t, async (exchange) => {
    active++
    assert.equal(active, 1)
    const { text } = await gather(exchange.request.body)
    // The first takes longest.
    for (let wait = 10 - server.exchanges.length; wait > 0; wait--) await turn()
    active--
    return new HttpResponse(200, headers(), bodyFrom(`<${exchange.request.path} ${text}>`))
  })
  const client = await server.client()
  const requests = ['/1', '/2', '/3', '/4', '/5'].map((path, index) =>
    index % 2 === 0
      ? `POST ${path} HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\na:${index}`
      : `POST ${path} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nb:${index}\r\n0\r\n\r\n`,
  )
  client.send(requests.join(''))
  await client.receives('</5 ')
  assert.deepEqual(client.text.match(/<.*?>/g), ['</1 a:0>', '</2 b:1>', '</3 a:2>', '</4 b:3>', '</5 a:4>'])
})

test('a long pipeline is answered without growing the stack', async (t) => {
  const server = await serve(t, () => Promise.resolve(new HttpResponse(204)))
  const client = await server.client()
  const count = 5_000
  client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n'.repeat(count) + LAST)
  await client.end()
  assert.equal(server.exchanges.length, count + 1)
})

test('a peer that pipelines and does not read gets no further answers until it does', async (t) => {
  const large = WholeBody.fromBytes(Buffer.alloc(1_000_000, 'x'))
  const server = await serve(t, () => Promise.resolve(new HttpResponse(200, headers(), large)))
  const client = await server.client()
  client.pause()
  const count = 50
  client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n'.repeat(count - 1) + LAST)
  await eventually(() => server.connections[0]?.socket.writableNeedDrain === true, 'its side is full')
  for (let wait = 0; wait < 200; wait++) await turn()
  assert.ok(server.exchanges.length < 20, `${server.exchanges.length} were answered`)
  client.resume()
  assert.ok((await client.end()).length > count * 1_000_000)
  assert.equal(server.exchanges.length, count)
})

test('a peer that sends one request after the other and never reads is not read from further either', async (t) => {
  const large = WholeBody.fromBytes(Buffer.alloc(1_000_000, 'x'))
  const server = await serve(t, () => Promise.resolve(new HttpResponse(200, headers(), large)))
  const client = await server.client()
  client.pause()
  for (let count = 0; count < 40; count++) {
    client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await turn()
  }
  const queued = server.connections[0]?.socket.writableLength ?? 0
  assert.ok(queued < 2_000_000, `${queued} bytes wait for the peer`)
  client.resume()
  await client.receives(40_000_000)
})

/** A server whose handler lets the request's body flow into `sink` and answers when told to. */
async function sinking(
  t: TestContext,
): Promise<{ server: Served; sink: RecordingSink; answer: (response: HttpResponse) => void }> {
  const sink = new RecordingSink()
  const { promise, resolve } = Promise.withResolvers<HttpResponse>()
  const server = await serve(t, (exchange) => {
    exchange.request.body.flowTo(sink)
    return promise
  })
  return { server, sink, answer: resolve }
}

for (const framing of ['a length', 'chunks']) {
  test(`a body with ${framing} is read only as fast as it is taken`, async (t) => {
    const { server, sink, answer } = await sinking(t)
    sink.room = false
    const client = await server.client()
    const size = 20_000_000
    const chunk = 'x'.repeat(1_000_000)
    client.send(
      framing === 'chunks'
        ? 'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n'
        : `POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ${size}\r\n\r\n`,
    )
    for (let sent = 0; sent < size; sent += chunk.length) {
      client.send(framing === 'chunks' ? `f4240\r\n${chunk}\r\n` : chunk)
    }
    if (framing === 'chunks') client.send('0\r\n\r\n')
    const socket = server.connections[0]?.socket
    assert.ok(socket !== undefined)
    let taken = 0
    while (taken < 4_000_000) {
      await eventually(() => sink.bytes > taken, 'more comes')
      await eventually(() => socket.isPaused(), 'it is paused')
      for (let wait = 0; wait < 3; wait++) await turn()
      assert.ok(sink.bytes - taken <= A_FEW_READS, `${sink.bytes - taken} bytes came at once`)
      assert.ok(socket.bytesRead - sink.bytes < 1_000, 'nothing is kept in between')
      taken = sink.bytes
      server.exchanges[0]?.request.body.resume()
    }
    sink.room = true
    server.exchanges[0]?.request.body.resume()
    await eventually(() => sink.done, 'all is read')
    assert.equal(sink.bytes, size)
    answer(new HttpResponse(204))
    await client.receives('204')
  })
}

test('before anyone wants it, no more of a body is read than one read brings', async (t) => {
  const { promise, resolve } = Promise.withResolvers<HttpResponse>()
  const server = await serve(t, () => promise)
  const client = await server.client()
  client.send(`POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 30000000\r\n\r\n`)
  client.send('x'.repeat(30_000_000))
  await eventually(() => server.exchanges.length === 1, 'the head is read')
  const socket = server.connections[0]?.socket
  await eventually(() => socket?.isPaused() === true, 'it is paused')
  for (let wait = 0; wait < 50; wait++) await turn()
  assert.ok((socket?.bytesRead ?? Infinity) <= A_FEW_READS)
  const body = server.exchanges[0]?.request.body
  assert.ok(body !== undefined)
  const { bytes } = await gather(body)
  assert.equal(bytes, 30_000_000)
  resolve(new HttpResponse(204))
  await client.receives('204')
})

test('a body of exactly the size of a read, and one byte more or less, is complete', async (t) => {
  const server = await serve(t, async ({ request }) => {
    const { bytes } = await gather(request.body)
    return new HttpResponse(200, headers(), bodyFrom(`<${bytes}>`))
  })
  const client = await server.client()
  for (const size of [16_383, 16_384, 16_385, 65_535, 65_536, 65_537, 131_072]) {
    client.forget()
    client.send(`POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ${size}\r\n\r\n${'x'.repeat(size)}`)
    await client.receives(`<${size}>`)
    client.forget()
    client.send(`POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n${size.toString(16)}\r\n`)
    client.send(`${'x'.repeat(size)}\r\n0\r\n\r\n`)
    await client.receives(`<${size}>`)
  }
})

test('bytes arrive unchanged through reads that share a buffer, from several peers at a time', async (t) => {
  const server = await serve(t, async ({ request }) => {
    const { text } = await gather(request.body)
    return new HttpResponse(200, headers(['connection', 'close']), WholeBody.fromLatin1(text))
  })
  const clients = await Promise.all(Array.from({ length: 8 }, () => server.client()))
  const contents = clients.map((_, index) => String.fromCharCode(65 + index).repeat(300_000 + index))
  for (const [index, client] of clients.entries()) {
    const content = contents[index] ?? ''
    client.send(
      `POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: ${content.length}\r\n\r\n`,
    )
  }
  for (let start = 0; start < 310_000; start += 5_000) {
    for (const [index, client] of clients.entries())
      client.send(contents[index]?.slice(start, start + 5_000) ?? '')
    await turn()
  }
  for (const [index, client] of clients.entries()) {
    const text = await client.end()
    assert.ok(text.endsWith(`\r\n\r\n${contents[index]}`))
  }
})
