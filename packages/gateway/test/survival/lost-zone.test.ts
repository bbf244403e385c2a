import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ask } from './http-client.ts'
import { Load } from './load.ts'
import { MortalEndpoint } from './mortal-endpoint.ts'
import { startGateway } from './start-gateway.ts'
import { eventually } from '../../../../scripts/testing/eventually.ts'

test('a zone that is lost under load and comes back, and then a whole priority: no GET fails', async (t) => {
  const start = (): Promise<MortalEndpoint> => MortalEndpoint.start(t)
  const here = [await start(), await start(), await start()]
  const there = [await start(), await start(), await start()]
  const [far] = [await start()]
  const gateway = await startGateway(t, {
    zone: 'here',
    upstreams: {
      orders: {
        endpoints: [
          ...here.map(({ url }) => ({ url, zone: 'here' })),
          ...there.map(({ url }) => ({ url, zone: 'there' })),
          { url: far.url, priority: 1 },
        ],
        health: { path: '/healthz', interval: '100ms', unhealthyThreshold: 1, healthyThreshold: 1 },
        outliers: { consecutiveFailures: 3, ejectionTime: '200ms', maxEjectionTime: '400ms' },
      },
    },
    routes: [{ upstream: 'orders', retry: { attempts: 3, backoff: { base: '1ms', max: '5ms' } } }],
  })
  const load = new Load(gateway.url)
  t.after(() => load.stop())
  const all = [here, there, [far]]
  /** Which part of the exchanges goes where, in percent, some time from now on. */
  async function shares(): Promise<number[]> {
    await sleep(800)
    for (const each of all.flat()) each.asked = 0
    await sleep(400)
    const sums = all.map((group) => group.reduce((sum, { asked }) => sum + asked, 0))
    const total = sums.reduce((sum, each) => sum + each, 0)
    return sums.map((sum) => Math.round((100 * sum) / total))
  }
  assert.deepEqual(await shares(), [100, 0, 0])
  for (const each of here) each.kill()
  assert.deepEqual(await shares(), [0, 100, 0])
  for (const each of there) each.kill()
  assert.deepEqual(await shares(), [0, 0, 100])
  await here[0]?.revive()
  const [some = 0, , rest = 0] = await shares()
  assert.ok(some > 35 && some < 60 && rest > 40, `a third of a zone takes 47 %: ${some}, ${rest}`)
  for (const each of [...here, ...there]) await each.revive()
  assert.deepEqual(await shares(), [100, 0, 0])
  await load.stop()
  assert.deepEqual(load.failures, [])
})

test('when all priorities are down, the first endpoint that is well is used within a check interval', async (t) => {
  const [first, second] = [await MortalEndpoint.start(t), await MortalEndpoint.start(t)]
  const gateway = await startGateway(t, {
    upstreams: {
      orders: {
        endpoints: [{ url: first.url }, { url: second.url, priority: 1 }],
        health: { path: '/healthz', interval: '300ms', unhealthyThreshold: 1, healthyThreshold: 9 },
      },
    },
    routes: [{ upstream: 'orders', retry: false }],
  })
  const becomes = async (status: number): Promise<number> => {
    const started = performance.now()
    await eventually(async () => (await ask(gateway.url)).status === status, `it answers with ${status}`)
    return performance.now() - started
  }
  await becomes(200)
  first.kill()
  second.kill()
  await becomes(503)
  await second.revive()
  const took = await becomes(200)
  t.diagnostic(`back after ${took.toFixed(0)} ms`)
  assert.ok(took < 300 + 300, `${took} ms`)
})
