import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask } from './http-client.ts'
import { Load } from './load.ts'
import { MortalEndpoint } from './mortal-endpoint.ts'
import { startGateway } from './start-gateway.ts'
import { eventually } from '../../../../scripts/testing/eventually.ts'

/** Samples of the shares that are taken until they are as they should be: some ten seconds' worth. */
const LOOKS = 50

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
  /** Which part of some hundred exchanges goes where, in percent. */
  async function shares(): Promise<number[]> {
    for (const each of all.flat()) each.asked = 0
    const sums = (): number[] => all.map((group) => group.reduce((sum, { asked }) => sum + asked, 0))
    const total = (): number => sums().reduce((sum, each) => sum + each, 0)
    await eventually(() => total() >= 250, 'the exchanges go on')
    const count = total()
    return sums().map((sum) => Math.round((100 * sum) / count))
  }
  /** That it comes to it, however long checks take on a busy machine, and stays so. */
  async function come(isSo: (found: readonly number[]) => boolean, what: string): Promise<void> {
    let found = await shares()
    for (let look = 1; look < LOOKS && !isSo(found); look++) found = await shares()
    assert.ok(isSo(found), `${what}: ${found.join(', ')}`)
    const later = await shares()
    assert.ok(isSo(later), `and it stays so, ${what}: ${later.join(', ')}`)
  }
  const goesTo = (place: number) => (found: readonly number[]) => found[place] === 100
  await come(goesTo(0), 'all go to the zone')
  for (const each of here) each.kill()
  await come(goesTo(1), 'all go to the other zone')
  for (const each of there) each.kill()
  await come(goesTo(2), 'all go to the other priority')
  await here[0]?.revive()
  await come(([some = 0, , rest = 0]) => some > 35 && some < 60 && rest > 40, 'a third of a zone takes 47 %')
  for (const each of [...here, ...there]) await each.revive()
  await come(goesTo(0), 'all go to the zone again')
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
