import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { type TestContext, test } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { startScripted, startService } from './origins.ts'
import { type StartedGateway, startGateway } from './start-gateway.ts'

interface Sockets {
  readonly gateway: StartedGateway
  readonly client: WebSocket
  readonly origin: WebSocket
  readonly request: IncomingMessage
}

/** A WebSocket from a client through the gateway to an origin, which sends each message back. */
async function openWebSocket(t: TestContext): Promise<Sockets> {
  const service = await startService(t)
  const server = new WebSocketServer({ server: service, handleProtocols: () => 'chat' })
  t.after(() => {
    for (const each of server.clients) each.terminate()
  })
  const gateway = await startGateway(t, { routes: [{ upstream: service.url, timeout: '10s' }] })
  const accepted = once(server, 'connection') as Promise<[WebSocket, IncomingMessage]>
  const client = new WebSocket(`ws://127.0.0.1:${gateway.port}/socket?room=1`, ['chat'])
  t.after(() => client.terminate())
  const [[origin, request]] = await Promise.all([accepted, once(client, 'open')])
  origin.on('message', (data, isBinary) => origin.send(data, { binary: isBinary }))
  return { gateway, client, origin, request }
}

/** The next message that comes, as bytes. */
async function message(socket: WebSocket): Promise<{ bytes: Buffer; isBinary: boolean }> {
  const [bytes, isBinary] = (await once(socket, 'message')) as [Buffer, boolean]
  return { bytes, isBinary }
}

test('a WebSocket is opened through the gateway with its protocol, and text and a binary megabyte come back', async (t) => {
  const { client, request } = await openWebSocket(t)
  assert.equal(request.url, '/socket?room=1')
  assert.equal(client.protocol, 'chat')
  client.send('grüße')
  const text = await message(client)
  assert.deepEqual([text.bytes.toString(), text.isBinary], ['grüße', false])
  const megabyte = randomBytes(1024 * 1024)
  client.send(megabyte)
  const binary = await message(client)
  assert.ok(binary.isBinary && binary.bytes.equals(megabyte))
})

test('pings of either side are answered by the other', async (t) => {
  const { client, origin } = await openWebSocket(t)
  client.ping('from the client')
  assert.equal(String((await once(client, 'pong'))[0]), 'from the client')
  origin.ping('from the origin')
  assert.equal(String((await once(origin, 'pong'))[0]), 'from the origin')
})

test('a close code and its reason reach the other side, and the exchange ends', async (t) => {
  for (const side of ['client', 'origin'] as const) {
    const { gateway, client, origin } = await openWebSocket(t)
    const [closing, other] = side === 'client' ? [client, origin] : [origin, client]
    const closed = Promise.all([once(closing, 'close'), once(other, 'close')])
    closing.close(4321, 'enough')
    for (const [code, reason] of await closed) assert.deepEqual([code, String(reason)], [4321, 'enough'])
    assert.equal((await gateway.logged(1)).status, 101)
  }
})

test('a WebSocket that is cut on one side is cut on the other', async (t) => {
  for (const side of ['client', 'origin'] as const) {
    const { client, origin } = await openWebSocket(t)
    const [cut, other] = side === 'client' ? [client, origin] : [origin, client]
    const closed = once(other, 'close')
    cut.terminate()
    assert.equal((await closed)[0], 1006)
  }
})

test('an origin that refuses to switch answers as to any other request', async (t) => {
  const service = await startService(t, (_, response) => response.writeHead(403).end('members only'))
  const gateway = await startGateway(t, { routes: [{ upstream: service.url }] })
  const client = new WebSocket(`ws://127.0.0.1:${gateway.port}/`)
  const [, response] = (await once(client, 'unexpected-response')) as [unknown, IncomingMessage]
  assert.equal(response.statusCode, 403)
  response.resume()
  await once(response, 'end')
  client.on('error', () => {}) // that it was never open
  client.terminate()
})

test('bytes of a WebSocket are counted both ways, in the log and in the figures, and the line tells how long it was open', async (t) => {
  const { gateway, client } = await openWebSocket(t)
  const bytes = randomBytes(100_000)
  client.send(bytes)
  await message(client)
  await new Promise((resolve) => setTimeout(resolve, 50))
  client.close()
  await once(client, 'close')
  const line = await gateway.logged(1)
  assert.equal(line.status, 101)
  // A client masks, and puts 14 bytes before what is longer than 65,535; a server 10. The frames that close it have 6 and 2.
  assert.equal(line.bytes_received, 100_000 + 14 + 6)
  assert.equal(line.bytes_sent, 100_000 + 10 + 2)
  assert.ok(line.duration_ms >= 50, `${line.duration_ms} ms`)
})

test('a tunnel that was asked for with a body counts that body, too', async (t) => {
  const origin = await startScripted(t)
  const gateway = await startGateway(t, { routes: [{ upstream: origin.url }] })
  const client = await gateway.connect()
  client.send(
    'POST / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: tcp\r\ncontent-length: 5\r\n\r\nhellobehind',
  )
  const connection = await origin.accept()
  await connection.receives('hello')
  connection.send('HTTP/1.1 101 UPGRADED\r\nconnection: upgrade\r\nupgrade: tcp\r\n\r\nwelcome')
  await client.receives('welcome')
  await connection.receives('behind')
  client.reset()
  const line = await gateway.logged(1)
  assert.deepEqual([line.bytes_received, line.bytes_sent], [11, 7])
})
