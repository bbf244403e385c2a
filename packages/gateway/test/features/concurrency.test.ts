import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import type { GatewayConfigInput } from '../../src/config/input/input.ts'
import { type Answer, ask } from '../survival/http-client.ts'
import { startService } from '../survival/origins.ts'
import { startMetered } from './metered-gateway.ts'
import { assertRefused } from './refused-route.ts'

test('beyond the concurrency limit exchanges wait, the important ones first, or are refused', async (t) => {
  const order: string[] = []
  const waiting: (() => void)[] = []
  const { url: upstream } = await startService(t, (request, response) => {
    order.push(request.url ?? '')
    waiting.push(() => response.end())
  })
  const config: GatewayConfigInput = {
    upstreams: {
      one: { endpoints: [{ url: upstream }], concurrency: { limit: 1, queue: 2, queueTimeout: '30s' } },
    },
    routes: [
      { match: { path: '/low' }, upstream: 'one', importance: 'low' },
      { match: { path: '/high' }, upstream: 'one', importance: 'high' },
      { upstream: 'one' },
    ],
  }
  const { url, gateway } = await startMetered(t, config)
  const limiter = gateway.snapshot.upstreams.get('one')?.guard.limiter
  const send = (path: string): Promise<Answer> => ask(url + path)
  const sent = [send('/first')]
  await eventually(() => order.length === 1, 'the first request is under way')
  sent.push(send('/low'))
  await eventually(() => limiter?.queued === 1, 'the second request waits')
  sent.push(send('/high'))
  await eventually(() => limiter?.queued === 2, 'the third request waits')
  // The line is full: what is of low importance gives way.
  const displacing = send('/high')
  const displaced = await sent[1]
  assert.deepEqual([displaced?.status, order.length], [503, 1])
  for (let index = 0; index < 3; index++) {
    await eventually(() => waiting.length > index, 'the next request is under way')
    waiting[index]?.()
  }
  assert.deepEqual([(await sent[2])?.status, (await displacing).status], [200, 200])
  assert.deepEqual(order, ['/first', '/high', '/high'])
})

test('mistakes in it, and in the importance of routes, are named', () => {
  assertRefused({ concurrency: { limit: 0 } }, /is no limit/)
  assertRefused({ importance: 'highest' }, /is not one of the choices/)
})
