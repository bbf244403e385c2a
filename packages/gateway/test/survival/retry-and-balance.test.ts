import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from '@headgate/core/testing'
import { ask, nextResponse } from './http-client.ts'
import { nobody, startScripted, startService } from './origins.ts'
import { startGateway } from './start-gateway.ts'
import type { GatewayConfigInput } from '../../src/config/input/input.ts'
import { eventually } from '../../../../scripts/testing/eventually.ts'

function group(...urls: string[]): Omit<GatewayConfigInput, 'listeners'> {
  return { upstreams: { all: { endpoints: urls.map((url) => ({ url })) } }, routes: [{ upstream: 'all' }] }
}

test('where one endpoint refuses, requests go to the other, also those that are not safe to repeat', async (t) => {
  const service = await startService(t, (request, response) => {
    let content = ''
    request.on('data', (chunk: Buffer) => (content += chunk.toString()))
    request.on('end', () => response.end(`${request.method} ${content}`))
  })
  const gateway = await startGateway(t, group(await nobody(), service.url))
  for (const [method, content] of [
    ['GET', ''],
    ['POST', 'whole'],
    ['GET', ''],
    ['POST', 'x'.repeat(300_000)],
  ] as const) {
    const answer = await ask(gateway.url, { method, content })
    assert.deepEqual([answer.status, answer.content], [200, `${method} ${content}`])
  }
  // They take turns: each second one was refused first.
  assert.deepEqual(
    gateway.log.map(({ attempts }) => attempts),
    [2, 1, 2, 1],
  )
})

test('a GET whose endpoint dies before it answers goes to another; a POST does not, as it may have been done', async (t) => {
  const dying = await startScripted(t, async (connection) => {
    await connection.receives('\r\n\r\n')
    connection.reset()
  })
  const service = await startService(t)
  const gateway = await startGateway(t, group(dying.url, service.url))
  assert.equal((await ask(gateway.url)).status, 200)
  assert.equal((await gateway.logged(1)).attempts, 2)
  const statuses = new Set<number>()
  for (let count = 0; count < 2; count++) {
    statuses.add((await ask(gateway.url, { method: 'POST', content: 'a' })).status)
  }
  assert.deepEqual(statuses, new Set([200, 502]))
  assert.deepEqual([gateway.log[1]?.attempts, gateway.log[2]?.attempts], [1, 1])
  assert.equal(dying.connections.length, 2)
})

test('an idempotent request with a body is tried again only if all of the body is at hand', async (t) => {
  const dying = await startScripted(t, async (connection) => {
    await connection.receives(/\r\n\r\n.*(once|xxx)/)
    connection.reset()
  })
  const service = await startService(t)
  const gateway = await startGateway(t, group(dying.url, service.url))
  const client = await gateway.connect()
  const put = (content: string): string =>
    `PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: ${content.length}\r\n\r\n${content}`
  client.send(put('once'))
  assert.equal((await nextResponse(client)).status, 200)
  assert.equal((await gateway.logged(1)).attempts, 2)
  client.send(put('x'.repeat(1_000_000)))
  client.send(put('x'.repeat(1_000_000)))
  // One of the two meets the endpoint that dies.
  const statuses = new Set([(await nextResponse(client)).status, (await nextResponse(client)).status])
  assert.deepEqual(statuses, new Set([200, 502]))
})

test('retries end with the attempts of the route, and `retry: false` means none', async (t) => {
  const dying = await startScripted(t, async (connection) => {
    await connection.receives('\r\n\r\n')
    connection.finish()
  })
  const gateway = await startGateway(t, {
    routes: [
      { match: { path: '/twice' }, upstream: dying.url, retry: { attempts: 2, backoff: { base: 0 } } },
      { match: { path: '/once' }, upstream: dying.url, retry: false },
    ],
  })
  assert.equal((await ask(`${gateway.url}/twice`)).status, 502)
  assert.equal(dying.connections.length, 2)
  assert.equal((await ask(`${gateway.url}/once`)).status, 502)
  assert.equal(dying.connections.length, 3)
})

test('retries do not multiply the load on an origin that is down: their budget ends them', async (t) => {
  const clock = new VirtualClock() // it stands still, so the budget grows by requests alone
  const dying = await startScripted(t, async (connection) => {
    await connection.receives('\r\n\r\n')
    connection.finish()
  })
  const config = { routes: [{ upstream: dying.url, retry: { attempts: 10, backoff: { base: 0 as const } } }] }
  const gateway = await startGateway(t, config, { clock })
  const client = await gateway.connect()
  for (let count = 1; count <= 40; count++) {
    client.send('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    const answer = nextResponse(client)
    // Waits of no length are still waits.
    await eventually(async () => {
      await clock.advance(0)
      return gateway.log.length >= count
    }, 'the line of the exchange is written')
    assert.equal((await answer).status, 502)
  }
  const retries = dying.connections.length - 40
  // A fifth of the requests, and the floor of three for a start.
  assert.ok(retries >= 8 && retries <= 11, `${retries} retries`)
})

test('endpoints share the requests by their weights', async (t) => {
  const counts = [0, 0, 0]
  const services = await Promise.all(
    counts.map((_, index) =>
      startService(t, (_, response) => {
        counts[index] = (counts[index] ?? 0) + 1
        response.end()
      }),
    ),
  )
  const weights = [1, 2, 5]
  const endpoints = services.map(({ url }, index) => ({ url, weight: weights[index] }))
  const gateway = await startGateway(t, { upstreams: { all: { endpoints } }, routes: [{ upstream: 'all' }] })
  for (let count = 0; count < 40; count++) await ask(gateway.url)
  assert.deepEqual(counts, [5, 10, 25])
})
