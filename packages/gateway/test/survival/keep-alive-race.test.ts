import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ScriptedConnection, VirtualClock } from '@headgate/core/testing'
import { ask, keepAlive, nextResponse } from './http-client.ts'
import { startScripted } from './origins.ts'
import { startGateway } from './start-gateway.ts'

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

test('an origin that closes idle connections at random costs no client of a safe request an error', async (t) => {
  const REQUESTS = 4000
  const CLIENTS = 20
  // For its random numbers alone: the same ones in each run.
  const chance = new VirtualClock({ seed: 7 })
  const closes = { behindResponse: 0, soon: 0, uponRequest: 0 }

  /** One answer after the other, and in between, by chance, the end: as a server does whose idle time is over. */
  const origin = await startScripted(t, async (connection) => {
    for (let served = 0; ; served++) {
      await connection.receives('\r\n\r\n')
      connection.forget()
      const dice = chance.random()
      if (served > 0 && dice < 0.05) {
        // Closed before the request came: they have crossed on the way.
        closes.uponRequest++
        return dice < 0.025 ? connection.reset() : connection.finish()
      }
      connection.send(OK)
      if (dice < 0.1) {
        closes.behindResponse++
        return connection.finish()
      }
      if (dice < 0.2) {
        closes.soon++
        return void setImmediate(() => connection.reset())
      }
    }
  })
  const gateway = await startGateway(t, { routes: [{ upstream: origin.url }] })
  const agent = keepAlive(CLIENTS)
  t.after(() => agent.destroy())
  let left = REQUESTS
  const loop = async (): Promise<void> => {
    while (left-- > 0) {
      const { status, content, complete } = await ask(gateway.url, { agent })
      assert.deepEqual([status, content, complete], [200, 'ok', true])
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, loop))
  t.diagnostic(`connections closed by the origin: ${JSON.stringify(closes)}`)
  for (const count of Object.values(closes)) assert.ok(count > REQUESTS / 100, JSON.stringify(closes))
})

test('all idle connections may be stale at once: the request goes out on a fresh one', async (t) => {
  const first: ScriptedConnection[] = []
  let waiting = true
  const origin = await startScripted(t, async (connection, index) => {
    await connection.receives('\r\n\r\n')
    if (index < 5) {
      first.push(connection)
      if (first.length === 5) for (const each of first) each.send(OK)
      connection.forget()
      await connection.receives('\r\n\r\n')
      return connection.reset()
    }
    assert.ok(!waiting)
    connection.send(OK)
  })
  const gateway = await startGateway(t, { routes: [{ upstream: origin.url }] })
  const clients = await Promise.all(Array.from({ length: 5 }, () => gateway.connect()))
  for (const client of clients) client.send('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  for (const client of clients) assert.equal((await nextResponse(client)).content, 'ok')
  waiting = false
  const { status } = await ask(gateway.url)
  assert.equal(status, 200)
  assert.equal((await gateway.logged(6)).attempts, 2)
})

test('a POST that was sent on a connection that closes is not sent again', async (t) => {
  const posts: string[] = []
  const origin = await startScripted(t, async (connection) => {
    await connection.receives('\r\n\r\n')
    connection.send(OK)
    connection.forget()
    posts.push(await connection.receives('\r\n\r\nonce'))
    connection.finish()
  })
  const gateway = await startGateway(t, { routes: [{ upstream: origin.url }] })
  assert.equal((await ask(gateway.url)).status, 200)
  assert.equal((await ask(gateway.url, { method: 'POST', content: 'once' })).status, 502)
  assert.deepEqual([posts.length, origin.connections.length], [1, 1])
  assert.equal(gateway.log[1]?.attempts, 1)
})
