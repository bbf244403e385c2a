import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HttpRequest } from '@headgate/core'
import { explained } from './explained.ts'

const url = (port: number): string => `http://127.0.0.1:${port}`
const endpoints = [{ url: url(1) }]

type Policies = Awaited<ReturnType<typeof explained>>['policies']

/** The settings of each policy of that name, in order. */
function settings(policies: Policies, name: string, upstream?: string): unknown[] {
  return policies
    .filter((each) => each.name === name && (upstream === undefined || each.upstream === upstream))
    .map((each) => JSON.parse(JSON.stringify(each.settings ?? null)) as unknown)
}

test('explain shows load shedding', async () => {
  const loadShedding = { eventLoopDelay: '200ms', memory: '1GiB' }
  const { policies } = await explained({ loadShedding, routes: [{ upstream: url(1) }] })
  assert.deepEqual(settings(policies, 'loadShedding'), [loadShedding])
})

test('explain shows that the access log keeps fields of requests', async () => {
  const accessLog = { headers: ['x-tenant'] }
  const { policies } = await explained({ accessLog, routes: [{ upstream: url(1) }] })
  assert.deepEqual(settings(policies, 'accessLog.headers'), [['x-tenant']])
  const off = await explained({ accessLog: false, routes: [{ upstream: url(1) }] })
  assert.deepEqual(settings(off.policies, 'accessLog.headers'), [])
})

test('explain tells the concurrency limit of a route from that of its upstream', async () => {
  const { policies } = await explained({
    upstreams: { a: { endpoints, concurrency: { limit: 77 } } },
    routes: [{ upstream: 'a', concurrency: { limit: 5 } }],
  })
  const limits = policies
    .filter(({ name }) => name === 'concurrency')
    .map(({ once, upstream, settings: shown }) => [once, upstream, (shown as { limit: number }).limit])
  assert.deepEqual(limits, [
    ['exchange', undefined, 5],
    ['attempt', 'a', 77],
  ])
})

test('explain shows the settings of the circuit breakers of an upstream, of the whole and of endpoints', async () => {
  const breakers = async (per: string): Promise<unknown[]> => {
    const upstreams = { a: { endpoints, breaker: { per, probes: 7 } } }
    const { policies } = await explained({ upstreams, routes: [{ upstream: 'a' }] })
    const names = policies.map(({ name }) => name)
    return settings(policies, 'breaker').map((shown, index) => [
      // That of endpoints stands behind the balancer.
      index === 0 && names.indexOf('breaker') < names.indexOf('balance') ? 'upstream' : 'endpoint',
      (shown as { probes: number }).probes,
    ])
  }
  assert.deepEqual(await breakers('upstream'), [['upstream', 7]])
  assert.deepEqual(await breakers('endpoint'), [['endpoint', 7]])
  assert.deepEqual(await breakers('both'), [
    ['upstream', 7],
    ['endpoint', 7],
  ])
})

test('explain shows those rate limits alone that the route names or has', async () => {
  const { policies } = await explained({
    rateLimits: { one: { rate: '1/s' }, two: { rate: '2/s' } },
    routes: [{ upstream: url(1), rateLimit: ['two', { name: 'own', rate: '3/s' }] }],
  })
  const [limits] = settings(policies, 'rateLimit') as [{ name: string; rate: string }[]]
  assert.deepEqual(
    limits.map(({ name, rate }) => [name, rate]),
    [
      ['two', '2/s'],
      ['own', '3/s'],
    ],
  )
})

test('explain shows the policies of every upstream of a split, of versions, of a fallback and of a mirror', async () => {
  const upstreams = {
    a: { endpoints, concurrency: { limit: 1 } },
    b: { endpoints, breaker: {} },
    c: { endpoints },
  }
  const split = await explained({
    upstreams,
    routes: [
      {
        split: { upstreams: [{ upstream: 'a' }, { upstream: 'b' }] },
        fallback: { upstream: 'c' },
        mirror: { upstream: 'b' },
        hedge: { delay: '50ms' },
      },
    ],
  })
  const ofUpstreams = ({ policies }: { readonly policies: Policies }): string[] =>
    policies.flatMap(({ name, upstream, as }) =>
      upstream === undefined ? [] : [`${as} ${upstream} ${name}`],
    )
  assert.deepEqual(ofUpstreams(split), [
    'target a retry',
    'target a hedge',
    'target a concurrency',
    'target a deadlines',
    'target a balance',
    'target a outliers',
    'target a endpoint',
    'target b retry',
    'target b hedge',
    'target b breaker',
    'target b deadlines',
    'target b balance',
    'target b outliers',
    'target b endpoint',
    'fallback c retry',
    'fallback c hedge',
    'fallback c deadlines',
    'fallback c balance',
    'fallback c outliers',
    'fallback c endpoint',
    'mirror b timeout',
    'mirror b balance',
    'mirror b outliers',
    'mirror b endpoint',
  ])
  assert.deepEqual(settings(split.policies, 'retry', 'c'), [false])
  const versions = await explained(
    {
      upstreams,
      deadlines: false,
      routes: [
        {
          upstream: 'a',
          retry: false,
          apiVersions: { header: 'x-v', versions: { 1: { upstream: 'b' }, 2: {}, 3: { upstream: 'b' } } },
        },
      ],
    },
    HttpRequest.to('http://a.example/', { headers: { 'x-v': '1' } }),
  )
  assert.deepEqual(ofUpstreams(versions), [
    'target b retry',
    'target b breaker',
    'target b balance',
    'target b outliers',
    'target b endpoint',
    'target a retry',
    'target a concurrency',
    'target a balance',
    'target a outliers',
    'target a endpoint',
  ])
})

test('explain tells which policy answers where nothing is sent', async () => {
  const { answeredBy, answer } = await explained({
    routes: [{ apiVersions: { header: 'x-v', versions: { 1: { upstream: url(1) } } } }],
  })
  assert.equal(answer?.status, 400)
  assert.equal(answeredBy, 'apiVersions')
  const fixed = await explained({ routes: [{ respond: { status: 204 } }] })
  assert.equal(fixed.policies.at(-1)?.name, 'target')
  assert.equal(fixed.answeredBy, 'target')
})

test('explain shows what holds of a setting that the route leaves to the gateway or to its defaults', async () => {
  const { policies } = await explained({
    limits: { body: '1MiB' },
    timeouts: { exchange: '7s' },
    routes: [
      {
        upstream: url(1),
        limits: { body: '2KiB' },
        timeout: '3s',
        timeouts: { attempt: '1s', bodyIdle: '9s' },
      },
    ],
  })
  assert.deepEqual(settings(policies, 'limits.body'), ['2KiB'])
  assert.deepEqual(settings(policies, 'timeout'), [{ exchange: '3s' }])
  assert.deepEqual(settings(policies, 'timeouts.attempt'), ['1s'])
  assert.deepEqual(settings(policies, 'timeouts'), [{ bodyIdle: '9s' }])
  const defaults = await explained({
    limits: { body: '1MiB' },
    timeouts: { exchange: '7s' },
    routes: [{ upstream: url(1), match: { path: '/' } }],
  })
  assert.deepEqual(settings(defaults.policies, 'limits.body'), ['1MiB'])
  assert.deepEqual(settings(defaults.policies, 'timeout'), [{ exchange: '7s' }])
})

test('explain shows what an upstream does by itself', async () => {
  const upstreams = {
    a: {
      endpoints,
      balance: 'peak-ewma',
      sticky: { cookie: 'at', secret: 's3cret-of-an-operator' },
      outliers: false,
    },
  }
  const { policies } = await explained({ upstreams, routes: [{ upstream: 'a' }] })
  const names = policies.flatMap(({ name, upstream }) => (upstream === undefined ? [] : [name]))
  assert.deepEqual(names, ['retry', 'deadlines', 'sticky', 'balance', 'outliers', 'endpoint'])
  assert.deepEqual(settings(policies, 'balance'), [{ method: 'peak-ewma' }])
  assert.doesNotMatch(JSON.stringify(policies), /s3cret/)
})
