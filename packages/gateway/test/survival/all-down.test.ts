import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { ask } from './http-client.ts'
import { startGateway } from './start-gateway.ts'
import { eventually } from '../../../../scripts/testing/eventually.ts'

interface MoodyService {
  readonly url: string
  /** What its checks are answered with. */
  health: number
  /** Requests that are no checks. */
  asked: number
}

async function startMoody(t: TestContext): Promise<MoodyService> {
  const service = { url: '', health: 200, asked: 0 }
  const server = createServer((request, response) => {
    if (request.url === '/healthz') return response.writeHead(service.health).end()
    service.asked++
    return response.end('ok\n')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  service.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return service
}

const INTERVAL = 500

test('where checks find all endpoints down, requests are refused at once, until one is well: within an interval', async (t) => {
  const [one, two] = [await startMoody(t), await startMoody(t)]
  const gateway = await startGateway(t, {
    upstreams: {
      orders: {
        endpoints: [{ url: one.url }, { url: two.url }],
        health: { path: '/healthz', interval: `${INTERVAL}ms`, healthyThreshold: 9, unhealthyThreshold: 1 },
      },
    },
    routes: [{ upstream: 'orders' }],
  })
  const status = async (): Promise<number> => (await ask(gateway.url)).status
  assert.equal(await status(), 200)
  one.health = two.health = 500
  await eventually(async () => (await status()) === 503, 'both are found to be down')
  one.asked = two.asked = 0
  const refused = await ask(gateway.url)
  assert.equal(refused.status, 503)
  assert.equal(refused.headers['retry-after'], '1')
  assert.match(refused.content, /urn:headgate:no_healthy_upstream"/)
  assert.ok(!refused.content.includes('127.0.0.1'), 'the client is told no addresses')
  assert.equal((await gateway.logged(gateway.log.length)).error, 'no_healthy_upstream')
  assert.equal(one.asked + two.asked, 0)
  two.health = 200
  await eventually(async () => (await status()) === 200, 'one is found to be well')
  // Not the nine that healthyThreshold asks for where others are up.
  assert.ok(two.asked <= 3, `${two.asked} checks`)
  assert.equal(one.asked, 0, 'the other is down still')
})

test('an endpoint that lies about its health is left alone all the same, and no GET fails', async (t) => {
  const honest = await startMoody(t)
  const liar = createServer((request, response) => {
    if (request.url === '/healthz') response.end()
    else request.socket.destroy()
  })
  let cut = 0
  liar.on('request', (request) => void (request.url === '/healthz' || cut++))
  await new Promise<void>((resolve) => liar.listen(0, '127.0.0.1', resolve))
  t.after(() => liar.close())
  const url = `http://127.0.0.1:${(liar.address() as AddressInfo).port}`
  const gateway = await startGateway(t, {
    upstreams: {
      orders: {
        endpoints: [{ url }, { url: honest.url }],
        health: { path: '/healthz', interval: '100ms' },
        outliers: { consecutiveFailures: 3 },
      },
    },
    routes: [{ upstream: 'orders' }],
  })
  for (let count = 0; count < 30; count++) assert.equal((await ask(gateway.url)).status, 200)
  assert.equal(cut, 3)
})
