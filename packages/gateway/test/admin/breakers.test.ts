import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { parseConfig } from '../../src/config/parse.ts'
import { BreakerControl } from '../../src/surveys/breakers.ts'
import { Supervisor } from '../../src/workers/supervisor.ts'
import { becomes } from '../becomes.ts'
import { headgate } from '../headgate-command.ts'
import { startOrigin } from '../origin.ts'
import { configWith, startChanging } from '../versions/running-gateway.ts'
import { eventually } from '../../../../scripts/testing/eventually.ts'

interface Breakers {
  readonly breakers: readonly {
    readonly upstream: string
    readonly state: string
    readonly workers: unknown[]
  }[]
}

async function start(breaker: Record<string, unknown> = {}) {
  let status = 200
  const origin = await startOrigin((_, response) => response.writeHead(status).end())
  const config = (name: string) =>
    configWith({
      reload: { watch: false },
      upstreams: {
        orders: { endpoints: [{ url: origin.url }], breaker },
        other: { endpoints: [{ url: origin.url }] },
      },
      routes: [{ name, upstream: 'orders' }],
    })
  const gateway = await startChanging(config('one'))
  const get = async (): Promise<number> =>
    (await fetch(gateway.url, { headers: { connection: 'close' } })).status
  const all = async (): Promise<Set<number>> => {
    const statuses = new Set<number>()
    for (let count = 0; count < 16; count++) statuses.add(await get())
    return statuses
  }
  const state = async (): Promise<string | undefined> =>
    ((await gateway.call('GET', '/breakers')).body as unknown as Breakers).breakers[0]?.state
  return { gateway, config, get, all, state, answer: (next: number) => void (status = next) }
}

describe('breakers', () => {
  it('are opened by hand in all workers, stay so over a reload, and are reset', async () => {
    const { gateway, config, all, state } = await start()
    assert.equal(await state(), 'closed')
    const opened = await gateway.call('POST', '/breakers/orders/open')
    assert.deepEqual(opened.body, {
      breakers: [
        {
          upstream: 'orders',
          state: 'forced-open',
          workers: [
            { worker: 0, state: 'forced-open' },
            { worker: 1, state: 'forced-open' },
          ],
        },
      ],
    })
    assert.deepEqual(await all(), new Set([503]))
    gateway.write(config('two'))
    assert.equal((await gateway.call('POST', '/reload')).body['outcome'], 'applied')
    assert.deepEqual(await all(), new Set([503]))
    const open = async (): Promise<string> =>
      JSON.stringify((await gateway.call('GET', '/status')).body['openBreakers'])
    assert.equal(
      await becomes(open, '[{"upstream":"orders","workers":2}]'),
      '[{"upstream":"orders","workers":2}]',
    )
    await gateway.process.print(
      /"audit":"state".*breakers of upstream orders: upstream closed -> forced-open/,
    )
    await gateway.call('POST', '/breakers/orders/reset')
    assert.deepEqual(await all(), new Set([200]))
  })

  it('show the state of each worker, and when it tries again', async () => {
    const { gateway, get, state, answer } = await start({
      consecutiveFailures: 3,
      openFor: '1h',
      maxOpenFor: '1h',
    })
    answer(500)
    await eventually(async () => {
      await get()
      return (await state()) !== 'closed'
    }, 'a breaker has opened')
    const { breakers } = (await gateway.call('GET', '/breakers')).body as unknown as {
      breakers: { state: string; workers: { state: string; retryAfter?: number }[] }[]
    }
    const open = breakers[0]?.workers.find(({ state }) => state === 'open')
    assert.ok(Number(open?.retryAfter) > 60_000)
    assert.ok(['mixed', 'open'].includes(breakers[0]?.state ?? ''))
    answer(200)
    const { cwd, admin } = gateway
    const { stdout } = await headgate(['breakers', '--reset', 'orders', '--admin', admin], { cwd })
    assert.match(stdout, /^orders +closed +closed, closed$/m)
    assert.equal(await get(), 200)
  })

  it('that are open are none any more where their upstream has changed', async () => {
    const { gateway, config } = await start()
    await gateway.call('POST', '/breakers/orders/open')
    const open = async (): Promise<number> =>
      ((await gateway.call('GET', '/status')).body['openBreakers'] as unknown[]).length
    assert.equal(await becomes(open, 1), 1)
    const changed = config('one') as { upstreams: Record<string, unknown> }
    gateway.write({ ...changed, upstreams: { ...changed.upstreams, orders: changed.upstreams['other'] } })
    assert.equal((await gateway.call('POST', '/reload')).status, 200)
    assert.equal(await becomes(open, 0), 0)
  })

  it('of one endpoint leave it out in all workers, until it is reset', async () => {
    const [one, two] = [await startOrigin((_, r) => r.end('one')), await startOrigin((_, r) => r.end('two'))]
    const endpoints = [{ url: one.url }, { url: two.url }]
    const gateway = await startChanging(
      configWith({
        upstreams: { orders: { endpoints, breaker: { per: 'endpoint' } } },
        routes: [{ upstream: 'orders' }],
      }),
    )
    const path = `/breakers/orders/endpoints/${encodeURIComponent(new URL(one.url).host)}`
    const answers = async (): Promise<Set<string>> => {
      const texts = new Set<string>()
      for (let count = 0; count < 24; count++)
        texts.add(await (await fetch(gateway.url, { headers: { connection: 'close' } })).text())
      return texts
    }
    const { breakers } = (await gateway.call('GET', '/breakers')).body as unknown as Breakers
    assert.deepEqual(
      breakers.map(({ state }) => state),
      ['closed', 'closed'],
    )
    assert.equal((await gateway.call('POST', `${path}/open`)).status, 200)
    assert.deepEqual(await answers(), new Set(['two']))
    assert.equal((await gateway.call('POST', '/breakers/orders/endpoints/x/open')).status, 404)
    assert.equal((await gateway.call('POST', `${path}/reset`)).status, 200)
    assert.deepEqual(await answers(), new Set(['one', 'two']))
    await gateway.call('POST', '/breakers/orders/open')
    assert.equal((await fetch(gateway.url)).status, 503)
    await gateway.call('POST', '/breakers/orders/reset')
    assert.deepEqual(await answers(), new Set(['one', 'two']))
  })

  it('that were opened by hand are open in a worker that takes the place of another', async () => {
    const origin = await startOrigin()
    const config = parseConfig({
      workers: 1,
      listeners: [{ address: '127.0.0.1:0' }],
      accessLog: false,
      upstreams: { orders: { endpoints: [{ url: origin.url }], breaker: {} } },
      routes: [{ upstream: 'orders' }],
    })
    assert.ok(config.ok)
    const supervisor = new Supervisor(config.config)
    const breakers = new BreakerControl(supervisor)
    after(() => supervisor.stop())
    await supervisor.start()
    await breakers.change({ upstream: 'orders', to: 'open' })
    const state = async (): Promise<string | undefined> => (await breakers.report())[0]?.answer[0]?.state
    assert.equal(await state(), 'forced-open')
    supervisor.slots[0]?.terminate()
    assert.equal(await becomes(state, undefined), undefined)
    assert.equal(await becomes(state, 'forced-open'), 'forced-open')
  })
})

describe('concurrency limits', () => {
  it('are shown as they stand in each worker', async () => {
    const origin = await startOrigin((request, response) => {
      if (request.url !== '/held') response.end('ok\n')
    })
    const concurrency = { limit: 1, queue: 3, queueTimeout: '10s' }
    const gateway = await startChanging(
      configWith({
        workers: 1,
        upstreams: { orders: { endpoints: [{ url: origin.url }], concurrency: { limit: 'adaptive' } } },
        routes: [{ name: 'all', upstream: 'orders', concurrency }],
      }),
    )
    const leave = new AbortController()
    const held = [1, 2].map(() => fetch(`${gateway.url}/held`, { signal: leave.signal }).catch(() => {}))
    type Limits = { limits: { route?: string; limit: unknown; workers: Record<string, number>[] }[] }
    const limits = async (): Promise<Limits['limits']> =>
      ((await gateway.call('GET', '/concurrency')).body as Limits).limits
    const queued = async (): Promise<number | undefined> => (await limits())[1]?.workers[0]?.['queued']
    assert.equal(await becomes(queued, 1), 1)
    const [adaptive, fixed] = await limits()
    assert.equal(adaptive?.limit, 'adaptive')
    assert.ok(Number(adaptive?.workers[0]?.['limit']) >= 1)
    assert.deepEqual(fixed, {
      route: 'all',
      limit: 1,
      queue: 3,
      workers: [{ worker: 0, limit: 1, active: 1, queued: 1 }],
    })
    leave.abort()
    await Promise.all(held)
  })
})
