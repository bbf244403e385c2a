import assert from 'node:assert/strict'
import { it } from 'node:test'
import { MetricRegistry, Upstream } from '@headgate/core'
import { parseConfig } from '../../src/config/parse.ts'
import { Gateway } from '../../src/gateway.ts'
import { EndpointMetrics } from '../../src/upstreams/endpoint-metrics.ts'

const endpoints = [{ url: 'http://127.0.0.1:9001' }, { url: 'http://127.0.0.1:9003' }]

it('workers say which endpoints they use, and the thread that checks says nothing of that', () => {
  const parsed = parseConfig({ upstreams: { orders: { endpoints } }, routes: [{ upstream: 'orders' }] })
  assert.ok(parsed.ok)
  const registry = new MetricRegistry()
  const metrics = new EndpointMetrics(registry)
  metrics.layOut(new Gateway(parsed.config, { metrics: registry }).snapshot.upstreams)
  const [one, other, prober] = [
    new Upstream({ name: 'orders', endpoints }),
    new Upstream({ name: 'orders', endpoints }),
    new Upstream({ name: 'orders', endpoints }),
  ]
  const shown = (): Record<string, number> => {
    for (const upstream of [one, other]) metrics.record('orders', upstream.stats(), upstream)
    const stats = prober.stats().map((each) => ({ ...each, checksPassed: 3, checksFailed: 1 }))
    metrics.recordChecks('orders', stats, prober)
    const series = registry
      .render()
      .matchAll(/^headgate_upstream_(endpoint_available|health\w+)\{.*endpoint="127.0.0.1:9001"\} (\d+)$/gm)
    return Object.fromEntries(Array.from(series, ([, name = '', value]) => [name, Number(value)]))
  }
  const checks = { health_checks_passed_total: 3, health_checks_failed_total: 1 }
  assert.deepEqual(shown(), { endpoint_available: 2, ...checks })
  one.endpoints[0]?.mark('down')
  assert.deepEqual(shown(), { endpoint_available: 1, ...checks })
  one.endpoints[0]?.mark('up')
  assert.deepEqual(shown(), { endpoint_available: 2, ...checks })
  for (const upstream of [one, other, prober]) upstream.destroy()
})
