import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createPlainServer, type Server, type Socket } from 'node:net'
import { before, type TestContext, test } from 'node:test'
import { createServer, type TlsOptions as ServerOptions, TLSSocket } from 'node:tls'
import { TrafficError } from '../../src/message/errors.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { connect } from '../../src/upstream/connect/connect.ts'
import { type ResolvedAddress, Resolver } from '../../src/upstream/connect/dns.ts'
import { TlsOrigin, type TlsOptions } from '../../src/upstream/connect/tls.ts'
import { type Certificate, makeCertificate } from '../certificates.ts'

let ca: Certificate
let origin: Certificate
before(() => {
  ca = makeCertificate({ names: ['test-ca.example'] })
  origin = makeCertificate({ names: ['api.example', '127.0.0.1'], ca })
})

async function listen(t: TestContext, server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
  })
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return address.port
}

/** A server that tells what the client asked for, in one line. */
function secureServer(certificate: Certificate, options: ServerOptions = {}): Server {
  return createServer({ key: certificate.key, cert: certificate.cert, ...options }, (socket) => {
    socket.on('error', () => {})
    socket.write(
      `${socket.servername || 'no name'} ${String(socket.alpnProtocol)} ${String(socket.getProtocol())}\n`,
    )
  })
}

interface Dial {
  readonly host?: string
  readonly port: number
  readonly origin?: TlsOrigin
  readonly tls?: Partial<TlsOptions>
  readonly clock?: VirtualClock
}

async function dial({
  host = 'api.example',
  port,
  tls,
  origin: given,
  clock = new VirtualClock(),
}: Dial): Promise<TLSSocket> {
  const lookup = (): Promise<readonly ResolvedAddress[]> =>
    Promise.resolve([{ address: '127.0.0.1', family: 4 }])
  const target = {
    kind: 'tcp',
    host,
    port,
    tls: given ?? new TlsOrigin(host, { verify: true, ca: ca.cert, ...tls }),
  } as const
  const socket = await connect(target, { clock, resolver: new Resolver({ clock, lookup }), timeout: 5_000 })
  assert.ok(socket instanceof TLSSocket)
  return socket
}

async function failure(attempt: Promise<unknown>): Promise<TrafficError> {
  const outcome = await attempt.catch((error: unknown) => error)
  assert.ok(outcome instanceof TrafficError, 'it must fail with a TrafficError')
  assert.equal(outcome.replaySafe, 'unsent')
  return outcome
}

async function firstLine(socket: TLSSocket): Promise<string> {
  const [chunk] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  await once(socket, 'close')
  return chunk.toString().trim()
}

test('the name goes along as SNI, HTTP/1.1 as ALPN, and the certificate is verified against the own CA', async (t) => {
  const port = await listen(t, secureServer(origin, { ALPNProtocols: ['http/1.1'] }))
  const socket = await dial({ port })
  assert.equal(socket.authorized, true)
  assert.equal(await firstLine(socket), 'api.example http/1.1 TLSv1.3')
})

test('an address is verified as an address, and not sent as SNI', async (t) => {
  const port = await listen(t, secureServer(origin))
  assert.match(await firstLine(await dial({ host: '127.0.0.1', port })), /^no name /)
})

test('servername replaces the host, as a name or as an address', async (t) => {
  const port = await listen(t, secureServer(origin))
  assert.match(
    await firstLine(await dial({ host: 'other.example', port, tls: { servername: 'api.example' } })),
    /^api\.example /,
  )
  assert.match(
    await firstLine(await dial({ host: 'other.example', port, tls: { servername: '127.0.0.1' } })),
    /^no name /,
  )
})

test('TLS 1.2 is spoken with those who know nothing newer', async (t) => {
  const port = await listen(t, secureServer(origin, { maxVersion: 'TLSv1.2' }))
  assert.match(await firstLine(await dial({ port })), /TLSv1\.2$/)
})

test('the second connection to an origin resumes the session of the first', async (t) => {
  for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
    const port = await listen(t, secureServer(origin, { maxVersion }))
    const shared = new TlsOrigin('api.example', { verify: true, ca: ca.cert })
    const first = await dial({ port, origin: shared })
    assert.equal(first.isSessionReused(), false)
    await firstLine(first)
    const second = await dial({ port, origin: shared })
    assert.equal(second.isSessionReused(), true, maxVersion)
    assert.equal(second.authorized, true)
    second.destroy()
  }
})

test('a session is not offered again after a handshake that failed', async (t) => {
  const shared = new TlsOrigin('api.example', { verify: true, ca: ca.cert })
  await firstLine(await dial({ port: await listen(t, secureServer(origin)), origin: shared }))
  assert.ok((await shared.material()).connectionOptions().session)
  const server = createPlainServer((socket) => socket.once('data', () => socket.destroy()))
  await failure(dial({ port: await listen(t, server), origin: shared }))
  assert.equal((await shared.material()).connectionOptions().session, undefined)
})

test('onread works over TLS', async (t) => {
  const port = await listen(t, secureServer(origin))
  const clock = new VirtualClock()
  const buffer = Buffer.alloc(4096)
  const read = new Promise<string>((resolve) => {
    const callback = (size: number, bytes: Uint8Array): boolean => {
      assert.equal(bytes.buffer, buffer.buffer)
      resolve(Buffer.from(bytes.subarray(0, size)).toString())
      return true
    }
    const tls = new TlsOrigin('127.0.0.1', { verify: true, ca: ca.cert })
    const target = { kind: 'tcp', host: '127.0.0.1', port, tls } as const
    const options = { clock, resolver: new Resolver({ clock }), timeout: 5_000, onread: { buffer, callback } }
    void connect(target, options).then((socket) => t.after(() => socket.destroy()))
  })
  assert.match(await read, /^no name/)
})

interface Refusal {
  readonly what: string
  readonly certificate: () => Certificate
  readonly tls?: () => Partial<TlsOptions>
  readonly message: RegExp
}

const refusals: readonly Refusal[] = [
  {
    what: 'an expired certificate',
    certificate: () => makeCertificate({ names: ['api.example'], ca, days: -1 }),
    message: /its certificate has expired; it must be renewed there \(CERT_HAS_EXPIRED\)$/,
  },
  {
    what: 'a self-signed certificate',
    certificate: () => makeCertificate({ names: ['api.example'] }),
    message:
      /its certificate is self-signed; give that certificate as tls\.ca to trust it \(DEPTH_ZERO_SELF_SIGNED_CERT\)$/,
  },
  {
    what: 'a certificate of another CA',
    certificate: () =>
      makeCertificate({ names: ['api.example'], ca: makeCertificate({ names: ['other-ca.example'] }) }),
    message: /comes from a CA that is not trusted; give that CA as tls\.ca/,
  },
  {
    what: 'a certificate with the name as its common name only',
    certificate: () => makeCertificate({ names: ['127.0.0.1'], commonName: 'api.example', ca }),
    message: /its certificate is not for api\.example but for IP Address:127\.0\.0\.1; /,
  },
  {
    what: 'a certificate for another name',
    certificate: () => makeCertificate({ names: ['other.example'], ca }),
    message:
      /its certificate is not for api\.example but for DNS:other\.example; set tls\.servername to a name it carries$/,
  },
]

for (const { what, certificate, message } of refusals) {
  test(`${what} is refused, and the message says so; without verification it is taken`, async (t) => {
    const port = await listen(t, secureServer(certificate()))
    const error = await failure(dial({ port }))
    assert.equal(error.code, 'tls_failed')
    assert.equal(error.phase, 'tls')
    assert.ok(error.message.startsWith(`the TLS handshake with api.example:${port} failed: `), error.message)
    assert.match(error.message, message)
    assert.ok(error.cause instanceof Error)
    const socket = await dial({ port, tls: { verify: false } })
    socket.destroy()
  })
}

test('NODE_TLS_REJECT_UNAUTHORIZED does not switch verification off', async (t) => {
  const port = await listen(t, secureServer(makeCertificate({ names: ['api.example'] })))
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
  t.after(() => delete process.env.NODE_TLS_REJECT_UNAUTHORIZED)
  assert.equal((await failure(dial({ port }))).code, 'tls_failed')
})

test('a port that speaks no TLS: the message says so', async (t) => {
  const server = createPlainServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  const error = await failure(dial({ port: await listen(t, server) }))
  assert.equal(error.code, 'tls_failed')
  assert.match(error.message, /it does not speak TLS on that port; use http: or the port of https/)
})

test('a peer that speaks nothing newer than TLS 1.1 is refused', async (t) => {
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
  const error = await failure(dial({ port: await listen(t, secureServer(origin, old)) }))
  assert.equal(error.code, 'tls_failed')
})

test('a peer that hangs up during the handshake: tls_failed', async (t) => {
  const server = createPlainServer((socket) => {
    socket.once('data', () => socket.resetAndDestroy())
  })
  const error = await failure(dial({ port: await listen(t, server) }))
  assert.equal(error.code, 'tls_failed')
  assert.match(error.message, /it closed the connection during the handshake \(ECONNRESET\)/)
})

test('a peer that never answers the handshake: connect_timeout in phase tls', async (t) => {
  const accepted = Promise.withResolvers<void>()
  const server = createPlainServer((socket) => socket.once('data', () => accepted.resolve()))
  const port = await listen(t, server)
  const clock = new VirtualClock()
  const attempt = failure(dial({ port, clock }))
  await accepted.promise
  await clock.advance(5_000)
  const error = await attempt
  assert.equal(error.code, 'connect_timeout')
  assert.equal(error.phase, 'tls')
  assert.match(error.message, /^the TLS handshake with api\.example:\d+ did not finish within 5000 ms/)
})
