import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { becomes } from '../becomes.ts'
import { headgate } from '../headgate-command.ts'
import { startOrigin } from '../origin.ts'
import { configWith, startChanging } from '../versions/running-gateway.ts'

interface Shown {
  readonly checks: string
  readonly endpoints: readonly {
    readonly status: string
    readonly lastCheck?: { readonly outcome: string; readonly reason?: string; readonly time: string }
  }[]
}

async function start() {
  let well = true
  let checked = 0
  const origin = await startOrigin((request, response) => {
    const isCheck = request.url === '/healthz'
    if (isCheck) checked++
    response.writeHead(isCheck && !well ? 503 : 200).end()
  })
  const config = (route: string, interval = '20ms') =>
    configWith({
      reload: { watch: false },
      upstreams: { orders: { endpoints: [{ url: origin.url }], health: { path: '/healthz', interval } } },
      routes: [{ name: route, upstream: 'orders' }],
    })
  const gateway = await startChanging(config('one'))
  const shown = async (): Promise<Shown> =>
    (await gateway.call('GET', '/upstreams/orders')).body as unknown as Shown
  return {
    gateway,
    config,
    shown,
    status: async () => (await shown()).endpoints[0]?.status,
    checked: () => checked,
    fall: () => void (well = false),
    recover: () => void (well = true),
  }
}

describe('health checks', () => {
  it('tell when the last one was and why it failed', async () => {
    const { shown, status, fall } = await start()
    assert.equal(
      await becomes(async () => (await shown()).endpoints[0]?.lastCheck?.outcome, 'passed'),
      'passed',
    )
    fall()
    assert.equal(await becomes(status, 'unhealthy'), 'unhealthy')
    const [{ lastCheck } = {}] = (await shown()).endpoints
    assert.deepEqual([lastCheck?.outcome, lastCheck?.reason], ['failed', 'it answered 503'])
    assert.ok(Math.abs(Date.parse(lastCheck?.time ?? '') - Date.now()) < 10_000)
  })

  it('that are paused leave endpoints as they were found last, also over a reload that does not change them', async () => {
    const { gateway, config, shown, status, checked, fall } = await start()
    assert.equal(await becomes(() => checked() > 2, true), true)
    const paused = await gateway.call('POST', '/upstreams/orders/health-checks/pause')
    assert.deepEqual(paused.body, { upstream: 'orders', checks: 'paused' })
    await gateway.process.print(/"audit":"state".*health checks of upstream orders: checks running -> paused/)
    fall()
    gateway.write(config('two'))
    assert.equal((await gateway.call('POST', '/reload')).status, 200)
    const before = checked()
    await new Promise((resolve) => setTimeout(resolve, 150))
    assert.ok(checked() <= before + 1, 'one may have been under way')
    assert.equal(await status(), 'up')
    assert.equal((await shown()).checks, 'paused')
    assert.deepEqual((await gateway.call('GET', '/status')).body['checksPaused'], ['orders'])
    const page = await (await fetch(`${gateway.admin}/metrics`)).text()
    assert.match(page, /^headgate_upstream_health_checks_paused\{upstream="orders"\} 1$/m)
    const { stdout } = await headgate(['status', '--admin', gateway.admin], { cwd: gateway.cwd })
    assert.match(stdout, /health checks +paused for orders/)
    // One that is asked for counts at once, and no other follows.
    const found = (await gateway.call('POST', '/upstreams/orders/health-checks/run')).body as unknown as Shown
    assert.equal(found.endpoints[0]?.status, 'unhealthy')
    assert.equal((await fetch(gateway.url)).status, 503, 'in all workers')
    await gateway.call('POST', '/upstreams/orders/health-checks/resume')
    assert.equal(await becomes(() => checked() > before + 5, true), true)
  })

  it('are made again where the upstream has changed, unless all are paused', async () => {
    const { gateway, config, shown, checked } = await start()
    await gateway.call('POST', '/upstreams/orders/health-checks/pause')
    gateway.write(config('one', '30ms'))
    await gateway.call('POST', '/reload')
    assert.equal((await shown()).checks, 'running')
    await gateway.call('POST', '/health-checks/pause')
    gateway.write(config('one', '40ms'))
    await gateway.call('POST', '/reload')
    assert.equal((await shown()).checks, 'paused')
    assert.equal((await gateway.call('GET', '/status')).body['checksPaused'], 'all')
    const before = checked()
    const refused = await gateway.call('POST', '/upstreams/orders/health-checks/resume')
    assert.match(String(refused.body['detail']), /paused for all|of all upstreams are paused/)
    await gateway.call('POST', '/health-checks/resume')
    assert.equal(await becomes(() => checked() > before + 3, true), true)
  })
})
