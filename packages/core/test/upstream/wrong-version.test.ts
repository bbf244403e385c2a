import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttp2 } from 'node:http2'
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from 'node:net'
import { before, type TestContext, test } from 'node:test'
import { createServer as createTls } from 'node:tls'
import { TrafficError } from '../../src/message/errors.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { systemClock } from '../../src/time/clock.ts'
import type { ConnectionOptions } from '../../src/upstream/endpoint/endpoint-open.ts'
import { SingleEndpoint } from '../../src/upstream/single-endpoint.ts'
import { type Certificate, makeCertificate } from '../certificates.ts'

let certificate: Certificate
before(() => {
  certificate = makeCertificate({ names: ['127.0.0.1'] })
})

async function listen(t: TestContext, server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  const keep = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => {})
  }
  server.on('connection', keep).on('secureConnection', keep)
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** A server that answers the first bytes with these, and then waits. */
function answering(...pieces: (string | Buffer)[]): Server {
  return createTcp((socket) => {
    socket.once('data', () => {
      for (const piece of pieces) socket.write(piece)
    })
  })
}

/** A server of TLS that takes these protocols alone. */
function takingOnly(...protocols: string[]): Server {
  const { key, cert } = certificate
  return createTls({ key, cert, ALPNProtocols: protocols })
}

/** What is told of an exchange that fails there. The endpoint's own name is HOST. */
async function told(
  t: TestContext,
  scheme: 'http' | 'https' | 'h2c',
  server: Server,
  options: ConnectionOptions = {},
): Promise<string> {
  const authority = `127.0.0.1:${await listen(t, server)}`
  const endpoint = new SingleEndpoint(
    { url: `${scheme}://${authority}` },
    { tls: { verify: false }, ...options },
  )
  t.after(() => endpoint.destroy())
  const request = HttpRequest.to(`${scheme === 'h2c' ? 'http' : scheme}://${authority}/`)
  const thrown: unknown = await endpoint
    .handler(new Exchange(request, systemClock))
    .catch((error: unknown) => error)
  assert.ok(thrown instanceof TrafficError)
  return `${thrown.code}: ${thrown.message.replaceAll(authority, 'HOST')}`
}

for (const { offered, taken, advice } of [
  { offered: ['h2'], taken: 'http/1.1', advice: 'h2; add http/1.1 to protocols' },
  { offered: undefined, taken: 'h2', advice: 'http/1.1; set protocols: [h2] (the client: http2: true)' },
  {
    offered: ['h2', 'http/1.1'],
    taken: 'spdy/1',
    advice: 'h2 and http/1.1; check that it speaks HTTP there',
  },
] as const) {
  test(`a server that refuses ${offered?.join(' and ') ?? 'the default'} by ALPN is told of with what was offered, and what to set`, async (t) => {
    const message = await told(t, 'https', takingOnly(taken), { protocols: offered })
    const begin = 'tls_failed: the TLS handshake with HOST failed: it refuses what ALPN offers,'
    assert.ok(message.startsWith(`${begin} ${advice} (ERR_SSL_`), message)
  })
}

const HTTP1 = 'HTTP/1.1 400 Bad Request\r\n\r\n'
const HTTP1_MESSAGE =
  "connect_failed: HOST did not begin HTTP/2 (it answered in HTTP/1.1); write http:// in place of h2c:// (the client: leave out http2: 'h2c')"

test('a server of HTTP/1.1 behind a URL of h2c is named, and the URL to write', async (t) => {
  assert.equal(await told(t, 'h2c', answering(HTTP1)), HTTP1_MESSAGE)
})

test('it is known by its first three bytes, in whatever pieces they come', async (t) => {
  const server = createTcp((socket) => {
    socket.setNoDelay(true)
    socket.once('data', () => {
      socket.write('HT')
      setImmediate(() => socket.write('T'))
    })
  })
  assert.equal(await told(t, 'h2c', server), HTTP1_MESSAGE)
})

test('a server that chose HTTP/2 in the handshake and answers in HTTP/1.1 is told of by its protocols', async (t) => {
  const server = takingOnly('h2').on('secureConnection', (socket) => socket.write(HTTP1))
  const message =
    'connect_failed: HOST did not begin HTTP/2 (it answered in HTTP/1.1); set protocols: [http/1.1] (the client: leave out http2)'
  assert.equal(await told(t, 'https', server, { protocols: ['h2'] }), message)
})

const ALERT = Buffer.from('15030100020246', 'hex')

test('a server of TLS behind a URL without it is named, whatever the version of HTTP', async (t) => {
  const http2 =
    'connect_failed: HOST did not begin HTTP/2 (it answered with an alert of TLS); write https:// and ask for h2 there'
  assert.equal(await told(t, 'h2c', answering(ALERT)), http2)
  assert.equal(
    await told(t, 'http', answering(ALERT)),
    'malformed_response: it speaks TLS: write https:// (HOST)',
  )
})

test('a server of HTTP/2 behind a URL of http is named, and the URL to write', async (t) => {
  const message =
    "malformed_response: it speaks HTTP/2: write h2c:// in place of http:// (the client: http2: 'h2c') (HOST)"
  assert.equal(await told(t, 'http', createHttp2()), message)
  assert.equal(await told(t, 'http', answering(Buffer.from('000000040000000000', 'hex'))), message)
})

test('a server that speaks HTTP/2 over TLS without choosing it by ALPN is told of by its protocols', async (t) => {
  const server = createTls({ key: certificate.key, cert: certificate.cert }, (socket) => {
    socket.write(Buffer.from('000006040000000000000300000064', 'hex'))
  })
  const message = 'malformed_response: it speaks HTTP/2: set protocols: [h2] (the client: http2: true) (HOST)'
  assert.equal(await told(t, 'https', server), message)
})

test('other bytes that are no head are told of as before', async (t) => {
  const message = 'malformed_response: a line does not end in CRLF (RFC 9112 2.2) (HOST)'
  // An acknowledgement, and a frame of a stream.
  for (const bytes of ['000000040100000000', '000000040000000001', '0000000a'])
    assert.equal(await told(t, 'http', answering(Buffer.from(bytes, 'hex'))), message)
  assert.equal(await told(t, 'http', answering('HTTP/1.1 200 OK\n\n')), message)
})
