import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectPlain, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { VirtualClock } from '@headgate/core/testing'
import { makeCertificate } from '../../../core/test/certificates.ts'
import type { GatewayConfigInput } from '../../src/config/input/input.ts'
import { startGateway, type StartedGateway } from '../survival/start-gateway.ts'
import { folderWith } from '../tls/peers.ts'

const NAMED = { from: ['127.0.0.0/8'], timeout: '5s' } as const
const REQUEST =
  'GET /who HTTP/1.1\r\nhost: shop.example\r\nx-forwarded-for: 203.0.113.9\r\nconnection: close\r\n\r\n'
const LINE = 'PROXY TCP4 192.0.2.1 198.51.100.2 4711 443\r\n'
const BINARY = Buffer.from('0d0a0d0a000d0a515549540a2111000cc0000201c6336402126701bb', 'hex')
/** LOCAL, from which nothing is known. */
const LOCAL = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex')
/** The same as BINARY, and that the client came by TLS. */
const WITH_TLS = Buffer.from(
  '0d0a0d0a000d0a515549540a21110014c0000201c6336402126701bb2000050100000001',
  'hex',
)

const ROUTES: GatewayConfigInput['routes'] = [
  {
    name: 'who',
    match: { path: '/who' },
    respond: {},
    responseHeaders: { set: { 'x-who': '${client.address} ${request.scheme}' } },
  },
]

function gatewayOf(t: TestContext, listener: object, options: object = {}): Promise<StartedGateway> {
  return startGateway(t, { listeners: [{ address: '127.0.0.1:0', ...listener }], routes: ROUTES }, options)
}

/** All that comes back on a connection on which these pieces are sent, one after the other. */
async function said(socket: Socket, ...pieces: readonly (string | Buffer)[]): Promise<string> {
  let text = ''
  socket.setNoDelay(true).on('error', () => {})
  socket.setEncoding('latin1').on('data', (more: string) => (text += more))
  for (const piece of pieces) await new Promise((resolve) => socket.write(piece, resolve))
  if (!socket.closed) await once(socket, 'close')
  return text
}

const raw = (port: number): Socket => connectPlain(port, '127.0.0.1')

test('the client is who the proxy tells, in either version, wherever the header is cut', async (t) => {
  const gateway = await gatewayOf(t, { proxyProtocol: NAMED })
  const connections = [LINE, BINARY].flatMap((header) => {
    const bytes = Buffer.concat([Buffer.from(header), Buffer.from(REQUEST)])
    const cuts = Array.from({ length: header.length + 2 }, (_, cut) => [
      bytes.subarray(0, cut),
      bytes.subarray(cut),
    ])
    return cuts.map((pieces) => said(raw(gateway.port), ...pieces))
  })
  for (const text of await Promise.all(connections))
    assert.match(text, /200 OK[^]*x-who: 192\.0\.2\.1 http\r\n/)
  const [line] = gateway.log
  assert.equal((line as unknown as { client: string; proxy: string }).client, '192.0.2.1')
  assert.equal((line as unknown as { client: string; proxy: string }).proxy, '127.0.0.1')
})

test('of a connection of the proxy’s own, the client is the proxy', async (t) => {
  const gateway = await gatewayOf(t, { proxyProtocol: NAMED })
  assert.match(await said(raw(gateway.port), LOCAL, REQUEST), /x-who: 127\.0\.0\.1 http\r\n/)
  assert.match(await said(raw(gateway.port), 'PROXY UNKNOWN\r\n', REQUEST), /x-who: 127\.0\.0\.1 http\r\n/)
})

test('a client that came to the proxy by TLS came by https', async (t) => {
  const gateway = await gatewayOf(t, { proxyProtocol: NAMED })
  assert.match(await said(raw(gateway.port), WITH_TLS, REQUEST), /x-who: 192\.0\.2\.1 https\r\n/)
})

test('the header comes before TLS, and before HTTP/2', async (t) => {
  const { cert, key } = makeCertificate({ names: ['shop.example'] })
  const folder = folderWith(t, { cert, key })
  const tls = { cert: `${folder}/cert`, key: `${folder}/key` }
  const gateway = await gatewayOf(t, { proxyProtocol: NAMED, tls })
  for (const header of [LINE, BINARY]) {
    const socket = raw(gateway.port)
    socket.write(header)
    const secured = connectTls({ socket, ca: cert, servername: 'shop.example' })
    assert.match(await said(secured, REQUEST), /x-who: 192\.0\.2\.1 https\r\n/)
  }
  const plain = await gatewayOf(t, { proxyProtocol: NAMED })
  const settings = await said(raw(plain.port), `${LINE}PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`, Buffer.alloc(9, 1))
  // A frame of SETTINGS, in which the gateway tells its own.
  assert.equal(settings.charCodeAt(3), 4)
})

test('named proxies that send no header, or a malformed one, are refused, and that is logged', async (t) => {
  const gateway = await gatewayOf(t, { proxyProtocol: NAMED })
  const wrong = [
    REQUEST,
    `PROXY TCP4 a b 1 2\r\n${REQUEST}`,
    BINARY.subarray(0, 12).toString('latin1') + REQUEST,
  ]
  for (const bytes of wrong) assert.equal(await said(raw(gateway.port), bytes), '')
  const cut = raw(gateway.port)
  cut.end('PROXY TCP4')
  assert.equal(await said(cut), '')
  const lines = (await eventually(() => gateway.log.length === 4 && gateway.log, 'all are logged')) || []
  for (const { error } of lines) assert.equal(error, 'malformed_request')
  // As load balancers look whether a port is open.
  raw(gateway.port).end()
  assert.match(await said(raw(gateway.port), LINE, REQUEST), /200 OK/)
  assert.equal(gateway.log.length, 5)
})

test('a header that does not come in time is refused, however slowly it comes', async (t) => {
  const clock = new VirtualClock()
  const gateway = await gatewayOf(t, { proxyProtocol: NAMED }, { clock })
  const slow = raw(gateway.port)
  const answer = said(slow, 'PROXY')
  await eventually(() => slow.bytesWritten === 5, 'the first bytes are sent')
  for (let second = 0; second < 5; second++) {
    slow.write(' ')
    // oxlint-disable-next-line no-await-in-loop -- as slow as that
    await clock.advance(1_001)
  }
  assert.equal(await answer, '')
  await eventually(() => gateway.log.length === 1, 'it is logged')
  assert.match(JSON.stringify(gateway.log), /was not there within 5000 ms/)
})

test('from elsewhere no header is taken: it is refused as what it is, and requests are served', async (t) => {
  const { cert, key } = makeCertificate({ names: ['shop.example'] })
  const folder = folderWith(t, { cert, key })
  const elsewhere = { from: ['192.0.2.0/24', '2001:db8::/32'] }
  const tls = { cert: `${folder}/cert`, key: `${folder}/key` }
  for (const listener of [{ proxyProtocol: elsewhere }, {}]) {
    const gateway = await gatewayOf(t, listener)
    assert.match(await said(raw(gateway.port), REQUEST), /x-who: 127\.0\.0\.1 http\r\n/)
    for (const header of [LINE, 'PROXY UNKNOWN\r\n', BINARY, LOCAL])
      assert.match(await said(raw(gateway.port), header, REQUEST), /^HTTP\/1\.1 400 /)
  }
  const secure = await gatewayOf(t, { proxyProtocol: elsewhere, tls })
  for (const header of [LINE, BINARY])
    assert.doesNotMatch(await said(raw(secure.port), header, REQUEST), /HTTP/)
})
