import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { folder, headgate } from '../headgate-process.ts'
import { startOrigin } from '../origin.ts'
import { type CallOptions, configWith, startChanging } from '../versions/running-gateway.ts'

interface Operation {
  readonly operationId?: string
  readonly parameters?: readonly { readonly name: string; readonly in: string }[]
  readonly responses: Readonly<Record<string, unknown>>
}

type Description = { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> }

async function start() {
  const origin = await startOrigin()
  const routes = [{ name: 'all', upstream: 'orders', rateLimit: [{ name: 'own', rate: '1000/s' }] }]
  const upstreams = { orders: { endpoints: [{ url: origin.url }, { url: 'http://127.0.0.1:1' }] } }
  const config = configWith({ reload: { watch: false }, upstreams, routes })
  return { config, gateway: await startChanging(config), origin }
}

describe('the admin API', () => {
  it('answers every operation of its description as that says, and has no other', async () => {
    const { gateway, config } = await start()
    const { paths } = (await gateway.call('GET', '/openapi.json')).body as unknown as Description
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
      ['listUpstreams', '/upstreams', 200],
      ['changeEndpoint', '/upstreams/orders/endpoints/127.0.0.1%3A1', 200, { body: { mark: 'down' } }],
      ['changeEndpoint', '/upstreams/orders/endpoints/127.0.0.1%3A1', 400, { body: { weight: 1.5 } }],
      ['changeEndpoint', '/upstreams/orders/endpoints/x', 404, { body: { mark: 'down' } }],
      ['listRateLimits', '/rate-limits', 200],
      ['resetRateLimit', '/rate-limits/all%2Fown/reset', 200],
      ['resetRateLimit', '/rate-limits/x/reset', 404],
    ]
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    )
    for (const [id, path, status, options] of cases) {
      const found = described.find(({ operation }) => operation.operationId === id)
      assert.ok(found !== undefined, id)
      const answer = await gateway.call(found.method.toUpperCase(), path, options)
      assert.equal(answer.status, status, `${id} ${path}: ${JSON.stringify(answer.body)}`)
      assert.ok(String(status) in found.operation.responses, `${id} describes ${status}`)
      if (status >= 400) {
        assert.equal(answer.headers.get('content-type'), 'application/problem+json')
        assert.equal(answer.body['status'], status)
        assert.ok(typeof answer.body['detail'] === 'string')
      }
      const pattern = new RegExp(`^${found.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`)
      assert.match(path.split('?')[0] ?? '', pattern)
    }
    const tested = new Set(cases.map(([id]) => id))
    for (const { operation } of described) {
      if (operation.operationId !== undefined)
        assert.ok(tested.has(operation.operationId), operation.operationId)
    }
    for (const { path, method, operation } of described) {
      if (operation.operationId !== undefined || method !== 'get') continue
      assert.equal((await fetch(`${gateway.admin}${path}`)).status, 200, path)
    }
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
      const { code, stderr } = await headgate(['run'], { cwd })
      assert.equal(code, 1)
      assert.match(stderr, /admin\.token/)
    }
  })
})
