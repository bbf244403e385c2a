import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask } from '../survival/http-client.ts'
import { startService } from '../survival/origins.ts'
import { startMetered } from './metered-gateway.ts'
import { assertRefused } from './refused-route.ts'

test('a late response is hedged: the second request wins, and is counted', async (t) => {
  let count = 0
  const { url: upstream } = await startService(t, (_, response) => {
    if (++count > 1) response.end('hedge')
  })
  const { url, shown } = await startMetered(t, {
    routes: [{ name: 'api', upstream, hedge: { delay: '50ms' } }],
  })
  assert.equal((await ask(url)).content, 'hedge')
  assert.match(shown(), /headgate_hedges_total\{route="api"\} 1/)
})

test('mistakes in it are named', () => {
  assertRefused({ hedge: { delay: 'p100' } }, /is not a duration/)
})
