import assert from 'node:assert/strict'
import { test } from 'node:test'
import { webSocketAccept } from '../../../core/src/fields/websocket.ts'
import type { Pair } from '../../../core/test/h2/hpack-blocks.ts'
import { data, RawClient } from '../../../core/test/h2/raw-client.ts'
import { type RecordedRequest, valuesOf } from '../attack/recorded-request.ts'
import { startRecordingOrigin, TAKEN } from '../attack/recording-origin.ts'
import { startGateway } from '../survival/start-gateway.ts'
import { attacked } from './attacked.ts'

const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n'
const CHAT: readonly Pair[] = [
  [':method', 'CONNECT'],
  [':protocol', 'websocket'],
  [':authority', 'a'],
  [':path', '/chat'],
  ['sec-websocket-version', '13'],
  ['sec-websocket-protocol', 'chat'],
]
const NEXT: readonly Pair[] = [
  [':authority', 'a'],
  [':path', '/next'],
]

const UPGRADED = 'connection: upgrade\r\nupgrade: websocket\r\n'

function switched(request: RecordedRequest): string {
  const [key = ''] = valuesOf(request, 'sec-websocket-key')
  return `HTTP/1.1 101 Switching Protocols\r\n${UPGRADED}sec-websocket-accept: ${webSocketAccept(key)}\r\n\r\n`
}

for (const [what, answer, status] of [
  ['with 200', TAKEN, '501'],
  ['with 200 that ends with the connection', 'HTTP/1.1 200 OK\r\n\r\ntaken', '501'],
  ['with 403', 'HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno', '403'],
  ['with 426', `HTTP/1.1 426 Upgrade Required\r\n${UPGRADED}content-length: 2\r\n\r\nno`, '426'],
  ['with 101 of another protocol', 'HTTP/1.1 101 X\r\nconnection: upgrade\r\nupgrade: tcp\r\n\r\n', '502'],
  ['with 101 without an accept', `HTTP/1.1 101 X\r\n${UPGRADED}\r\n`, '502'],
  [
    'with 101 and the accept of another key',
    `HTTP/1.1 101 X\r\n${UPGRADED}sec-websocket-accept: ${webSocketAccept('x')}\r\n\r\n`,
    '502',
  ],
] as const) {
  test(`what a client of HTTP/2 sends behind a WebSocket that the origin answers ${what} is no request of anybody`, async (t) => {
    const { site, client } = await attacked(t)
    site.origin.answer = ({ target }) => (target === '/chat' ? answer : TAKEN)
    client.send(client.head(1, CHAT, 4), data(1, SMUGGLED))
    await client.until(`HEADERS 1 :status=${status}`)
    client.send(data(1, SMUGGLED, 1), client.head(3, NEXT))
    await client.until('DATA+END 3 taken')
    const targets = site.origin.connections.flatMap(({ text }) => text.match(/(?<=^GET )\S+/gm) ?? [])
    assert.deepEqual(targets, ['/chat', '/next'])
    assert.ok(!site.origin.bytes.includes('smuggled'))
  })
}

test('bytes behind an extended CONNECT are held until the origin has switched, and then belong to the tunnel alone', async (t) => {
  const { site, client } = await attacked(t)
  let before = ''
  site.origin.answer = async (request, connection) => {
    // Time for what should not come.
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    before = connection.text.slice(request.bytes.length)
    return switched(request)
  }
  client.send(client.head(1, CHAT, 4), data(1, SMUGGLED))
  await client.until('HEADERS 1 :status=200')
  const [connection] = site.origin.connections
  await connection?.receives(SMUGGLED)
  assert.equal(before, '')
  assert.equal(site.origin.bytes.indexOf(SMUGGLED), site.origin.bytes.length - SMUGGLED.length)
})

test('the origin is asked as by a client of HTTP/1.1, with a key of the gateway’s own for each', async (t) => {
  const { site, client } = await attacked(t)
  const keys = new Set<string>()
  site.origin.answer = (request) => {
    for (const key of valuesOf(request, 'sec-websocket-key')) keys.add(key)
    assert.deepEqual(
      ['connection', 'upgrade', 'sec-websocket-version', 'sec-websocket-protocol', 'content-length'].map(
        (name) => valuesOf(request, name).join(),
      ),
      ['upgrade', 'websocket', '13', 'chat', ''],
    )
    return `${switched(request)}welcome`
  }
  const forged: Pair = ['sec-websocket-key', 'dGhlIHNhbXBsZSBub25jZQ==']
  client.send(client.head(1, [...CHAT, forged], 4), client.head(3, CHAT, 4))
  const lines = [...(await client.until('DATA 1 welcome')), ...client.frames()]
  await (lines.some((line) => line === 'DATA 3 welcome') || client.until('DATA 3 welcome'))
  assert.equal(keys.size, 2)
  for (const key of keys) assert.match(key, /^[A-Za-z0-9+/]{22}==$/)
  assert.ok(!keys.has(forged[1]))
  assert.ok(!lines.some((line) => line.includes('sec-websocket-accept')))
})

test('a path that a route takes for itself is its own for a WebSocket, too, however it is written', async (t) => {
  const origin = await startRecordingOrigin(t)
  const gateway = await startGateway(t, {
    routes: [
      { match: { path: '/chat' }, respond: { status: 403, body: 'members only' } },
      { match: { path: '/**' }, upstream: origin.url },
    ],
  })
  const client = new RawClient(await gateway.connect())
  client.begin()
  for (const [index, path] of ['/chat', '//chat', '/x/../chat', '/%63hat'].entries()) {
    const id = 1 + 2 * index
    const fields = CHAT.map((pair): Pair => (pair[0] === ':path' ? [':path', path] : pair))
    client.send(client.head(id, fields, 4), data(id, SMUGGLED))
    await client.until(`HEADERS ${id} :status=403`)
  }
  assert.equal(origin.bytes, '')
})
