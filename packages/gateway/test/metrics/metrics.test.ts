import assert from 'node:assert/strict'
import { it } from 'node:test'
import {
  type EndpointStats,
  Exchange,
  HttpRequest,
  HttpResponse,
  MetricRegistry,
  observe,
  TrafficError,
  Upstream,
} from '@headgate/core'
import { VirtualClock } from '@headgate/core/testing'
import type { GatewayConfig } from '../../src/config/schema/schema.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { endpointName } from '../../src/settings/values/upstream-url.ts'
import { MetricSampler } from '../../src/metrics/metric-sampler.ts'
import { Gateway } from '../../src/gateway.ts'
import { GatewayMetrics } from '../../src/metrics/gateway-metrics.ts'
import { RETRIES } from '../../src/features/retry.ts'
import { routeMetrics } from '../../src/metrics/route-metrics.ts'
import { draw } from '../../src/workers/blueprint.ts'
import { EndpointMetrics } from '../../src/upstreams/endpoint-metrics.ts'

const result = parseConfig({
  upstreams: { orders: { endpoints: [{ url: 'http://127.0.0.1:9001' }, { url: 'http://a.example' }] } },
  routes: [
    { name: 'orders', match: { path: '/orders/**' }, upstream: 'orders' },
    { name: 'rest', upstream: 'http://127.0.0.1:9000' },
  ],
})
assert.ok(result.ok, JSON.stringify(result))
const config: GatewayConfig = result.config

/** The values of the page, by series. */
function valuesOf(metrics: MetricRegistry): Map<string, number> {
  const lines = metrics.render().split('\n')
  const samples = lines.filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    samples.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  )
}

/** As the thread that places series has them by that configuration. */
function laidOut(config: GatewayConfig): {
  readonly metrics: MetricRegistry
  readonly endpoints: EndpointMetrics
} {
  const metrics = new MetricRegistry()
  const endpoints = new EndpointMetrics(metrics)
  endpoints.layOut(new Gateway(config, { metrics }).snapshot.upstreams)
  return { metrics, endpoints }
}

function poolStats(endpoint: string, changes: Partial<EndpointStats>): EndpointStats {
  const nothing = {
    active: 0,
    idle: 0,
    connecting: 0,
    pending: 0,
    exchanges: 0,
    opened: 0,
    openedHttp2: 0,
    closed: 0,
    reused: 0,
    failed: 0,
    id: 0,
    status: 'up',
    available: 0,
    panics: 0,
    priority: 0,
    zone: undefined,
    levelShare: 0,
    spills: 0,
    lastCheck: undefined,
    ejections: 0,
    consecutiveFailures: 0,
    checksPassed: 0,
    checksFailed: 0,
  } as const
  return { endpoint, ...nothing, ...changes }
}

it('every line of the page is a comment or a sample, and each family is introduced once', () => {
  const page = laidOut(config).metrics.render()
  const introduced = new Set<string>()
  for (const line of page.trimEnd().split('\n')) {
    const type = /^# TYPE ([a-z_]+) (?:counter|gauge|histogram)$/.exec(line)?.[1]
    if (type !== undefined) {
      assert.ok(!introduced.has(type), type)
      introduced.add(type)
    } else if (!line.startsWith('# HELP ')) {
      const name =
        /^([a-z_]+?)(?:_bucket|_sum|_count)?(?:\{[a-z_]+="[^"]*"(?:,[a-z_]+="[^"]*")*\})? [0-9.+e-]+$/.exec(
          line,
        )?.[1]
      assert.ok(name !== undefined && introduced.has(name), line)
    }
  }
  for (const name of ['headgate_requests_active', 'headgate_workers', 'process_cpu_seconds_total']) {
    assert.ok(introduced.has(name), name)
  }
})

it('an exchange that a route observes shows under its name, and unrouted ones under a name of their own', async () => {
  const metrics = new MetricRegistry()
  for (const [route, status] of [
    ['orders', 200],
    ['orders', 503],
    ['(none)', 404],
  ] as const) {
    const exchange = new Exchange(HttpRequest.to('http://a.example/'), new VirtualClock())
    await observe({ route, metrics: routeMetrics(metrics, route) })(() =>
      Promise.resolve(new HttpResponse(status)),
    )(exchange)
    exchange.finish({ status, error: undefined, bytesSent: 5, bytesReceived: 2 })
  }
  metrics.get(RETRIES, { route: 'orders' }).add(1)
  const values = valuesOf(metrics)
  assert.equal(values.get('headgate_requests_total{route="orders",status_class="2xx"}'), 1)
  assert.equal(values.get('headgate_requests_total{route="orders",status_class="5xx"}'), 1)
  assert.equal(values.get('headgate_requests_total{route="(none)",status_class="4xx"}'), 1)
  assert.equal(values.get('headgate_request_duration_seconds_count{route="orders"}'), 2)
  assert.equal(values.get('headgate_response_bytes_total{route="orders"}'), 10)
  assert.equal(values.get('headgate_request_bytes_total{route="orders"}'), 4)
  assert.equal(values.get('headgate_retries_total{route="orders"}'), 1)
  assert.equal(values.get('headgate_requests_active{route="orders"}'), 0)
})

it('connections and refused requests are counted', () => {
  const metrics = new MetricRegistry()
  const counts = new GatewayMetrics(metrics)
  for (const change of [1, 1, -1] as const) counts.onConnection(change)
  counts.onError(new TrafficError('malformed_request', 'bad'))
  const values = valuesOf(metrics)
  assert.equal(values.get('headgate_downstream_connections_active'), 1)
  assert.equal(values.get('headgate_downstream_connections_total'), 2)
  assert.equal(values.get('headgate_request_errors_total{code="malformed_request"}'), 1)
})

it('what pools count is taken over by difference, and goes on after a crash', () => {
  const { metrics } = laidOut(config)
  const born = () => ({ upstream: {}, endpoints: new EndpointMetrics(new MetricRegistry(metrics.share(1))) })
  const record = (worker: ReturnType<typeof born>, changes: Partial<EndpointStats>): void =>
    worker.endpoints.record(
      'orders',
      [poolStats('127.0.0.1:9001', changes), poolStats('a.example:80', { id: 1 })],
      worker.upstream,
    )
  const first = born()
  record(first, { active: 3, idle: 1, opened: 4 })
  record(first, { active: 2, idle: 2, opened: 6, reused: 1 })
  metrics.ended(1)
  record(born(), { active: 1, opened: 1 })
  const values = valuesOf(metrics)
  const of = (name: string): number | undefined =>
    values.get(`headgate_upstream_connections_${name}{upstream="orders",endpoint="127.0.0.1:9001"}`)
  assert.deepEqual([of('active'), of('idle'), of('pending')], [1, 0, 0])
  assert.deepEqual([of('opened_total'), of('reused_total'), of('failed_total')], [7, 1, 0])
})

it('an endpoint is called in metrics as it is called in the log', () => {
  const urls = [
    'http://a.example',
    'https://a.example',
    'http://127.0.0.1:9001',
    'http://[::1]',
    'https://[::1]:8443',
    'unix:/run/app.sock',
    'https+unix:/run/app.sock',
  ]
  for (const url of urls) {
    const upstream = new Upstream({ name: 'u', endpoints: [{ url }] })
    assert.equal(endpointName(url), upstream.stats()[0]?.endpoint, url)
    upstream.destroy()
  }
})

it('endpoints that are called the same share their series', () => {
  const endpoints = [{ url: 'http://a.example:1' }]
  const shared = parseConfig({ upstreams: { u: { endpoints } }, routes: [{ upstream: 'u' }] })
  assert.ok(shared.ok)
  const { metrics, endpoints: counted } = laidOut(shared.config)
  const stats = [poolStats('a.example:1', { idle: 1 }), poolStats('a.example:1', { id: 1, idle: 2 })]
  counted.record('u', stats, {})
  const series = 'headgate_upstream_connections_idle{upstream="u",endpoint="a.example:1"}'
  assert.equal(valuesOf(metrics).get(series), 3)
})

it('what an endpoint measured ends when it leaves, what it counted stays, and its namesake begins anew', () => {
  const { metrics, endpoints } = laidOut(config)
  const name = '127.0.0.1:9001'
  const upstream = {}
  const record = (...stats: EndpointStats[]): void => endpoints.record('orders', stats, upstream)
  record(poolStats(name, { active: 2, opened: 5 }))
  record(poolStats(name, { id: 7, opened: 1 }), poolStats(name, { active: 1, opened: 6 }))
  record(poolStats(name, { id: 7, active: 1, opened: 2 }))
  const of = (what: string): number | undefined =>
    valuesOf(metrics).get(`headgate_upstream_connections_${what}{upstream="orders",endpoint="${name}"}`)
  assert.deepEqual([of('active'), of('opened_total')], [1, 8])
})

it('endpoints that come later are counted where the first thread made place, and beyond a number together', () => {
  const metrics = new MetricRegistry()
  const gateway = new Gateway(config, { metrics })
  const first = new EndpointMetrics(metrics)
  first.layOut(gateway.snapshot.upstreams)
  const theirs = new MetricRegistry(metrics.share(1))
  const worker = new EndpointMetrics(theirs)
  const names = Array.from({ length: 600 }, (_, index) => `10.0.${index >> 8}.${index & 255}:80`)
  const [orders] = gateway.snapshot.upstreams.values()
  assert.ok(orders)
  const listed = names.map((name) => ({
    url: `http://${name}`,
    weight: 1,
    priority: 0,
    source: 'dns' as const,
  }))
  const later = new Map([['orders', { ...orders, listed }]])
  const known = metrics.size
  worker.layOut(later)
  assert.equal(theirs.size, known, 'it has nothing to say in this')
  first.layOut(later)
  theirs.learn(metrics.since(known))
  worker.record(
    'orders',
    names.map((name, id) => poolStats(name, { id, opened: 1 })),
    {},
  )
  const values = valuesOf(metrics)
  const of = (endpoint: string): number | undefined =>
    values.get(`headgate_upstream_connections_opened_total{upstream="orders",endpoint="${endpoint}"}`)
  assert.equal(of('10.0.0.0:80'), 1)
  assert.equal(of('10.0.2.87:80'), undefined)
  assert.ok((of('(others)') ?? 0) > 100)
})

it('a reload adds what is new, and counts go on, whatever it takes away', () => {
  const metrics = new MetricRegistry()
  const first = draw(config, metrics)
  const endpoints = new EndpointMetrics(metrics)
  endpoints.layOut(first.snapshot.upstreams)
  metrics.get(RETRIES, { route: 'rest' }).add(1)
  const reloaded = parseConfig({
    upstreams: {
      orders: { endpoints: [{ url: 'http://127.0.0.1:9001' }, { url: 'http://127.0.0.1:9003' }] },
    },
    routes: [
      { name: 'orders', upstream: 'orders' },
      { name: 'more', match: { path: '/more' }, upstream: 'orders' },
    ],
  })
  assert.ok(reloaded.ok)
  endpoints.layOut(draw(reloaded.config, metrics, first).snapshot.upstreams)
  metrics.get(RETRIES, { route: 'more' }).add(1)
  const [before, after] = [{}, {}]
  const record = (owner: object, opened: number): void =>
    endpoints.record('orders', [poolStats('127.0.0.1:9001', { opened })], owner)
  record(before, 5)
  record(after, 1)
  record(before, 6)
  const values = valuesOf(metrics)
  assert.equal(values.get('headgate_retries_total{route="rest"}'), 1, 'of a route that is gone')
  assert.equal(values.get('headgate_retries_total{route="more"}'), 1)
  const opened = 'headgate_upstream_connections_opened_total{upstream="orders",endpoint="127.0.0.1:9001"}'
  assert.equal(values.get(opened), 7, 'of the upstream before the reload, and of the one after')
  assert.ok(values.has(opened.replace(':9001', ':9003')))
})

it('the process is measured when asked', () => {
  const metrics = new MetricRegistry()
  const clock = new VirtualClock()
  new GatewayMetrics(metrics).sampleProcess(clock)
  const values = valuesOf(metrics)
  assert.ok((values.get('process_resident_memory_bytes') ?? 0) > 1_000_000)
  assert.ok((values.get('process_cpu_seconds_total') ?? 0) > 0)
  const started = (values.get('process_start_time_seconds') ?? 0) * 1000
  assert.ok(started < clock.wallTime() && started > clock.wallTime() - 600_000)
})

it('a worker samples its pools and its event loop each second, and once more at the end', async () => {
  const { eventLoopDelay } = new GatewayMetrics(new MetricRegistry())
  const clock = new VirtualClock()
  const recorded: number[] = []
  const sampler = new MetricSampler(
    { sample: () => recorded.push(recorded.length + 1) },
    eventLoopDelay,
    clock,
  )
  sampler.start()
  await clock.advance(2_500)
  assert.deepEqual(recorded, [1, 2])
  sampler.stop()
  await clock.advance(2_500)
  assert.deepEqual(recorded, [1, 2, 3])
})
