import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { becomes } from '../becomes.ts'
import { Load } from './load.ts'
import { MortalEndpoint } from './mortal-endpoint.ts'
import { startGateway } from './start-gateway.ts'

for (const lie of [500, 'reset'] as const) {
  test(`an endpoint that is well by its checks, but whose traffic gets ${lie}, is left alone for longer each time`, async (t) => {
    const [honest, other, liar] = [
      await MortalEndpoint.start(t),
      await MortalEndpoint.start(t),
      await MortalEndpoint.start(t),
    ]
    const gateway = await startGateway(t, {
      upstreams: {
        orders: {
          endpoints: [honest, other, liar].map(({ url }) => ({ url })),
          health: { path: '/healthz', interval: '50ms', healthyThreshold: 1 },
          outliers: { consecutiveFailures: 4, statuses: [500, 502, 503, 504], ejectionTime: '300ms' },
        },
      },
      routes: [{ upstream: 'orders', retry: { statuses: [500], backoff: { base: '1ms', max: '5ms' } } }],
    })
    const load = new Load(gateway.url)
    t.after(() => load.stop())
    await sleep(300)
    liar.answer = lie
    liar.asked = 0
    assert.equal(await becomes(() => liar.asked >= 4, true), true)
    const checksBefore = liar.checked
    // Its first ejection lasts 300 ms: meanwhile the checks go on and pass.
    await sleep(100)
    assert.ok(liar.asked <= 4 + 8, `it is asked no more: ${liar.asked}`)
    assert.equal(await becomes(() => liar.checked > checksBefore, true), true, 'but it is checked')
    // 300, 600 and 900 ms: in two seconds it is given three more chances at most.
    await sleep(2_000)
    await load.stop()
    t.diagnostic(
      `${liar.asked} exchanges, ${liar.checked} checks, ${honest.asked + other.asked} exchanges elsewhere`,
    )
    // What is under way when it is ejected comes on top of what ejected it.
    assert.ok(liar.asked >= 8 && liar.asked <= 4 * (4 + 8), String(liar.asked))
    assert.deepEqual(load.failures, [])
  })
}
