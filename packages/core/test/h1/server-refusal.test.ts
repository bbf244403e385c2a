import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ErrorCode } from '../../src/message/errors.ts'
import { echo, eventually, serve } from './harness.ts'
import { fc } from '../../../../scripts/testing/property.ts'

const HOST = 'Host: h\r\n'
const BODY = '\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n'

function get(fields: string, line = 'GET / HTTP/1.1'): string {
  return `${line}\r\n${HOST}${fields}\r\n`
}

function post(fields: string): string {
  return `POST / HTTP/1.1\r\n${HOST}${fields}${BODY}`
}

type Row = readonly [name: string, bytes: string, code?: ErrorCode]

const FRAMING: readonly Row[] = [
  ['Content-Length and Transfer-Encoding', post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n')],
  ['Transfer-Encoding and Content-Length', post('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n')],
  ['two Content-Lengths that differ', post('Content-Length: 5\r\nContent-Length: 6\r\n')],
  ['two Content-Lengths that agree', post('Content-Length: 5\r\nContent-Length: 5\r\n')],
  ['a list of Content-Lengths', post('Content-Length: 5, 5\r\n')],
  ...[
    '',
    '+5',
    '-5',
    '0x5',
    '5.0',
    '5e0',
    ' ',
    '5 5',
    '٥',
    '5;',
    '1_0',
    '9007199254740993',
    '99999999999999999999',
  ].map((value): Row => [`Content-Length: ${JSON.stringify(value)}`, post(`Content-Length: ${value}\r\n`)]),
  ...[
    ['', 'identity', 'gzip', 'chunked, gzip', 'chunked, chunked', 'xchunked', 'chunked;q=1', '"chunked"'],
    ['chunked,', ',chunked', 'chunked x', '\x0bchunked', 'chun\tked', 'chunked\xa0'],
  ]
    .flat()
    .map(
      (value): Row => [
        `Transfer-Encoding: ${JSON.stringify(value)}`,
        post(`Transfer-Encoding: ${value}\r\n`),
      ],
    ),
  ...['gzip, chunked', 'gzip,\tCHUNKED', 'x, deflate, chunked'].map(
    (value): Row => [
      `Transfer-Encoding: ${JSON.stringify(value)}`,
      post(`Transfer-Encoding: ${value}\r\n`),
      'unsupported_transfer_coding',
    ],
  ),
  ...[
    'gzip, chunked, chunked',
    'gzip chunked',
    'gzip,, chunked',
    ', chunked',
    'gzip;q=1, chunked',
    'gzip, "chunked"',
  ].map(
    (value): Row => [`Transfer-Encoding: ${JSON.stringify(value)}`, post(`Transfer-Encoding: ${value}\r\n`)],
  ),
  [
    'Transfer-Encoding: "gzip, chunked" and Content-Length',
    post('Transfer-Encoding: gzip, chunked\r\nContent-Length: 5\r\n'),
  ],
  [
    'Transfer-Encoding: "gzip, chunked" in HTTP/1.0',
    `POST / HTTP/1.0\r\n${HOST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  ],
  ['two Transfer-Encodings', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n')],
  [
    'Transfer-Encoding, identity first',
    post('Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n'),
  ],
  ['Transfer-Encoding in HTTP/1.0', `POST / HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
]

const LINES: readonly Row[] = [
  ['a bare LF after the request line', `GET / HTTP/1.1\n${HOST}\r\n`],
  ['a bare LF after a field', `GET / HTTP/1.1\r\nHost: h\nX: 1\r\n\r\n`],
  ['bare LFs only', 'GET / HTTP/1.1\nHost: h\n\n'],
  ['a bare CR in a value', get('X: a\rb\r\n')],
  ['a bare CR before the line end', get('X: a\r\r\n')],
  ['a bare CR in the request line', `GET /\r HTTP/1.1\r\n${HOST}\r\n`],
  ['NUL in a value', get('X: a\0b\r\n')],
  ['NUL in a name', get('X\0: b\r\n')],
  ['a control character in a value', get('X: a\x1bb\r\n')],
  ['DEL in a value', get('X: a\x7fb\r\n')],
  ['obs-fold with a space', get('X: a\r\n b\r\n')],
  ['obs-fold with a tab', get('X: a\r\n\tb\r\n')],
  ['a folded first field', 'GET / HTTP/1.1\r\n Host: h\r\n\r\n'],
  ['a space before the colon', get('Transfer-Encoding : chunked\r\n')],
  ['a tab before the colon', get('X\t: 1\r\n')],
  ['a space within the name', get('X Y: 1\r\n')],
  ['no colon', get('X\r\n')],
  ['no name', get(': 1\r\n')],
  ['a name that is no token', get('X@Y: 1\r\n')],
  ['a name beyond ASCII', get('X\xe9: 1\r\n')],
  ['two empty lines before the request', `\r\n\r\n${get('')}`],
]

const REQUEST_LINES: readonly Row[] = [
  ...[
    'GET  / HTTP/1.1',
    'GET /  HTTP/1.1',
    'GET / HTTP/1.1 ',
    ' GET / HTTP/1.1',
    'GET\t/ HTTP/1.1',
    'GET / x HTTP/1.1',
  ].map((line): Row => [JSON.stringify(line), get('', line)]),
  ...['GET /', 'GET', 'GET ', '/ HTTP/1.1', 'G(T / HTTP/1.1', 'GÉT / HTTP/1.1', 'hello'].map(
    (line): Row => [JSON.stringify(line), get('', line)],
  ),
  ...['HTTP/1.11', 'http/1.1', 'HTTP/1,1', 'HTTP/1', 'HTTP /1.1', 'XTTP/1.1', 'HTTP/+1.1', 'HTTP/11.1'].map(
    (version): Row => [`version ${version}`, get('', `GET / ${version}`)],
  ),
  ...['HTTP/2.0', 'HTTP/3.0', 'HTTP/0.9'].map(
    (version): Row => [`version ${version}`, get('', `GET / ${version}`), 'unsupported_version'],
  ),
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'unsupported_version'],
  ['a TLS handshake', '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n'],
]

const TARGETS: readonly Row[] = [
  [
    'x',
    'h/path',
    '*',
    'ftp://h/',
    'http:/h/',
    'http://',
    'http:///path',
    '/a\\b',
    '/%00',
    '/%2e%2e',
    '/../x',
  ],
  [
    '/a%2fb',
    '/%5c',
    '/%zz',
    '/%c0%af',
    '/a#b',
    '/a?b#c',
    '/\xe9',
    '/?\xe9',
    'http://user@h/',
    'http://u:p@h/',
    'http://h#x',
  ],
]
  .flat()
  .map((target): Row => [`target ${JSON.stringify(target)}`, get('', `GET ${target} HTTP/1.1`)])

const HOSTS: readonly Row[] = [
  ['no Host', 'GET / HTTP/1.1\r\nX: 1\r\n\r\n'],
  ['two Hosts', `GET / HTTP/1.1\r\n${HOST}Host: h\r\n\r\n`],
  ...[
    ['a b', 'a,b', 'a/b', 'a?b', 'a#b', 'user@h', '-', 'h:0', 'h:65536', 'h:1x'],
    ['[::1', '[::g]', 'a..b', '.a', 'http://h', 'h\xe9', "h'"],
  ]
    .flat()
    .map((host): Row => [`Host: ${JSON.stringify(host)}`, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`]),
  ['a faulty Host beside a whole URL', 'GET http://h/ HTTP/1.1\r\nHost: a b\r\n\r\n'],
]

const OTHERS: readonly Row[] = [
  ['CONNECT', 'CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n', 'unsupported_method'],
  ['a head beyond 16 KiB', get(`X: ${'x'.repeat(16 * 1024)}\r\n`), 'request_head_too_large'],
  [
    'a head beyond 16 KiB that does not end',
    `GET / HTTP/1.1\r\n${HOST}X: ${'x'.repeat(17_000)}`,
    'request_head_too_large',
  ],
  ['101 fields', get('X: 1\r\n'.repeat(100)), 'request_head_too_large'],
  ['a target beyond 8 KiB', get('', `GET /${'x'.repeat(8 * 1024)} HTTP/1.1`), 'request_target_too_long'],
  [
    'a target beyond the whole head',
    get('', `GET /${'x'.repeat(20_000)} HTTP/1.1`),
    'request_target_too_long',
  ],
]

const REFUSED = [...FRAMING, ...LINES, ...REQUEST_LINES, ...TARGETS, ...HOSTS, ...OTHERS]
for (const [name, bytes, code = 'malformed_request'] of REFUSED) {
  test(`refused: ${name}`, async (t) => {
    const server = await serve(t, echo)
    const client = await server.client()
    client.send(bytes)
    const answer = await client.end()
    assert.deepEqual(
      server.refusals.map((error) => error.code),
      [code],
    )
    const { status } = server.refusals[0] ?? {}
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `))
    assert.match(answer, /\r\nconnection: close\r\n/)
    assert.match(answer, /\r\ncontent-type: application\/problem\+json\r\n/)
    const details: unknown = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))
    assert.ok(typeof details === 'object' && details !== null && 'status' in details && 'detail' in details)
    assert.equal(details.status, status)
    assert.equal(answer.match(/HTTP\/1\.1 \d{3} /g)?.length, 1)
    assert.equal(server.exchanges.length, 0, 'no handler saw it')
    assert.equal(client.wasReset, false)
  })
}

for (const [name, bytes] of [
  [
    'a head of exactly 16 KiB',
    get(`X: ${'x'.repeat(16 * 1024 - 'GET / HTTP/1.1\r\nHost: h\r\nX: \r\n\r\n'.length)}\r\n`),
  ],
  ['100 fields', get('X: 1\r\n'.repeat(99))],
  ['a target of exactly 8 KiB', get('', `GET /${'x'.repeat(8 * 1024 - 1)} HTTP/1.1`)],
  ['an empty Host', 'GET / HTTP/1.1\r\nHost:\r\n\r\n'],
  ['no Host in HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n'],
  ['a whole URL', 'GET HTTP://Other:80/x?y HTTP/1.1\r\nHost: h\r\n\r\n'],
  ['OPTIONS *', 'OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n'],
  ['an unusual method', "X-Y!#$%&'*+.^_`|~ / HTTP/1.1\r\nHost: h\r\n\r\n"],
] as const) {
  test(`accepted: ${name}`, async (t) => {
    const server = await serve(t, echo)
    const client = await server.client()
    client.send(bytes)
    await client.receives(/^HTTP\/1\.1 200 OK\r\n[^]*\n\.$/)
    assert.equal(server.refusals.length, 0)
  })
}

test('the authority of a whole URL counts, not Host', async (t) => {
  const server = await serve(t, echo)
  const client = await server.client()
  client.send('GET http://Other:80?y HTTP/1.1\r\nHost: h\r\n\r\n')
  await client.receives('GET other /?y\nhost: h\n')
})

for (const [name, body] of [
  ...['', ' 5', '5 ', '+5', '-5', '0x5', 'g', '5;\n', '5\n', '5\r', '5 ;x', '5;x\0', '10000000000000'].map(
    (size) => [`chunk size ${JSON.stringify(size)}`, `${size}\r\nhello\r\n0\r\n\r\n`],
  ),
  ['a chunk longer than its size', '5\r\nhello!\r\n0\r\n\r\n'],
  ['a chunk shorter than its size', '6\r\nhello\r\n0\r\n\r\n'],
  ['CR without LF behind a chunk', '5\r\nhello\rX0\r\n\r\n'],
  ['another byte for the CR behind a chunk', '5\r\nhelloX\n0\r\n\r\n'],
  ['LF without CR behind a chunk', '5\r\nhello\n0\r\n\r\n'],
  ['long extensions', `5;${'x'.repeat(5000)}\r\nhello\r\n0\r\n\r\n`],
  ['many short extensions', `${`1;${'x'.repeat(100)}\r\nh\r\n`.repeat(50)}0\r\n\r\n`],
  ['a folded trailer', '5\r\nhello\r\n0\r\nX: a\r\n b\r\n\r\n'],
  ['a trailer with a bare LF', '5\r\nhello\r\n0\r\nX: a\nY: b\r\n\r\n'],
  ['a trailer with a space before the colon', '5\r\nhello\r\n0\r\nX : a\r\n\r\n'],
  ['large trailers', `5\r\nhello\r\n0\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`],
  ['many trailers', `5\r\nhello\r\n0\r\n${'X: 1\r\n'.repeat(101)}\r\n`],
] as const) {
  for (const together of [true, false]) {
    test(`a body with ${name} breaks, and its connection ends (${together ? 'with' : 'after'} its head)`, async (t) => {
      const server = await serve(t, echo)
      const client = await server.client()
      const head = `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`
      const next = 'GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n'
      if (together) client.send(head + body + next)
      else {
        client.send(head)
        await eventually(() => server.exchanges.length === 1, 'the handler runs')
        client.send(body + next)
      }
      const answer = await client.end()
      assert.match(answer, /\r\nconnection: close\r\n/)
      assert.match(
        answer,
        /^HTTP\/1\.1 (400 |431 |200 OK[^]*! (malformed_request|request_head_too_large)\n\.$)/,
      )
      assert.doesNotMatch(answer, /smuggled/)
      assert.equal(answer.match(/HTTP\/1\.1 \d{3} /g)?.length, 1)
      assert.ok(server.exchanges.length <= 1)
    })
  }
}

test('trailers whose lines end in LF alone are refused at once, not when their end does not come', async (t) => {
  const server = await serve(t, echo)
  const client = await server.client()
  client.send(`POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\nX: a\n\n`)
  assert.match(await client.end(), /^HTTP\/1\.1 (400 |200 OK[^]*! malformed_request)/)
})

test('a faulty request behind good ones is refused after they are answered', async (t) => {
  const server = await serve(t, echo)
  const client = await server.client()
  client.send(get('') + get('') + get('X : 1\r\n') + get(''))
  const answer = await client.end()
  assert.deepEqual(answer.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 400'])
})

test('whatever bytes come, they are answered by well-formed responses or not at all', async (t) => {
  const server = await serve(t, echo)
  const piece = fc.oneof(
    fc.constantFrom(
      'GET ',
      'POST ',
      '/',
      ' HTTP/1.1',
      '\r\n',
      '\n',
      '\r',
      ' ',
      ':',
      'Host: h\r\n',
      '\r\n\r\n',
      '\0',
    ),
    fc.constantFrom(
      'Content-Length: 3\r\n',
      'Transfer-Encoding: chunked\r\n',
      '3\r\nabc\r\n',
      '0\r\n\r\n',
      'Expect: 100-continue\r\n',
    ),
    fc.constantFrom(
      get(''),
      `POST / HTTP/1.1\r\n${HOST}Content-Length: 3\r\n\r\nabc`,
      'Upgrade: x\r\nConnection: upgrade\r\n',
    ),
    fc.string({ unit: 'binary', maxLength: 5 }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 12 }), async (pieces) => {
      const client = await server.client()
      client.send(Buffer.from(pieces.join(''), 'latin1'))
      client.finish()
      const answer = await client.end()
      client.socket.destroy()
      let rest = answer
      while (rest !== '') {
        const head = /^HTTP\/1\.1 (\d{3}) [\w ]*\r\n(?:[a-z-]+: [^\r\n\0]*\r\n)*\r\n/.exec(rest)
        assert.ok(head !== null, JSON.stringify(rest))
        const length = Number(/\r\ncontent-length: (\d+)/.exec(head[0])?.[1] ?? 0)
        rest = rest.slice(head[0].length + length)
      }
    }),
    { numRuns: 300 },
  )
})
