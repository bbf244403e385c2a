import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { collect } from '../../src/message/body.ts'
import { TrafficError } from '../../src/message/errors.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { joinTunnel } from '../../src/message/join-tunnel.ts'
import { HttpRequest } from '../../src/message/request.ts'
import type { HttpResponse } from '../../src/message/response.ts'
import { type ClientRig, clientRig, type RawServer } from './client-rig.ts'
import { data, reset, settings } from './raw-client.ts'
import { TunnelEnd } from './tunnel-end.ts'

const OFFERED = settings([8, 1])
/** That of RFC 6455 1.3, and what answers it. */
const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='

interface Asked {
  readonly exchange: Exchange
  readonly response: Promise<HttpResponse>
}

/** Asks for a WebSocket as HTTP/1.1 does. */
function ask({ peer, endpoint, clock }: ClientRig, upgrade = 'websocket', key = KEY, method = 'GET'): Asked {
  const headers = { 'sec-websocket-version': '13', ...(key !== '' && { 'sec-websocket-key': key }) }
  const request = HttpRequest.to(`http://127.0.0.1:${peer.port}/chat?a=b`, { method, headers })
  request.upgrade = upgrade
  const exchange = new Exchange(request, clock)
  exchange.preserveHost = false
  const response = endpoint.handler(exchange)
  response.catch(() => {})
  return { exchange, response }
}

interface Opened extends Asked {
  readonly rig: ClientRig
  readonly server: RawServer
  /** Joined to the tunnel. */
  readonly end: TunnelEnd
}

/** A tunnel on stream 1. */
async function opened(t: TestContext, options?: Parameters<typeof clientRig>[1]): Promise<Opened> {
  const rig = await clientRig(t, options)
  const asked = ask(rig)
  const server = await rig.accept(OFFERED)
  await server.until('HEADERS 1')
  server.send(server.response(1))
  const { tunnel } = await asked.response
  const end = new TunnelEnd()
  joinTunnel(end, tunnel ?? assert.fail())
  return { ...asked, rig, server, end }
}

async function failure({ response }: Asked): Promise<TrafficError> {
  const error: unknown = await response.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof TrafficError, 'it fails')
  return error
}

test('a request for a WebSocket leaves as extended CONNECT without its key, and 200 is the 101 that answers the key', async (t) => {
  const rig = await clientRig(t)
  const { response } = ask(rig, 'other, WebSocket')
  const server = await rig.accept(OFFERED)
  assert.equal(
    (await server.until('HEADERS 1')).at(-1),
    `HEADERS 1 :method=CONNECT :protocol=websocket :scheme=http :authority=127.0.0.1:${rig.peer.port} :path=/chat?a=b sec-websocket-version=13`,
  )
  server.send(
    server.response(
      1,
      [
        ['content-length', '9'],
        ['sec-websocket-protocol', 'chat'],
      ],
      { status: '200' },
    ),
  )
  const { status, headers, tunnel } = await response
  assert.equal(status, 101)
  assert.deepEqual(
    [...headers].map(({ name, value }) => `${name}: ${value}`),
    ['sec-websocket-protocol: chat', 'upgrade: websocket', `sec-websocket-accept: ${ACCEPT}`],
  )
  assert.ok(tunnel)
})

test('bytes pass both ways, those that came with the answer among them, and each direction ends on its own', async (t) => {
  const rig = await clientRig(t)
  const { response } = ask(rig)
  const server = await rig.accept(OFFERED)
  await server.until('HEADERS 1')
  server.send(server.response(1), data(1, 'early'), data(1, '+more', 1))
  const end = new TunnelEnd()
  joinTunnel(end, (await response).tunnel ?? assert.fail())
  assert.deepEqual([end.text, end.over], ['early+more', 'end'])
  end.push('hello')
  await server.until('DATA 1 hello')
  assert.equal(rig.endpoint.stats().exchanges, 1)
  end.incoming.end()
  await server.until('DATA+END 1')
  await eventually(() => rig.endpoint.stats().exchanges === 0, 'its place is free')
})

test('what comes before somebody joins the tunnel waits for that', async (t) => {
  const rig = await clientRig(t)
  const { response } = ask(rig)
  const server = await rig.accept(OFFERED)
  await server.until('HEADERS 1')
  server.send(server.response(1))
  const { tunnel } = await response
  server.send(data(1, 'one'), data(1, 'two'), reset(1))
  await eventually(() => rig.endpoint.stats().exchanges === 0, 'it is over')
  const end = new TunnelEnd()
  joinTunnel(end, tunnel ?? assert.fail())
  assert.deepEqual([end.text, end.over], ['onetwo', 'fail'])
})

test('an upstream whose SETTINGS have no extended CONNECT is sent nothing, and the error names the setting', async (t) => {
  const rig = await clientRig(t)
  const asked = ask(rig)
  const server = await rig.accept()
  const { code, status, message, replaySafe } = await failure(asked)
  assert.deepEqual([code, status, replaySafe], ['upgrade_unsupported', 502, 'unsent'])
  assert.match(message, /SETTINGS_ENABLE_CONNECT_PROTOCOL/)
  const next = rig.call()
  assert.match((await server.until('HEADERS+END 1')).at(-1) ?? '', /:method=GET/)
  server.send(server.response(1, [], { end: true }))
  assert.equal((await next.response).status, 200)
})

test('a key that is none is the client’s mistake: the upstream, which gets no key, cannot find it out', async (t) => {
  const rig = await clientRig(t)
  const first = ask(rig, 'websocket', '')
  await rig.accept(OFFERED)
  assert.equal((await failure(first)).code, 'malformed_request')
  assert.equal((await failure(ask(rig, 'websocket', 'short'))).code, 'malformed_request')
})

test('a wish to switch to something else, or by another method, has no form in HTTP/2, and is left out', async (t) => {
  const rig = await clientRig(t)
  ask(rig, 'tcp')
  const server = await rig.accept(OFFERED)
  assert.match((await server.until('HEADERS+END 1')).at(-1) ?? '', /:method=GET .*(?!upgrade)/)
  ask(rig, 'websocket', KEY, 'OPTIONS')
  assert.match((await server.until('HEADERS+END 3')).at(-1) ?? '', /:method=OPTIONS /)
})

test('a refusal is a response as any other, and ends our side', async (t) => {
  const rig = await clientRig(t)
  const { response } = ask(rig)
  const server = await rig.accept(OFFERED)
  await server.until('HEADERS 1')
  server.send(server.response(1, [['content-length', '2']], { status: '403' }), data(1, 'no', 1))
  const { status, body, tunnel } = await response
  assert.deepEqual([status, (await collect(body)).toString(), tunnel], [403, 'no', undefined])
  await server.until('DATA+END 1')
  await eventually(() => rig.endpoint.stats().exchanges === 0, 'its place is free')
  const next = rig.call()
  await server.until('HEADERS+END 3')
  server.send(server.response(3, [], { end: true }))
  assert.equal((await next.response).status, 200)
})

test('HEADERS within a tunnel are the upstream’s fault: the stream is reset, and the tunnel cut', async (t) => {
  const { server, end } = await opened(t)
  server.send(server.section(1, [['x-sum', '9']]))
  await server.until('RST_STREAM 1 PROTOCOL_ERROR')
  await eventually(() => end.over === 'fail', 'it is cut')
})

test('HEADERS right behind the head that opens a tunnel break it before it begins', async (t) => {
  const rig = await clientRig(t)
  const asked = ask(rig)
  const server = await rig.accept(OFFERED)
  await server.until('HEADERS 1')
  server.send(server.response(1), server.section(1, [['x-sum', '9']]))
  assert.equal((await failure(asked)).code, 'malformed_response')
  await server.until('RST_STREAM 1 PROTOCOL_ERROR')
})

test('101 is no answer over HTTP/2, and no head in time is an upstream that is too slow', async (t) => {
  const rig = await clientRig(t, { connection: { responseHeadTimeout: 5_000 } })
  const first = ask(rig)
  const server = await rig.accept(OFFERED)
  await server.until('HEADERS 1')
  server.send(server.response(1, [], { status: '101' }))
  assert.equal((await failure(first)).code, 'malformed_response')
  const second = ask(rig)
  await server.until('HEADERS 3')
  await rig.clock.advance(5_000)
  assert.equal((await failure(second)).code, 'upstream_timeout')
  await server.until('RST_STREAM 3 CANCEL')
})

test('a reset by the upstream, the loss of its connection, and the end of the exchange cut the tunnel', async (t) => {
  const one = await opened(t)
  one.server.send(data(1, 'last'), reset(1))
  await eventually(() => one.end.over === 'fail', 'the reset cuts it')
  assert.deepEqual([one.end.text, one.end.isUnwanted], ['last', true])
  const two = await opened(t)
  two.server.connection.socket.destroy()
  await eventually(() => two.end.over === 'fail', 'the loss cuts it')
  const three = await opened(t)
  three.exchange.cancel(new TrafficError('cancelled', 'enough'))
  await three.server.until('RST_STREAM 1 CANCEL')
  assert.equal(three.end.over, 'fail')
})

test('GOAWAY lets a tunnel live, and new requests go elsewhere', async (t) => {
  const { rig, server, end } = await opened(t)
  server.send(Buffer.from('0000080700000000000000000100000000', 'hex'))
  await eventually(() => rig.endpoint.stats().active === 1, 'it is known')
  end.push('still here')
  await server.until('DATA 1 still here')
  server.send(data(1, 'so am I'))
  await eventually(() => end.text === 'so am I', 'it comes')
  const next = rig.call()
  const other = await rig.accept(OFFERED)
  await other.until('HEADERS+END 1')
  other.send(other.response(1, [], { end: true }))
  assert.equal((await next.response).status, 200)
})

test('an upstream that ends many tunnels at a time by resets does not end the connection for others', async (t) => {
  const rig = await clientRig(t, { http2: { wastedWork: 50 } })
  const calls = Array.from({ length: 40 }, () => ask(rig))
  const server = await rig.accept(OFFERED)
  await server.until('HEADERS 79')
  for (let id = 1; id < 80; id += 2) server.send(server.response(id))
  await Promise.all(calls.map(({ response }) => response))
  for (let id = 1; id < 80; id += 2) server.send(reset(id))
  const next = rig.call()
  await server.until('HEADERS+END 81')
  server.send(server.response(81, [], { end: true }))
  assert.equal((await next.response).status, 200)
})

test('a far end that takes nothing keeps the window of the stream shut', async (t) => {
  const { server, end } = await opened(t)
  end.hasRoom = false
  server.frames()
  for (let count = 0; count < 16; count++) server.send(data(1, 'x'.repeat(16_000)))
  await eventually(() => end.text.length === 16_000, 'the first comes')
  server.send(Buffer.from('0000080600000000003132333435363738', 'hex'))
  assert.deepEqual(
    (await server.until('PING+ACK')).filter((line) => line.startsWith('WINDOW_UPDATE 1')),
    [],
  )
  assert.equal(end.text.length, 16_000)
  end.drain()
  await server.until('WINDOW_UPDATE 1')
  assert.equal(end.text.length, 16 * 16_000)
})
