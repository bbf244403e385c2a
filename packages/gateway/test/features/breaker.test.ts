import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from '@headgate/core/testing'
import type { GatewayConfigInput } from '../../src/config/input/input.ts'
import { type Answer, ask } from '../survival/http-client.ts'
import { startService } from '../survival/origins.ts'
import { startMetered } from './metered-gateway.ts'

test('an upstream that keeps failing is not asked any more, until probes succeed; the metrics show it', async (t) => {
  let status = 500
  let asked = 0
  const service = await startService(t, (_, response) => {
    asked++
    response.statusCode = status
    response.end()
  })
  const clock = new VirtualClock()
  const config: GatewayConfigInput = {
    upstreams: {
      orders: {
        endpoints: [{ url: service.url }],
        outliers: false,
        breaker: { consecutiveFailures: 3, openFor: '10s', probes: 2 },
      },
    },
    routes: [{ upstream: 'orders' }],
  }
  const { url, shown } = await startMetered(t, config, clock)
  const answers: Answer[] = []
  for (let index = 0; index < 5; index++) answers.push(await ask(url))
  assert.deepEqual(
    answers.map((each) => each.status),
    [500, 500, 500, 503, 503],
  )
  assert.equal(asked, 3)
  assert.match(String(answers[4]?.headers['retry-after']), /^([89]|1[0-2])$/)
  assert.match(shown(), /headgate_breaker_open\{upstream="orders"\} 1/)
  status = 200
  await clock.advance(12_000)
  assert.deepEqual(
    [(await ask(url)).status, (await ask(url)).status, (await ask(url)).status],
    [200, 200, 200],
  )
  assert.match(shown(), /headgate_breaker_open\{upstream="orders"\} 0/)
  for (const to of ['open', 'half-open', 'closed'])
    assert.match(
      shown(),
      new RegExp(`headgate_breaker_transitions_total\\{upstream="orders",to="${to}"\\} 1`),
    )
})
