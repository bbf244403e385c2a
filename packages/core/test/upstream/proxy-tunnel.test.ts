import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectSocket, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createServer as createTlsServer } from 'node:tls'
import { collect } from '../../src/message/body.ts'
import { TrafficError } from '../../src/message/errors.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { type ScriptedConnection, ScriptedPeer } from '../../src/testing/scripted-peer.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { type ResolvedAddress, Resolver } from '../../src/upstream/connect/dns.ts'
import { AddressGuard } from '../../src/upstream/guard/guard.ts'
import type { ProxyOptions } from '../../src/upstream/proxy/proxy.ts'
import { Upstream, type UpstreamOptions } from '../../src/upstream/upstream.ts'
import { makeCertificate } from '../certificates.ts'

/** Says one byte at a time, each in a packet of its own as far as the kernel lets it. */
async function drip(connection: ScriptedConnection, text: string): Promise<void> {
  for (const char of text) {
    connection.send(char)
    await turn()
  }
}

/** From then on, what comes at one goes out at the other. */
function splice(connection: ScriptedConnection, port: number, received: string): void {
  const other = connectSocket({ host: '127.0.0.1', port })
  const { socket } = connection
  // Some of it may have come while the last bytes of the answer were on their way.
  other.write(received + connection.forget(), 'latin1')
  other.on('data', (chunk) => socket.write(chunk))
  socket.on('data', (chunk) => other.write(chunk))
  other.on('error', () => socket.destroy())
  socket.on('close', () => other.destroy())
  other.on('close', () => socket.destroy())
}

/** An HTTP proxy that leads everything to `port`, and shows what it was asked for. */
async function httpProxy(
  t: TestContext,
  port: number,
  answer = 'HTTP/1.1 200 OK\r\n\r\n',
): Promise<{ peer: ScriptedPeer; asked: string[] }> {
  const asked: string[] = []
  const peer = await ScriptedPeer.listen(async (connection) => {
    await connection.receives('\r\n\r\n')
    const received = connection.forget()
    const end = received.indexOf('\r\n\r\n') + 4
    asked.push(received.slice(0, end))
    await drip(connection, answer)
    if (answer.startsWith('HTTP/1.1 2')) splice(connection, port, received.slice(end))
    else connection.finish()
  })
  t.after(() => peer.close())
  return { peer, asked }
}

const ORIGIN_ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'

async function origin(t: TestContext): Promise<ScriptedPeer> {
  const peer = await ScriptedPeer.listen(async (connection) => {
    for (;;) {
      await connection.receives('\r\n\r\n')
      connection.forget()
      connection.send(ORIGIN_ANSWER)
    }
  })
  t.after(() => peer.close().catch(() => {}))
  return peer
}

function through(
  t: TestContext,
  proxy: ProxyOptions,
  options: Partial<UpstreamOptions> = {},
): Upstream & { clock: VirtualClock } {
  const clock = new VirtualClock()
  const upstream = new Upstream({
    name: 'a',
    endpoints: [{ url: 'http://a.example' }],
    clock,
    proxy,
    ...options,
  })
  t.after(() => upstream.destroy())
  return Object.assign(upstream, { clock })
}

async function get(upstream: Upstream & { clock: VirtualClock }): Promise<string> {
  const response = await upstream.handler(new Exchange(HttpRequest.to('http://a.example/x'), upstream.clock))
  return `${response.status} ${(await collect(response.body)).toString()}`
}

async function failure(outcome: Promise<unknown>): Promise<TrafficError> {
  const error = await outcome.catch((thrown: unknown) => thrown)
  assert.ok(error instanceof TrafficError, 'it must fail')
  return error
}

function answering(clock: VirtualClock, ...addresses: string[]): Resolver {
  const lookup = (): Promise<ResolvedAddress[]> =>
    Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })))
  return new Resolver({ clock, lookup })
}

test('HTTP CONNECT: the proxy resolves the name, and the connection is used again', async (t) => {
  const { port } = await origin(t)
  const { peer, asked } = await httpProxy(t, port)
  const upstream = through(t, { url: `http://me:secret@127.0.0.1:${peer.port}` })
  assert.deepEqual([await get(upstream), await get(upstream)], ['200 hello', '200 hello'])
  const credentials = Buffer.from('me:secret').toString('base64')
  assert.deepEqual(asked, [
    `CONNECT a.example:80 HTTP/1.1\r\nHost: a.example:80\r\nProxy-Authorization: Basic ${credentials}\r\n\r\n`,
  ])
})

test('bytes right behind the head of the proxy’s answer are the tunnel’s', async (t) => {
  // The answer to what is asked at once: it must be neither lost nor taken for part of the proxy's head.
  const peer = await ScriptedPeer.listen(async (connection) => {
    await connection.receives('\r\n\r\n')
    connection.send(`HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n${ORIGIN_ANSWER}`)
  })
  t.after(() => peer.close())
  assert.equal(await get(through(t, { url: peer.url })), '200 hello')
})

test('TLS to the origin runs inside the tunnel, and the origin’s name is verified', async (t) => {
  const { key, cert } = makeCertificate({ names: ['a.example'] })
  const sockets: Socket[] = []
  const server = createTlsServer({ key, cert }, (socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.on('data', () => socket.write(ORIGIN_ANSWER))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { port } = server.address() as { port: number }
  const { peer, asked } = await httpProxy(t, port)
  const https = { endpoints: [{ url: 'https://a.example' }], tls: { ca: cert, verify: true } }
  const upstream = through(t, { url: peer.url }, https)
  assert.deepEqual([await get(upstream), await get(upstream)], ['200 hello', '200 hello'])
  assert.match(asked[0] ?? '', /^CONNECT a\.example:443 /)
  const other = through(t, { url: peer.url }, { ...https, endpoints: [{ url: 'https://b.example' }] })
  const error = await failure(get(other))
  assert.equal(error.code, 'tls_failed')
  assert.match(
    error.message,
    /with b\.example:443 failed, through the proxy: its certificate is not for b\.example/,
  )
})

test('the proxy itself may be spoken to through TLS', async (t) => {
  const { port } = await origin(t)
  const { key, cert } = makeCertificate({ names: ['127.0.0.1'] })
  const sockets: Socket[] = []
  const server = createTlsServer({ key, cert }, (socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      const other = connectSocket({ host: '127.0.0.1', port })
      sockets.push(other)
      socket.pipe(other).pipe(socket)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const url = `https://127.0.0.1:${(server.address() as { port: number }).port}`
  assert.equal(await get(through(t, { url, tls: { ca: cert, verify: true } })), '200 hello')
  const error = await failure(get(through(t, { url })))
  assert.equal(error.code, 'proxy_failed')
  assert.match(error.message, /^the proxy could not be reached: the TLS handshake with 127\.0\.0\.1:/)
})

test('SOCKS5, byte by byte: names are resolved here or there, as the URL says', async (t) => {
  const { port } = await origin(t)
  const asked: string[] = []
  const peer = await ScriptedPeer.listen(async (connection) => {
    await connection.receives(4)
    connection.forget()
    await drip(connection, '\x05\x02')
    await connection.receives('secret')
    connection.forget()
    await drip(connection, '\x01\0')
    await connection.receives(10)
    asked.push(Buffer.from(connection.forget(), 'latin1').toString('hex'))
    await drip(connection, '\x05\0\0\x03\x03abc\0\x50')
    splice(connection, port, '')
  })
  t.after(() => peer.close())
  const place = `me:secret@127.0.0.1:${peer.port}`
  const clock = new VirtualClock()
  const resolver = answering(clock, '2001:db8::7', '192.0.2.7')
  assert.equal(await get(through(t, { url: `socks5h://${place}` }, { resolver })), '200 hello')
  assert.equal(await get(through(t, { url: `socks5://${place}` }, { resolver })), '200 hello')
  assert.deepEqual(asked, [
    `0501000309${Buffer.from('a.example').toString('hex')}0050`,
    '05010001c00002070050',
  ])
})

test('with a guard the name is resolved here, judged, and the proxy gets the address that was judged', async (t) => {
  const { port } = await origin(t)
  const { peer, asked } = await httpProxy(t, port)
  const clock = new VirtualClock()
  const guard = new AddressGuard()
  const good = through(t, { url: peer.url }, { guard, resolver: answering(clock, '93.184.216.34') })
  assert.equal(await get(good), '200 hello')
  assert.match(asked[0] ?? '', /^CONNECT 93\.184\.216\.34:80 HTTP\/1\.1\r\nHost: 93\.184\.216\.34:80\r\n/)
  for (const addresses of [['10.0.0.1'], ['93.184.216.34', '::1']]) {
    const bad = through(t, { url: peer.url }, { guard, resolver: answering(clock, ...addresses) })
    assert.equal((await failure(get(bad))).code, 'address_refused')
  }
  const literal = through(t, { url: peer.url }, { guard, endpoints: [{ url: 'http://0x7f.1' }] })
  assert.equal((await failure(get(literal))).code, 'address_refused')
  assert.equal(peer.connections.length, 1)
})

test('a proxy that refuses, ends, or says nonsense fails with its name and the target’s, and no secret', async (t) => {
  for (const [answer, reason] of [
    ['HTTP/1.1 407 Proxy Authentication Required\r\n\r\n', /it answered 407: it wants credentials/],
    ['HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n', /it answered 503: it could not reach the target/],
    ['', /it closed the connection/],
    ['HTTP/1.1 200', /it closed the connection/],
    ['nonsense\r\n\r\n', /its answer is no HTTP/],
  ] as const) {
    const { peer } = await httpProxy(t, 0, answer)
    const error = await failure(get(through(t, { url: `http://me:secret@127.0.0.1:${peer.port}` })))
    assert.deepEqual([error.code, error.phase, error.replaySafe], ['proxy_failed', 'connect', 'unsent'])
    assert.match(error.message, reason)
    assert.ok(error.message.startsWith(`the proxy 127.0.0.1:${peer.port} opened no tunnel to a.example:80: `))
    assert.doesNotMatch(error.message, /secret/)
    await peer.connections[0]?.gone()
  }
})

test('a proxy that cannot be reached is named', async (t) => {
  const peer = await ScriptedPeer.listen()
  const { url, port } = peer
  await peer.close()
  const error = await failure(get(through(t, { url })))
  assert.equal(error.code, 'proxy_failed')
  assert.match(
    error.message,
    new RegExp(`^the proxy could not be reached: could not connect to 127\\.0\\.0\\.1:${port}: ECONNREFUSED`),
  )
})

test('a proxy that never answers: the connect timeout covers it, and nothing is left', async (t) => {
  const peer = await ScriptedPeer.listen()
  t.after(() => peer.close())
  const upstream = through(t, { url: peer.url })
  const outcome = failure(get(upstream))
  const connection = await peer.accept()
  await connection.receives('\r\n\r\n')
  await upstream.clock.advance(5_000)
  const error = await outcome
  assert.equal(error.code, 'connect_timeout')
  assert.match(
    error.message,
    /^no connection to a\.example:80 through the proxy 127\.0\.0\.1:\d+ within 5000 ms/,
  )
  await connection.end()
  await upstream.clock.advance(1_000_000)
  assert.equal(upstream.clock.pending, 0)
})

test('when nobody wants the connection any more, the attempt ends at once', async (t) => {
  const peer = await ScriptedPeer.listen()
  t.after(() => peer.close())
  const upstream = through(t, { url: peer.url })
  const outcome = failure(get(upstream))
  const connection = await peer.accept()
  await connection.receives('\r\n\r\n')
  upstream.destroy()
  assert.equal((await outcome).code, 'shutting_down')
  await connection.end()
  assert.equal(upstream.clock.pending, 0)
})

test('no proxy is used unless it is asked for, and none for a unix socket', async (t) => {
  const { port, url } = await origin(t)
  const before = process.env['http_proxy']
  process.env['http_proxy'] = 'http://127.0.0.1:9'
  t.after(() => {
    if (before === undefined) delete process.env['http_proxy']
    else process.env['http_proxy'] = before
  })
  const clock = new VirtualClock()
  const direct = Object.assign(new Upstream({ name: 'a', endpoints: [{ url }], clock }), { clock })
  t.after(() => direct.destroy())
  assert.equal(await get(direct), '200 hello')
  const { peer } = await httpProxy(t, port)
  process.env['http_proxy'] = peer.url
  const upstream = new Upstream({
    name: 'a',
    endpoints: [{ url: 'http://b.example' }],
    clock,
    proxy: 'environment',
  })
  t.after(() => upstream.destroy())
  assert.equal(await get(Object.assign(upstream, { clock })), '200 hello')
  assert.doesNotThrow(
    () => new Upstream({ name: 'a', endpoints: [{ url: 'unix:/run/a.sock' }], clock, proxy: 'environment' }),
  )
})
