import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frame } from '../../../core/test/h2/frames.ts'
import type { Pair } from '../../../core/test/h2/hpack-blocks.ts'
import { data } from '../../../core/test/h2/raw-client.ts'
import { valuesOf } from '../attack/recorded-request.ts'
import { attacked } from './attacked.ts'

// What HTTP/2 carries in fields of their own, HTTP/1.1 writes into one text: each published way to make two messages of one on the way
// down is tried before an origin that records every byte. ("HTTP/2: The Sequel is Always Worse", James Kettle, 2021, names most of them.)

const POST: readonly Pair[] = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':authority', 'a'],
  [':path', '/'],
]
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'

function with_(name: string, value: string): Pair[] {
  return POST.map((pair): Pair => (pair[0] === name ? [name, value] : pair))
}

/** Heads that no request has: nothing of them reaches the origin. */
const REFUSED: Readonly<Record<string, readonly Pair[]>> = {
  'H2.TE: transfer-encoding beside content': [...POST, ['transfer-encoding', 'chunked']],
  'H2.TE hidden in a value: CR LF in a value': [...POST, ['x', 'y\r\nTransfer-Encoding: chunked']],
  'H2.TE hidden in a value: LF alone': [...POST, ['x', 'y\nTransfer-Encoding: chunked']],
  'H2.TE hidden in a name: CR LF in a name': [...POST, ['x: y\r\nTransfer-Encoding', 'chunked']],
  'H2.TE hidden in a name: a colon in a name': [...POST, ['transfer-encoding: chunked\r\nx', 'y']],
  'a name with a blank before the colon': [...POST, ['transfer-encoding ', 'chunked']],
  'a name with a colon': [...POST, ['host:evil', 'x']],
  'upper-case Transfer-Encoding': [...POST, ['Transfer-Encoding', 'chunked']],
  'transfer-encoding with a vertical tab': [...POST, ['transfer-encoding\v', 'chunked']],
  'request splitting by a value: two line ends': [...POST, ['x', `y\r\n\r\n${SMUGGLED}`]],
  'request line injection by :method': with_(':method', `GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\nGET`),
  'request line injection by :method: a blank': with_(':method', 'GET /smuggled HTTP/1.1\tX:'),
  'request line injection by :path': with_(':path', '/smuggled HTTP/1.1\r\nHost: a\r\nX: y'),
  'a blank in :path': with_(':path', '/smuggled HTTP/1.1'),
  'line injection by :authority': with_(':authority', 'a\r\nX-Admin: 1'),
  'line injection by :scheme': with_(':scheme', 'http://a/smuggled HTTP/1.1\r\nX: y'),
  'a URL in :scheme': with_(':scheme', 'http://evil/?'),
  'two :path': [...POST, [':path', '/smuggled']],
  ':path behind a field': [...POST.slice(0, 3), ['x', 'y'], [':path', '/smuggled']],
  'a Host that names another place': [...POST, ['host', 'evil']],
  'an :authority with user information': with_(':authority', 'a@evil'),
  'two Content-Lengths': [...POST, ['content-length', '5'], ['content-length', '0']],
  'a Content-Length in a list': [...POST, ['content-length', '5, 0']],
  'a Content-Length with a sign': [...POST, ['content-length', '+5']],
  'connection: content-length': [...POST, ['connection', 'content-length']],
  'upgrade: h2c': [...POST, ['upgrade', 'h2c'], ['http2-settings', 'AAMAAABk']],
  CONNECT: [
    [':method', 'CONNECT'],
    [':authority', 'evil:80'],
  ],
}

for (const [what, fields] of Object.entries(REFUSED)) {
  test(`never reaches the origin: ${what}`, async (t) => {
    const { site, client } = await attacked(t)
    client.send(frame(1, 4, 1, client.block(fields)), data(1, SMUGGLED.slice(0, 5), 1))
    client.send(
      client.head(3, [
        [':path', '/next'],
        [':authority', 'a'],
      ]),
    )
    const lines = await client.until('DATA+END 3')
    assert.ok(
      lines.some((line) => /^(RST_STREAM 1 PROTOCOL_ERROR|HEADERS 1 :status=(400|501))/.test(line)),
      lines.join(' | '),
    )
    assert.deepEqual(
      site.origin.requests.map(({ target }) => target),
      ['/next'],
    )
  })
}

test('H2.CL: a Content-Length of less than the content resets the stream, and what is more is no request', async (t) => {
  const { site, client } = await attacked(t)
  client.send(frame(1, 4, 1, client.block([...POST, ['content-length', '0']])), data(1, SMUGGLED, 1))
  await client.until('RST_STREAM 1 PROTOCOL_ERROR')
  await site.servesOn()
})

test('H2.CL: a Content-Length of more than the content ends the request at the origin, and no other is taken into it', async (t) => {
  const { site, client } = await attacked(t)
  client.send(frame(1, 4, 1, client.block([...POST, ['content-length', '50']])), data(1, 'short', 1))
  await client.until('RST_STREAM 1 PROTOCOL_ERROR')
  client.send(
    client.head(3, [
      [':path', '/next'],
      [':authority', 'a'],
    ]),
  )
  await client.until('DATA+END 3')
  const whole = site.origin.connections.flatMap(({ text }) => (text.includes('/next') ? [text] : []))
  assert.equal(whole.length, 1)
  assert.ok(whole[0]?.startsWith('GET /next HTTP/1.1\r\n'), whole[0])
})

test('H2.CL where the length is known only at the end: the origin gets what the connection has proven', async (t) => {
  const { site, client } = await attacked(t)
  client.send(frame(1, 4, 1, client.block(POST)), data(1, SMUGGLED), data(1, '', 1))
  await client.until('DATA+END 1')
  assert.deepEqual(
    site.origin.requests.map(({ method, target, body }) => [method, target, body]),
    [['POST', '/', SMUGGLED]],
  )
})

test('H2.0: content in a GET is content at the origin, too', async (t) => {
  const { site, client } = await attacked(t)
  client.send(frame(1, 4, 1, client.block(with_(':method', 'GET'))), data(1, SMUGGLED, 1))
  await client.until('DATA+END 1')
  const [request, ...others] = site.origin.requests
  assert.deepEqual([request?.method, request?.body, others.length], ['GET', SMUGGLED, 0])
})

test('chunks within the content are content, and no framing', async (t) => {
  const { site, client } = await attacked(t)
  const chunks = `0\r\n\r\n${SMUGGLED}`
  client.send(frame(1, 4, 1, client.block(POST)))
  await site.origin.next().then((connection) => connection.receives('\r\n\r\n'))
  client.send(data(1, chunks), data(1, '', 1))
  await client.until('DATA+END 1')
  assert.deepEqual(
    site.origin.requests.map(({ body }) => body),
    [chunks],
  )
})

test('trailers cannot add what a head decides', async (t) => {
  const { site, client } = await attacked(t)
  client.send(frame(1, 4, 1, client.block(POST)))
  await site.origin.next().then((connection) => connection.receives('\r\n\r\n'))
  const trailers: readonly Pair[] = [
    ['content-length', '0'],
    ['host', 'evil'],
    ['authorization', 'Basic x'],
    ['x-forwarded-for', '::1'],
    ['x-sum', '1'],
  ]
  client.send(data(1, 'x'), frame(1, 5, 1, client.block(trailers)))
  await client.until('DATA+END 1')
  assert.deepEqual(site.got.trailers, [{ name: 'x-sum', value: '1' }])
})

test('what a client says of itself in names that pose as ours does not pass, as over HTTP/1.1', async (t) => {
  const { site, client } = await attacked(t)
  const forged: readonly Pair[] = [
    ['x-forwarded-for', '10.0.0.1'],
    ['x_forwarded_for', '10.0.0.1'],
    ['x-real-ip', '10.0.0.1'],
    ['te', 'trailers'],
    ['http2-settings', 'AAMAAABk'],
    ['proxy-authorization', 'Basic x'],
  ]
  client.send(frame(1, 5, 1, client.block([...with_(':method', 'GET'), ...forged])))
  await client.until('DATA+END 1')
  const { got } = site
  assert.deepEqual(valuesOf(got, 'x-forwarded-for'), ['127.0.0.1'])
  for (const [name] of forged.slice(1)) assert.deepEqual(valuesOf(got, name), [], name)
  assert.match(valuesOf(got, 'via').join(), /^2 /)
})

test('routing sees the path that the origin gets', async (t) => {
  const { site, client } = await attacked(t, {
    routes: [{ match: { path: '/public/**' } }],
  })
  for (const [index, path] of [
    '/public/../admin',
    '/public/%2e%2e/admin',
    '/%61dmin',
    '//admin',
    '/public/..;/admin',
  ].entries()) {
    const id = 2 * index + 1
    client.send(client.head(id, [[':path', path]]))
    const lines = await client.until(`DATA+END ${id}`)
    assert.match(lines.at(-2) ?? '', /:status=(404|400) /, path)
  }
  client.send(client.head(21, [[':path', '/public/./a%41']]))
  await client.until('DATA+END 21')
  assert.deepEqual(
    site.origin.requests.map(({ target }) => target),
    ['/public/aA'],
  )
})

test('a request that is reset on its way leaves the origin with a connection that is closed, not with half a request', async (t) => {
  const { site, client } = await attacked(t)
  client.send(frame(1, 4, 1, client.block([...POST, ['content-length', '100']])))
  const connection = await site.origin.next()
  await connection.receives('\r\n\r\n')
  client.send(data(1, 'half'), frame(3, 0, 1, Buffer.from([0, 0, 0, 8])))
  await connection.end()
  connection.forget()
  await site.servesOn()
})
