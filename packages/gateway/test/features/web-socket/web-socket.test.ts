import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { ScriptedConnection } from '@headgate/core/testing'
import { eventually } from '../../../../../scripts/testing/eventually.ts'
import { parseConfig } from '../../../src/config/parse.ts'
import { ask, message, opened, startOrigin } from '../../http2/websocket-peers.ts'
import { startScripted } from '../../survival/origins.ts'
import { type MeteredGateway, startMetered } from '../metered-gateway.ts'
import { asked, portOf } from './raw-web-socket.ts'

/** The first line that a request is answered with. */
async function answerTo(t: TestContext, port: number, request: string): Promise<string> {
  const connection = await ScriptedConnection.to(port)
  t.after(() => connection.socket.destroy())
  connection.send(request)
  await connection.receives('\r\n\r\n')
  return connection.text
}

function valueOf({ gateway, shown }: MeteredGateway, series: string): string | undefined {
  gateway.sample()
  return shown()
    .split('\n')
    .find((line) => line.startsWith(series))
    ?.slice(series.length + 1)
}

test('handshakes that are none are refused before an upstream sees them, and other requests pass', async (t) => {
  const origin = await startScripted(t, async (connection) => {
    await connection.receives('\r\n\r\n')
    connection.send('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
  })
  const { url } = await startMetered(t, { routes: [{ upstream: origin.url, webSocket: {} }] })
  const bad: [what: string, request: string][] = [
    ['an old version', asked({ 'sec-websocket-version': '8' })],
    ['a short key', asked({ 'sec-websocket-key': 'c2hvcnQ=' })],
    ['another method', asked({}, 'PUT')],
    ['content', asked({ 'content-length': '1' })],
    ['a protocol twice', asked({ 'sec-websocket-protocol': 'chat, chat' })],
    ['a protocol that is no token', asked({ 'sec-websocket-protocol': 'a b' })],
  ]
  for (const [what, request] of bad) {
    const answer = await answerTo(t, portOf(url), request)
    assert.match(answer, /^HTTP\/1.1 400 /, what)
    assert.equal(answer.includes('sec-websocket-version: 13'), what === 'an old version', what)
  }
  assert.match(await answerTo(t, portOf(url), 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'), /^HTTP\/1.1 200 /)
})

test('an upstream that grants what nobody asked for is a bad gateway', async (t) => {
  const accept = 'sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n'
  let more = ''
  const origin = await startScripted(t, async (connection) => {
    await connection.receives('\r\n\r\n')
    connection.send(
      `HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n${accept}${more}\r\n`,
    )
  })
  const { url } = await startMetered(t, { routes: [{ upstream: origin.url, webSocket: {} }] })
  for (const field of ['sec-websocket-protocol: other', 'sec-websocket-extensions: permessage-deflate']) {
    more = `${field}\r\n`
    assert.match(await answerTo(t, portOf(url), asked()), /^HTTP\/1.1 502 /, field)
  }
  more = 'sec-websocket-protocol: chat\r\n'
  assert.match(await answerTo(t, portOf(url), asked()), /^HTTP\/1.1 101 /)
})

test('pages of other origins are refused; those that are named, and clients that are no pages, are not', async (t) => {
  const origin = await startOrigin(t, 'h1')
  const { url } = await startMetered(t, {
    routes: [
      { upstream: origin.url, webSocket: { origins: ['https://shop.example', 'https://*.shop.example'] } },
    ],
  })
  for (const version of ['h1', 'h2'] as const) {
    const granted = version === 'h1' ? 101 : 200
    const tries: [origin: string | undefined, status: number][] = [
      ['https://shop.example', granted],
      ['https://chat.shop.example', granted],
      ['https://shop.example.evil.example', 403],
      ['null', 403],
      [undefined, granted],
    ]
    for (const [page, expected] of tries) {
      const { status } = await ask(t, version, portOf(url), {
        fields: page === undefined ? {} : { origin: page },
      })
      assert.equal(status, expected, page)
    }
  }
})

test('a client, and a route, have so many WebSockets and no more, until one is over', async (t) => {
  const origin = await startOrigin(t, 'h1')
  const metered = await startMetered(t, {
    trustedProxies: ['127.0.0.1'],
    routes: [{ name: 'chat', upstream: origin.url, webSocket: { perClient: 2, perRoute: 3 } }],
  })
  const port = portOf(metered.url)
  const from = (address: string) => ({ fields: { 'x-forwarded-for': address } })
  const first = await opened(t, 'h1', port, from('192.0.2.1'))
  await opened(t, 'h1', port, from('192.0.2.1'))
  assert.equal((await ask(t, 'h1', port, from('192.0.2.1'))).status, 429)
  await opened(t, 'h1', port, from('192.0.2.2'))
  assert.equal((await ask(t, 'h1', port, from('192.0.2.3'))).status, 503)
  first.close(1000)
  await eventually(() => valueOf(metered, 'headgate_websockets_open{route="chat"}') === '2', 'one is over')
  await opened(t, 'h1', port, from('192.0.2.1'))
})

test('figures tell what is open, what came through, and how it ended', async (t) => {
  const origin = await startOrigin(t, 'h1')
  const metered = await startMetered(t, { routes: [{ name: 'chat', upstream: origin.url, webSocket: {} }] })
  const value = (name: string, more = '') =>
    valueOf(metered, `headgate_websocket${name}{route="chat"${more}}`)
  const socket = await opened(t, 'h1', portOf(metered.url))
  assert.equal(value('s_open'), '1')
  for (const text of ['hello', 'you']) {
    socket.send(text)
    await message(socket)
  }
  socket.close(4001)
  await eventually(() => value('s_open') === '0', 'it is over')
  for (const from of ['client', 'upstream']) {
    assert.equal(value('_messages_total', `,from="${from}"`), '2')
    assert.equal(value('_message_bytes_total', `,from="${from}"`), '8')
  }
  assert.equal(value('_closes_total', ',code="4xxx"'), '1')
})

test('a reload that changes the route leaves fifty open WebSockets alone, and the balancer counts them', async (t) => {
  const origins = [await startOrigin(t, 'h1'), await startOrigin(t, 'h1')]
  const upstreams = {
    chat: { endpoints: origins.map(({ url }) => ({ url })), balance: 'least-connections' as const },
  }
  const config = (maxMessage: string) => {
    const result = parseConfig({
      listeners: [{ address: '127.0.0.1:0' }],
      upstreams,
      routes: [{ name: 'chat', upstream: 'chat', webSocket: { maxMessage } }],
    })
    assert.ok(result.ok)
    return result.config
  }
  const metered = await startMetered(t, {
    upstreams,
    routes: [{ name: 'chat', upstream: 'chat', webSocket: { maxMessage: '1KiB' } }],
  })
  const sockets = []
  for (let count = 0; count < 50; count++) sockets.push(await opened(t, 'h1', portOf(metered.url)))
  const [upstream] = metered.gateway.upstreams()
  assert.deepEqual(
    upstream?.stats().map(({ active }) => active),
    [25, 25],
  )
  const prepared = await metered.gateway.prepare({ config: config('2KiB') })
  prepared.commit()
  for (const socket of sockets) {
    socket.send('still here')
    assert.equal(String(await message(socket)), 'still here')
  }
  const [one] = sockets
  assert.ok(one)
  const closed = once(one, 'close')
  one.send('x'.repeat(1500))
  assert.equal((await closed)[0], 1009)
})
