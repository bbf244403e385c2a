import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:https'
import { test, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { ScriptedPeer, VirtualClock } from '@headgate/core/testing'
import { makeCertificate } from '../../core/test/certificates.ts'
import { ClientResponse, type CallTimings, type InformationalResponse } from '../src/index.ts'
import { respond } from '../src/testing/index.ts'
import { clientOf, originOf } from './origin.ts'

/** A server that answers each head with these bytes. */
async function answering(t: TestContext, text: string | Buffer): Promise<string> {
  const peer = await ScriptedPeer.listen((connection) => {
    connection.socket.on('data', () => {
      if (!connection.text.includes('\r\n\r\n')) return
      connection.text = ''
      connection.socket.write(text)
    })
  })
  t.after(() => peer.close())
  return peer.url
}

const named = (url: string): string => url.replace('127.0.0.1', 'localhost')

/** The steps that a call went through, in the order of their times. */
function steps(timings: CallTimings): string[] {
  const { start: _start, reusedConnection: _reused, ...points } = timings
  const there = Object.entries(points).filter((point): point is [string, number] => point[1] !== undefined)
  for (const [, at] of there) assert.ok(at >= 0)
  return there.sort(([, a], [, b]) => a - b).map(([name]) => name)
}

test('timings tell each step of a call in order, and leave out what a connection had behind it', async (t) => {
  const origin = await originOf(t, (_request, response) => response.end('x'.repeat(200_000)))
  const client = clientOf(t)
  const before = performance.now()
  const first = await client.get(named(origin))
  assert.deepEqual(steps(first.timings), ['dns', 'connect', 'requestWritten', 'firstByte'])
  assert.equal(first.timings.end, undefined)
  await first.text()
  assert.deepEqual(steps(first.timings), ['dns', 'connect', 'requestWritten', 'firstByte', 'end'])
  assert.ok(first.timings.start >= before && first.timings.start <= performance.now())
  assert.equal(first.timings.reusedConnection, false)
  const second = await client.get(named(origin))
  await second.text()
  assert.deepEqual(steps(second.timings), ['requestWritten', 'firstByte', 'end'])
  assert.equal(second.timings.reusedConnection, true)
})

test('timings over TLS tell the end of the handshake, and none of a name where the URL has an address', async (t) => {
  const certificate = makeCertificate({ names: ['127.0.0.1'] })
  const server = createServer({ ...certificate }, (_request, response) => response.end('secure'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const client = clientOf(t, { tls: { ca: certificate.cert, verify: true } })
  const response = await client.get(`https://127.0.0.1:${(server.address() as AddressInfo).port}`) // it listens on TCP
  assert.equal(await response.text(), 'secure')
  assert.deepEqual(steps(response.timings), ['connect', 'tls', 'requestWritten', 'firstByte', 'end'])
})

test('remoteAddress is the address of the socket, also behind a retry, and unknown of a transport in code', async (t) => {
  let calls = 0
  const origin = await originOf(t, (_request, response) => {
    response.statusCode = ++calls === 1 ? 503 : 200
    response.end()
  })
  const response = await clientOf(t, { timeout: { attempt: 5_000 } }).get(named(origin))
  assert.equal(response.attempts, 2)
  assert.match(response.remoteAddress ?? '', /^(?:127\.0\.0\.1|::1)$/)
  assert.notEqual(response.timings.firstByte, undefined)
  const inCode = await clientOf(t, { transport: respond(() => new Response('x')) }).get('http://api.example/')
  assert.equal(inCode.remoteAddress, undefined)
  assert.equal(inCode.timings.firstByte, undefined)
})

test('a hedge that wins brings the facts of its own connection', async (t) => {
  let calls = 0
  const origin = await originOf(t, (_request, response) => {
    if (++calls > 1) response.end('second')
  })
  const response = await clientOf(t).get(origin, { hedge: { delay: 20 } })
  assert.equal(await response.text(), 'second')
  assert.equal(response.remoteAddress, '127.0.0.1')
  assert.ok((response.timings.requestWritten ?? 0) >= 10)
})

const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n'

test('trailers resolve with the fields behind the content once that was read', async (t) => {
  const url = await answering(t, `${CHUNKED}\r\n2\r\nhi\r\n0\r\nx-sum: 7\r\nX-More: a\r\n\r\n`)
  const response = await clientOf(t).get(url)
  const early = response.trailers
  assert.equal(await response.text(), 'hi')
  assert.deepEqual(
    [...(await early)],
    [
      ['x-more', 'a'],
      ['x-sum', '7'],
    ],
  )
  assert.equal((await response.trailers).get('x-sum'), '7')
})

test('trailers of decoded content are there as well, and none are an empty list', async (t) => {
  const coded = gzipSync('hello')
  const head = Buffer.from(`${CHUNKED}content-encoding: gzip\r\n\r\n${coded.length.toString(16)}\r\n`)
  const url = await answering(t, Buffer.concat([head, coded, Buffer.from('\r\n0\r\nx-sum: 9\r\n\r\n')]))
  const response = await clientOf(t).get(url)
  assert.equal(await response.text(), 'hello')
  assert.equal((await response.trailers).get('x-sum'), '9')
  const plain = await clientOf(t).get(await answering(t, 'HTTP/1.1 204 No Content\r\n\r\n'))
  assert.deepEqual([...(await plain.trailers)], [])
})

test('trailers reject with what broke the content, and nobody has to listen', async (t) => {
  const peer = await ScriptedPeer.listen((connection) => {
    connection.socket.once('data', () => {
      connection.socket.end(`${CHUNKED}\r\n2\r\nhi\r\n`)
    })
  })
  t.after(() => peer.close())
  const response = await clientOf(t).get(peer.url)
  void response.trailers
  await assert.rejects(response.text(), { code: 'upstream_closed' })
  await assert.rejects(response.trailers, { code: 'upstream_closed' })
})

test('onInformational is told of each 103 before the response is there, never of 100', async (t) => {
  const url = await answering(
    t,
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\nlink: </b.js>; rel=preload\r\n\r\n' +
      'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi',
  )
  const client = clientOf(t)
  const told: InformationalResponse[] = []
  const onInformational = (response: InformationalResponse): number => told.push(response)
  const texts = [
    await client.get(url, { onInformational }).text(),
    await (await client.fetch(url, { headgate: { onInformational } })).text(),
  ]
  assert.deepEqual(texts, ['hi', 'hi'])
  assert.deepEqual(
    told.map(({ status }) => status),
    [103, 102, 103, 102],
  )
  assert.equal(told[0]?.headers.get('link'), '</a.css>; rel=preload, </b.js>; rel=preload')
})

test('what fetch gives is a ClientResponse, which tells timings, address and trailers', async (t) => {
  const url = await answering(t, `${CHUNKED}\r\n2\r\nhi\r\n0\r\nx-sum: 7\r\n\r\n`)
  const response = await clientOf(t).fetch(url)
  assert.ok(response instanceof ClientResponse)
  await response.text()
  assert.equal((await response.trailers).get('x-sum'), '7')
  assert.equal(response.remoteAddress, '127.0.0.1')
  assert.notEqual(response.timings.end, undefined)
})

test('timings go by the client’s clock', async (t) => {
  const clock = new VirtualClock()
  const transport = respond(() => new Response('x'))
  const client = clientOf(t, { clock, transport })
  await clock.advance(70)
  assert.equal((await client.get('http://api.example/')).timings.start, clock.now())
})
