import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { type TestContext, test } from 'node:test'
import { VirtualClock } from '@headgate/core/testing'
import { becomes } from '../becomes.ts'
import { explain } from '../../src/explain/explain.ts'
import { endpointLines } from '../../src/cli/explain-lines.ts'
import { parseConfig } from '../../src/config/parse.ts'
import type { Gateway } from '../../src/gateway.ts'
import { ask } from '../survival/http-client.ts'
import { nobody, startService } from '../survival/origins.ts'
import { startGateway } from '../survival/start-gateway.ts'
import { HttpRequest } from '@headgate/core'
import { startMetered } from './metered-gateway.ts'
import type { GatewayConfigInput } from '../../src/config/input/input.ts'
import { eventually } from '../../../../scripts/testing/eventually.ts'

/** A fifth of what came before may be tried again. */
const FOR_THE_BUDGET = 100

/** A service whose answer is its name; `status` may be changed. */
async function named(
  t: TestContext,
  name: string,
): Promise<{ readonly url: string; status: number; asked: number }> {
  const service = { url: '', status: 200, asked: 0 }
  const listener: RequestListener = (_, response) => {
    service.asked++
    response.writeHead(service.status).end(name)
  }
  service.url = (await startService(t, listener)).url
  return service
}

/** A gateway whose upstreams and metrics can be looked at. */
async function start(
  t: TestContext,
  config: GatewayConfigInput,
  clock?: VirtualClock,
): Promise<{
  gateway: Gateway
  answers: (count: number) => Promise<string>
  shown: () => string
  url: string
}> {
  const { gateway, url, shown: rendered } = await startMetered(t, config, clock)
  return {
    gateway,
    url,
    async answers(count) {
      let all = ''
      for (let index = 0; index < count; index++) {
        const { status, content } = await ask(url)
        all += status === 200 ? content : `(${status})`
      }
      return all
    },
    shown: () => {
      gateway.sample()
      return rendered()
    },
  }
}

function count(text: string, name: string): number {
  return text.split('').filter((each) => each === name).length
}

test('endpoints of the second priority stand by until those of the first are short, and the metrics show it', async (t) => {
  const [a, b, c] = [await named(t, 'a'), await named(t, 'b'), await named(t, 'c')]
  const { gateway, answers, shown } = await start(t, {
    upstreams: {
      orders: { endpoints: [{ url: a.url }, { url: b.url }, { url: c.url, priority: 1 }] },
    },
    routes: [{ upstream: 'orders' }],
  })
  const endpoint = (url: string): { setHealthy(healthy: boolean): void } =>
    gateway.snapshot.upstreams.get('orders')?.upstream.endpointNamed(url.slice(7)) ?? assert.fail()
  assert.equal(await answers(6), 'ababab')
  endpoint(a.url).setHealthy(false)
  const half = await answers(200)
  assert.ok(count(half, 'c') > 30 && count(half, 'c') < 95, `30 % are expected: ${count(half, 'c')} of 200`)
  assert.equal(count(half, 'a'), 0)
  const metrics = shown()
  assert.match(metrics, /headgate_upstream_level_share\{upstream="orders",priority="0",zone="any"\} 0\.7\n/)
  assert.match(metrics, /headgate_upstream_level_share\{upstream="orders",priority="1",zone="any"\} 0\.3/)
  assert.match(
    metrics,
    new RegExp(`spills_total\\{upstream="orders",endpoint="${c.url.slice(7)}"\\} ${count(half, 'c')}\n`),
  )
  endpoint(b.url).setHealthy(false)
  assert.equal(await answers(5), 'ccccc')
  endpoint(a.url).setHealthy(true)
  endpoint(b.url).setHealthy(true)
  assert.equal(count(await answers(6), 'c'), 0)
  assert.match(shown(), /level_share\{upstream="orders",priority="1",zone="any"\} 0\n/)
})

test('the zone of the gateway comes first, and may come from the environment', async (t) => {
  process.env['HEADGATE_TEST_ZONE'] = 'here'
  t.after(() => void delete process.env['HEADGATE_TEST_ZONE'])
  const [near, far] = [await named(t, 'n'), await named(t, 'f')]
  const endpoints = [
    { url: far.url, zone: 'there' },
    { url: near.url, zone: 'here' },
  ]
  const { gateway, answers } = await start(t, {
    zone: { env: 'HEADGATE_TEST_ZONE' },
    upstreams: { orders: { endpoints }, others: { endpoints, zone: 'there' } },
    routes: [{ match: { path: '/others' }, upstream: 'others' }, { upstream: 'orders' }],
  })
  assert.equal(await answers(4), 'nnnn')
  gateway.snapshot.upstreams.get('orders')?.upstream.endpointNamed(near.url.slice(7))?.mark('down')
  assert.equal(await answers(4), 'ffff')
})

test('a try that finds the whole first priority gone reaches the second, with no check and no client that notices', async (t) => {
  const c = await named(t, 'c')
  const { answers } = await start(t, {
    upstreams: {
      orders: {
        endpoints: [{ url: await nobody() }, { url: await nobody() }, { url: c.url, priority: 1 }],
      },
    },
    routes: [{ upstream: 'orders', retry: { backoff: { base: 0, max: 0 } } }],
  })
  assert.equal(await answers(1), 'c')
})

test('further tries avoid every endpoint that was tried, as long as there is another', async (t) => {
  const services = await Promise.all(['a', 'b', 'c', 'd'].map((name) => named(t, name)))
  const { answers } = await start(t, {
    upstreams: {
      orders: { endpoints: services.map(({ url }) => ({ url })), balance: 'random', outliers: false },
    },
    routes: [{ upstream: 'orders', retry: { attempts: 4, statuses: [503], backoff: { base: 0, max: 0 } } }],
  })
  await answers(FOR_THE_BUDGET)
  for (const each of services.slice(0, 3)) each.status = 503
  assert.equal(await answers(5), 'ddddd')
})

test('with time limits for each try, which run in copies of the exchange, all that were tried are avoided as well', async (t) => {
  const services = await Promise.all(['a', 'b', 'c', 'd'].map((name) => named(t, name)))
  const { answers } = await start(t, {
    upstreams: {
      orders: { endpoints: services.map(({ url }) => ({ url })), balance: 'random', outliers: false },
    },
    routes: [
      {
        upstream: 'orders',
        timeouts: { attempt: '5s' },
        retry: { attempts: 4, statuses: [503], backoff: { base: 0, max: 0 } },
      },
    ],
  })
  await answers(FOR_THE_BUDGET)
  for (const each of services.slice(0, 3)) each.status = 503
  assert.equal(await answers(5), 'ddddd')
})

test('the circuit of an endpoint takes it out of the choice, and probes bring it back', async (t) => {
  const clock = new VirtualClock()
  const [a, b] = [await named(t, 'a'), await named(t, 'b')]
  const { answers, shown, gateway, url } = await start(
    t,
    {
      upstreams: {
        orders: {
          endpoints: [{ url: a.url }, { url: b.url }],
          outliers: false,
          breaker: { per: 'endpoint', consecutiveFailures: 2, openFor: '10s', probes: 2 },
        },
      },
      routes: [{ upstream: 'orders', retry: false }],
    },
    clock,
  )
  const upstream = gateway.snapshot.upstreams.get('orders')?.upstream
  a.status = 500
  assert.equal(count(await answers(4), 'b'), 2)
  a.asked = 0
  assert.equal(await answers(6), 'bbbbbb')
  assert.deepEqual([a.asked, upstream?.endpoints[0]?.status], [0, 'circuit-open'])
  const labels = `upstream="orders",endpoint="${a.url.slice(7)}"`
  assert.ok(shown().includes(`headgate_endpoint_breaker_open{${labels}} 1\n`))
  b.status = 500
  await answers(2)
  const refused = await ask(url)
  assert.deepEqual([refused.status, refused.headers['retry-after'] !== undefined], [503, true])
  assert.match(refused.content, /circuit_open/)
  a.status = b.status = 200
  await clock.advance(12_500)
  const back = await answers(20)
  assert.ok(count(back, 'a') >= 8 && count(back, 'b') >= 8, back)
  assert.ok(shown().includes(`headgate_endpoint_breaker_transitions_total{${labels},to="closed"} 1\n`))
  assert.ok(shown().includes(`headgate_endpoint_breaker_open{${labels}} 0\n`))
})

test('while it is probed, an endpoint gets no more than the probes', async (t) => {
  const clock = new VirtualClock()
  const waiting: (() => void)[] = []
  let status = 500
  const slow = await startService(t, (_, response) => {
    if (status === 500) return response.writeHead(500).end()
    waiting.push(() => response.end('slow'))
    return undefined
  })
  const b = await named(t, 'b')
  const { answers, url } = await start(
    t,
    {
      upstreams: {
        orders: {
          endpoints: [{ url: slow.url }, { url: b.url }],
          outliers: false,
          breaker: { per: 'both', consecutiveFailures: 2, failurePercent: 100, openFor: '10s', probes: 2 },
        },
      },
      routes: [{ upstream: 'orders', retry: false }],
    },
    clock,
  )
  await answers(4)
  status = 200
  await clock.advance(12_500)
  const asked = Array.from({ length: 20 }, () => ask(url))
  let early = 0
  for (const each of asked) void each.then(({ content }) => content === 'b' && early++)
  assert.equal(await becomes(() => early, 18), 18)
  assert.equal(await becomes(() => waiting.length, 2), 2)
  const probes = waiting.splice(0)
  assert.equal(probes.length, 2)
  for (const end of probes) end()
  await Promise.all(asked)
  const after = [ask(url), ask(url)]
  // It has its share again: one of two.
  await eventually(() => waiting.length > 0, 'the endpoint has its share')
  for (const end of waiting) end()
  await Promise.all(after)
})

test('an answer of the gateway itself to a gRPC request is a gRPC status', async (t) => {
  const { url: upstream } = await startService(t, () => {})
  const gateway = await startGateway(t, {
    routes: [
      { match: { path: '/shop.Cart/**' }, upstream },
      { match: { path: '/gone/**' }, upstream: await nobody(), retry: false },
    ],
  })
  const call = (path: string, headers: Record<string, string>): Promise<unknown[]> =>
    ask(gateway.url + path, { method: 'POST', content: '\0\0\0\0\0', headers }).then((answer) => [
      answer.status,
      answer.headers['content-type'],
      answer.headers['grpc-status'],
      answer.headers['grpc-message'],
      answer.content.length,
    ])
  const grpc = { 'content-type': 'application/grpc+proto', te: 'trailers' }
  assert.deepEqual(await call('/shop.Cart/Add', { ...grpc, 'grpc-timeout': '50m' }), [
    200,
    'application/grpc+proto',
    '4',
    'Deadline exceeded',
    0,
  ])
  assert.equal((await gateway.logged(1)).error, 'deadline_exceeded')
  assert.deepEqual((await call('/gone/A', grpc)).slice(0, 3), [200, 'application/grpc+proto', '14'])
  assert.deepEqual((await call('/none/A', grpc)).slice(0, 3), [200, 'application/grpc+proto', '12'])
  const plain = { 'content-type': 'application/json', 'grpc-timeout': '50m' }
  assert.deepEqual((await call('/shop.Cart/Add', plain)).slice(0, 3), [
    504,
    'application/problem+json',
    undefined,
  ])
})

test('what is configured is explained level by level', async () => {
  const result = parseConfig({
    zone: 'a',
    upstreams: {
      orders: {
        endpoints: [
          { url: 'http://127.0.0.1:9003', priority: 1 },
          { url: 'http://127.0.0.1:9002', zone: 'b', weight: 2 },
          { url: 'http://127.0.0.1:9001', zone: 'a' },
        ],
      },
    },
    routes: [{ upstream: 'orders' }],
  })
  assert.ok(result.ok)
  const peer = { address: '192.0.2.1', port: 1, encrypted: false }
  const { taken } = await explain(result.config, HttpRequest.to('http://a.example/'), peer)
  const [orders] = taken?.upstreams ?? []
  assert.deepEqual(endpointLines(orders?.endpoints ?? [], orders?.zone), [
    'priority 0, zone a:',
    '  http://127.0.0.1:9001 (weight 1, zone a)',
    'priority 0, other zones, if those above are short of usable endpoints:',
    '  http://127.0.0.1:9002 (weight 2, zone b)',
    'priority 1, other zones, if those above are short of usable endpoints:',
    '  http://127.0.0.1:9003 (weight 1)',
  ])
})

test('mistakes in these settings are named', () => {
  const url = 'http://127.0.0.1:9000'
  for (const [upstream, expected] of [
    [{ endpoints: [{ url, priority: -1 }] }, /is not a whole number|is too small/],
    [{ endpoints: [{ url, priority: 100 }] }, /is too large/],
    [{ endpoints: [{ url, zone: '' }] }, /is not the name of a zone/],
    [{ endpoints: [{ url }], overprovisioning: 99 }, /is too small/],
    [{ endpoints: [{ url }], zone: { env: 'HEADGATE_NO_SUCH_ZONE' } }, /is not set in the environment/],
    [{ endpoints: [{ url }], breaker: { per: 'worker' } }, /is not one of the choices/],
  ] as const) {
    const result = parseConfig({ upstreams: { orders: upstream }, routes: [{ upstream: 'orders' }] })
    assert.ok(!result.ok, JSON.stringify(upstream))
    assert.match(result.problems.map(({ message }) => message).join(), expected)
  }
})
