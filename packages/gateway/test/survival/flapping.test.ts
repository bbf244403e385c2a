import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Load } from './load.ts'
import { MortalEndpoint } from './mortal-endpoint.ts'
import { startGateway } from './start-gateway.ts'

/** How long a flapping endpoint is up and down, in milliseconds. */
const UP = 200
const DOWN = 150
const FLAPS = 6

for (const [how, health] of [
  ['by traffic alone', false],
  ['by checks too', { path: '/healthz', interval: '100ms', unhealthyThreshold: 1 }],
] as const) {
  test(`an endpoint that comes and goes is noticed by no GET, and gets its share again when it stays (${how})`, async (t) => {
    const endpoints = [
      await MortalEndpoint.start(t),
      await MortalEndpoint.start(t),
      await MortalEndpoint.start(t),
    ]
    const [flapping] = endpoints as [MortalEndpoint]
    const gateway = await startGateway(t, {
      upstreams: {
        orders: {
          endpoints: endpoints.map(({ url }) => ({ url })),
          health,
          // So that it comes back often: each time it may hurt.
          outliers: { consecutiveFailures: 3, ejectionTime: '100ms', maxEjectionTime: '300ms' },
        },
      },
      routes: [{ upstream: 'orders', retry: { attempts: 3, backoff: { base: '1ms', max: '5ms' } } }],
    })
    const load = new Load(gateway.url)
    t.after(() => load.stop())
    await sleep(300)
    for (let flap = 0; flap < FLAPS; flap++) {
      flapping.kill()
      await sleep(DOWN)
      await flapping.revive()
      await sleep(UP)
    }
    // Its last ejection ends, and two checks pass.
    await sleep(600)
    for (const each of endpoints) each.asked = 0
    await sleep(500)
    const asked = endpoints.map((each) => each.asked)
    await load.stop()
    const total = asked.reduce((sum, each) => sum + each, 0)
    t.diagnostic(
      `${FLAPS} flaps, ${load.failures.length} failures; afterwards ${asked.join(', ')} exchanges each`,
    )
    assert.deepEqual(load.failures, [])
    for (const each of asked) assert.ok(each > total / 6, asked.join(', '))
  })
}
