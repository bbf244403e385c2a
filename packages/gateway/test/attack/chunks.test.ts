import { test } from 'node:test'
import { AttackedGateway, type Meaning } from './attacked-gateway.ts'

const HEAD = 'POST /chunks HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n'
const FIRST = '2\r\nhe\r\n'
const LAST = '0\r\n\r\n'
const HELLO: Meaning = { method: 'POST', target: '/chunks', body: 'hello', fields: { 'content-length': [] } }

const MALFORMED: readonly (readonly [name: string, chunk: string, status?: number])[] = [
  ['a size with a plus sign', '+5\r\nhello\r\n'],
  ['a size with a minus sign', '-5\r\nhello\r\n'],
  ['a size of minus zero', '-0\r\n\r\n'],
  ['a size with 0x', '0x5\r\nhello\r\n'],
  ['a size with h behind it', '5h\r\nhello\r\n'],
  ['a size that is no number', 'five\r\nhello\r\n'],
  ['no size', '\r\nhello\r\n'],
  ['no size but an extension', ';a=b\r\nhello\r\n'],
  ['a size with a separator', '1_0\r\n0123456789abcdef\r\n'],
  ['a size with a fraction', '5.0\r\nhello\r\n'],
  ['a size in quotes', '"5"\r\nhello\r\n'],
  ['a size of 2^56', '100000000000000\r\nhello\r\n'],
  ['a size of 2^64, which may wrap to 0', '10000000000000000\r\n\r\n'],
  ['a size of 2^64 + 5, which may wrap to 5', '10000000000000005\r\nhello\r\n'],
  ['a size of 2^32 + 5 in 64 bits, twice', '1000000050000000000000005\r\nhello\r\n'],
  ['a size of ffffffffffffffff, which may be -1', 'ffffffffffffffff\r\nhello\r\n'],
  ['a size with so many zeros in front that others cut it', `${'0'.repeat(20)}5\r\nhello\r\n`],
  ['a blank before the size', ' 5\r\nhello\r\n'],
  ['a tab before the size', '\t5\r\nhello\r\n'],
  ['a blank behind the size', '5 \r\nhello\r\n'],
  ['a tab behind the size', '5\t\r\nhello\r\n'],
  ['a blank between size and extension', '5 ;a=b\r\nhello\r\n'],
  ['a blank within the size', '1 0\r\nhello\r\n'],
  ['a vertical tab behind the size', '5\x0b\r\nhello\r\n'],
  ['a NUL behind the size', '5\0\r\nhello\r\n'],
  ['a comma behind the size', '5,5\r\nhello\r\n'],
  ['a byte beyond ASCII behind the size', '5\xa0\r\nhello\r\n'],
  ['a bare LF behind the size', '5\nhello\r\n'],
  ['a bare CR behind the size', '5\rhello\r\n'],
  ['two CR behind the size', '5\r\r\nhello\r\n'],
  ['LF CR behind the size', '5\n\rhello\r\n'],
  ['a bare LF within an extension', '5;a\nhello\r\n'],
  ['a bare CR within an extension', '5;a\rb\r\nhello\r\n'],
  ['a bare CR at the end of an extension', '5;a\r\r\nhello\r\n'],
  ['a bare LF within a quoted extension', '5;a="\n"\r\nhello\r\n'],
  ['a bare CR within a quoted extension', '5;a="\r"\r\nhello\r\n'],
  ['a NUL within an extension', '5;a=\0\r\nhello\r\n'],
  ['an extension in quotes that do not end', '5;a="b\r\nhello\r\n'],
  ['an extension in quotes that hold the line end', '5;a="\r\nhello\r\n0\r\n\r\n"\r\nhello\r\n'],
  ['an extension without a name', '5;\r\nhello\r\n'],
  ['an extension with a value and no name', '5;=b\r\nhello\r\n'],
  ['an extension without the value that it announces', '5;a=\r\nhello\r\n'],
  ['an extension with text behind its value', '5;a="b"c\r\nhello\r\n'],
  ['a blank at the end of an extension', '5;a=b \r\nhello\r\n'],
  ['an extension of 5 KiB', `5;${'a'.repeat(5120)}\r\nhello\r\n`],
  ['many extensions of 5 KiB in all', '1;abcdefghij\r\nx\r\n'.repeat(512)],
  ['data longer than its size', '5\r\nhello!\r\n'],
  ['data shorter than its size', '5\r\nhell\r\n'],
  ['no CRLF behind the data', '5\r\nhello'],
  ['a bare LF behind the data', '5\r\nhello\n'],
  ['a bare CR behind the data', '5\r\nhello\r'],
  ['two CRLF behind the data', '5\r\nhello\r\n\r\n'],
  ['a blank between data and CRLF', '5\r\nhello \r\n'],
  ['a last chunk ended by a bare LF', '5\r\nhello\r\n0\n\n'],
  ['a last chunk with a bare CR', '5\r\nhello\r\n0\r\r\n'],
  ['text behind the last chunk', '5\r\nhello\r\n0\r\nx'],
  ['a trailer with a bare LF', '0\r\nx: y\nz: a\r\n\r\n'],
  ['a trailer with a bare CR', '0\r\nx: y\rz: a\r\n\r\n'],
  ['a trailer with NUL', '0\r\nx: \0\r\n\r\n'],
  ['a trailer without a colon', '0\r\nx\r\n\r\n'],
  ['a trailer without a name', '0\r\n: y\r\n\r\n'],
  ['a trailer with a blank before its colon', '0\r\nx : y\r\n\r\n'],
  ['a folded trailer', '0\r\nx: y\r\n z\r\n\r\n'],
  ['trailers of 17 KiB', `0\r\nx: ${'y'.repeat(17 * 1024)}\r\n\r\n`],
  ['101 trailers', `0\r\n${'x: y\r\n'.repeat(101)}\r\n`, 431],
]

test('malformed chunks are refused, and nothing of the request reaches the origin', async (t) => {
  const site = await AttackedGateway.start(t)
  for (const [name, chunk, status] of MALFORMED)
    await t.test(name, () => site.refuses(HEAD + FIRST + chunk + LAST, status))
})

test('malformed chunks behind others leave the origin with a request that has no end', async (t) => {
  const site = await AttackedGateway.start(t)
  for (const [name, chunk, status] of MALFORMED) {
    await t.test(name, () => site.breaksOff(HEAD + FIRST, chunk + LAST, status))
  }
})

test('well-formed chunks pass in their plainest form', async (t) => {
  const site = await AttackedGateway.start(t)
  for (const [name, chunks] of [
    ['one', '5\r\nhello\r\n'],
    ['several', '2\r\nhe\r\n3\r\nllo\r\n'],
    ['with zeros in front of the size', '0005\r\nhello\r\n'],
    ['with an extension', '5;a=b\r\nhello\r\n'],
    ['with an extension without a value', '5;a\r\nhello\r\n'],
    ['with an extension in quotes', '5;a="b;c"\r\nhello\r\n'],
    ['with white space around the parts of an extension', '5; a = "b" ; c\r\nhello\r\n'],
    ['with an extension that looks like a size', '5;0\r\nhello\r\n'],
  ] as const) {
    await t.test(name, () => site.passesAs(HEAD + chunks + LAST, HELLO))
  }
  for (const [name, body] of [
    ['data that look like the last chunk', '0\r\n\r\n'],
    ['data that look like a request', 'GET /admin HTTP/1.1\r\nhost: a\r\n\r\n'],
    ['data of any bytes', '\0\r\n\xff\n\r\x80'],
  ] as const) {
    await t.test(name, () =>
      site.passesAs(`${HEAD}${body.length.toString(16).toUpperCase()}\r\n${body}\r\n${LAST}`, {
        ...HELLO,
        body,
      }),
    )
  }
  await t.test('a last chunk of many zeros', () => site.passesAs(`${HEAD}5\r\nhello\r\n00000\r\n\r\n`, HELLO))
  await t.test('a last chunk with an extension', () =>
    site.passesAs(`${HEAD}5\r\nhello\r\n0;a=b\r\n\r\n`, HELLO),
  )
})

test('trailers that could change the meaning of a request do not reach the origin', async (t) => {
  const site = await AttackedGateway.start(t, { requestId: { header: 'x-correlation-id' } })
  for (const field of [
    'Content-Length: 0',
    'content_length: 0',
    'Transfer-Encoding: chunked',
    'transfer_encoding: chunked',
    'Host: b',
    'Authorization: Basic eDp5',
    'Cookie: admin=1',
    'Connection: close',
    'Keep-Alive: timeout=5',
    'Proxy-Connection: close',
    'Proxy-Authorization: Basic eDp5',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABkAARAAAAA',
    'TE: trailers',
    'Trailer: x',
    'Expect: 100-continue',
    'Content-Type: text/html',
    'Content-Encoding: gzip',
    'Content-Range: bytes 0-1/2',
    'Range: bytes=0-1',
    'Max-Forwards: 1',
    'Cache-Control: no-cache',
    'Via: 1.1 b',
    'Forwarded: for=10.1.1.1',
    'X-Forwarded-For: 10.1.1.1',
    'X_Forwarded_For: 10.1.1.1',
    'x.forwarded.for: 10.1.1.1',
    'X-Forwarded-Prefix: /admin',
    'X-Real-IP: 10.1.1.1',
    'X-Request-Id: forged',
    'x_request_id: forged',
  ]) {
    await t.test(field, () => site.passesAs(`${HEAD}5\r\nhello\r\n0\r\n${field}\r\n\r\n`, HELLO))
  }
  await t.test('one that Connection names', () =>
    site.passesAs(
      `${HEAD.replace('\r\n\r\n', '\r\nconnection: x-mine\r\n\r\n')}5\r\nhello\r\n0\r\nX-Mine: 1\r\n\r\n`,
      HELLO,
    ),
  )
  await t.test('beside one that may pass', () =>
    site.passesAs(`${HEAD}5\r\nhello\r\n0\r\nContent-Length: 5\r\nX-Checksum: 1\r\nHost: b\r\n\r\n`, {
      ...HELLO,
      trailers: [{ name: 'x-checksum', value: '1' }],
    }),
  )
})
