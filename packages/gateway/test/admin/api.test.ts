import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { folder, headgateProcess } from '../headgate-process.ts'
import { startOrigin } from '../origin.ts'
import { type Description, misfits, mistakesIn } from './description.ts'
import { type CallOptions, configWith, startChanging } from '../versions/running-gateway.ts'

/** A call on a condition that does not hold. */
const STALE = (body?: unknown): CallOptions => ({ body, headers: { 'if-match': '"stale"' } })

async function start() {
  const origin = await startOrigin()
  const parts = [
    { upstream: 'orders', weight: 1 },
    { upstream: 'next', weight: 1 },
  ]
  const routes = [
    {
      name: 'all',
      upstream: 'orders',
      rateLimit: [{ name: 'own', rate: '1000/s' }],
      concurrency: { limit: 9 },
    },
    { name: 'canary', match: { path: '/canary' }, split: { upstreams: parts }, cache: { ttl: '1m' } },
  ]
  const upstreams = {
    orders: { endpoints: [{ url: origin.url }, { url: 'http://127.0.0.1:1' }] },
    next: {
      endpoints: [{ url: origin.url }],
      health: { path: '/', interval: '1h' },
      breaker: { per: 'both' },
      concurrency: { limit: 'adaptive' },
    },
  }
  const authenticators = {
    partners: { apiKey: { keys: '${file:keys.txt}' } },
    inline: { apiKey: { keys: [] } },
  }
  const config = configWith({ reload: { watch: false }, upstreams, routes, authenticators })
  const cwd = folder()
  writeFileSync(join(cwd, 'keys.txt'), '# keys of partners\n')
  return { config, gateway: await startChanging(config, {}, cwd), origin }
}

describe('the admin API', () => {
  it('answers every operation of its description as that says, and has no other', async () => {
    const { gateway, config, origin } = await start()
    const endpoint = encodeURIComponent(new URL(origin.url).host)
    const description = (await gateway.call('GET', '/openapi.json')).body as unknown as Description
    const { paths } = description
    assert.deepEqual(mistakesIn(description), [])
    const etag = (await gateway.call('GET', '/config')).headers.get('etag') ?? ''
    const cases: readonly [operation: string, path: string, status: number, options?: CallOptions][] = [
      ['getStatus', '/status', 200],
      ['getConfiguration', '/config', 200],
      ['replaceConfiguration', '/config', 428, { body: config }],
      ['replaceConfiguration', '/config', 400],
      ['replaceConfiguration', '/config?dryRun', 422, { body: { routes: [] } }],
      [
        'replaceConfiguration',
        '/config?dryRun',
        200,
        { body: { ...config, routes: [{ upstream: 'orders' }] } },
      ],
      ['replaceConfiguration', '/config', 412, { body: config, headers: { 'if-match': '"x"' } }],
      ['replaceConfiguration', '/config', 200, { body: config, headers: { 'if-match': etag } }],
      [
        'replaceConfiguration',
        '/config',
        409,
        { body: { ...config, listeners: [{ address: '192.0.2.1:1' }] }, headers: { 'if-match': '*' } },
      ],
      ['reload', '/reload', 200],
      ['reload', '/reload?dryRun', 200],
      ['listVersions', '/versions', 200],
      ['getVersion', '/versions/1', 200],
      ['getVersion', '/versions/7', 404],
      ['compareVersions', '/diff?from=1', 200],
      ['compareVersions', '/diff', 404],
      ['rollBack', '/versions/1/rollback', 200],
      ['rollBack', '/versions/7/rollback', 404],
      ['listRoutes', '/routes', 200],
      ['listCertificates', '/certificates', 200],
      ['makeKey', '/authenticators/partners/keys', 201, { body: { name: 'shop', scopes: ['orders:read'] } }],
      ['makeKey', '/authenticators/partners/keys', 409, { body: { name: 'shop' } }],
      ['makeKey', '/authenticators/partners/keys', 400, { body: { name: 'a b' } }],
      ['makeKey', '/authenticators/inline/keys', 409, { body: { name: 'shop' } }],
      ['makeKey', '/authenticators/x/keys', 404, { body: { name: 'shop' } }],
      ['listKeys', '/authenticators/partners/keys', 200],
      ['listKeys', '/authenticators/inline/keys', 409],
      ['revokeKey', '/authenticators/partners/keys/shop', 200],
      ['revokeKey', '/authenticators/partners/keys/shop', 404],
      ['listUpstreams', '/upstreams', 200],
      ['changeEndpoint', '/upstreams/orders/endpoints/127.0.0.1%3A1', 200, { body: { mark: 'down' } }],
      ['changeEndpoint', '/upstreams/orders/endpoints/127.0.0.1%3A1', 400, { body: { weight: 1.5 } }],
      ['changeEndpoint', '/upstreams/orders/endpoints/x', 404, { body: { mark: 'down' } }],
      ['changeEndpoint', '/upstreams/orders/endpoints/127.0.0.1%3A1', 412, STALE({ mark: 'up' })],
      ['setEndpoint', '/upstreams/orders/endpoints', 201, { body: { url: 'http://127.0.0.1:2' } }],
      ['setEndpoint', '/upstreams/orders/endpoints', 200, { body: { url: 'http://127.0.0.1:2', weight: 2 } }],
      ['setEndpoint', '/upstreams/orders/endpoints', 400],
      ['setEndpoint', '/upstreams/x/endpoints', 404, { body: { url: 'http://127.0.0.1:2' } }],
      ['setEndpoint', '/upstreams/orders/endpoints', 412, STALE({ url: 'http://127.0.0.1:2' })],
      ['setEndpoint', '/upstreams/orders/endpoints', 422, { body: { url: 'nowhere' } }],
      ['removeEndpoint', '/upstreams/orders/endpoints/127.0.0.1%3A2', 412, STALE()],
      ['removeEndpoint', '/upstreams/orders/endpoints/127.0.0.1%3A2', 200],
      ['removeEndpoint', '/upstreams/orders/endpoints/127.0.0.1%3A2', 404],
      ['removeEndpoint', `/upstreams/next/endpoints/${endpoint}`, 409],
      ['getUpstream', '/upstreams/orders', 200],
      ['getUpstream', '/upstreams/x', 404],
      ['pauseHealthChecks', '/health-checks/pause', 200],
      ['resumeUpstreamHealthChecks', '/upstreams/next/health-checks/resume', 409],
      ['resumeHealthChecks', '/health-checks/resume', 200],
      ['pauseUpstreamHealthChecks', '/upstreams/next/health-checks/pause', 200],
      ['pauseUpstreamHealthChecks', '/upstreams/next/health-checks/pause', 412, STALE()],
      ['pauseUpstreamHealthChecks', '/upstreams/orders/health-checks/pause', 409],
      ['resumeUpstreamHealthChecks', '/upstreams/next/health-checks/resume', 200],
      ['resumeUpstreamHealthChecks', '/upstreams/x/health-checks/resume', 404],
      ['runUpstreamHealthChecks', '/upstreams/next/health-checks/run', 200],
      ['runUpstreamHealthChecks', '/upstreams/orders/health-checks/run', 409],
      ['runUpstreamHealthChecks', '/upstreams/x/health-checks/run', 404],
      ['listBreakers', '/breakers', 200],
      ['openBreaker', '/breakers/next/open', 200],
      ['openBreaker', '/breakers/orders/open', 404],
      ['resetBreaker', '/breakers/next/reset', 200],
      ['resetBreaker', '/breakers/x/reset', 404],
      ['openEndpointBreaker', `/breakers/next/endpoints/${endpoint}/open`, 200],
      ['openEndpointBreaker', '/breakers/next/endpoints/x/open', 404],
      ['resetEndpointBreaker', `/breakers/next/endpoints/${endpoint}/reset`, 200],
      ['resetEndpointBreaker', '/breakers/orders/endpoints/x/reset', 404],
      ['listConcurrencyLimits', '/concurrency', 200],
      ['getSplit', '/routes/all/split', 404],
      ['getSplit', '/routes/canary/split', 200],
      ['changeSplit', '/routes/canary/split', 200, { body: { weights: { orders: 7 } } }],
      ['changeSplit', '/routes/canary/split', 400, { body: { weights: { orders: 1.5 } } }],
      ['changeSplit', '/routes/canary/split', 412, STALE({ weights: { orders: 8 } })],
      ['switchSplit', '/routes/canary/switch', 200, { body: { to: 'orders' } }],
      ['switchSplit', '/routes/canary/switch', 400, { body: { to: 'x' } }],
      ['resetSplit', '/routes/canary/split', 200],
      ['resetSplit', '/routes/canary/split', 412, STALE()],
      ['resetSplit', '/routes/x/split', 404],
      ['listRateLimits', '/rate-limits', 200],
      ['getRateLimitUsage', '/rate-limits/all%2Fown/usage?key=127.0.0.1', 200],
      ['getRateLimitUsage', '/rate-limits/x/usage', 404],
      ['resetRateLimit', '/rate-limits/all%2Fown/reset', 200],
      ['resetRateLimit', '/rate-limits/x/reset', 404],
      ['showCache', '/cache', 200],
      ['showCached', '/cache/show', 200, { body: { url: '/canary' } }],
      ['showCached', '/cache/show', 400, { body: { url: 'x' } }],
      ['showCached', '/cache/show', 404, { body: { url: 'http://shop.example/' } }],
      ['purgeCache', '/cache/purge', 200, { body: { all: true } }],
      ['purgeCache', '/cache/purge', 200, { body: { url: 'http://shop.example/a?b', soft: true } }],
      ['purgeCache', '/cache/purge', 400, { body: { url: '/a' } }],
      ['purgeCache', '/cache/purge', 400, { body: { tag: 'a', route: 'all' } }],
      ['purgeCache', '/cache/purge', 400, { body: { all: false } }],
      ['purgeCache', '/cache/purge', 404, { body: { route: 'x' } }],
      ['warmCache', '/cache/warm', 200, { body: { urls: ['http://shop.example/canary'], rate: '5/s' } }],
      ['warmCache', '/cache/warm', 400, { body: { urls: ['/canary'] } }],
      ['warmCache', '/cache/warm', 400, { body: { urls: 'http://shop.example/', more: 1 } }],
      ['warmCache', '/cache/warm', 404, { body: { route: 'x' } }],
      ['warmCache', '/cache/warm', 404, { body: {} }],
      ['showCache', '/cache', 200],
    ]
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    )
    for (const [id, path, status, options] of cases) {
      const found = described.find(({ operation }) => operation.operationId === id)
      assert.ok(found !== undefined, id)
      const answer = await gateway.call(found.method.toUpperCase(), path, options)
      assert.equal(answer.status, status, `${id} ${path}: ${JSON.stringify(answer.body)}`)
      const { content = {}, headers = {} } = found.operation.responses[String(status)] ?? {}
      assert.deepEqual(
        Object.keys(content),
        [answer.headers.get('content-type')],
        `${id} describes ${status}`,
      )
      const [{ schema = {} } = {}] = Object.values(content)
      assert.deepEqual(misfits(answer.body, schema, description.components), [], `${id} ${path}`)
      if ('ETag' in headers && !path.endsWith('?dryRun')) assert.ok(answer.headers.has('etag'), id)
      if (status >= 400) {
        assert.equal(answer.body['status'], status)
        assert.ok(typeof answer.body['detail'] === 'string')
      }
      const pattern = new RegExp(`^${found.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`)
      assert.match(path.split('?')[0] ?? '', pattern)
    }
    const tested = new Set(cases.map(([id]) => id))
    const list = await (await fetch(`${gateway.admin}/`)).text()
    for (const { path, method, operation } of described) {
      const listed = method === 'get' ? path : `${method.toUpperCase()} ${path}`
      assert.ok(list.includes(`\n${listed} `), `the list has ${listed}`)
      if (tested.has(operation.operationId)) continue
      assert.deepEqual(operation.security, [{}], `${operation.operationId} is tested here`)
      const { status, headers } = await fetch(`${gateway.admin}${path}`)
      assert.equal(status, 200, path)
      assert.deepEqual(Object.keys(operation.responses['200']?.content ?? {}), [headers.get('content-type')])
    }
  })

  it('refuses a condition that it cannot check, rather than to act without it', async () => {
    const { gateway } = await start()
    const headers = { 'if-match': '"x"' }
    const refused = await gateway.call('POST', '/rate-limits/all%2Fown/reset', { headers })
    assert.equal(refused.status, 412)
    assert.equal(
      (await gateway.call('POST', '/rate-limits/all%2Fown/reset', { headers: { 'if-match': '*' } })).status,
      200,
    )
  })

  it('takes an endpoint out of service and puts it back, in all workers at once', async () => {
    const { gateway, origin } = await start()
    const path = `/upstreams/orders/endpoints/${encodeURIComponent(new URL(origin.url).host)}`
    const dead = '/upstreams/orders/endpoints/127.0.0.1%3A1'
    assert.equal((await gateway.call('PATCH', dead, { body: { mark: 'down' } })).status, 200)
    const get = async (): Promise<number> =>
      (await fetch(gateway.url, { headers: { connection: 'close' } })).status
    for (let count = 0; count < 10; count++) assert.equal(await get(), 200)
    await gateway.call('PATCH', path, { body: { mark: 'draining' } })
    for (let count = 0; count < 4; count++) assert.equal(await get(), 503)
    await gateway.call('PATCH', path, { body: { mark: 'up', weight: 7 } })
    for (let count = 0; count < 4; count++) assert.equal(await get(), 200)
    const { upstreams } = (await gateway.call('GET', '/upstreams')).body as {
      upstreams: { name: string; endpoints: Record<string, unknown>[] }[]
    }
    const [up, down] = upstreams[0]?.endpoints ?? []
    assert.deepEqual([up?.['weight'], up?.['marked'], up?.['status']], [7, 'up', 'up'])
    assert.ok(Number(up?.['opened']) > 0)
    assert.deepEqual([down?.['marked'], down?.['status']], ['down', 'down'])
  })

  it('asks for the token, in the environment or a file, and changes nothing for pages of other origins', async () => {
    const origin = await startOrigin()
    const config = configWith({
      admin: { address: '127.0.0.1:0', token: { env: 'ADMIN_TOKEN' } },
      routes: [{ upstream: origin.url }],
    })
    const gateway = await startChanging(config, { ADMIN_TOKEN: 's3cret-token' })
    for (const authorization of ['', 'Bearer', 'Bearer s3cret', 'Bearer s3cret-tokenx', 'Basic czNjcmV0']) {
      const { status, headers } = await gateway.call('GET', '/config', { headers: { authorization } })
      assert.deepEqual([status, headers.get('www-authenticate')], [401, 'Bearer'], authorization)
    }
    for (const path of ['/healthz', '/readyz', '/metrics', '/openapi.json', '/']) {
      assert.equal((await fetch(`${gateway.admin}${path}`)).status, 200, 'probes need none')
    }
    const authorization = 'Bearer s3cret-token'
    assert.equal((await gateway.call('GET', '/config', { headers: { authorization } })).status, 200)
    for (const headers of [
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
    ]) {
      assert.equal(
        (await gateway.call('POST', '/reload', { headers: { authorization, ...headers } })).status,
        403,
      )
    }
    assert.equal((await gateway.call('POST', '/reload', { headers: { authorization } })).status, 200)
    assert.ok(!gateway.process.stderr.includes('s3cret-token'))
  })

  it('changes nothing through an address that is not loopback, unless there is a token', async () => {
    const origin = await startOrigin()
    const config = configWith({ admin: { address: '0.0.0.0:0' }, routes: [{ upstream: origin.url }] })
    const gateway = await startChanging(config)
    assert.equal((await gateway.call('GET', '/config')).status, 200)
    const refused = await gateway.call('POST', '/reload')
    assert.equal(refused.status, 403)
    assert.match(String(refused.body['detail']), /admin\.token/)
  })

  it('does not start open where a token is configured and there is none', async () => {
    for (const token of [{ env: 'NO_SUCH_TOKEN' }, { file: 'missing' }]) {
      const config = configWith({
        admin: { address: '127.0.0.1:0', token },
        routes: [{ upstream: 'http://127.0.0.1:1' }],
      })
      const cwd = folder({ 'headgate.json': JSON.stringify(config) })
      const { code, stderr } = await headgateProcess(['run'], { cwd })
      assert.equal(code, 1)
      assert.match(stderr, /admin\.token/)
    }
  })
})
