import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readlinkSync, renameSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { once } from 'node:events'
import { test } from 'node:test'
import { Exchange, HttpRequest, TrafficError } from '@headgate/core'
import { VirtualClock } from '@headgate/core/testing'
import { serveFiles } from '../../../src/features/files/serve-files.ts'
import { eventually } from '../../../../../scripts/testing/eventually.ts'
import { folderOf, siteOf } from './site.ts'

/** Bytes of which each part is another one. */
function patterned(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let at = 0; at + 4 <= length; at += 4) bytes.writeUInt32LE(at, at)
  return bytes
}

const NOT_WANTED = new TrafficError('cancelled', 'not wanted')

/** Kept whole, and read as it is sent. */
const SIZES = [1_000, 3_000_001]

test('parts of a file are those that are asked for, of small ones and of large ones', async (t) => {
  for (const size of SIZES) {
    const bytes = patterned(size)
    const ask = await siteOf(t, { root: folderOf(t, { a: bytes }) })
    for (const [asked, first, last] of [
      ['bytes=0-0', 0, 0],
      ['bytes=10-19', 10, 19],
      [`bytes=${size - 5}-`, size - 5, size - 1],
      ['bytes=-7', size - 7, size - 1],
      [`bytes=990-${size + 5}`, 990, size - 1],
      ['bytes=,5-6 , ', 5, 6],
    ] as const) {
      const { status, headers, body } = await ask('/a', { range: asked })
      assert.deepEqual([status, headers['content-range']], [206, `bytes ${first}-${last}/${size}`], asked)
      assert.ok(body.equals(bytes.subarray(first, last + 1)), asked)
    }
  }
})

test('several parts come as multipart/byteranges', async (t) => {
  for (const size of SIZES) {
    const bytes = patterned(size)
    const ask = await siteOf(t, { root: folderOf(t, { 'a.bin': bytes }) })
    const { status, headers, body } = await ask('/a.bin', { range: 'bytes=500-599, 0-3, -2, 9999999-' })
    assert.equal(status, 206)
    const [, boundary = ''] =
      /^multipart\/byteranges; boundary=([\w-]+)$/.exec(String(headers['content-type'])) ?? []
    assert.equal(headers['content-range'], undefined)
    const part = (first: number, last: number): string =>
      `\r\n--${boundary}\r\ncontent-type: application/octet-stream\r\ncontent-range: bytes ${first}-${last}/${size}\r\n\r\n` +
      bytes.subarray(first, last + 1).toString('latin1')
    const expected = part(500, 599) + part(0, 3) + part(size - 2, size - 1) + `\r\n--${boundary}--\r\n`
    assert.equal(body.toString('latin1'), expected)
    assert.equal(Number(headers['content-length']), expected.length)
  }
})

test('the whole is sent where parts are asked for that nobody needs', async (t) => {
  const ask = await siteOf(t, { root: folderOf(t, { a: patterned(1_000) }) })
  const many = Array.from({ length: 17 }, (_, index) => `${index * 10}-${index * 10}`).join(',')
  for (const range of [
    'bytes=0-9,5-14',
    'bytes=5-14,0-9',
    `bytes=${many}`,
    'bytes=9-5',
    'bytes=a-b',
    'bytes=',
    'lines=0-1',
    'bytes 0-1',
  ]) {
    const { status, body } = await ask('/a', { range })
    assert.deepEqual([status, body.length], [200, 1_000], range)
  }
  for (const range of ['bytes=1000-', 'bytes=-0', 'bytes=2000-3000,1000-']) {
    const { status, headers, body } = await ask('/a', { range })
    assert.deepEqual([status, headers['content-range'], body.length], [416, 'bytes */1000', 0], range)
  }
})

test('If-Range gives a part only of what the client has the rest of', async (t) => {
  const root = folderOf(t, { a: patterned(1_000) })
  utimesSync(`${root}/a`, 1_700_000_000, 1_700_000_000)
  const ask = await siteOf(t, { root })
  const tag = String((await ask('/a')).headers.etag)
  for (const [condition, status] of [
    [tag, 206],
    ['"x"', 200],
    [`W/${tag}`, 200],
    ['Tue, 14 Nov 2023 22:13:20 GMT', 206],
    ['Tue, 14 Nov 2023 22:13:21 GMT', 200],
  ] as const)
    assert.equal((await ask('/a', { range: 'bytes=0-1', 'if-range': condition })).status, status, condition)
})

test('a large file comes whole over HTTP/1.1 and HTTP/2', async (t) => {
  const bytes = patterned(3_000_001)
  const ask = await siteOf(t, { root: folderOf(t, { a: bytes }) })
  assert.ok((await ask('/a')).body.equals(bytes))
  const session = connectHttp2(`http://127.0.0.1:${ask.port}`)
  t.after(() => session.destroy())
  const stream = session.request({ ':path': '/a' })
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer) // no encoding was set
  assert.ok(Buffer.concat(chunks).equals(bytes))
})

test('a client that leaves, or reads nothing, holds no file open after that', async (t) => {
  const root = folderOf(t, { a: patterned(30_000_000) })
  const { port } = await siteOf(t, { root })
  const openFiles = (): number =>
    readdirSync('/proc/self/fd').filter((each) => {
      try {
        return readlinkSync(`/proc/self/fd/${each}`) === `${root}/a`
      } catch {
        return false
      }
    }).length
  const sockets = Array.from({ length: 5 }, () => connect(port, '127.0.0.1'))
  for (const socket of sockets) {
    socket.on('error', () => {})
    socket.pause().write('GET /a HTTP/1.1\r\nhost: site.example\r\n\r\n')
  }
  await eventually(() => openFiles() === 5, 'each of five clients has the file open')
  for (const [index, socket] of sockets.entries())
    if (index % 2 === 0) socket.destroy()
    else socket.resetAndDestroy()
  await eventually(() => openFiles() === 0, 'the file is closed')
})

test('a file that becomes shorter while it is sent cuts the connection: what came does not look complete', async (t) => {
  const root = folderOf(t, { a: patterned(30_000_000) })
  const { port } = await siteOf(t, { root })
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write('GET /a HTTP/1.1\r\nhost: site.example\r\n\r\n')
  const [first] = (await once(socket, 'data')) as [Buffer]
  socket.pause()
  truncateSync(`${root}/a`, 1_000)
  let received = first.length
  socket.on('data', (chunk: Buffer) => (received += chunk.length))
  socket.resume()
  await once(socket, 'close')
  assert.ok(received < 30_000_000, `${received} bytes`)
})

test('a file that is sent ends with the timeout of its route, and does not look complete', async (t) => {
  const root = folderOf(t, { a: patterned(30_000_000) })
  const clock = new VirtualClock()
  const exchange = exchangeFor('/a', clock)
  const { body } = await serveFiles(configOf(root), clock)(exchange)
  const ended = new Promise<TrafficError | undefined>((resolve) => {
    body.flowTo({ write: () => false, end: () => resolve(undefined), fail: resolve })
  })
  const over = new TrafficError('deadline_exceeded', 'the time is over')
  exchange.cancel(over)
  assert.equal(await ended, over)
  const unread = exchangeFor('/a', clock)
  const { body: late } = await serveFiles(configOf(root), clock)(unread)
  unread.cancel(over)
  assert.equal(
    await new Promise((resolve) => {
      late.flowTo({ write: () => true, end: () => resolve(undefined), fail: resolve })
    }),
    over,
  )
})

test('what no program serves by accident is not there', async (t) => {
  const root = folderOf(t, {
    '.env': 'secret',
    '.git/config': 'secret',
    'a/.htpasswd': 'secret',
    '.well-known/acme-challenge/token': 'token',
    'a/.well-known/x': 'secret',
    'a/b': 'b',
  })
  execFileSync('mkfifo', [`${root}/pipe`])
  const ask = await siteOf(t, { root })
  assert.equal((await ask('/.well-known/acme-challenge/token')).text, 'token')
  for (const [path, status] of [
    ['/.env', 404],
    ['/%2eenv', 404],
    ['/.git/config', 404],
    ['/a/.htpasswd', 404],
    ['/a/.well-known/x', 404],
    ['/pipe', 404],
    ['/a', 404],
    ['/a/b/', 404],
    ['/a/b/c', 404],
    ['/../../../../etc/passwd', 400],
    ['/%2e%2e/%2e%2e/etc/passwd', 400],
    ['/..%2f..%2fetc/passwd', 400],
    ['/a%2fb', 400],
    ['/a%5cb', 400],
    ['/a%00', 400],
    [`/${'x'.repeat(300)}`, 404],
  ] as const)
    assert.equal((await ask(path)).status, status, path)
})

test('a path with an escaped slash, where such paths pass, is no file', async (t) => {
  const root = folderOf(t, { 'a/b': 'b' })
  const serve = serveFiles(configOf(root), new VirtualClock())
  for (const path of ['/a%2Fb', '//a/b', '/a//b'])
    await assert.rejects(serve(exchangeFor(path, new VirtualClock())), { code: 'file_not_found' }, path)
})

test('a change is seen after a second, and costs no look at the disk before', async (t) => {
  const root = folderOf(t, { a: 'old', large: patterned(100_000) })
  const clock = new VirtualClock({ wallTime: Date.now() })
  const serve = serveFiles(configOf(root), clock)
  const content = async (path: string): Promise<string | undefined> =>
    (await serve(exchangeFor(path, clock))).body.whole?.latin1
  assert.equal(await content('/a'), 'old')
  writeFileSync(`${root}/a`, 'new')
  assert.equal(await content('/a'), 'old')
  await clock.advance(1_000)
  assert.equal(await content('/a'), 'new')
  renameSync(`${root}/a`, `${root}/b`)
  await clock.advance(1_000)
  await assert.rejects(content('/a'), { code: 'file_not_found' })
  assert.equal(await content('/b'), 'new')
})

test('a large file that was replaced within the second is sent as it is now, under its own name', async (t) => {
  const root = folderOf(t, { large: patterned(100_000) })
  const clock = new VirtualClock({ wallTime: Date.now() + 10_000 })
  const serve = serveFiles(configOf(root), clock)
  const before = await serve(exchangeFor('/large', clock))
  before.body.cancel(NOT_WANTED)
  writeFileSync(`${root}/large.new`, patterned(200_000))
  renameSync(`${root}/large.new`, `${root}/large`)
  const after = await serve(exchangeFor('/large', clock))
  assert.equal(after.body.length, 200_000)
  assert.notEqual(after.headers.get('etag'), before.headers.get('etag'))
  after.body.cancel(NOT_WANTED)
})

test('files of the same size and time have tags of their own, and a large one that is just being written a weak one', async (t) => {
  const root = folderOf(t, { a: 'one', b: 'two', large: patterned(100_000) })
  for (const name of ['a', 'b']) utimesSync(`${root}/${name}`, 0, 0)
  const clock = new VirtualClock({ wallTime: Date.now() })
  const serve = serveFiles(configOf(root), clock)
  const tag = async (path: string): Promise<string> => {
    const { headers, body } = await serve(exchangeFor(path, clock, 'HEAD'))
    assert.equal(body.length, 0)
    return headers.get('etag') ?? ''
  }
  assert.notEqual(await tag('/a'), await tag('/b'))
  assert.match(await tag('/large'), /^W\/"/)
})

function exchangeFor(path: string, clock: VirtualClock, method = 'GET'): Exchange {
  const paths = { encodedSlash: 'pass', slashes: 'keep' } as const
  return new Exchange(HttpRequest.to(`http://site.example${path}`, { method, paths }), clock)
}

function configOf(root: string): Parameters<typeof serveFiles>[0] {
  return {
    root,
    index: ['index.html'],
    extensions: [],
    cacheControl: [],
    types: {},
    precompressed: true,
    symlinks: 'inside',
  }
}
