import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { ROOT } from '../../../../scripts/docs/markdown.ts'
import { loadConfig } from '../../src/config/load.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { writtenConfig } from '../../src/config/shown.ts'
import { assertSentBackIsSame } from './sent-back.ts'
import { fc } from '../../../../scripts/testing/property.ts'

const EVERYTHING = {
  workers: 2,
  listeners: [
    { address: ':8080', maxConnections: 7 },
    { address: '[::1]:8081' },
    { address: 'unix:/run/headgate.sock' },
  ],
  admin: { address: '127.0.0.1:9901', hosts: ['*.internal'], token: { env: 'TOKEN' } },
  reload: { watch: false },
  versions: { directory: '/var/lib/versions', keep: 3 },
  trustedProxies: ['10.0.0.0/8'],
  limits: { head: '17KiB', fields: 90, target: '1000B', body: '3MB' },
  timeouts: {
    connect: '1500ms',
    exchange: '2h',
    workerStall: 0,
    keepAlive: '90s',
    streamIdle: '25h',
    halfClosed: 0,
  },
  minimumByteRate: { rate: '10KiB/s', grace: '45s' },
  drain: { timeout: 0 },
  forwarding: { forwarded: false, via: false },
  requestId: { header: 'X-Id', accept: false },
  accessLog: { path: '/var/log/access.log', headers: ['x-canary'] },
  zone: 'eu-1a',
  discovery: { dns: { resolvers: ['10.0.0.2', '[::1]:5353'], minInterval: '2s', maxInterval: '10m' } },
  loadShedding: { eventLoopDelay: '50ms', memory: '1GiB' },
  deadlines: false,
  upstreams: {
    shop: {
      endpoints: [
        { url: 'http://10.0.0.1:80', weight: 3, priority: 1, zone: 'eu-1b' },
        { srv: '_http._tcp.orders.internal', scheme: 'https' },
      ],
      balance: 'consistent-hash',
      hash: { key: 'header:X-User', maxLoad: 150 },
      slowStart: '30s',
      outliers: { statuses: [503], successRate: { requests: 50 }, ejectionTime: '1m' },
      health: {
        path: '/health?token=abc',
        headers: { Authorization: 'Bearer abc' },
        statuses: [204, '200-299'],
        interval: '7s',
      },
      pool: { maxConnections: 5, pendingTimeout: '100ms', maxAge: '24h' },
      timeouts: { connect: '250ms' },
      breaker: { per: 'both', slowAfter: '2s', openFor: '3s' },
      concurrency: { limit: 'adaptive', queueTimeout: '300ms' },
      tls: { ca: '/etc/ca.pem', servername: 'orders.internal' },
    },
    held: {
      endpoints: [{ url: 'unix:/run/app.sock' }],
      balance: 'least-connections',
      sticky: { cookie: 'route', maxAge: '2h', secret: 'sixteen characters or more' },
      outliers: false,
    },
  },
  rateLimits: {
    all: {
      rate: '5/10s',
      burst: 9,
      key: ['api-key', 'route'],
      bypass: { addresses: ['10.0.0.1'], headers: { 'X-Internal': 'a password' } },
    },
  },
  routes: [
    {
      name: 'orders',
      match: {
        host: '*.shop.example',
        path: ['/orders/**', '/o/:id'],
        methods: ['GET'],
        pathRegex: '/o.*',
        headers: { 'X-Api-Key': ['one', 'two'], 'x-canary': { exists: true } },
        query: { token: { regex: 'a.*' } },
        cookies: { session: 'abc' },
        scheme: 'https',
        client: ['192.0.2.0/24'],
        contentType: ['application/*'],
        accept: ['application/json'],
        any: [{ headers: { authorization: 'one' } }, { headers: { authorization: 'two' } }],
        not: { path: '/x' },
      },
      priority: 3,
      split: {
        upstreams: [{ upstream: 'shop', weight: 9 }, { upstream: 'held' }],
        sticky: { header: 'x-user' },
      },
      mirror: { upstream: 'http://10.0.0.3:80', percent: 12.5, body: 0 },
      rewrite: {
        stripPrefix: '/orders',
        host: 'inner:81',
        query: { set: { api_key: 'abc', page: '1' }, remove: ['x'] },
      },
      requestHeaders: {
        set: { Authorization: 'Bearer secret', 'x-y': '${client.address}' },
        remove: ['x-z'],
      },
      responseHeaders: { add: { 'set-cookie': 'a=b' } },
      timeout: '61s',
      retry: { attempts: 2, backoff: { base: '5ms', max: '10s', jitter: 'equal' }, statuses: [503] },
      hedge: { delay: 'p95', hedges: 1 },
      timeouts: { attempt: '20s', responseHead: '1m', bodyIdle: '90s', streamIdle: '2h' },
      minimumByteRate: { rate: '1KiB/s', grace: '1m' },
      concurrency: { limit: 10 },
      importance: 'low',
      fallback: { respond: { status: 503, body: '{"password":"abc","sorry":true}' } },
      rateLimit: [
        'all',
        { rate: '100/s', key: 'header:X-User' },
        { rate: '3600/h', algorithm: 'sliding-window' },
      ],
      limits: { body: '64KiB' },
    },
    {
      match: { path: '/:version/items' },
      apiVersions: {
        path: 'version',
        default: 2,
        versions: {
          v1: { upstream: 'shop', deprecated: '2026-01-31', sunset: '2027-06-30T12:00:00Z', successor: 2 },
          2: { upstream: 'held' },
        },
      },
    },
    {
      match: { path: '/old' },
      lifecycle: { sunset: '2030-01-01', docs: 'https://docs.example/?key=abc' },
      redirect: { status: 302, location: 'https://x.example/?access_token=abc' },
    },
    {
      match: { path: '/graphql' },
      upstream: 'held',
      graphql: { maxSize: '1MiB', maxDepth: 3 },
      retry: false,
    },
  ],
}

describe('a configuration as it is written for people', () => {
  it('is read as the same again, with every kind of setting in it', () => {
    const result = parseConfig(EVERYTHING)
    assert.ok(result.ok, JSON.stringify(result))
    assertSentBackIsSame(result.config)
    const { timeouts, limits, minimumByteRate, routes } = writtenConfig(result.config)
    assert.deepEqual([timeouts?.connect, timeouts?.exchange, timeouts?.workerStall], ['1500ms', '2h', '0'])
    assert.deepEqual([limits?.head, limits?.target, limits?.body], ['17KiB', '1000B', '3000000B'])
    assert.deepEqual(minimumByteRate, { rate: '10KiB/s', grace: '45s' })
    assert.deepEqual([timeouts?.streamIdle, timeouts?.halfClosed], ['25h', '0'])
    assert.deepEqual(JSON.stringify(routes[0]?.rateLimit).match(/"rate":"[^"]*"/g), [
      '"rate":"100/s"',
      '"rate":"3600/h"',
    ])
  })

  it('says off where something is off, and is read as off again', () => {
    const result = parseConfig({
      timeouts: {
        responseHead: 'off',
        bodyIdle: false,
        streamIdle: 'off',
        halfClosed: 'off',
        exchange: 'off',
      },
      limits: { body: 'off' },
      minimumByteRate: 'off',
      routes: [
        {
          respond: { body: 'x' },
          timeout: 'off',
          timeouts: { responseHead: 'off', bodyIdle: 'off', streamIdle: 'off' },
          minimumByteRate: false,
          limits: { body: 'off' },
        },
        { match: { path: '/slow' }, respond: { body: 'x' }, minimumByteRate: { rate: 0 } },
      ],
    })
    assert.ok(result.ok, JSON.stringify(result))
    assertSentBackIsSame(result.config)
    const { timeouts, limits, minimumByteRate, routes } = writtenConfig(result.config)
    const { responseHead, bodyIdle, streamIdle, halfClosed, exchange } = timeouts ?? {}
    assert.deepEqual(
      [responseHead, bodyIdle, streamIdle, halfClosed, exchange, limits?.body, minimumByteRate],
      Array.from({ length: 7 }, () => 'off'),
    )
    const [off, slow] = routes
    assert.deepEqual(
      [off?.timeout, off?.minimumByteRate, off?.limits, off?.timeouts],
      ['off', 'off', { body: 'off' }, { responseHead: 'off', bodyIdle: 'off', streamIdle: 'off' }],
    )
    assert.deepEqual(slow?.minimumByteRate, { rate: '0', grace: '30s' })
  })

  const time = fc.tuple(fc.integer({ min: 1, max: 5_000 }), fc.constantFrom('ms', 's', 'm'))
  const size = fc.tuple(fc.integer({ min: 64, max: 900 }), fc.constantFrom('B', 'KB', 'KiB', 'MB', 'MiB'))
  const rate = fc.tuple(
    fc.integer({ min: 1, max: 9_999 }),
    fc.constantFrom('s', 'm', 'h', '7s', '90s', '250ms', '60m'),
  )

  it('is read as the same again, whatever the quantities are', () => {
    fc.assert(
      fc.property(time, time, size, rate, ([a, of], [b, ofB], [c, ofC], [d, ofD]) => {
        const result = parseConfig({
          timeouts: { keepAlive: `${a}${of}` },
          drain: { timeout: `${b}${ofB}` },
          limits: { body: `${c}${ofC}` },
          minimumByteRate: { rate: `${c}${ofC}/s` },
          routes: [{ respond: { body: 'x' }, rateLimit: { rate: `${d}/${ofD}` } }],
        })
        assert.ok(result.ok, JSON.stringify(result))
        assertSentBackIsSame(result.config)
      }),
      { numRuns: 200 },
    )
  })

  describe('is read as the same again', () => {
    const examples = readdirSync(join(ROOT, 'examples'), { recursive: true, encoding: 'utf8' })
    for (const file of examples.filter((name) => name.endsWith('.yaml'))) {
      it(`in examples/${file}`, async () => {
        const result = await loadConfig(join(ROOT, 'examples', file))
        if (result.ok) assertSentBackIsSame(result.config)
        // What an example needs besides is made when it is played.
        else assert.ok(result.problems.every(({ message }) => message.includes('cannot be read')))
      })
    }
  })
})
