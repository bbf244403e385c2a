import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from '../../src/config/parse.ts'
import { inlineUpstream, resolveUpstreams } from '../../src/config/upstreams.ts'
import { upstream } from '../../src/config/schema/upstream-schema.ts'

test('every route finds its upstream: groups by name, URLs as groups of their own, equal URLs as one', () => {
  const result = parseConfig({
    upstreams: { orders: { endpoints: [{ url: 'http://127.0.0.1:9001' }] } },
    routes: [
      { upstream: 'orders' },
      { upstream: 'http://Users.internal:80', match: { path: '/a' } },
      { upstream: 'http://users.internal/', match: { path: '/b' } },
      { upstream: 'unix:/run/app.sock', match: { path: '/c' } },
    ],
  })
  assert.ok(result.ok)
  const upstreams = resolveUpstreams(result.config)
  assert.deepEqual([...upstreams.keys()], ['orders', 'http://users.internal', 'unix:/run/app.sock'])
  for (const { upstream } of result.config.routes) assert.ok(upstreams.has(upstream ?? ''))
  assert.deepEqual(upstreams.get('http://users.internal'), {
    endpoints: [{ url: 'http://users.internal', weight: 1, priority: 0 }],
    balance: 'round-robin',
    slowStart: 0,
    panicThreshold: 30,
    overprovisioning: 140,
    outliers: {
      consecutiveFailures: 5,
      statuses: [502, 503, 504],
      successRate: false,
      interval: 10_000,
      ejectionTime: 30_000,
      maxEjectionTime: 300_000,
      maxEjectionPercent: 50,
    },
    health: false,
    pool: {
      maxConnections: 1024,
      maxPending: 1024,
      pendingTimeout: 5_000,
      idleTimeout: 60_000,
      maxAge: 600_000,
    },
    protocols: ['http/1.1'],
  })
})

test('a URL in place of a name stands for a group with exactly the defaults of the schema', () => {
  const url = 'http://127.0.0.1:9001'
  // As text: what tells whether an upstream has changed looks at the order, too.
  assert.equal(
    JSON.stringify(inlineUpstream(url)),
    JSON.stringify(upstream().parse({ endpoints: [{ url }] })),
  )
})
