import assert from 'node:assert/strict'
import { beforeEach, it } from 'node:test'
import { ERROR_FACTS, type ErrorCode, TrafficError } from '../../src/message/errors.ts'
import { Exchange, type Outcome } from '../../src/message/exchange.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { observe, type RouteMetrics } from '../../src/policies/observe.ts'
import type { Counter } from '../../src/telemetry/counters.ts'
import { metric } from '../../src/telemetry/metric.ts'
import { MetricRegistry } from '../../src/telemetry/registry.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

const DELIVERED: Outcome = { status: 200, error: undefined, bytesSent: 7, bytesReceived: 3 }

let clock: VirtualClock
let metrics: RouteMetrics
let page: () => string

beforeEach(() => {
  clock = new VirtualClock()
  const registry = new MetricRegistry()
  const counter = (name: string, code = ''): Counter =>
    registry.get(metric({ kind: 'counter', name: `${name}_total`, help: '', labels: ['code'] }), { code })
  const codes = Object.keys(ERROR_FACTS) as ErrorCode[]
  metrics = {
    active: registry.get(metric({ kind: 'gauge', name: 'active', help: '' }), {}),
    duration: registry.get(
      metric({ kind: 'histogram', name: 'duration_seconds', help: '', bounds: [0.1, 1] }),
      {},
    ),
    statusClasses: [
      counter('requests', 'none'),
      ...['1', '2', '3', '4', '5'].map((code) => counter('requests', code)),
    ],
    versions: { '1.0': counter('by', '1.0'), '1.1': counter('by', '1.1'), '2': counter('by', '2') },
    requestBytes: counter('received'),
    responseBytes: counter('sent'),
    errors: Object.fromEntries(codes.map((code) => [code, counter('errors', code)])) as Record<
      ErrorCode,
      Counter
    >,
  }
  page = () => registry.render()
})

function exchangeFor(): Exchange {
  return new Exchange(HttpRequest.to('http://a.example/'), clock)
}

it('an exchange is active until it finishes, and then counted with its status, version, time and bytes', async () => {
  const handler = observe({ route: 'orders', metrics })(() => Promise.resolve(new HttpResponse(200)))
  const exchange = exchangeFor()
  await handler(exchange)
  assert.equal(exchange.route, 'orders')
  assert.equal(metrics.active.value, 1)
  assert.equal(metrics.statusClasses[2]?.value, 0)
  await clock.advance(250)
  exchange.finish(DELIVERED)
  assert.equal(metrics.active.value, 0)
  assert.equal(metrics.statusClasses[2]?.value, 1)
  assert.deepEqual(
    Object.entries(metrics.versions).map(([version, { value }]) => `${version}: ${value}`),
    ['2: 0', '1.0: 0', '1.1: 1'],
  )
  assert.equal(metrics.requestBytes.value, 3)
  assert.equal(metrics.responseBytes.value, 7)
  assert.match(page(), /^duration_seconds_bucket\{le="0.1"\} 0\nduration_seconds_bucket\{le="1"\} 1$/m)
  assert.match(page(), /^duration_seconds_sum 0.25$/m)
})

it('one that ends without a response is counted under none, with its error', async () => {
  const error = new TrafficError('downstream_closed', 'the peer left')
  const handler = observe({ route: 'orders', metrics })(() => Promise.reject(error))
  const exchange = exchangeFor()
  await assert.rejects(handler(exchange), error)
  exchange.finish({ status: undefined, error, bytesSent: 0, bytesReceived: 0 })
  assert.equal(metrics.statusClasses[0].value, 1)
  assert.equal(metrics.errors.downstream_closed.value, 1)
  assert.equal(metrics.active.value, 0)
})

it('of two failures the one that was answered counts, not the peer leaving after it', () => {
  const exchange = exchangeFor()
  void observe({ route: 'orders', metrics })(() => Promise.resolve(new HttpResponse(502)))(exchange)
  exchange.error = new TrafficError('connect_failed', 'refused')
  exchange.finish({ ...DELIVERED, status: 502, error: new TrafficError('downstream_closed', 'left') })
  assert.equal(metrics.errors.connect_failed.value, 1)
  assert.equal(metrics.errors.downstream_closed.value, 0)
  assert.equal(metrics.statusClasses[5]?.value, 1)
})

it('a status outside the known classes does not fail', () => {
  const exchange = exchangeFor()
  void observe({ route: 'orders', metrics })(() => Promise.resolve(new HttpResponse(999)))(exchange)
  exchange.finish({ ...DELIVERED, status: 999 })
  assert.equal(metrics.statusClasses[0].value, 1)
})

it('the log is told once, with what the exchange knows at its end', async () => {
  const told: unknown[] = []
  const log = { record: (...args: unknown[]) => told.push(args) }
  const exchange = exchangeFor()
  void observe({ route: 'orders', metrics, log })(() => Promise.resolve(new HttpResponse(200)))(exchange)
  await clock.advance(5)
  exchange.finish(DELIVERED)
  exchange.finish(DELIVERED)
  assert.deepEqual(told, [[exchange, DELIVERED, 5]])
})
