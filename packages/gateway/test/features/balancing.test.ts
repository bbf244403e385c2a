import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Upstream } from '@headgate/core'
import { balancingOptions } from '../../src/features/balancing.ts'
import type { UpstreamConfig } from '../../src/config/schema/upstream-schema.ts'
import { parseConfig } from '../../src/config/parse.ts'

const endpoints = [{ url: 'http://127.0.0.1:9001' }, { url: 'http://127.0.0.1:9003' }]

function parse(upstream: object): ReturnType<typeof parseConfig> {
  return parseConfig({ upstreams: { orders: { endpoints, ...upstream } }, routes: [{ upstream: 'orders' }] })
}

function accepted(upstream: object): UpstreamConfig {
  const result = parse(upstream)
  assert.ok(result.ok, JSON.stringify(result))
  const { orders } = result.config.upstreams
  assert.ok(orders)
  return orders
}

test('everything about balancing that can be set is set, and reaches the engine', () => {
  const config = accepted({
    balance: 'consistent-hash',
    hash: { key: 'header:X-User', maxLoad: 150 },
    sticky: { cookie: 'route', maxAge: '90m', secret: 'sixteen letters.' },
    slowStart: '30s',
    panicThreshold: 0,
    overprovisioning: 200,
    zone: 'eu-1a',
    outliers: {
      consecutiveFailures: 3,
      statuses: [500, 503],
      successRate: { requests: 50, endpoints: 4 },
      interval: '5s',
      ejectionTime: '10s',
      maxEjectionTime: '1m',
      maxEjectionPercent: 34,
    },
    health: {
      path: '/healthz?deep=1',
      method: 'HEAD',
      host: 'orders.internal:81',
      headers: { 'X-Check': 'yes' },
      statuses: [204, '200-201'],
      interval: '1s',
      timeout: '500ms',
      healthyThreshold: 1,
      unhealthyThreshold: 2,
    },
  })
  const options = balancingOptions(config)
  assert.deepEqual(options, {
    balance: {
      method: 'consistent-hash',
      hash: { key: { kind: 'header', name: 'x-user' }, loadFactor: 1.5 },
    },
    sticky: { cookie: 'route', maxAge: 5_400, secret: 'sixteen letters.' },
    slowStart: 30_000,
    panicThreshold: 0,
    overprovisioning: 2,
    zone: 'eu-1a',
    outliers: {
      consecutiveFailures: 3,
      statuses: [500, 503],
      successRate: { requests: 50, endpoints: 4 },
      interval: 5_000,
      ejectionTime: 10_000,
      maxEjectionTime: 60_000,
      maxEjectionPercent: 34,
    },
    health: {
      probe: {
        kind: 'http',
        path: '/healthz?deep=1',
        method: 'HEAD',
        host: 'orders.internal:81',
        headers: { 'x-check': 'yes' },
        statuses: [
          { from: 204, to: 204 },
          { from: 200, to: 201 },
        ],
      },
      interval: 1_000,
      timeout: 500,
      healthyThreshold: 1,
      unhealthyThreshold: 2,
    },
  })
  new Upstream({ name: 'orders', endpoints, ...options }).destroy()
})

test('what is on by itself: endpoints that fail are left alone; what is not: checks and sticky sessions', () => {
  const { outliers, health, sticky, slowStart, balance } = accepted({})
  assert.ok(outliers)
  assert.deepEqual([health, sticky, slowStart, balance], [false, undefined, 0, 'round-robin'])
  const options = balancingOptions(accepted({ outliers: false, health: { type: 'tcp' } }))
  assert.equal(options.outliers, undefined)
  assert.deepEqual(options.health?.probe, { kind: 'tcp' })
})

const REFUSED: readonly (readonly [name: string, upstream: object, problem: RegExp])[] = [
  [
    'a part of the request that there is not',
    { balance: 'consistent-hash', hash: { key: 'mood' } },
    /hash\.key.*part of a request/,
  ],
  [
    'a header without a name',
    { balance: 'consistent-hash', hash: { key: 'header:' } },
    /hash\.key.*no name of a header/,
  ],
  ['a key to hash where nothing is hashed', { hash: { key: 'path' } }, /hash.*without effect/],
  [
    'a bound that leaves no room',
    { balance: 'consistent-hash', hash: { maxLoad: 100 } },
    /maxLoad.*too small/,
  ],
  ['a cookie that cannot be sent', { sticky: { cookie: 'a b' } }, /cookie.*not the name of a cookie/],
  ['a secret that is soon guessed', { sticky: { secret: 'short' } }, /secret.*too short/],
  ['a status that there is not', { health: { statuses: [99] } }, /statuses\[0\].*not a status/],
  ['statuses the wrong way round', { health: { statuses: ['299-200'] } }, /begins after its end/],
  ['a path without its slash', { health: { path: 'healthz' } }, /health\.path.*not a path/],
  ['a path with a fragment', { health: { path: '/a#b' } }, /health\.path.*not a path/],
  ['a field name that is none', { health: { headers: { 'a b': 'c' } } }, /health\.headers.*header field/],
  ['two requests in a field', { health: { headers: { a: 'b\r\nc: d' } } }, /health\.headers/],
  ['a host with a path', { health: { host: 'a/b' } }, /health\.host.*not a host/],
  ['true', { health: true }, /health/],
]

for (const [name, upstream, problem] of REFUSED) {
  test(`refused: ${name}`, () => {
    const result = parse(upstream)
    assert.ok(!result.ok)
    const [first] = result.problems
    assert.equal(result.problems.length, 1, JSON.stringify(result.problems))
    assert.match(`${first?.path} ${first?.message}`, problem)
    if (name.includes('secret')) assert.equal(first?.value, '[redacted]')
  })
}
