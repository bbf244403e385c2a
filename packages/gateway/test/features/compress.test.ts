import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import zlib from 'node:zlib'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { startService } from '../survival/origins.ts'
import { startGateway } from '../survival/start-gateway.ts'
import { type Answer, ask } from '../survival/http-client.ts'
import { assertRefused } from './refused-route.ts'

/** Content is told as latin1 text. */
const bytesOf = ({ content }: Answer): Buffer => Buffer.from(content, 'latin1')
const PAGE = '<p>the same words, and the same words again</p>\n'.repeat(100)

test('an answer is compressed once for each coding, and the cache answers from there, entity tags included', async (t) => {
  const seen: string[] = []
  const { url: upstream } = await startService(t, ({ headers }, response) => {
    const known = headers['if-none-match']
    seen.push(known ?? 'all')
    const fields = { etag: '"1"', 'cache-control': 'max-age=60', 'content-type': 'text/html' }
    if (known === undefined) response.writeHead(200, { ...fields, 'content-length': PAGE.length }).end(PAGE)
    else response.writeHead(304, fields).end()
  })
  const gateway = await startGateway(t, { routes: [{ upstream, cache: true, compress: true }] })
  const get = async (coding: string, more: Record<string, string> = {}) =>
    ask(gateway.url, { headers: { 'accept-encoding': coding, ...more } })
  for (const [coding, decode] of [
    ['gzip', zlib.gunzipSync],
    ['br', zlib.brotliDecompressSync],
  ] as const)
    for (const expected of [/stored/, /^headgate; hit/]) {
      const answer = await get(coding)
      const { headers } = answer
      const bytes = bytesOf(answer)
      assert.equal(headers['content-encoding'], coding)
      assert.match(String(headers['cache-status']), expected)
      assert.equal(headers['etag'], 'W/"1"')
      assert.equal(headers['vary'], 'accept-encoding')
      assert.equal(headers['content-length'], String(bytes.length))
      assert.equal(decode(bytes).toString(), PAGE)
    }
  const plain = await get('identity')
  assert.deepEqual([plain.content, plain.headers['etag']], [PAGE, '"1"'])
  const known = await get('gzip', { 'if-none-match': 'W/"1"' })
  assert.deepEqual([known.status, known.headers['etag']], [304, 'W/"1"'])
  // Nothing new at the origin: what is stored goes on, compressed as it is.
  const again = await get('gzip', { 'cache-control': 'no-cache' })
  assert.match(String(again.headers['cache-status']), /fwd-status=304/)
  assert.equal(zlib.gunzipSync(bytesOf(again)).toString(), PAGE)
  assert.deepEqual(seen, ['all', 'all', 'all', 'W/"1"'])
})

test('files and fixed answers are compressed as well where the route says so, and a file that was compressed before goes as it is', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'headgate-compress-'))
  writeFileSync(join(root, 'page.html'), PAGE)
  writeFileSync(join(root, 'app.js'), PAGE)
  writeFileSync(join(root, 'app.js.gz'), zlib.gzipSync('made before'))
  const gateway = await startGateway(t, {
    routes: [
      {
        match: { path: '/fixed' },
        respond: { body: PAGE, headers: { 'content-type': 'text/html' } },
        compress: true,
      },
      {
        match: { path: '/plain' },
        respond: { body: PAGE, headers: { 'content-type': 'text/html' } },
      },
      { files: { root }, compress: { codings: ['gzip'] } },
    ],
  })
  const get = async (path: string) => {
    const answer = await ask(gateway.url + path, { headers: { 'accept-encoding': 'gzip' } })
    assert.equal(answer.headers['content-encoding'], 'gzip')
    assert.equal(answer.headers['vary'], 'accept-encoding')
    return zlib.gunzipSync(bytesOf(answer)).toString()
  }
  assert.equal(await get('/fixed'), PAGE)
  assert.equal(await get('/page.html'), PAGE)
  assert.equal(await get('/app.js'), 'made before')
  const plain = await ask(`${gateway.url}/plain`, { headers: { 'accept-encoding': 'gzip' } })
  assert.deepEqual([plain.content, plain.headers['content-encoding']], [PAGE, undefined])
  const part = await ask(`${gateway.url}/page.html`, {
    headers: { 'accept-encoding': 'gzip', range: 'bytes=0-2' },
  })
  assert.deepEqual([part.status, part.content], [206, '<p>'])
})

test('a stream of events comes event by event to a client of HTTP/1.1, and byte by byte as it should', async (t) => {
  let send: (text: string) => void = () => undefined
  const { url: upstream } = await startService(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    send = (text) => void response.write(text)
    response.flushHeaders()
  })
  const gateway = await startGateway(t, { routes: [{ upstream, compress: { codings: ['gzip'] } }] })
  const client = await gateway.connect()
  client.send('GET / HTTP/1.1\r\nhost: shop.example\r\naccept-encoding: gzip\r\n\r\n')
  await client.receives('\r\n\r\n')
  assert.match(client.text, /\r\ncontent-encoding: gzip\r\n/)
  assert.match(client.text, /\r\ntransfer-encoding: chunked\r\n/)
  const start = client.text.indexOf('\r\n\r\n') + 4
  let sent = ''
  for (const event of ['data: one\n\n', 'data: two\n\n']) {
    sent += event
    send(event)
    await eventually(
      () => eventsIn(client.text.slice(start)) === sent || undefined,
      `${event.trim()} has come`,
    )
  }
})

/** What chunks of gzip say so far, with or without their end. */
function eventsIn(chunked: string): string {
  const parts: Buffer[] = []
  for (let at = 0; at < chunked.length; ) {
    const end = chunked.indexOf('\r\n', at)
    const size = Number.parseInt(chunked.slice(at, end), 16)
    if (end < 0 || Number.isNaN(size) || end + 2 + size > chunked.length) break
    parts.push(Buffer.from(chunked.slice(end + 2, end + 2 + size), 'latin1'))
    at = end + 4 + size
  }
  if (parts.length === 0) return ''
  return zlib.gunzipSync(Buffer.concat(parts), { finishFlush: zlib.constants.Z_SYNC_FLUSH }).toString()
}

test('what cannot be meant is refused', () => {
  assertRefused({ compress: { codings: ['deflate'] } }, /"deflate" is not one of the choices/)
  assertRefused({ compress: { codings: [] } }, /at least/)
  assertRefused({ compress: { types: ['html'] } }, /names no media types/)
  assertRefused({ compress: { levels: { gzip: 10 } } }, /too large/)
})
