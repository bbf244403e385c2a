import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { it } from 'node:test'
import { systemClock } from '@headgate/core'
import { parseConfig } from '../../src/config/parse.ts'
import { Deployment } from '../../src/workers/deployment.ts'
import { GatewayMetrics } from '../../src/metrics/gateway-metrics.ts'

const url = 'http://127.0.0.1:9000'
const result = parseConfig({
  zone: 'west',
  upstreams: {
    guarded: {
      endpoints: [
        { url, zone: 'west' },
        { url: 'http://127.0.0.1:9001', priority: 1 },
        { dns: 'a.internal:80' },
      ],
      breaker: { per: 'both' },
      health: { path: '/' },
      concurrency: { limit: 1 },
    },
    whole: { endpoints: [{ url }], breaker: { per: 'upstream' } },
    each: { endpoints: [{ url }, { url: 'http://b.example' }], breaker: { per: 'endpoint' } },
  },
  rateLimits: { shared: { rate: '1/s' } },
  routes: [
    {
      name: 'any',
      upstream: url,
      match: { path: '/any' },
      hedge: {},
      graphql: {},
      rateLimit: ['shared', { name: 'own', rate: '1/s' }],
    },
    { name: 'guarded', upstream: 'guarded', concurrency: { limit: 5 } },
    {
      name: 'stand-in',
      match: { path: '/stand-in' },
      upstream: 'whole',
      fallback: { respond: { status: 200 } },
    },
    {
      name: 'split',
      match: { path: '/split' },
      split: { upstreams: [{ upstream: url }, { upstream: 'each', weight: 3 }] },
      mirror: { upstream: url },
      apiVersions: { header: 'x-version', versions: { 1: {}, 2: { upstream: 'whole' } } },
    },
    { name: 'away', match: { path: '/away' }, redirect: { location: 'https://a.example/' } },
  ],
})
assert.ok(result.ok, JSON.stringify(result))
const { config } = result

/** The page without values, in a fixed order. */
function seriesOf(page: string): string[] {
  const lines = page.trimEnd().split('\n')
  return lines.map((line) => (line.startsWith('#') ? line : line.slice(0, line.lastIndexOf(' ')))).sort()
}

it('the page shows every series that the configuration gives reason to expect, before anything has happened', () => {
  const deployment = new Deployment(config, [], systemClock, 1_000)
  new GatewayMetrics(deployment.metrics)
  deployment.lists.settle(config)
  deployment.lists.stop()
  const expected = readFileSync(new URL('page.txt', import.meta.url), 'utf8')
  assert.deepEqual(seriesOf(deployment.metrics.render()), expected.trimEnd().split('\n'))
})
