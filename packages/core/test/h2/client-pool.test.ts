import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createSecureServer } from 'node:http2'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { systemClock } from '../../src/time/clock.ts'
import { TrafficError } from '../../src/message/errors.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { HttpRequest } from '../../src/message/request.ts'
import type { ConnectionOptions } from '../../src/upstream/endpoint/endpoint-open.ts'
import { SingleEndpoint } from '../../src/upstream/single-endpoint.ts'
import { makeCertificate } from '../certificates.ts'
import { clientRig, told } from './client-rig.ts'
import { frame, SETTINGS, uint32 } from './frames.ts'
import { settings } from './raw-client.ts'

test('a crowd that waits for the first connection opens one, and another where the server takes fewer', async (t) => {
  const { call, accept, endpoint } = await clientRig(t)
  const calls = Array.from({ length: 5 }, (_, index) => call(`/${index}`))
  assert.equal(endpoint.stats().connecting, 1)
  const first = await accept(settings([3, 3]))
  await first.until('HEADERS+END 5')
  const second = await accept(settings([3, 3]))
  await second.until('HEADERS+END 3')
  assert.deepEqual((({ active, pending, opened }) => ({ active, pending, opened }))(endpoint.stats()), {
    active: 2,
    pending: 0,
    opened: 2,
  })
  for (const id of [1, 3, 5]) first.send(first.response(id, [], { end: true }))
  for (const id of [1, 3]) second.send(second.response(id, [], { end: true }))
  for (const each of calls) assert.equal(await told(each), '200')
})

test('who waits gets a place as one comes free, or as the server takes more', async (t) => {
  const { call, accept, endpoint } = await clientRig(t, { pool: { maxConnections: 1 } })
  const calls = [1, 2, 3, 4].map((index) => call(`/${index}`))
  const server = await accept(settings([3, 1]))
  await server.until('HEADERS+END 1')
  assert.equal(endpoint.stats().pending, 3)
  server.send(server.response(1, [], { end: true }))
  await server.until('HEADERS+END 3')
  assert.equal(endpoint.stats().pending, 2)
  server.send(settings([3, 10]))
  await server.until('HEADERS+END 7')
  for (const id of [3, 5, 7]) server.send(server.response(id, [], { end: true }))
  for (const each of calls) assert.equal(await told(each), '200')
})

for (const [what, first] of [
  ['takes no requests', settings([3, 0])],
  ['goes away', Buffer.concat([SETTINGS, frame(7, 0, 0, uint32(0, 0))])],
] as const) {
  test(`a server that ${what} from the beginning fails the call, and is not connected to again and again`, async (t) => {
    const { call, accept, endpoint } = await clientRig(t)
    const one = call()
    await accept(first)
    const error = await one.response.catch((thrown: unknown) => thrown)
    assert.ok(error instanceof TrafficError)
    assert.deepEqual([error.code, error.replaySafe], ['connect_failed', 'unsent'])
    const { opened, connecting, active } = endpoint.stats()
    assert.deepEqual({ opened, connecting, active }, { opened: 1, connecting: 0, active: 0 })
  })
}

test('a server that takes fewer from now on gets no more than that', async (t) => {
  const { call, accept } = await clientRig(t, { pool: { maxConnections: 1 } })
  const [one, two] = [call('/1'), call('/2')]
  const server = await accept()
  await server.until('HEADERS+END 3')
  server.send(settings([3, 1]))
  await server.until('SETTINGS+ACK')
  const three = call('/3')
  server.send(server.response(1, [], { end: true }))
  assert.equal(await told(one), '200')
  assert.ok(!server.frames().some((line) => line.startsWith('HEADERS')))
  server.send(server.response(3, [], { end: true }))
  assert.equal(await told(two), '200')
  await server.until('HEADERS+END 5')
  server.send(server.response(5, [], { end: true }))
  assert.equal(await told(three), '200')
})

test('an idle connection ends by GOAWAY when its time is over', async (t) => {
  const { call, accept, clock, endpoint } = await clientRig(t)
  const one = call()
  const server = await accept()
  await server.until('HEADERS')
  server.send(server.response(1, [], { end: true }))
  await told(one)
  await clock.advance(60_100)
  assert.equal((await server.gone()).at(-1), 'GOAWAY 0 NO_ERROR')
  assert.equal(endpoint.stats().closed, 1)
})

test('a pool that is drained serves what is under way, and then ends the connection', async (t) => {
  const { call, accept, endpoint } = await clientRig(t)
  const one = call()
  const server = await accept()
  await server.until('HEADERS')
  const drained = endpoint.drain()
  server.send(server.response(1, [], { end: true }))
  assert.equal(await told(one), '200')
  await drained
  await server.gone()
})

/** Where a server of TLS listens that offers these protocols. */
async function tlsServer(t: TestContext, protocols: 'h2 only' | 'both' | 'http/1.1'): Promise<string> {
  const { key, cert } = makeCertificate({ names: ['127.0.0.1'] })
  const answer = (request: { httpVersion: string }, response: { end(text: string): void }): void =>
    response.end(request.httpVersion)
  const options = { key, cert, allowHTTP1: protocols === 'both' }
  const server =
    protocols === 'http/1.1'
      ? createHttps({ key, cert }, answer as never)
      : createSecureServer(options, answer as never)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function ask(t: TestContext, url: string, options: ConnectionOptions, count = 20): Promise<string[]> {
  const endpoint = new SingleEndpoint({ url }, { tls: { verify: false }, ...options })
  t.after(() => endpoint.destroy())
  const exchanges = Array.from({ length: count }, () => new Exchange(HttpRequest.to(`${url}/`), systemClock))
  const versions = await Promise.all(
    exchanges.map(async (exchange) => {
      const response = endpoint.handler(exchange)
      return told({ exchange, response })
    }),
  )
  const sent = new Set(exchanges.map(({ upstreamVersion }) => String(upstreamVersion)))
  return [...new Set(versions), ...sent, String(endpoint.stats().opened)]
}

test('TLS finds out the version by ALPN: one connection for all where it is HTTP/2', async (t) => {
  const protocols = ['h2', 'http/1.1'] as const
  assert.deepEqual(await ask(t, await tlsServer(t, 'both'), { protocols }), ['200 2.0', '2', '1'])
  assert.deepEqual(await ask(t, await tlsServer(t, 'http/1.1'), { protocols }, 3), ['200 1.1', '1.1', '3'])
  assert.deepEqual(await ask(t, await tlsServer(t, 'both'), {}, 2), ['200 1.1', '1.1', '2'])
})

test('a server that does not choose HTTP/2 where only that is allowed is told so, and nothing was sent', async (t) => {
  const url = await tlsServer(t, 'http/1.1')
  await assert.rejects(ask(t, url, { protocols: ['h2'] }, 1), { code: 'tls_failed', replaySafe: 'unsent' })
})

test('a clear URL of http is spoken to in HTTP/2 where prior knowledge says so', async (t) => {
  const { call, accept } = await clientRig(t, { protocols: ['h2c'] }, 'http')
  const one = call()
  const server = await accept()
  await server.until('HEADERS')
  server.send(server.response(1, [], { end: true }))
  assert.equal(await told(one), '200')
  await eventually(() => one.exchange.upstreamVersion === '2', 'it is told')
})
