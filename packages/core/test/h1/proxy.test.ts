import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { sizeLimit } from '../../src/policies/size-limit.ts'
import type { ScriptedConnection } from '../../src/testing/scripted-peer.ts'
import { A_FEW_READS, eventually, proxy, undated } from './harness.ts'

const GET = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'
const OK = 'HTTP/1.1 200 OK\r\n'
const CHUNKED = 'Transfer-Encoding: chunked\r\n'

function post(...fields: string[]): string {
  return `POST / HTTP/1.1\r\nHost: h\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`
}

/** The content of a chunked body, whatever its chunks. */
function unchunked(text: string): string {
  const parts: string[] = []
  let position = 0
  for (;;) {
    const lineEnd = text.indexOf('\r\n', position)
    const size = Number.parseInt(text.slice(position, lineEnd), 16)
    if (size === 0) return parts.join('')
    parts.push(text.slice(lineEnd + 2, lineEnd + 2 + size))
    position = lineEnd + 2 + size + 2
  }
}

function contentOf(message: string): string {
  return message.slice(message.indexOf('\r\n\r\n') + 4)
}

test('ten megabytes in chunks pass both ways at a time, byte by byte the same, trailers included', async (t) => {
  const { server, origin, upstreams } = await proxy(t)
  const client = await server.client()
  const size = 10 * 1024 * 1024
  const content = Buffer.alloc(size)
  for (let index = 0; index < size; index += 4)
    content.writeUInt32LE(Math.imul(index, 0x9e3779b1) >>> 0, index)
  client.send(post('Transfer-Encoding: chunked'))
  const far = await origin.accept()
  await far.receives('\r\n\r\n')
  // The origin echoes what it gets: its body is the request's, chunk for chunk.
  far.socket.on('data', (chunk: Buffer) => far.send(chunk))
  far.send(`${OK}${CHUNKED}\r\n`)
  for (let start = 0, length = 1; start < size; start += length, length = (length * 7 + 1) % 200_000) {
    const part = content.subarray(start, start + length)
    client.send(`${part.length.toString(16)}\r\n`)
    client.send(part)
    client.send('\r\n')
    if (start % 5 === 0) await turn()
  }
  client.send('0\r\nX-Sum: 42\r\n\r\n')
  await client.receives('x-sum: 42\r\n\r\n')
  assert.ok(unchunked(contentOf(client.text)) === content.toString('latin1'), 'the content is the same')
  assert.ok(unchunked(contentOf(far.text)) === content.toString('latin1'), 'the content is the same')
  assert.match(far.text.slice(-30), /\r\n0\r\nx-sum: 42\r\n\r\n$/)
  assert.deepEqual(
    server.outcomes.map(({ bytesSent, bytesReceived }) => [bytesSent, bytesReceived]),
    [[size, size]],
  )
  client.send(GET)
  // The origin's ended, since its response began before the request was through.
  await eventually(() => upstreams[1]?.persistence.exchanges === 1, 'the connection serves on')
})

test('pipelined requests reach the origin one after the other, on one connection', async (t) => {
  const { server, origin, upstreams } = await proxy(t)
  const client = await server.client()
  const count = 20
  for (let index = 0; index < count; index++) client.send(`GET /${index} HTTP/1.1\r\nHost: h\r\n\r\n`)
  const far = await origin.accept()
  for (let index = 0; index < count; index++) {
    assert.match(await far.receives('\r\n\r\n'), new RegExp(`^GET /${index} HTTP/1\\.1\\r\\n`))
    far.forget()
    const content = `<${index}>`
    far.send(`${OK}Content-Length: ${content.length}\r\n\r\n${content}`)
  }
  await client.receives(`<${count - 1}>`)
  assert.equal(
    client.text.match(/<\d+>/g)?.join(''),
    Array.from({ length: count }, (_, index) => `<${index}>`).join(''),
  )
  assert.equal(upstreams.length, 1)
})

test('events pass one by one, as they come', async (t) => {
  const { server, origin } = await proxy(t)
  const client = await server.client()
  client.send(GET)
  const far = await origin.accept()
  far.send(`${OK}Content-Type: text/event-stream\r\n\r\n`)
  await client.receives('\r\n\r\n')
  for (let event = 0; event < 5; event++) {
    client.forget()
    far.send(`data: ${event}\n\n`)
    assert.equal(await client.receives('\n\n\r\n'), `9\r\ndata: ${event}\n\n\r\n`)
  }
  client.forget()
  far.finish()
  assert.equal(await client.receives('\r\n\r\n'), '0\r\n\r\n')
})

test('100 reaches the peer when the origin wants the body, and the body then reaches the origin', async (t) => {
  const { server, origin } = await proxy(t)
  const client = await server.client()
  client.send(post('Expect: 100-continue', 'Content-Length: 5'))
  const far = await origin.accept()
  assert.match(await far.receives('\r\n\r\n'), /\r\nexpect: 100-continue\r\n/)
  for (let wait = 0; wait < 20; wait++) await turn()
  assert.equal(client.text, '')
  far.send('HTTP/1.1 100 Continue\r\n\r\n')
  await client.receives('HTTP/1.1 100 Continue\r\n\r\n')
  client.forget()
  client.send('hello')
  await far.receives(/hello$/)
  far.send(`${OK}Content-Length: 2\r\n\r\nok`)
  assert.doesNotMatch(await client.receives('ok'), /connection: close/)
})

test('a refusal instead of 100 reaches the peer, and both connections end', async (t) => {
  const { server, origin } = await proxy(t)
  const client = await server.client()
  client.send(post('Expect: 100-continue', 'Content-Length: 5'))
  const far = await origin.accept()
  await far.receives('\r\n\r\n')
  far.send('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno')
  assert.match(await client.end(), /^HTTP\/1\.1 413 (.*\r\n)*connection: close\r\n\r\nno$/)
  await far.end()
})

test('103 reaches the peer before the response', async (t) => {
  const { server, origin } = await proxy(t)
  const client = await server.client()
  client.send(GET)
  const far = await origin.accept()
  far.send('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n')
  assert.equal(await client.receives('\r\n\r\n'), 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n')
  client.forget()
  far.send(`${OK}Content-Length: 0\r\n\r\n`)
  assert.equal(undated(await client.receives('\r\n\r\n')), `${OK}content-length: 0\r\n\r\n`)
})

test('an origin that dies mid-body breaks this response only', async (t) => {
  for (const [end, framing] of [
    ['finish', 'Content-Length: 100\r\n'],
    ['reset', 'Content-Length: 100\r\n'],
    ['finish', CHUNKED],
    ['reset', CHUNKED],
    ['reset', ''],
  ] as const) {
    const { server, origin } = await proxy(t)
    const client = await server.client()
    client.send(GET)
    const far = await origin.accept()
    far.send(`${OK}${framing}\r\n${framing === CHUNKED ? '5\r\nhello\r\n' : 'hello'}`)
    await client.receives('hello')
    far[end]()
    assert.doesNotMatch(await client.end(), /0\r\n\r\n$/)
    await eventually(() => server.outcomes.length === 1, 'the exchange is over')
    assert.equal(server.outcomes[0]?.error?.code, 'upstream_closed')
    const other = await server.client()
    other.send(GET)
    const next = await origin.accept()
    next.send(`${OK}Content-Length: 2\r\n\r\nok`)
    await other.receives('ok')
  }
})

test('an origin that dies mid-body of a response to HTTP/1.0 resets the peer', async (t) => {
  const { server, origin } = await proxy(t)
  const client = await server.client()
  client.send('GET / HTTP/1.0\r\n\r\n')
  const far = await origin.accept()
  far.send(`${OK}${CHUNKED}\r\n5\r\nhello\r\n`)
  await client.receives('hello')
  far.finish()
  await client.gone()
  assert.equal(client.wasReset, true)
})

for (const when of ['before the response', 'mid-response', 'mid-request'] as const) {
  test(`a peer that leaves ${when} cancels the origin’s exchange`, async (t) => {
    const { server, origin, upstreams } = await proxy(t)
    const client = await server.client()
    client.send(when === 'mid-request' ? `${post('Content-Length: 100')}hello` : GET)
    const far = await origin.accept()
    await far.receives(when === 'mid-request' ? 'hello' : '\r\n\r\n')
    if (when === 'mid-response') {
      far.send(`${OK}Content-Length: 100\r\n\r\nhello`)
      await client.receives('hello')
    }
    client.reset()
    await far.end()
    assert.equal(upstreams[0]?.closed, true)
    await eventually(() => server.closed.length === 1, 'the server lets go')
    assert.equal(server.outcomes[0]?.error?.code, 'downstream_closed')
    assert.equal(server.clock.pending, 0)
  })
}

/** Uploads to an origin that answers early; answers the origin's end. */
async function early(
  t: Parameters<typeof proxy>[0],
  response: string,
): Promise<Awaited<ReturnType<typeof proxy>> & { client: ScriptedConnection; far: ScriptedConnection }> {
  const proxied = await proxy(t)
  const client = await proxied.server.client()
  client.send(`${post('Transfer-Encoding: chunked')}5\r\nfirst\r\n`)
  const far = await proxied.origin.accept()
  await far.receives('first')
  far.send(response)
  await client.receives('early')
  return { ...proxied, client, far }
}

test('an origin that answers early and reads on gets the whole upload, and its connection is not used again', async (t) => {
  const { client, far, origin, upstreams } = await early(t, `${OK}Content-Length: 5\r\n\r\nearly`)
  client.forget()
  client.send(`6\r\nsecond\r\n0\r\n\r\n${GET}`)
  assert.match(await far.end(), /6\r\nsecond\r\n0\r\n\r\n$/)
  const another = await origin.accept()
  await another.receives('GET / HTTP/1.1\r\n')
  another.send(`${OK}Content-Length: 4\r\n\r\nnext`)
  await client.receives('next')
  assert.equal(upstreams.length, 2)
})

test('an origin that answers early and closes ends the upload, and its response reaches the peer', async (t) => {
  const refusal = 'HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 5\r\n\r\nearly'
  const { client, far } = await early(t, refusal)
  assert.match(client.text, /^HTTP\/1\.1 413 (.*\r\n)*connection: close\r\n/)
  client.send(`6\r\nsecond\r\n`)
  assert.match(await client.end(), /early$/)
  assert.doesNotMatch(await far.end(), /second/)
})

test('a peer that leaves while an origin that answered early reads on takes the origin’s connection along', async (t) => {
  const { client, far, upstreams } = await early(t, `${OK}Content-Length: 5\r\n\r\nearly`)
  client.reset()
  await far.end()
  await eventually(() => upstreams[0]?.closed === true, 'it is closed')
})

test('a peer that does not read holds the origin back', async (t) => {
  const { server, origin, upstreams } = await proxy(t)
  const client = await server.client()
  client.send(GET)
  await turn()
  client.pause()
  const far = await origin.accept()
  await far.receives('\r\n\r\n')
  const size = 50_000_000
  far.send(`${OK}Content-Length: ${size}\r\n\r\n`)
  for (let sent = 0; sent < size; sent += 10_000_000) far.send(Buffer.alloc(10_000_000, 'x'))
  await eventually(() => upstreams[0]?.socket.isPaused() === true, 'the origin waits')
  for (let wait = 0; wait < 50; wait++) await turn()
  assert.ok((server.connections[0]?.socket.writableLength ?? Infinity) <= A_FEW_READS)
  assert.ok((upstreams[0]?.socket.bytesRead ?? Infinity) < size / 2)
  client.socket.destroy()
  await far.end()
})

test('an origin that does not read holds the peer back', async (t) => {
  const { server, origin, upstreams } = await proxy(t)
  const client = await server.client()
  const size = 50_000_000
  client.send(post(`Content-Length: ${size}`))
  const far = await origin.accept()
  far.pause()
  for (let sent = 0; sent < size; sent += 10_000_000) client.send(Buffer.alloc(10_000_000, 'x'))
  await eventually(() => server.connections[0]?.socket.isPaused() === true, 'the peer waits')
  for (let wait = 0; wait < 50; wait++) await turn()
  assert.ok((upstreams[0]?.socket.writableLength ?? Infinity) <= A_FEW_READS)
  assert.ok((server.connections[0]?.socket.bytesRead ?? Infinity) < size / 2)
  far.resume()
  await far.receives(size)
  far.send(`${OK}Content-Length: 2\r\n\r\nok`)
  await client.receives('ok')
})

test('an upload beyond its limit is answered with 413, and the origin never sees a whole request', async (t) => {
  const { server, origin } = await proxy(t, sizeLimit({ request: 100 }))
  const client = await server.client()
  client.send(`${post('Transfer-Encoding: chunked')}32\r\n${'x'.repeat(50)}\r\n`)
  const far = await origin.accept()
  await far.receives('x'.repeat(50))
  client.send(`64\r\n${'y'.repeat(100)}\r\n0\r\n\r\n`)
  assert.match(await client.receives('limit of 100 bytes'), /^HTTP\/1\.1 413 /)
  assert.doesNotMatch(await far.end(), /y|0\r\n\r\n$/)
})

test('a faulty chunk is answered with 400, and the origin never sees a whole request', async (t) => {
  const { server, origin } = await proxy(t)
  const client = await server.client()
  client.send(`${post('Transfer-Encoding: chunked')}5\r\nhello\r\n`)
  const far = await origin.accept()
  await far.receives('hello')
  client.send('5 \r\n')
  assert.match(await client.end(), /^HTTP\/1\.1 400 (.*\r\n)*connection: close\r\n/)
  assert.doesNotMatch(await far.end(), /0\r\n\r\n$/)
})

test('an origin that stops in the middle of a response to one peer does not hold up others', async (t) => {
  const { server, origin } = await proxy(t)
  const [slow, quick] = [await server.client(), await server.client()]
  slow.send(GET)
  const first = await origin.accept()
  first.send(`${OK}Content-Length: 10\r\n\r\nhello`)
  await slow.receives('hello')
  quick.send(GET)
  const second = await origin.accept()
  second.send(`${OK}Content-Length: 2\r\n\r\nok`)
  await quick.receives('ok')
  first.send('world')
  await slow.receives('helloworld')
})
