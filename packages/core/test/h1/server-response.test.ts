import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bodyFrom, WholeBody } from '../../src/message/body.ts'
import { TrafficError } from '../../src/message/errors.ts'
import type { Handler } from '../../src/message/handler.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { eventually, FilledBody, headers, serve, undated } from './harness.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const DATE = 'date: Thu, 01 Jan 2026 00:00:00 GMT\r\n'

/** Answers with what `make` makes, anew for each exchange. */
function answering(make: () => HttpResponse): Handler {
  return () => Promise.resolve(make())
}

test('a request is answered with a head and a body of its length, in that order, and the connection lives on', async (t) => {
  const hello = answering(() => new HttpResponse(200, headers(['x-a', '1']), bodyFrom('hello')))
  const server = await serve(t, hello)
  const client = await server.client()
  for (let count = 1; count <= 2; count++) {
    client.send('GET /path?query HTTP/1.1\r\nHost: Shop.Example:80\r\nX-B: 2\r\n\r\n')
    assert.equal(
      await client.receives('hello'),
      `HTTP/1.1 200 OK\r\nx-a: 1\r\ncontent-length: 5\r\n${DATE}\r\nhello`,
    )
    client.forget()
  }
  const request = server.exchanges[1]?.request
  assert.ok(request !== undefined)
  assert.deepEqual([request.method, request.path, request.query], ['GET', '/path', '?query'])
  assert.equal(request.authority.text, 'shop.example')
  assert.equal(request.headers.get('x-b'), '2')
  assert.equal(server.exchanges[1]?.peer.address, '127.0.0.1')
  assert.deepEqual(server.outcomes[1], { status: 200, error: undefined, bytesSent: 5, bytesReceived: 0 })
})

test('a response to HEAD tells the length of the content that a GET would bring, and brings none', async (t) => {
  const server = await serve(
    t,
    answering(() => new HttpResponse(200, headers(['content-length', '5000']), bodyFrom('never sent'))),
  )
  const client = await server.client()
  client.send(`HEAD / HTTP/1.1\r\nHost: a\r\n\r\n`)
  assert.equal(undated(await client.receives('\r\n\r\n')), 'HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n')
  client.forget()
  client.send(`HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
  assert.doesNotMatch(await client.end(), /never/)
})

test('HEAD stays HEAD on the wire, whatever a policy makes of the request on its way', async (t) => {
  const server = await serve(t, (exchange) => {
    exchange.request.method = 'GET'
    return Promise.resolve(new HttpResponse(200, headers(), bodyFrom('content')))
  })
  const client = await server.client()
  client.send(`HEAD / HTTP/1.1\r\nHost: a\r\n\r\n`)
  client.send(`HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
  assert.doesNotMatch(await client.end(), /content$/)
  assert.equal(client.text.match(/HTTP\/1\.1 200 OK/g)?.length, 2)
})

for (const [status, wanted] of [
  [204, 'HTTP/1.1 204 No Content\r\n\r\n'],
  [304, 'HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n'],
] as const) {
  test(`a ${status} has no content, and a streamed body that comes with it is cancelled`, async (t) => {
    const filled = new FilledBody()
    const server = await serve(
      t,
      answering(() => new HttpResponse(status, headers(['content-length', '9']), filled.body)),
    )
    const client = await server.client()
    client.send(GET)
    assert.equal(undated(await client.receives('\r\n\r\n')), wanted)
    assert.equal(filled.cancelled?.code, 'cancelled')
    client.forget()
    client.send(GET)
    await client.receives('\r\n\r\n')
  })
}

test('a body of unknown length goes out in chunks as it comes, with its trailers, to an HTTP/1.1 peer', async (t) => {
  const filled = new FilledBody()
  const server = await serve(
    t,
    answering(() => new HttpResponse(200, headers(), filled.body)),
  )
  const client = await server.client()
  client.send(GET)
  assert.equal(
    undated(await client.receives('\r\n\r\n')),
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n',
  )
  for (const part of ['one', 'and two']) {
    client.forget()
    assert.equal(filled.push(part), true)
    assert.equal(await client.receives(`${part}\r\n`), `${part.length}\r\n${part}\r\n`)
  }
  client.forget()
  filled.body.end(headers(['x-sum', '42'], ['content-length', '3']))
  assert.equal(await client.receives('\r\n\r\n'), '0\r\nx-sum: 42\r\n\r\n')
  client.forget()
  client.send(GET.replace('GET', 'HEAD'))
  await client.receives('200 OK')
  assert.equal(server.outcomes[0]?.bytesSent, 10)
})

test('large chunks keep their content and their frame', async (t) => {
  const filled = new FilledBody()
  const server = await serve(
    t,
    answering(() => new HttpResponse(200, headers(), filled.body)),
  )
  const client = await server.client()
  client.send(GET)
  await client.receives('\r\n\r\n')
  client.forget()
  const part = Array.from({ length: 100_000 }, (_, index) => String.fromCharCode(index % 256)).join('')
  filled.push(part)
  filled.body.end()
  await client.receives(100_000 + '186a0\r\n'.length + '\r\n0\r\n\r\n'.length)
  assert.equal(client.text, `186a0\r\n${part}\r\n0\r\n\r\n`)
})

test('a body of unknown length ends with the connection for an HTTP/1.0 peer', async (t) => {
  const filled = new FilledBody()
  const server = await serve(
    t,
    answering(() => new HttpResponse(200, headers(), filled.body)),
  )
  const client = await server.client()
  client.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
  assert.equal(undated(await client.receives('\r\n\r\n')), 'HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n')
  filled.push('all of it')
  filled.body.end(headers(['x-sum', 'dropped']))
  assert.match(await client.end(), /\r\n\r\nall of it$/)
})

test('a body of unknown length that breaks resets the connection of an HTTP/1.0 peer, lest it looks complete', async (t) => {
  const filled = new FilledBody()
  const server = await serve(
    t,
    answering(() => new HttpResponse(200, headers(), filled.body)),
  )
  const client = await server.client()
  client.send('GET / HTTP/1.0\r\n\r\n')
  await client.receives('\r\n\r\n')
  filled.push('half')
  await client.receives('half')
  filled.body.fail(new TrafficError('upstream_closed', 'gone'))
  await client.gone()
  assert.equal(client.wasReset, true)
  assert.equal(server.outcomes[0]?.error?.code, 'upstream_closed')
})

for (const [framing, length] of [
  ['chunks', undefined],
  ['a length', 9],
] as const) {
  test(`a body with ${framing} that breaks cuts the connection before its end`, async (t) => {
    const filled = new FilledBody(length)
    const server = await serve(
      t,
      answering(() => new HttpResponse(200, headers(), filled.body)),
    )
    const client = await server.client()
    client.send(GET)
    await client.receives('\r\n\r\n')
    filled.push('half')
    await client.receives('half')
    filled.body.fail(new TrafficError('upstream_closed', 'gone'))
    assert.match(await client.end(), /half(\r\n)?$/)
    assert.equal(server.outcomes[0]?.error?.code, 'upstream_closed')
    assert.equal(server.outcomes[0]?.status, 200)
  })
}

for (const [fault, parts] of [
  ['shorter', ['1234']],
  ['longer', ['12345', '678901']],
] as const) {
  test(`a streamed body that is ${fault} than its length is cut off, never padded or overrun`, async (t) => {
    const filled = new FilledBody(10)
    const server = await serve(
      t,
      answering(() => new HttpResponse(200, headers(), filled.body)),
    )
    const client = await server.client()
    client.send(GET)
    await client.receives('\r\n\r\n')
    for (const part of parts) filled.push(part)
    filled.body.end()
    const content = (await client.end()).split('\r\n\r\n')[1] ?? ''
    assert.ok(content.length < 10)
    await eventually(() => server.outcomes.length === 1, 'the exchange is over')
    assert.equal(server.outcomes[0]?.error?.code, 'internal')
  })
}

test('a body that cannot be read a second time cuts the connection instead of answering twice', async (t) => {
  const filled = new FilledBody()
  const server = await serve(t, () => {
    filled.body.flowTo({ write: () => true, end() {}, fail() {} })
    return Promise.resolve(new HttpResponse(200, headers(), filled.body))
  })
  const client = await server.client()
  client.send(GET)
  assert.equal(await client.end(), '')
  assert.equal(server.outcomes[0]?.error?.code, 'internal')
})

for (const size of [16 * 1024, 16 * 1024 + 1, 3_000_000]) {
  test(`a whole body of ${size} bytes arrives whole`, async (t) => {
    const bytes = Buffer.alloc(size, 'abcdefghijklm\xff', 'latin1')
    const server = await serve(
      t,
      answering(() => new HttpResponse(200, headers(), WholeBody.fromBytes(bytes))),
    )
    const client = await server.client()
    client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    const text = await client.end()
    assert.equal(text.slice(text.indexOf('\r\n\r\n') + 4), bytes.toString('latin1'))
    assert.equal(server.outcomes[0]?.bytesSent, size)
  })
}

test('an HTTP/1.0 connection lives on only if its peer asks for it', async (t) => {
  const server = await serve(
    t,
    answering(() => new HttpResponse(200, headers(), bodyFrom('x'))),
  )
  const client = await server.client()
  client.send('GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n')
  assert.match(await client.receives(/\r\n\r\nx$/), /\r\nconnection: keep-alive\r\n/)
  client.forget()
  client.send('GET / HTTP/1.0\r\n\r\n')
  assert.match(await client.end(), /\r\nconnection: close\r\n\r\nx$/)
})

test('Connection: close is answered in kind, and no further request is read', async (t) => {
  const server = await serve(
    t,
    answering(() => new HttpResponse(200, headers(), bodyFrom('x'))),
  )
  const client = await server.client()
  client.send(`GET / HTTP/1.1\r\nHost: a\r\nConnection: foo, Close\r\n\r\n${GET}`)
  assert.match(await client.end(), /\r\nconnection: close\r\n\r\nx$/)
  assert.equal(server.exchanges.length, 1)
})

test('fields that describe the connection are the writer’s own: what the handler says of them is not copied', async (t) => {
  const said = headers(
    ['connection', 'keep-alive, x-secret'],
    ['transfer-encoding', 'gzip'],
    ['content-length', '77'],
    ['host', 'b'],
    ['upgrade', 'h2c'],
    ['date', 'Fri, 02 Jan 2026 00:00:00 GMT'],
  )
  const server = await serve(
    t,
    answering(() => new HttpResponse(200, said, bodyFrom('x'))),
  )
  const client = await server.client()
  client.send(GET)
  assert.equal(
    await client.receives(/\r\n\r\nx$/),
    'HTTP/1.1 200 OK\r\ndate: Fri, 02 Jan 2026 00:00:00 GMT\r\ncontent-length: 1\r\n\r\nx',
  )
})

test('a status without a name of its own is written all the same', async (t) => {
  const server = await serve(
    t,
    answering(() => new HttpResponse(299)),
  )
  const client = await server.client()
  client.send(GET)
  assert.match(await client.receives('\r\n\r\n'), /^HTTP\/1\.1 299 \r\n/)
})

test('a handler that rejects is answered for by its owner, and the connection lives on', async (t) => {
  let count = 0
  const server = await serve(t, () => {
    count++
    return count === 1 ? Promise.reject(new Error('secret')) : Promise.resolve(new HttpResponse(200))
  })
  const client = await server.client()
  client.send(GET)
  assert.match(await client.receives(/internal/i), /^HTTP\/1\.1 500 /)
  assert.doesNotMatch(client.text, /secret/)
  client.send(GET)
  await client.receives('200 OK')
})

test('a handler that throws instead of rejecting is treated alike', async (t) => {
  const server = await serve(t, () => {
    throw new TrafficError('route_not_found', 'no route')
  })
  const client = await server.client()
  client.send(GET)
  assert.match(await client.receives('\r\n\r\n'), /^HTTP\/1\.1 404 /)
})

test('informational responses go out before the final one, and never after it or to an HTTP/1.0 peer', async (t) => {
  const server = await serve(t, (exchange) => {
    exchange.inform?.(
      103,
      headers(['link', '</a.css>; rel=preload'], ['connection', 'x'], ['content-length', '3']),
    )
    setImmediate(() => exchange.inform?.(102, headers()))
    return Promise.resolve(new HttpResponse(200, headers(), bodyFrom('x')))
  })
  const client = await server.client()
  client.send(GET)
  assert.equal(
    undated(await client.receives(/\r\n\r\nx$/)),
    'HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx',
  )
  client.forget()
  client.send('GET / HTTP/1.0\r\n\r\n')
  assert.match(await client.end(), /^HTTP\/1\.1 200 OK/)
})
