import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ErrorCode } from '../../src/message/errors.ts'
import { dial, gather } from './harness.ts'

const OK = 'HTTP/1.1 200 OK\r\n'

type Row = readonly [name: string, bytes: string, code?: ErrorCode]

const FAULTY: readonly Row[] = [
  ['garbage', '\x16\x03\x01\0\0\r\n\r\n'],
  ['HTTP/0.9', '<html>\r\n\r\n'],
  ['HTTP/2', 'HTTP/2.0 200 OK\r\n\r\n'],
  ['ICY', 'ICY 200 OK\r\n\r\n'],
  ['an empty line before it', `\r\n${OK}Content-Length: 0\r\n\r\n`],
  ...['099', '600', '999', '20', '2000', '2x0', '-20', ' 200', ''].map(
    (status): Row => [
      `status ${JSON.stringify(status)}`,
      `HTTP/1.1 ${status} OK\r\nContent-Length: 0\r\n\r\n`,
    ],
  ),
  ['a control character in the reason phrase', 'HTTP/1.1 200 O\x01K\r\n\r\n'],
  ['NUL in the reason phrase', 'HTTP/1.1 200 O\0K\r\n\r\n'],
  ['a bare CR in the reason phrase', 'HTTP/1.1 200 O\rK\r\n\r\n'],
  ['a bare LF', 'HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n'],
  ['bare LFs', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n'],
  ['obs-fold', `${OK}X: a\r\n b\r\n\r\n`],
  ['a space before the colon', `${OK}Content-Length : 0\r\n\r\n`],
  ['a control character in a value', `${OK}X: \x02\r\n\r\n`],
  [
    'Content-Length and Transfer-Encoding',
    `${OK}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  ['two Content-Lengths', `${OK}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`],
  ['an odd Content-Length', `${OK}Content-Length: +5\r\n\r\nhello`],
  ['an odd Content-Length beside HEAD', `${OK}Content-Length: x\r\n\r\n`],
  ['Transfer-Encoding: gzip, chunked', `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
  ['Transfer-Encoding in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a head beyond 16 KiB', `${OK}X: ${'x'.repeat(17_000)}\r\n\r\n`, 'response_head_too_large'],
  ['a first line beyond 16 KiB', `HTTP/1.1 200 ${'x'.repeat(17_000)}\r\n\r\n`, 'response_head_too_large'],
  ['a head beyond 16 KiB that does not end', `${OK}X: ${'x'.repeat(17_000)}`, 'response_head_too_large'],
  ['101 fields', `${OK}${'X: 1\r\n'.repeat(101)}\r\n`, 'response_head_too_large'],
]

for (const [name, bytes, code = 'malformed_response'] of FAULTY) {
  test(`a response with ${name} fails the exchange and costs the connection`, async (t) => {
    const { origin, send, told } = await dial(t)
    const { response, exchange } = send('GET')
    origin.send(bytes)
    await assert.rejects(response, {
      code,
      source: 'upstream',
      phase: 'response-head',
      replaySafe: 'idempotent',
    })
    assert.deepEqual(told, ['closed'])
    await origin.end()
    assert.equal(exchange.cancellation, undefined)
  })
}

for (const [name, bytes] of [
  ['a chunk size that is none', '3\r\nhel\r\nxyz\r\n'],
  ['a chunk longer than its size', '3\r\nhello\r\n'],
  ['a faulty trailer', '3\r\nhel\r\n0\r\nX : 1\r\n\r\n'],
] as const) {
  test(`${name}, later in a response, breaks its body`, async (t) => {
    const { origin, send, told } = await dial(t)
    const { response } = send('GET')
    origin.send(`${OK}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`)
    const { body } = await response
    origin.send(bytes)
    const { done, error, text } = await gather(body)
    assert.deepEqual([done, error?.code, error?.phase], [false, 'malformed_response', 'response-body'])
    assert.match(text, /^abchel/)
    assert.deepEqual(told, ['closed'])
  })
}
