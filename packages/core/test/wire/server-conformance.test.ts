import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { DEFAULT_SERVER_OPTIONS } from '../../src/socket/connection-options.ts'
import { ServerConnection } from '../../src/h1/server-connection.ts'
import { bodyFrom } from '../../src/message/body.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { problemResponse } from '../../src/policies/problem.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { makeCertificate } from '../certificates.ts'
import { echo, headers, serve, undated } from '../h1/harness.ts'
import { ALERT, APPLICATION_DATA, tlsRelay } from './tls-relay.ts'

/** What RFC 9110 and 9112 ask of a server, where no other test shows it. */

const GET = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'

test('white space around a field value is no part of it, within it it is', async (t) => {
  const server = await serve(t, echo)
  const client = await server.client()
  client.send('GET / HTTP/1.1\r\nHost:\t h \t\r\nX-A: \t a  b\t c \t\r\nX-B:\r\nX-C: \t \r\n\r\n')
  await client.receives('\n.')
  const { headers: got } = server.exchanges[0]?.request ?? {}
  assert.deepEqual(
    [got?.get('host'), got?.get('x-a'), got?.get('x-b'), got?.get('x-c')],
    ['h', 'a  b\t c', '', ''],
  )
})

test('a message is bytes: UTF-8 that ends in the bytes of CR and LF elsewhere is no line end', async (t) => {
  const server = await serve(t, echo)
  const client = await server.client()
  // U+560D and U+560A, which end in CR and LF when they are cut to one byte; then bytes that are no UTF-8 at all.
  const value = 'a\xe5\x98\x8d\xe5\x98\x8ax-b: 1 \xff\x8d\x8a'
  client.send(`GET / HTTP/1.1\r\nHost: h\r\nX-A: ${value}\r\n\r\n`)
  await client.receives('\n.')
  const { request } = server.exchanges[0] ?? {}
  assert.equal(request?.headers.get('x-a'), value)
  assert.equal(request?.headers.size, 2)
})

test('empty members of a list are passed over', async (t) => {
  const server = await serve(t, echo)
  const client = await server.client()
  client.send(`GET / HTTP/1.1\r\nHost: h\r\nConnection: ,, \t,close ,\r\n\r\n${GET}`)
  assert.match(await client.end(), /connection: close/)
  assert.equal(server.exchanges.length, 1)
})

test('nothing is done for a request before its whole head is here', async (t) => {
  const server = await serve(t, echo)
  const client = await server.client()
  client.send(GET.slice(0, -1))
  for (let count = 0; count < 20; count++) await turn()
  assert.equal(server.exchanges.length, 0)
  client.send(GET.slice(-1))
  await client.receives('\n.')
  assert.equal(server.exchanges.length, 1)
})

test('a peer of HTTP/1.0 is answered in HTTP/1.1, the version that we conform to', async (t) => {
  const server = await serve(t, echo)
  const client = await server.client()
  client.send('GET / HTTP/1.0\r\n\r\n')
  assert.match(await client.end(), /^HTTP\/1\.1 200 OK\r\n/)
})

test('an https URL that is asked for without TLS is refused', async (t) => {
  const server = await serve(t, echo)
  const client = await server.client()
  client.send('GET HTTPS://h/ HTTP/1.1\r\nHost: h\r\n\r\n')
  assert.match(await client.end(), /^HTTP\/1\.1 400 /)
  assert.equal(server.exchanges.length, 0)
})

test('OPTIONS for a URL without path and query asks for the server as a whole', async (t) => {
  const server = await serve(t, echo)
  const client = await server.client()
  for (const [target, path] of [
    ['http://other:8001', '*'],
    ['http://other:8001/', '/'],
    ['http://other:8001?q', '/?q'],
  ]) {
    client.send(`OPTIONS ${target} HTTP/1.1\r\nHost: h\r\n\r\n`)
    assert.match(await client.receives('\n.'), /OPTIONS other:8001 /)
    assert.ok(client.text.includes(`OPTIONS other:8001 ${path}\n`), client.text)
    client.forget()
  }
})

test('content in a TRACE request is refused', async (t) => {
  for (const framing of ['Content-Length: 1\r\n\r\nx', 'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n']) {
    const server = await serve(t, echo)
    const client = await server.client()
    client.send(`TRACE / HTTP/1.1\r\nHost: h\r\n${framing}`)
    assert.match(await client.end(), /^HTTP\/1\.1 400 /)
    assert.equal(server.exchanges.length, 0)
  }
})

for (const [name, bytes] of [
  ['without content', 'GET / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n'],
  ['of an HTTP/1.0 peer', 'POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx'],
] as const) {
  test(`an expectation ${name} means nothing, and goes no further`, async (t) => {
    const server = await serve(t, echo)
    const client = await server.client()
    client.send(bytes)
    assert.match(await client.receives('\n.'), /^HTTP\/1\.1 200 /)
    assert.equal(server.exchanges[0]?.request.headers.has('expect'), false)
  })
}

test('a wish to switch that comes with an expectation is not granted: 100 would have to come first', async (t) => {
  const server = await serve(t, echo)
  const client = await server.client()
  const wish = 'Connection: upgrade\r\nUpgrade: websocket\r\n'
  client.send(`GET / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n${wish}\r\n`)
  await client.receives('\n.')
  assert.equal(server.exchanges[0]?.request.upgrade, undefined)
})

test('1xx and 204 go out without Content-Length and Transfer-Encoding, whatever the handler says', async (t) => {
  const framed = (): ReturnType<typeof headers> =>
    headers(['content-length', '5'], ['transfer-encoding', 'chunked'], ['x-a', '1'])
  const server = await serve(t, (exchange) => {
    exchange.inform?.(103, framed())
    return Promise.resolve(new HttpResponse(204, framed(), bodyFrom('hello')))
  })
  const client = await server.client()
  client.send(GET)
  assert.equal(
    undated(await client.receives(/\r\n\r\n[^]*\r\n\r\n/)),
    'HTTP/1.1 103 Early Hints\r\nx-a: 1\r\n\r\nHTTP/1.1 204 No Content\r\nx-a: 1\r\n\r\n',
  )
})

test('a status line keeps the space behind its status where there is no reason', async (t) => {
  const server = await serve(t, () => Promise.resolve(new HttpResponse(299, headers())))
  const client = await server.client()
  client.send(GET)
  assert.match(await client.receives('\r\n\r\n'), /^HTTP\/1\.1 299 \r\n/)
})

test('a TLS connection is closed with a closure alert', async (t) => {
  const certificate = makeCertificate({ names: ['localhost'] })
  const clock = new VirtualClock()
  const owner = {
    handler: () => Promise.resolve(new HttpResponse(200, headers())),
    refusal: problemResponse,
    closed() {},
  }
  const options = { ...certificate, allowHalfOpen: true, maxVersion: 'TLSv1.2' } as const
  const server = createTlsServer(options, (socket) => {
    new ServerConnection(socket, owner, { ...DEFAULT_SERVER_OPTIONS, clock })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const relay = await tlsRelay(t, (server.address() as AddressInfo).port)
  const client = connectTls({
    host: '127.0.0.1',
    port: relay.port,
    servername: 'localhost',
    ca: certificate.cert,
  })
  t.after(() => client.destroy())
  client.resume()
  client.write('GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
  await relay.serverEnded
  assert.deepEqual(relay.fromServer.slice(-2), [APPLICATION_DATA, ALERT])
})
