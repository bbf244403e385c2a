import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { bodyFrom } from '@headgate/core'
import type { GatewayConfigInput, RouteInput } from '../../src/config/input/input.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { folder } from '../headgate-process.ts'
import { startOrigin } from '../origin.ts'
import { writeMmdb } from '../features/mmdb-writer.ts'
import { counts, logOf, replayed, texts } from './replayed-log.ts'
import { fc } from '../../../../scripts/testing/property.ts'

describe('replay', () => {
  it('finds nothing where the configuration is the one that wrote the log', async () => {
    const { url: upstream } = await startOrigin()
    const path = join(folder(), 'geo.mmdb')
    writeFileSync(path, writeMmdb({ '192.0.2.0/24': { country: { iso_code: 'DE' } } }))
    const config: GatewayConfigInput = {
      geo: { database: path },
      trustedProxies: ['10.0.0.1'],
      accessLog: { headers: ['x-canary', 'content-type'] },
      limits: { body: '100B' },
      routes: [
        {
          name: 'orders',
          match: { path: '/orders/:id', methods: ['GET'] },
          upstream,
          rewrite: { path: '/v2/${params.id}' },
        },
        {
          name: 'canary',
          match: { path: '/orders/**', headers: { 'x-canary': 'true' } },
          upstream,
          requestHeaders: { set: { 'x-canary': 'seen' } },
        },
        {
          name: 'split',
          match: { path: '/split' },
          split: { upstreams: [{ upstream }, { upstream: 'http://127.0.0.1:1', weight: 0 }] },
        },
        { name: 'old', match: { path: '/old' }, redirect: { location: 'https://shop.example/new' } },
        { name: 'de', match: { path: '/near', geo: { country: ['DE'] } }, respond: { body: 'nah' } },
        { name: 'office', match: { path: '/near', client: ['198.51.100.0/24'] }, respond: { status: 204 } },
        { name: 'search', match: { path: '/search', query: { q: 'a b' } }, respond: {} },
        { name: 'upload', match: { path: '/upload', methods: ['POST'] }, upstream },
      ],
    }
    const lines = await logOf(config, [
      { url: '/orders/7?x=1' },
      { url: '/orders/7/items', headers: { 'x-canary': 'true' } },
      { url: '/orders/7/items' },
      { url: '/orders/7', method: 'DELETE' },
      { url: '/split' },
      { url: '/old' },
      { url: '/near' },
      { url: '/near', client: '10.0.0.1', headers: { 'x-forwarded-for': '198.51.100.7' } },
      { url: '/near', client: '203.0.113.1' },
      { url: '/search?q=a+b' },
      { url: '/nothing' },
      { url: '/upload', method: 'POST', body: bodyFrom('x'.repeat(100)) },
      { url: '/upload', method: 'POST', body: bodyFrom('x'.repeat(101)) },
    ])
    assert.deepEqual(
      JSON.parse(lines[1] ?? '').headers,
      { 'x-canary': 'true', 'content-type': null },
      'as it came',
    )
    const report = await replayed(lines, config)
    assert.deepEqual(report.changes, [])
    assert.deepEqual(counts(report), { same: 13, changed: 0, unsure: 0, refused: 0, bad: 0 })
  })

  it('names what would change: route, who answers, upstream, and by --with the target', async () => {
    const { url: upstream } = await startOrigin()
    const { url: other } = await startOrigin()
    const old: GatewayConfigInput = {
      routes: [
        { name: 'orders', match: { path: '/orders/**' }, upstream },
        { name: 'rest', match: { path: '/a/**' }, upstream },
        { name: 'moved', match: { path: '/moved' }, redirect: { location: '/there', status: 301 } },
        { name: 'gone', match: { path: '/gone' }, upstream },
        { name: 'upload', match: { path: '/upload' }, upstream },
      ],
    }
    const next: GatewayConfigInput = {
      limits: { body: '10B' },
      routes: [
        { name: 'orders-2', match: { path: '/orders/**' }, upstream },
        { name: 'rest', match: { path: '/a/**' }, upstream: other, rewrite: { stripPrefix: '/a' } },
        { name: 'moved', match: { path: '/moved' }, redirect: { location: '/there', status: 308 } },
        { name: 'gone', match: { path: '/gone', methods: ['POST'] }, upstream },
        { name: 'upload', match: { path: '/upload' }, upstream },
      ],
    }
    const lines = await logOf(old, [
      { url: '/orders/1' },
      { url: '/orders/2' },
      { url: '/a/b?c=d' },
      { url: '/moved' },
      { url: '/gone' },
      { url: '/upload', method: 'POST', body: bodyFrom('x'.repeat(11)) },
      { url: '/upload', method: 'POST', body: bodyFrom('x'.repeat(10)) },
    ])
    const report = await replayed(lines, next)
    assert.deepEqual(counts(report), { same: 1, changed: 6, unsure: 0, refused: 0, bad: 0 })
    assert.deepEqual(texts(report.groups), [
      '2 route orders → orders-2',
      `1 route rest: upstream ${new URL(upstream).host} → ${other}`,
      '1 route moved: answer redirect 301 → redirect 308',
      `1 route gone → (none), answer upstream ${new URL(upstream).host} → refusal 405`,
      `1 route upload: answer upstream ${new URL(upstream).host} → refusal 413`,
    ])
    const compared = await replayed(lines, next, old)
    assert.deepEqual(compared.changes[2], {
      line: 3,
      request: 'GET shop.example/a/b?c=d',
      changes: [
        { what: 'upstream', from: upstream, to: other },
        { what: 'target', from: 'shop.example/a/b?c=d', to: 'shop.example/b?c=d' },
      ],
    })
    assert.deepEqual(counts(await replayed(lines, old, old)), {
      same: 7,
      changed: 0,
      unsure: 0,
      refused: 0,
      bad: 0,
    })
  })

  it('says that it cannot tell, and which field would have to be recorded, in place of a guess', async () => {
    const routes: RouteInput[] = [
      { name: 'all', respond: { body: 'all' } },
      { name: 'canary', match: { headers: { 'x-canary': 'true' } }, respond: { body: 'canary' } },
    ]
    const requests = [{ headers: { 'x-canary': 'true' } }, {}]
    const blind = await replayed(await logOf({ routes }, requests), { routes })
    assert.equal(blind.unsure, 2)
    assert.deepEqual(texts(blind.reasons), [
      '2 route canary looks at header x-canary, which the log does not record; add accessLog.headers: [x-canary], and ask again with later lines',
    ])
    const recorded = await logOf({ accessLog: { headers: ['X-Canary'] }, routes }, requests)
    assert.deepEqual(counts(await replayed(recorded, { routes })), {
      same: 2,
      changed: 0,
      unsure: 0,
      refused: 0,
      bad: 0,
    })
    // Between two configurations that ask the same, there is no difference, whatever the answer.
    assert.equal((await replayed(await logOf({ routes }, requests), { routes }, { routes })).same, 2)
  })

  it('cannot tell only where it matters: what fails anyway, and what is tried later, needs no field', async () => {
    const condition = { headers: { 'x-a': 'b' } }
    const routes: RouteInput[] = [
      { name: 'far', match: { ...condition, client: ['203.0.113.0/24'] }, respond: {} },
      { name: 'post', match: { ...condition, methods: ['POST'] }, respond: {} },
      { name: 'exact', match: { path: '/' }, respond: {} },
      { name: 'open', match: { path: '/**', ...condition }, respond: {} },
      { name: 'agent', match: { path: '/agent', headers: { 'user-agent': { exists: true } } }, respond: {} },
      { name: 'key', match: { path: '/key', headers: { 'x-api-key': 'a' } }, respond: {} },
      { name: 'cookie', match: { path: '/cookie', cookies: { a: 'b' } }, respond: {} },
      { name: 'token', match: { path: '/token', query: { token: 'x' } }, respond: {} },
      { name: 'rest', match: { path: '/:any' }, respond: {} },
    ]
    const lines = await logOf({ routes }, [
      { url: '/' },
      { url: '/agent', headers: { 'user-agent': 'curl/8' } },
      { url: '/agent' },
      { url: '/cookie' },
      { url: '/key' },
      { url: '/token?token=x' },
      { url: '/token?a=b' },
    ])
    const report = await replayed(lines, { routes })
    assert.deepEqual(counts(report), { same: 4, changed: 0, unsure: 3, refused: 0, bad: 0 })
    assert.deepEqual(texts(report.reasons), [
      '1 route cookie looks at cookies, which the log does not record',
      '1 route key looks at header x-api-key, which the log does not record, as it may hold a secret',
      '1 route token looks at the value of parameter token, which the log does not record',
    ])
  })

  it('takes the route that the gateway takes, for any routes and requests of which all is recorded', async () => {
    const names = fc.constantFrom('x-a', 'x-b')
    const values = fc.constantFrom('1', '2')
    const leaf = fc.oneof(
      fc.record({ headers: fc.dictionary(names, values, { minKeys: 1 }) }),
      fc.record({ client: fc.constantFrom(['192.0.2.0/24'], ['198.51.100.0/24']) }),
      fc.record({ query: fc.dictionary(fc.constantFrom('q', 'r'), values, { minKeys: 1 }) }),
    )
    const place = fc.record({
      path: fc.constantFrom('/', '/a', '/a/**', '/:p', '/**'),
      methods: fc.constantFrom(undefined, ['GET'], ['POST']),
    })
    const match = fc
      .tuple(place, fc.option(leaf), fc.option(leaf), fc.option(leaf))
      .map(([at, one, not, any]) => ({
        ...at,
        ...one,
        ...(not && { not }),
        ...(any && { any: [any, { client: ['203.0.113.1'] }] }),
      }))
    const asked = fc.record({
      url: fc.constantFrom('/', '/a', '/a/b', '/c?q=1', '/a?q=2&r=1'),
      method: fc.constantFrom('GET', 'POST'),
      headers: fc.dictionary(names, values, { noNullPrototype: true }),
      client: fc.constantFrom('192.0.2.1', '198.51.100.1', '203.0.113.1'),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(match, { selector: (each) => JSON.stringify(each), minLength: 1, maxLength: 6 }),
        fc.array(asked, { maxLength: 8 }),
        async (matches, requests) => {
          const config = {
            accessLog: { headers: ['x-a', 'x-b'] },
            routes: matches.map((each, index) => ({
              name: `r${index}`,
              match: each as RouteInput['match'],
              respond: {},
            })),
          }
          fc.pre(parseConfig(config).ok)
          const report = await replayed(await logOf(config, requests), config)
          assert.deepEqual(report.changes, [])
          assert.equal(report.unsure, 0)
        },
      ),
      { numRuns: 200 },
    )
  })

  it('goes by the scheme of the line, and cannot tell where there is none', async () => {
    const routes: RouteInput[] = [
      {
        name: 'redirect',
        match: { scheme: 'http' },
        priority: 1,
        redirect: { location: 'https://a${request.path}' },
      },
      { name: 'shop', respond: {} },
    ]
    const config = { trustedProxies: ['10.0.0.1'], routes }
    const forwarded = { 'x-forwarded-for': '192.0.2.1' }
    const lines = await logOf(config, [
      {},
      { client: '10.0.0.1', headers: { ...forwarded, 'x-forwarded-proto': 'https' } },
      { client: '10.0.0.1', headers: forwarded },
    ])
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).route),
      ['redirect', 'shop', 'redirect'],
    )
    assert.equal((await replayed(lines, config)).same, 3)
    const older = lines.map((line) => line.replace(/"scheme":"https?",/, ''))
    const blind = await replayed(older, config)
    assert.deepEqual(texts(blind.reasons), [
      '3 route redirect looks at the scheme, which the log does not record',
    ])
    // Without trust in the proxy, it is the scheme of the proxy's connection that counts.
    const distrusting = await replayed(lines, { routes })
    assert.deepEqual(counts(distrusting), { same: 1, changed: 0, unsure: 2, refused: 0, bad: 0 })
  })

  it('estimates what rate limits would refuse, by the times of the lines', async () => {
    const line = (seconds: number, client: string, more: object = {}): string =>
      JSON.stringify({
        time: new Date(1_700_000_000_000 + seconds * 1000).toISOString(),
        route: 'api',
        method: 'GET',
        host: 'a',
        path: '/',
        status: 200,
        duration_ms: 0,
        client,
        ...more,
      })
    const lines = [
      ...Array.from({ length: 10 }, () => line(0, '192.0.2.1')),
      ...Array.from({ length: 4 }, () => line(0, '192.0.2.2')),
      line(60, '192.0.2.1'),
      line(60, '192.0.2.1', { status: 429, error: 'rate_limited' }),
      line(60, '192.0.2.1', { headers: { 'x-tenant': 'a' } }),
    ]
    const route = {
      name: 'api',
      respond: {},
      rateLimit: [
        { name: 'each', rate: '5/m' as const, key: 'client-ip', store: 'shared' as const },
        { name: 'tenants', rate: '1/h' as const, key: 'header:x-tenant' },
      ],
    }
    const { limits, limitedBefore, changed } = await replayed(lines, { routes: [route] })
    assert.deepEqual(
      limits,
      [
        { limit: 'api/each', allowed: 12, limited: 5, unknown: 0 },
        { limit: 'api/tenants', allowed: 1, limited: 0, unknown: 16 },
      ].sort(
        (one, other) =>
          limits.findIndex(({ limit }) => limit === one.limit) -
          limits.findIndex(({ limit }) => limit === other.limit),
      ),
    )
    assert.equal(limitedBefore, 1)
    assert.equal(changed, 0)
  })

  it('knows of GraphQL what the log tells: type and name of the operation', async () => {
    const routes: RouteInput[] = [
      {
        name: 'writes',
        match: { path: '/graphql', graphql: { operation: ['mutation'] } },
        respond: { status: 201 },
      },
      { name: 'users', match: { path: '/users', graphql: { rootFields: { any: ['user'] } } }, respond: {} },
      { name: 'reads', match: { path: '/:any' }, graphql: {}, respond: {} },
    ]
    const [line = ''] = await logOf({ routes }, [{ url: '/graphql?query=%7Ba%7D' }])
    const asked = (path: string, more: object): string =>
      JSON.stringify({ ...JSON.parse(line), path, ...more })
    const lines = [
      asked('/graphql', { graphql_type: 'query' }),
      asked('/graphql', { graphql_type: 'mutation', graphql_operation: 'add' }),
      asked('/graphql', { graphql_type: undefined }),
      asked('/users', { graphql_type: 'query' }),
    ]
    const report = await replayed(lines, { routes })
    assert.deepEqual(counts(report), { same: 1, changed: 1, unsure: 2, refused: 0, bad: 0 })
    assert.deepEqual(texts(report.groups), [
      '1 route reads → writes, answer fixed answer 200 → fixed answer 201',
    ])
    assert.deepEqual(texts(report.reasons), [
      '1 route writes looks at the GraphQL operation, which the log does not record',
      '1 route users looks at the root fields of the GraphQL operation, which the log does not record',
    ])
  })

  it('takes any text for a log, and names the lines that are none', async () => {
    const config = { routes: [{ name: 'r', respond: {} }] }
    const [good = ''] = await logOf(config, [{}])
    const refused = JSON.stringify({ ...JSON.parse(good), route: '', method: '', host: '', path: '' })
    const cut = JSON.stringify({ ...JSON.parse(good), path: `/${'x'.repeat(2047)}...` })
    const lines = [
      good,
      'no json',
      '',
      '[]',
      '{}',
      refused,
      cut,
      good.replace('"GET"', '"G T"'),
      good.replace('shop.example', 'a b'),
      good.replace('2', 'never'),
    ]
    const report = await replayed(lines, config)
    assert.deepEqual(counts(report), { same: 1, changed: 0, unsure: 1, refused: 1, bad: 6 })
    assert.deepEqual(report.badLines.slice(0, 3), [
      { line: 2, reason: 'it is no JSON object' },
      { line: 4, reason: 'it is no JSON object' },
      { line: 5, reason: 'it has no method, host and path, as a line of an access log has' },
    ])
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.json(),
            fc.string(),
            fc.constant(good).map((text) => text.slice(0, -3)),
          ),
        ),
        async (texts) => {
          const { lines: count, same, changed, unsure, refused, bad } = await replayed(texts, config)
          assert.equal(same + changed + unsure + refused + bad, count)
        },
      ),
      { numRuns: 100 },
    )
  })
})
