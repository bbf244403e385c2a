import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ScriptedConnection } from '@headgate/core/testing'
import { nextResponse } from '../survival/http-client.ts'
import { startGateway } from '../survival/start-gateway.ts'
import { startRecordingOrigin, TAKEN } from './recording-origin.ts'
import { SharedUpstream } from './shared-upstream.ts'

const GET = 'GET /attack HTTP/1.1\r\nhost: a\r\n\r\n'
const HEAD = 'HEAD /attack HTTP/1.1\r\nhost: a\r\n\r\n'
const POISON = 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison'
const OK = 'HTTP/1.1 200 OK\r\n'
const CHUNKED = `${OK}transfer-encoding: chunked\r\n\r\n`

/** The name of an attack, and the bytes of the origin. */
type Rows = readonly (readonly [name: string, bytes: string])[]

test('a response whose framing or fields are ambiguous is a 502, and nothing of it reaches any client', async (t) => {
  const site = await SharedUpstream.start(t)
  const rows: Rows = [
    ['chunks and a length', `${OK}transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n`],
    ['a length and chunks', `${OK}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['two lengths', `${OK}content-length: 5\r\ncontent-length: 6\r\n\r\nhello`],
    ['the same length twice', `${OK}content-length: 5\r\ncontent-length: 5\r\n\r\nhello`],
    ['a list of lengths', `${OK}content-length: 5, 5\r\n\r\nhello`],
    ['a length with a sign', `${OK}content-length: +5\r\n\r\nhello`],
    ['a negative length', `${OK}content-length: -5\r\n\r\nhello`],
    ['a length in hex', `${OK}content-length: 0x5\r\n\r\nhello`],
    ['an empty length', `${OK}content-length: \r\n\r\nhello`],
    ['a huge length', `${OK}content-length: 99999999999999999999\r\n\r\nhello`],
    ['chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['another coding', `${OK}transfer-encoding: gzip\r\n\r\nhello`],
    ['a coding before chunks', `${OK}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ['chunks twice', `${OK}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['chunks and identity', `${OK}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n`],
    ['chunks with a vertical tab', `${OK}transfer-encoding: \x0bchunked\r\n\r\n0\r\n\r\n`],
    [
      'both, where there is no body',
      `HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n`,
    ],
    ['a folded line', `${OK}x-a: one\r\n two\r\ncontent-length: 0\r\n\r\n`],
    ['a folded line with a tab', `${OK}content-length:\r\n\t5\r\n\r\nhello`],
    ['a folded first line', `${OK} x-a: one\r\ncontent-length: 0\r\n\r\n`],
    ['a blank before the colon', `${OK}content-length : 5\r\n\r\nhello`],
    ['a line without a colon', `${OK}content-length\r\n\r\nhello`],
    ['a line without a name', `${OK}: 5\r\n\r\nhello`],
    ['a bare LF in a value', `${OK}x-a: one\nset-cookie: stolen=1\r\ncontent-length: 0\r\n\r\n`],
    ['a bare CR in a value', `${OK}x-a: one\rset-cookie: stolen=1\r\ncontent-length: 0\r\n\r\n`],
    ['NUL in a value', `${OK}x-a: one\0two\r\ncontent-length: 0\r\n\r\n`],
    ['NUL in a name', `${OK}x\0a: one\r\ncontent-length: 0\r\n\r\n`],
    ['an escape in a value', `${OK}x-a: \x1b[31m\r\ncontent-length: 0\r\n\r\n`],
    ['CR in the reason', 'HTTP/1.1 200 O\rK\r\ncontent-length: 0\r\n\r\n'],
    ['lines that end in LF', 'HTTP/1.1 200 OK\ncontent-length: 5\n\nhello'],
    ['a line that ends in CR CR LF', `HTTP/1.1 200 OK\r\r\ncontent-length: 0\r\n\r\n`],
    ['a status of four digits', 'HTTP/1.1 2000 OK\r\ncontent-length: 0\r\n\r\n'],
    ['a status below 100', 'HTTP/1.1 099 OK\r\ncontent-length: 0\r\n\r\n'],
    ['no status', 'HTTP/1.1\r\ncontent-length: 0\r\n\r\n'],
    ['another version', 'HTTP/3.0 200 OK\r\ncontent-length: 0\r\n\r\n'],
    ['no head at all', '<html>hello</html>\r\n\r\n'],
    ['an empty line before the head', `\r\n${OK}content-length: 0\r\n\r\n`],
    ['too many fields', `${OK}${'x: y\r\n'.repeat(200)}content-length: 0\r\n\r\n`],
    ['a huge head', `${OK}x: ${'x'.repeat(1_000_000)}\r\ncontent-length: 0\r\n\r\n`],
    ['a head without an end', `${OK}${'x: y\r\n'.repeat(10_000)}`],
    [
      '101 that nobody asked for',
      `HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n`,
    ],
  ]
  for (const [name, bytes] of rows) {
    await t.test(name, async () => {
      const { attacker, kept } = await site.attack(GET, bytes + POISON)
      const response = await nextResponse(attacker)
      assert.equal(response.status, 502)
      assert.doesNotMatch(JSON.stringify(response), /poison|stolen|hello/)
      assert.equal(attacker.text, '')
      assert.equal(kept, false)
    })
  }
})

test('bytes behind a response are no part of it, and not of the next one', async (t) => {
  const site = await SharedUpstream.start(t)
  const rows: readonly (readonly [
    name: string,
    request: string,
    bytes: string,
    status: number,
    content: string,
  ])[] = [
    ['two responses to one request', GET, `${OK}content-length: 5\r\n\r\nfirst${POISON}`, 200, 'first'],
    ['two responses, the first one empty', GET, `${OK}content-length: 0\r\n\r\n${POISON}`, 200, ''],
    ['a length that is too short', GET, `${OK}content-length: 5\r\n\r\nfirst and more`, 200, 'first'],
    ['a response behind the last chunk', GET, `${CHUNKED}5\r\nfirst\r\n0\r\n\r\n${POISON}`, 200, 'first'],
    ['a body with 204', GET, `HTTP/1.1 204 No Content\r\n\r\n${POISON}`, 204, ''],
    [
      'a body with 204 and a length',
      GET,
      `HTTP/1.1 204 No Content\r\ncontent-length: ${POISON.length}\r\n\r\n${POISON}`,
      204,
      '',
    ],
    [
      'a body with 204 in chunks',
      GET,
      `HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n0\r\n\r\n`,
      204,
      '',
    ],
    [
      'a body with 304',
      GET,
      `HTTP/1.1 304 Not Modified\r\ncontent-length: ${POISON.length}\r\n\r\n${POISON}`,
      304,
      '',
    ],
    ['a body in answer to HEAD', HEAD, `${OK}content-length: ${POISON.length}\r\n\r\n${POISON}`, 200, ''],
    ['chunks in answer to HEAD', HEAD, `${CHUNKED}5\r\nfirst\r\n0\r\n\r\n`, 200, ''],
    ['100 behind a response', GET, `${OK}content-length: 0\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n`, 200, ''],
    ['a line break behind a response', GET, `${OK}content-length: 0\r\n\r\n\r\n`, 200, ''],
  ]
  for (const [name, request, bytes, status, content] of rows) {
    await t.test(name, async () => {
      const { attacker, kept } = await site.attack(request, bytes)
      await attacker.receives('\r\n\r\n')
      assert.match(attacker.text, new RegExp(`^HTTP/1\\.1 ${status} `))
      if (content !== '') await attacker.receives(content)
      // Its connection is good for another exchange, whose answer follows at once.
      attacker.send('GET /victim HTTP/1.1\r\nhost: a\r\n\r\n')
      await attacker.receives('\r\n\r\ntaken')
      assert.equal(attacker.text.match(/HTTP\/1\.1 /g)?.length, 2)
      assert.doesNotMatch(attacker.text, /poison|and more/)
      assert.equal(kept, false)
    })
  }
})

test('a body that breaks off, or breaks the rules of its framing, never looks complete', async (t) => {
  const site = await SharedUpstream.start(t)
  const rows: readonly (readonly [name: string, bytes: string, finish?: boolean])[] = [
    ['a length that is too long', `${OK}content-length: 500\r\n\r\nhello`, true],
    ['no last chunk', `${CHUNKED}5\r\nhello\r\n`, true],
    ['half a chunk', `${CHUNKED}50\r\nhello`, true],
    ['no end of the trailers', `${CHUNKED}5\r\nhello\r\n0\r\nx: y\r\n`, true],
    ['a chunk longer than its size', `${CHUNKED}5\r\nhello!\r\n0\r\n\r\n`],
    ['a chunk size with a sign', `${CHUNKED}5\r\nhello\r\n+5\r\nhello\r\n0\r\n\r\n`],
    ['a negative chunk size', `${CHUNKED}5\r\nhello\r\n-1\r\n\r\n`],
    ['a chunk size that overflows', `${CHUNKED}5\r\nhello\r\n10000000000000005\r\nhello\r\n0\r\n\r\n`],
    ['a chunk size in other digits', `${CHUNKED}5\r\nhello\r\n0x5\r\nhello\r\n0\r\n\r\n`],
    ['a chunk size behind a blank', `${CHUNKED}5\r\nhello\r\n 5\r\nhello\r\n0\r\n\r\n`],
    ['no chunk size', `${CHUNKED}5\r\nhello\r\n\r\nhello\r\n0\r\n\r\n`],
    ['chunk lines that end in LF', `${CHUNKED}5\r\nhello\n0\n\n`],
    ['a chunk size line that ends in CR', `${CHUNKED}5\r\nhello\r\n0\r\r\n\r\n`],
    ['a bare LF in a chunk extension', `${CHUNKED}5\r\nhello\r\n5;x\nhello\r\n0\r\n\r\n`],
    ['chunk extensions without end', `${CHUNKED}5\r\nhello\r\n5;${'x'.repeat(10_000)}\r\nhello\r\n0\r\n\r\n`],
    ['a folded trailer', `${CHUNKED}5\r\nhello\r\n0\r\nx: y\r\n z\r\n\r\n`],
    ['a bare LF in a trailer', `${CHUNKED}5\r\nhello\r\n0\r\nx: y\nset-cookie: stolen=1\r\n\r\n`],
    ['trailers without end', `${CHUNKED}5\r\nhello\r\n0\r\n${'x: y\r\n'.repeat(10_000)}`],
    ['garbage', `${CHUNKED}5\r\nhello\r\nwhat is this?\r\n`],
  ]
  for (const [name, bytes, finish = false] of rows) {
    const all = finish ? bytes : bytes + POISON
    const middle = all.indexOf('hello') + 5
    await t.test(`${name}, at once`, async () => {
      const { attacker, kept } = await site.attack(GET, all, { finish })
      assert.equal(kept, false)
      await attacker.receives('\r\n\r\n')
      // It was broken before anything was said, or it is cut off.
      if (attacker.text.startsWith('HTTP/1.1 502 ')) await nextResponse(attacker)
      else assertCut(await attacker.end())
      assert.doesNotMatch(attacker.text, /poison|stolen/)
    })
    await t.test(`${name}, when its beginning was passed on`, async () => {
      const rest = all.slice(middle)
      const { attacker, kept } = await site.attack(GET, all.slice(0, middle), { finish, rest })
      assert.equal(kept, false)
      assertCut(await attacker.end())
    })
  }
})

/** One response, whose end can not be found in it. */
function assertCut(text: string): void {
  assert.match(text, /^HTTP\/1\.1 200 /)
  assert.equal(text.match(/HTTP\/1\.1 /g)?.length, 1)
  assert.doesNotMatch(text, /poison|stolen|\r\n0\r\n/)
  const length = /^content-length: (\d+)\r$/m.exec(text)?.[1]
  const content = text.slice(text.indexOf('\r\n\r\n') + 4)
  assert.ok(length === undefined || content.length < Number(length))
}

test('a compressed nothing passes as it is, and its connection is used again', async (t) => {
  const site = await SharedUpstream.start(t)
  for (const [name, request, bytes, expected] of [
    [
      'an empty body',
      GET,
      `${OK}content-encoding: gzip\r\ncontent-length: 0\r\n\r\n`,
      /\r\ncontent-length: 0\r\n/,
    ],
    [
      'in answer to HEAD',
      HEAD,
      `${OK}content-encoding: gzip\r\ncontent-length: 0\r\n\r\n`,
      /\r\ncontent-length: 0\r\n/,
    ],
    ['with 204', GET, 'HTTP/1.1 204 No Content\r\ncontent-encoding: gzip\r\n\r\n', /204 No Content/],
    ['with 304', GET, 'HTTP/1.1 304 Not Modified\r\ncontent-encoding: gzip\r\n\r\n', /304 Not Modified/],
    [
      'a chunked nothing',
      GET,
      `${CHUNKED.slice(0, -2)}content-encoding: gzip\r\n\r\n0\r\n\r\n`,
      /\r\n\r\n0\r\n\r\n$/,
    ],
  ] as const) {
    await t.test(name, async () => {
      const { attacker, kept } = await site.attack(request, bytes)
      const text = await attacker.receives(expected)
      assert.match(text, /\r\ncontent-encoding: gzip\r\n/)
      assert.equal(kept, true)
      attacker.forget()
      attacker.send('GET /victim HTTP/1.1\r\nhost: a\r\n\r\n')
      assert.equal((await nextResponse(attacker)).content, 'taken')
    })
  }
})

test('a body that comes late behind a response that has none is nobody’s answer', async (t) => {
  const length = `content-length: ${POISON.length}\r\n\r\n`
  for (const [name, request, head] of [
    ['to HEAD, with a length', HEAD, `${OK}${length}`],
    ['to HEAD, in chunks', HEAD, CHUNKED],
    ['to HEAD, until the end', HEAD, `${OK}\r\n`],
    ['to HEAD, compressed', HEAD, `${OK}content-encoding: gzip\r\n${length}`],
    ['to HEAD, not found', HEAD, `HTTP/1.1 404 Not Found\r\n${length}`],
    ['304 with a length', GET, `HTTP/1.1 304 Not Modified\r\n${length}`],
    ['304 in chunks', GET, 'HTTP/1.1 304 Not Modified\r\ntransfer-encoding: chunked\r\n\r\n'],
    ['204 with a length', GET, `HTTP/1.1 204 No Content\r\n${length}`],
  ] as const) {
    await t.test(name, async (t) => {
      const attacked = new Set<ScriptedConnection>()
      const origin = await startRecordingOrigin(t, {
        answer({ target }, connection) {
          if (target === '/attack') attacked.add(connection)
          if (target === '/attack') return head
          // What belongs to the first response comes at last, when the connection has the next request already.
          return attacked.has(connection) ? POISON : TAKEN
        },
      })
      const gateway = await startGateway(t, {
        upstreams: { one: { endpoints: [{ url: origin.url }], pool: { maxConnections: 1 } } },
        routes: [{ upstream: 'one', retry: false }],
      })
      const [attacker, victim] = [await gateway.connect(), await gateway.connect()]
      attacker.send(request)
      await attacker.receives('\r\n\r\n')
      victim.send('GET /victim HTTP/1.1\r\nhost: a\r\n\r\n')
      const { status, content } = await nextResponse(victim)
      assert.deepEqual([status, content], [200, 'taken'])
    })
  }
})
