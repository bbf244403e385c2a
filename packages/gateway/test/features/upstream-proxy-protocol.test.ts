import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { connect as connectTls, createSecureContext, TLSSocket } from 'node:tls'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { makeCertificate } from '../../../core/test/certificates.ts'
import type { GatewayConfigInput } from '../../src/config/input/input.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { folderWith } from '../tls/peers.ts'
import { startGateway } from '../survival/start-gateway.ts'

const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'

/** One connection of the gateway to the endpoint, with all that came on it. */
interface Came {
  readonly socket: Socket
  bytes: Buffer
  isOver: boolean
}

/** An endpoint that keeps what it is sent, and answers each request unless it is told to hold back. */
async function endpoint(t: TestContext, answer = ANSWER): Promise<{ port: number; came: Came[] }> {
  const came: Came[] = []
  const server = createServer((socket) => {
    const one: Came = { socket, bytes: Buffer.alloc(0), isOver: false }
    came.push(one)
    socket.on('data', (piece: Buffer) => {
      one.bytes = Buffer.concat([one.bytes, piece])
      if (answer !== '' && piece.includes('\r\n\r\n')) socket.write(answer)
    })
    socket.on('close', () => (one.isOver = true)).on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const { socket } of came) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, came }
}

/** A client on an address of its own, that says what it got. */
class Client {
  readonly socket: Socket
  private said = ''

  constructor(t: TestContext, port: number, localAddress: string) {
    this.socket = connect({ port, host: '127.0.0.1', localAddress })
    this.socket.on('data', (piece: Buffer) => (this.said += piece.toString('latin1')))
    this.socket.on('error', () => {})
    t.after(() => this.socket.destroy())
  }

  send(path: string, fields = ''): void {
    this.socket.write(`GET ${path} HTTP/1.1\r\nhost: shop.example\r\n${fields}\r\n`)
  }

  async answered(count: number): Promise<void> {
    await eventually(
      () => this.said.split('HTTP/1.1 ').length > count,
      `${count} responses have come, and not: ${this.said}`,
    )
  }

  async ask(path: string, fields?: string): Promise<void> {
    const before = this.said.split('HTTP/1.1 ').length
    this.send(path, fields)
    await this.answered(before)
  }
}

const towards = (port: number, settings: object, listener: object = {}): GatewayConfigInput => ({
  listeners: [{ address: '127.0.0.1:0', ...listener }],
  upstreams: { app: { endpoints: [{ url: `http://127.0.0.1:${port}` }], ...settings } },
  routes: [{ upstream: 'app' }],
})

/** The paths that were asked for on a connection. */
const pathsOf = ({ bytes }: Came): string[] =>
  [...bytes.toString('latin1').matchAll(/GET (\S+) HTTP/g)].map(([, path]) => path ?? '')

test('v1: each connection begins with a line about one client, and is used by its connection alone, and ends with it', async (t) => {
  const { port, came } = await endpoint(t)
  const gateway = await startGateway(t, towards(port, { proxyProtocol: 'v1' }))
  const [first, second] = ['127.0.0.9', '127.0.0.10'].map((each) => new Client(t, gateway.port, each))
  assert.ok(first && second)
  await first.ask('/a')
  await second.ask('/b')
  await first.ask('/c')
  await second.ask('/d')
  const line = ({ socket }: Client): string =>
    `PROXY TCP4 ${socket.localAddress} 127.0.0.1 ${socket.localPort} ${gateway.port}\r\nGET /`
  assert.equal(came.length, 2)
  for (const [index, client] of [first, second].entries()) {
    const text = came[index]?.bytes.toString('latin1') ?? ''
    assert.equal(text.slice(0, line(client).length), line(client))
    assert.equal(text.split('PROXY ').length, 2)
  }
  assert.deepEqual(came.map(pathsOf), [
    ['/a', '/c'],
    ['/b', '/d'],
  ])
  first.socket.destroy()
  await eventually(() => came[0]?.isOver, 'the connection of the client that has left is closed')
  assert.equal(came[1]?.isOver, false)
  await second.ask('/e')
  assert.deepEqual(came.map(pathsOf).at(-1), ['/b', '/d', '/e'])
})

test('v2 over TLS: the header has both ends, the TLS of the client and its certificate, and a checksum', async (t) => {
  const authority = makeCertificate({ names: ['ca.example'] })
  const served = makeCertificate({ names: ['shop.example'] })
  const shown = makeCertificate({ names: ['orders.internal'], commonName: 'orders', ca: authority })
  const { port, came } = await endpoint(t)
  const tls = { ...served, clientCertificates: { mode: 'optional', ca: authority.cert } }
  const gateway = await startGateway(t, towards(port, { proxyProtocol: 'v2' }, { tls }))
  const headers: Buffer[] = []
  for (const own of [shown, undefined]) {
    const plain = connect({ port: gateway.port, host: '127.0.0.1', localAddress: '127.0.0.9' })
    await once(plain, 'connect')
    const { localPort = 0 } = plain
    const socket = connectTls({
      socket: plain,
      servername: 'shop.example',
      rejectUnauthorized: false,
      ...own,
      ciphers: 'TLS_AES_128_GCM_SHA256',
      minVersion: 'TLSv1.3',
    })
    t.after(() => socket.destroy())
    socket.write('GET / HTTP/1.1\r\nhost: shop.example\r\n\r\n')
    await once(socket, 'data')
    const { bytes = Buffer.alloc(0) } = came.at(-1) ?? {}
    const size = 16 + bytes.readUInt16BE(14)
    const header = bytes.subarray(0, size)
    headers.push(header)
    assert.equal(bytes.toString('latin1', size, size + 6), 'GET / ')
    const ends = Buffer.from([
      127,
      0,
      0,
      9,
      127,
      0,
      0,
      1,
      localPort >> 8,
      localPort & 0xff,
      gateway.port >> 8,
      gateway.port & 0xff,
    ])
    assert.equal(header.toString('hex', 0, 14), '0d0a0d0a000d0a515549540a2111')
    assert.deepEqual(header.subarray(16, 28), ends)
    // PP2_TYPE_CRC32C is last, and of four bytes.
    assert.equal(header.toString('hex', size - 7, size - 4), '030004')
  }
  const [withOne, withNone] = headers.map((each) => each.subarray(28, -7).toString('latin1'))
  const value = (type: number, text: string): string => `${String.fromCharCode(type, 0, text.length)}${text}`
  const facts = value(0x21, 'TLSv1.3')
  const cipher = value(0x23, 'TLS_AES_128_GCM_SHA256')
  assert.equal(withOne, value(0x20, `\x03\0\0\0\0${facts}${value(0x22, 'orders')}${cipher}`))
  assert.equal(withNone, value(0x20, `\x01\0\0\0\x01${facts}${cipher}`))
})

test('v2: a client that a trusted proxy names is not told of with the certificate of the proxy', async (t) => {
  const authority = makeCertificate({ names: ['ca.example'] })
  const served = makeCertificate({ names: ['shop.example'] })
  const shown = makeCertificate({ names: ['balancer.internal'], commonName: 'balancer', ca: authority })
  const { port, came } = await endpoint(t)
  const tls = { ...served, clientCertificates: { mode: 'optional', ca: authority.cert } }
  const settings = { ...towards(port, { proxyProtocol: 'v2' }, { tls }), trustedProxies: ['127.0.0.0/8'] }
  const gateway = await startGateway(t, settings)
  const socket = connectTls({ port: gateway.port, host: '127.0.0.1', rejectUnauthorized: false, ...shown })
  t.after(() => socket.destroy())
  socket.write('GET / HTTP/1.1\r\nhost: shop.example\r\nx-forwarded-for: 203.0.113.9\r\n\r\n')
  await once(socket, 'data')
  const { bytes = Buffer.alloc(0) } = came.at(-1) ?? {}
  const header = bytes.subarray(0, 16 + bytes.readUInt16BE(14))
  assert.deepEqual([...header.subarray(16, 20)], [203, 0, 113, 9])
  assert.equal(header.includes('balancer'), false)
  // Behind the addresses there is the checksum, and nothing about TLS.
  assert.equal(header.toString('hex', 28, 31), '030004')
})

test('towards an endpoint with TLS the header comes before the handshake, and a certificate is verified all the same', async (t) => {
  const made = makeCertificate({ names: ['127.0.0.1'] })
  const heads: string[] = []
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('readable', () => {
      const bytes = socket.read() as Buffer
      const end = bytes.indexOf('\r\n') + 2
      heads.push(bytes.toString('latin1', 0, end))
      if (bytes.length > end) socket.unshift(bytes.subarray(end))
      const secure = new TLSSocket(socket, { isServer: true, secureContext: createSecureContext(made) })
      secure.on('data', () => secure.write(ANSWER)).on('error', () => {})
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const upstream = (ca: string | undefined) => ({
    endpoints: [{ url: `https://127.0.0.1:${port}` }],
    proxyProtocol: 'v1' as const,
    ...(ca && { tls: { ca } }),
  })
  const folder = folderWith(t, { 'ca.pem': made.cert })
  const gateway = await startGateway(t, {
    upstreams: { good: upstream(`${folder}/ca.pem`), bad: upstream(undefined) },
    routes: [
      { match: { path: '/good' }, upstream: 'good' },
      { match: { path: '/bad' }, upstream: 'bad' },
    ],
  })
  const client = new Client(t, gateway.port, '127.0.0.9')
  await client.ask('/good')
  await client.ask('/good')
  const line = `PROXY TCP4 127.0.0.9 127.0.0.1 ${client.socket.localPort} ${gateway.port}\r\n`
  assert.deepEqual(heads, [line])
  await client.ask('/bad')
  assert.deepEqual(
    gateway.log.map(({ status, error }) => [status, error]),
    [
      [200, undefined],
      [200, undefined],
      [502, 'tls_failed'],
    ],
  )
})

test('a client that a trusted proxy names is told of without a port, in the family of both ends, and has its own connection', async (t) => {
  const { port, came } = await endpoint(t)
  const settings = { ...towards(port, { proxyProtocol: 'v1' }), trustedProxies: ['127.0.0.0/8'] }
  const gateway = await startGateway(t, settings)
  const proxy = new Client(t, gateway.port, '127.0.0.9')
  await proxy.ask('/a', 'x-forwarded-for: 192.0.2.7\r\n')
  await proxy.ask('/b', 'x-forwarded-for: 2001:db8::7\r\n')
  await proxy.ask('/c', 'x-forwarded-for: 192.0.2.7\r\n')
  assert.deepEqual(
    came.map((each) => each.bytes.toString('latin1').split('\r\n', 1)[0]),
    [
      `PROXY TCP4 192.0.2.7 127.0.0.1 0 ${gateway.port}`,
      `PROXY TCP6 2001:db8::7 ::ffff:127.0.0.1 0 ${gateway.port}`,
    ],
  )
  assert.deepEqual(came.map(pathsOf), [['/a', '/c'], ['/b']])
})

for (const [version, header] of [
  ['v1', 'PROXY UNKNOWN\r\n'],
  ['v2', '\r\n\r\n\0\r\nQUIT\n\x20\0\0\0'],
] as const) {
  test(`${version}: the connections of health checks say that they are for nobody`, async (t) => {
    const { port, came } = await endpoint(t)
    const health = { path: '/well', interval: '20ms' }
    await startGateway(t, towards(port, { proxyProtocol: version, health }))
    await eventually(() => came[0] && pathsOf(came[0]).length > 0, 'a check has come')
    const text = came[0]?.bytes.toString('latin1') ?? ''
    assert.equal(text.slice(0, header.length + 10), `${header}GET /well `)
  })
}

test('a WebSocket has a connection of its own, with its header', async (t) => {
  const upgrade =
    'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nhello'
  const { port, came } = await endpoint(t, upgrade)
  const gateway = await startGateway(t, towards(port, { proxyProtocol: 'v1' }))
  const client = new Client(t, gateway.port, '127.0.0.9')
  await client.ask(
    '/ws',
    'connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n',
  )
  client.socket.write('frame')
  await eventually(() => came[0]?.bytes.toString('latin1').endsWith('frame'), 'the tunnel stands')
  assert.match(came[0]?.bytes.toString('latin1') ?? '', /^PROXY TCP4 127\.0\.0\.9 [^\r]+\r\nGET \/ws /)
  assert.equal(came.length, 1)
})

test('where there is no room, what lies idle for another client makes it, and who finds none waits', async (t) => {
  const { port, came } = await endpoint(t, '')
  const gateway = await startGateway(t, towards(port, { proxyProtocol: 'v1', pool: { maxConnections: 1 } }))
  const [first, second] = ['127.0.0.9', '127.0.0.10'].map((each) => new Client(t, gateway.port, each))
  assert.ok(first && second)
  first.send('/a')
  await eventually(() => came[0] && pathsOf(came[0]).length === 1, 'the first request is there')
  second.send('/b')
  came[0]?.socket.write(ANSWER)
  await first.answered(1)
  await eventually(
    () => came[1] && pathsOf(came[1]).length === 1,
    'the second request is there, on another connection',
  )
  await eventually(() => came[0]?.isOver, 'the first connection is closed')
  came[1]?.socket.write(ANSWER)
  await second.answered(1)
  first.send('/c')
  await eventually(
    () => came[2] && pathsOf(came[2]).length === 1,
    'the idle connection of the other has made room',
  )
  assert.match(came[2]?.bytes.toString('latin1') ?? '', /^PROXY TCP4 127\.0\.0\.9 /)
})

test('with HTTP/2, whose connections serve many, it is refused', () => {
  const refused = (upstream: object): string[] => {
    const result = parseConfig({
      upstreams: { app: { proxyProtocol: 'v2', ...upstream } },
      routes: [{ upstream: 'app' }],
    })
    return result.ok ? [] : result.problems.map(({ path, message }) => `${path}: ${message}`)
  }
  const told = ['upstreams.app.proxyProtocol: does not go with HTTP/2, which this upstream may speak']
  const [h2c, https] = ['h2c://10.0.0.7', 'https://10.0.0.7'].map((url) => ({ endpoints: [{ url }] }))
  assert.deepEqual(refused({ ...h2c }), told)
  assert.deepEqual(refused({ ...https, protocols: ['h2', 'http/1.1'] }), told)
  assert.deepEqual(refused({ ...https }), [])
})
