import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MetricRegistry, Upstream } from '@headgate/core'
import { parseConfig } from '../../src/config/parse.ts'
import { Gateway } from '../../src/gateway.ts'

const endpoints = [{ url: 'http://127.0.0.1:9001' }, { url: 'http://127.0.0.1:9002', priority: 1 }]
const result = parseConfig({
  upstreams: {
    orders: { endpoints, concurrency: { limit: 7 }, breaker: { per: 'both' } },
    users: { endpoints, breaker: { per: 'endpoint' } },
  },
  routes: [
    { name: 'a', match: { path: '/a' }, upstream: 'orders', concurrency: { limit: 3 } },
    { name: 'b', match: { path: '/b' }, upstream: 'users', concurrency: { limit: 4 } },
  ],
})
assert.ok(result.ok, JSON.stringify(result))
const { config } = result

test('a sample looks up no series: they are found once for a snapshot', async (t) => {
  const metrics = new MetricRegistry()
  const gateway = new Gateway(config, { metrics })
  t.after(() => gateway.close(0))
  // Endpoints have their circuits when they have been used; that of one is found once.
  for (const { guard } of gateway.snapshot.upstreams.values()) guard.endpointCircuits?.for('127.0.0.1:9001')
  gateway.sample()
  const [get, find] = [t.mock.method(metrics, 'get'), t.mock.method(metrics, 'find')]
  gateway.sample()
  assert.deepEqual([get.mock.callCount(), find.mock.callCount()], [0, 0])
  assert.match(metrics.render(), /^headgate_concurrency_limit\{limiter="route b"\} 4$/m)
  assert.match(metrics.render(), /^headgate_concurrency_limit\{limiter="upstream orders"\} 7$/m)
})

test('a sample asks each upstream once how its endpoints are', async (t) => {
  const gateway = new Gateway(config)
  t.after(() => gateway.close(0))
  const stats = t.mock.method(Upstream.prototype, 'stats')
  gateway.sample()
  assert.equal(stats.mock.callCount(), gateway.snapshot.upstreams.size)
})

test('what a configuration no longer limits shows 0, and what it limits anew is shown', async (t) => {
  const metrics = new MetricRegistry()
  const gateway = new Gateway(config, { metrics })
  t.after(() => gateway.close(0))
  gateway.sample()
  const [a, b] = config.routes
  assert.ok(a && b?.concurrency)
  const routes = [
    { ...a, concurrency: undefined },
    { ...b, concurrency: { ...b.concurrency, limit: 9 } },
  ]
  const next = await gateway.prepare({ config: { ...config, routes, listeners: [] } })
  next.commit()
  gateway.sample()
  assert.match(metrics.render(), /^headgate_concurrency_limit\{limiter="route a"\} 0$/m)
  assert.match(metrics.render(), /^headgate_concurrency_limit\{limiter="route b"\} 9$/m)
})
