import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, request, type ServerResponse } from 'node:http'
import { type TestContext, test } from 'node:test'
import type { ScriptedConnection, ScriptedPeer } from '@headgate/core/testing'
import { ask } from './http-client.ts'
import { startScripted, startService } from './origins.ts'
import { type StartedGateway, startGateway } from './start-gateway.ts'

const GET = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'

test('a client that leaves mid-response cancels the exchange with an origin that would send for ever', async (t) => {
  const responses: ServerResponse[] = []
  const service = await startService(t, (_, response) => {
    responses.push(response)
    const more = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(64 * 1024)));
    }
    response.on('drain', more)
    more()
  })
  const gateway = await startGateway(t, { routes: [{ upstream: service.url }] })
  const sent = request(gateway.url, { agent: false }).end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  await once(response, 'data')
  const [atOrigin] = responses
  assert.ok(atOrigin)
  const cancelled = once(atOrigin, 'close')
  sent.on('error', () => {}) // our own doing
  response.on('error', () => {})
  sent.destroy()
  await cancelled
  assert.ok(!atOrigin.writableFinished)
  assert.equal((await gateway.logged(1)).error, 'downstream_closed')
})

/** A gateway with one connection to an origin that is silent, and a client that waits for its answer. */
async function waiting(t: TestContext): Promise<{
  origin: ScriptedPeer
  gateway: StartedGateway
  client: ScriptedConnection
  connection: ScriptedConnection
}> {
  const origin = await startScripted(t)
  const gateway = await startGateway(t, {
    upstreams: { slow: { endpoints: [{ url: origin.url }], pool: { maxConnections: 1 } } },
    routes: [{ upstream: 'slow' }],
  })
  const client = await gateway.connect()
  client.send(GET)
  const connection = await origin.accept()
  await connection.receives('\r\n\r\n')
  return { origin, gateway, client, connection }
}

test('a client that leaves while the origin hangs cancels the exchange, and the origin is not asked again', async (t) => {
  const { origin, gateway, client, connection } = await waiting(t)
  client.reset()
  await connection.end()
  const line = await gateway.logged(1)
  assert.deepEqual([line.status, line.error, line.attempts], [null, 'downstream_closed', 1])
  assert.equal(origin.connections.length, 1)
})

test('a client that leaves while it waits for a connection is forgotten: the origin never sees its request', async (t) => {
  const { origin, gateway, client, connection } = await waiting(t)
  const impatient = await gateway.connect()
  impatient.send(GET.replace('/', '/impatient'))
  const patient = await gateway.connect()
  patient.send(GET.replace('/', '/patient'))
  impatient.reset()
  assert.equal((await gateway.logged(1)).error, 'downstream_closed')
  connection.forget()
  connection.send('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
  await client.receives('\r\n\r\nok')
  assert.match(await connection.receives('\r\n\r\n'), /^GET \/patient HTTP/)
  connection.send('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
  await patient.receives('\r\n\r\nok')
  assert.equal(origin.connections.length, 1)
})

test('a client that leaves mid-upload leaves the origin half a request, never a complete-looking one', async (t) => {
  for (const framing of ['content-length: 1000', 'transfer-encoding: chunked']) {
    const origin = await startScripted(t)
    const gateway = await startGateway(t, { routes: [{ upstream: origin.url }] })
    const client = await gateway.connect()
    client.send(`POST / HTTP/1.1\r\nhost: a\r\n${framing}\r\n\r\n5\r\nhello\r\n`)
    const connection = await origin.accept()
    await connection.receives('hello')
    client.reset()
    assert.doesNotMatch(await connection.end(), /\r\n0\r\n/)
    assert.equal((await gateway.logged(1)).error, 'downstream_closed')
  }
})

test('a hundred clients that leave at any time take nothing along: the gateway serves on', async (t) => {
  const service = await startService(t, (_, response) => {
    response.write(Buffer.alloc(200_000))
    setImmediate(() => response.end('end'))
  })
  const gateway = await startGateway(t, { routes: [{ upstream: service.url }] })
  const clients = await Promise.all(Array.from({ length: 100 }, () => gateway.connect()))
  for (const [index, client] of clients.entries()) {
    // Some before their request is whole, some before an answer, some after so many turns of the event loop.
    client.send(index % 4 === 0 ? GET.slice(0, index / 4) : GET)
    if (index % 4 === 1) client.reset()
    for (let turn = index % 4; turn > 0; turn--) await new Promise(setImmediate)
    client.reset()
  }
  await Promise.all(clients.map((client) => client.gone()))
  const { complete, content } = await ask(gateway.url)
  assert.ok(complete)
  assert.equal(content.length, 200_003)
})
