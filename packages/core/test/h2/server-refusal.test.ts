import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bodyFrom } from '../../src/message/body.ts'
import type { Handler } from '../../src/message/handler.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { frame } from './frames.ts'
import type { Pair } from './hpack-blocks.ts'
import { data, ping } from './raw-client.ts'
import { serve } from './server-rig.ts'
import { REQUEST, without } from './spec/spec-case.ts'

const hello: Handler = async () => new HttpResponse(200, new HeaderList(), bodyFrom('hello'))

const withValue = (name: string, value: string): Pair[] =>
  REQUEST.map((pair): Pair => (pair[0] === name ? [name, value] : pair))

/** No requests at all: their streams are reset (RFC 9113 8.1.1). */
const MALFORMED: Readonly<Record<string, readonly Pair[]>> = {
  'no :method (8.3.1)': without(':method'),
  'no :scheme (8.3.1)': without(':scheme'),
  'no :path (8.3.1)': without(':path'),
  'an empty :path (8.3.1)': withValue(':path', ''),
  ':method twice (8.3)': [...REQUEST, [':method', 'GET']],
  ':path twice (8.3)': [...REQUEST, [':path', '/admin']],
  ':status in a request (8.3)': [...REQUEST, [':status', '200']],
  'an unknown pseudo-header field (8.3)': [...REQUEST, [':foo', 'x']],
  ':protocol, which was not offered (RFC 8441 4)': [...REQUEST, [':protocol', 'websocket']],
  'a pseudo-header field behind others (8.3)': [...without(':path'), ['x-a', 'b'], [':path', '/']],
  'a name in upper case (8.2.1)': [...REQUEST, ['X-A', 'b']],
  'a name with a space': [...REQUEST, ['x a', 'b']],
  'a name with a colon': [...REQUEST, ['x:a', 'b']],
  'a name with CR LF': [...REQUEST, ['x-a: b\r\nx-c', 'd']],
  'an empty name': [...REQUEST, ['', 'd']],
  'a value with CR LF': [...REQUEST, ['x-a', 'b\r\nx-c: d']],
  'a value with NUL': [...REQUEST, ['x-a', 'b\0']],
  'a value that ends in a blank': [...REQUEST, ['x-a', 'b ']],
  'CR LF in :path': withValue(':path', '/ HTTP/1.1\r\nHost: evil\r\n\r\nGET /'),
  'CR LF in :method': withValue(':method', 'GET / HTTP/1.1\r\nx: y'),
  'a space in :method': withValue(':method', 'GET /admin'),
  'CR LF in :authority': withValue(':authority', 'h\r\nx: y'),
  'connection (8.2.2)': [...REQUEST, ['connection', 'close']],
  'keep-alive (8.2.2)': [...REQUEST, ['keep-alive', '5']],
  'proxy-connection (8.2.2)': [...REQUEST, ['proxy-connection', 'close']],
  'transfer-encoding (8.2.2)': [...REQUEST, ['transfer-encoding', 'chunked']],
  'upgrade (8.2.2)': [...REQUEST, ['upgrade', 'h2c']],
  'te other than trailers (8.2.2)': [...REQUEST, ['te', 'gzip']],
  'two Content-Lengths': [...REQUEST, ['content-length', '0'], ['content-length', '0']],
  'a Content-Length that is none': [...REQUEST, ['content-length', '+5']],
  'a Content-Length without content (8.1.1)': [...REQUEST, ['content-length', '5']],
}

for (const [what, fields] of Object.entries(MALFORMED)) {
  test(`malformed, so that its stream is reset and the connection goes on: ${what}`, async (t) => {
    const server = await serve(t, hello)
    const client = await server.client()
    client.send(frame(1, 5, 1, client.block(fields)), client.head(3))
    assert.deepEqual((await client.until('DATA+END 3'))[0], 'RST_STREAM 1 PROTOCOL_ERROR')
    assert.equal(server.exchanges.length, 1)
    if (!what.includes('without content')) assert.equal(server.refusals[0]?.code, 'malformed_request')
  })
}

/** Requests that are refused at the door, with what HTTP/1.1 answers to the same. */
const REFUSED: Readonly<Record<string, readonly [status: number, fields: readonly Pair[]]>> = {
  CONNECT: [
    501,
    [
      [':method', 'CONNECT'],
      [':authority', 'evil.example:443'],
    ],
  ],
  'an unknown :scheme': [400, withValue(':scheme', 'ftp')],
  'neither :authority nor Host': [400, without(':authority')],
  'an empty :authority': [400, withValue(':authority', '')],
  'an :authority with user information': [400, withValue(':authority', 'user@h')],
  'a Host that names another place': [400, [...REQUEST, ['host', 'other']]],
  'two Hosts': [400, [...REQUEST, ['host', 'h'], ['host', 'h']]],
  'a :path that is a URL': [400, withValue(':path', 'http://h/')],
  'a :path without a slash': [400, withValue(':path', 'x')],
  'a :path with "#"': [400, withValue(':path', '/a#b')],
  'a :path with a space': [400, withValue(':path', '/a b')],
  'a :path above the root': [400, withValue(':path', '/a/../../b')],
  'a :path with an encoded slash': [400, withValue(':path', '/a%2fb')],
  'a :path with an encoded backslash': [400, withValue(':path', '/a%5cb')],
  'the path "*" of another method than OPTIONS': [400, withValue(':path', '*')],
  'an expectation that is not known': [417, [...REQUEST, ['expect', 'miracles']]],
  'a :path that is too long': [414, withValue(':path', `/${'a'.repeat(9000)}`)],
  'too many bytes of fields': [431, [...REQUEST, ['x-a', 'b'.repeat(17_000)]]],
  'too many fields': [431, [...REQUEST, ...Array.from({ length: 101 }, (): Pair => ['x', 'y'])]],
  'too many parts of Cookie': [
    431,
    [...REQUEST, ...Array.from({ length: 201 }, (): Pair => ['cookie', 'y'])],
  ],
}

for (const [what, [status, fields]] of Object.entries(REFUSED)) {
  test(`refused with ${status}, and the connection goes on: ${what}`, async (t) => {
    const server = await serve(t, hello)
    const client = await server.client()
    const block = client.block(fields)
    if (block.length > 16_384) {
      client.send(frame(1, 1, 1, block.subarray(0, 16_384)), frame(9, 4, 1, block.subarray(16_384)))
    } else client.send(frame(1, 5, 1, block))
    const lines = await client.until('DATA+END 1')
    assert.ok(lines[0]?.startsWith(`HEADERS 1 :status=${status} `), lines[0])
    client.send(client.head(3))
    await client.until('DATA+END 3')
    assert.equal(server.exchanges.length, 1)
    assert.equal(server.refusals[0]?.status, status)
  })
}

test('a refused request that has content is answered, and the rest of it is thrown away', async (t) => {
  const server = await serve(t, hello)
  const client = await server.client()
  client.send(client.head(1, [[':path', 'x']], 4), data(1, 'content'))
  await client.until('DATA+END 1')
  client.send(data(1, 'more', 1), ping('12345678'))
  assert.deepEqual(await client.until('PING+ACK'), ['PING+ACK 0 12345678'])
  assert.equal(server.connections[0]?.connection.streams.table.size, 0)
})

test('Host may repeat what :authority says in other letters, and stands in for it where it is missing', async (t) => {
  const server = await serve(t, hello)
  const client = await server.client()
  client.send(
    client.head(1, [['host', 'H:80']]),
    frame(1, 5, 3, client.block([...without(':authority'), ['host', 'Other']])),
  )
  await client.until('DATA+END 3')
  assert.deepEqual(
    server.exchanges.map(({ request }) => [request.authority.text, request.headers.get('host')]),
    [
      ['h', 'h'],
      ['other', 'other'],
    ],
  )
})

/** Trailers that no request may have. */
const TRAILERS: Readonly<Record<string, readonly Pair[]>> = {
  'a pseudo-header field': [[':path', '/admin']],
  'a name in upper case': [['X-A', 'b']],
  'transfer-encoding': [['transfer-encoding', 'chunked']],
}

for (const [what, fields] of Object.entries(TRAILERS)) {
  test(`trailers with ${what} reset the stream, and the content is not complete`, async (t) => {
    const server = await serve(t, async ({ request }) => {
      const text = await new Promise<string>((resolve) =>
        request.body.flowTo({
          write: () => true,
          end: () => resolve('complete'),
          fail: (error) => resolve(error.code),
        }),
      )
      return new HttpResponse(200, new HeaderList(), bodyFrom(text))
    })
    const client = await server.client()
    client.send(client.head(1, [[':method', 'POST']], 4), data(1, 'x'), client.head(3))
    await client.until('DATA+END 3')
    client.send(frame(1, 5, 1, client.block(fields)))
    await client.until('RST_STREAM 1 PROTOCOL_ERROR')
    assert.equal(server.outcomes.find(({ error }) => error !== undefined)?.error?.code, 'malformed_request')
  })
}

test('HEADERS behind the content that do not end the stream reset it', async (t) => {
  const server = await serve(t, () => new Promise(() => {}))
  const client = await server.client()
  client.send(client.head(1, [[':method', 'POST']], 4), frame(1, 4, 1, client.block([['x-a', 'b']])))
  await client.until('RST_STREAM 1 PROTOCOL_ERROR')
})

test('trailers behind less content than Content-Length says reset the stream', async (t) => {
  const ends: string[] = []
  const server = await serve(t, ({ request }) => {
    request.body.flowTo({
      write: () => true,
      end: () => ends.push('end'),
      fail: ({ code }) => ends.push(code),
    })
    return new Promise(() => {})
  })
  const client = await server.client()
  client.send(
    client.head(
      1,
      [
        [':method', 'POST'],
        ['content-length', '5'],
      ],
      4,
    ),
  )
  client.send(data(1, 'abc'), frame(1, 5, 1, client.block([['x-a', 'b']])))
  await client.until('RST_STREAM 1 PROTOCOL_ERROR')
  assert.deepEqual(
    ends.filter((end) => end === 'end'),
    [],
  )
})
