import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { becomes } from '../becomes.ts'
import { headgate } from '../headgate-command.ts'
import { startOrigin } from '../origin.ts'
import { configWith, startChanging } from '../versions/running-gateway.ts'

async function start(store: 'shared' | 'local') {
  const origin = await startOrigin()
  const rateLimit = [{ name: 'own', rate: '5/h', key: 'header:x-api-key', store, maxKeys: 50 }]
  const gateway = await startChanging(
    configWith({ routes: [{ name: 'all', upstream: origin.url, rateLimit }] }),
  )
  const get = async (key: string): Promise<number> =>
    (await fetch(gateway.url, { headers: { connection: 'close', 'x-api-key': key } })).status
  const limit = async (): Promise<Record<string, unknown>> => {
    const { rateLimits } = (await gateway.call('GET', '/rate-limits')).body as {
      rateLimits: Record<string, unknown>[]
    }
    return rateLimits[0] ?? {}
  }
  const run = (...args: string[]) =>
    headgate(['limits', ...args, '--admin', gateway.admin], { cwd: gateway.cwd })
  return { gateway, get, limit, run, usage: '/rate-limits/all%2Fown/usage?key=ada' }
}

describe('rate limits', () => {
  it('that workers share tell exactly what is left, and what they decided', async () => {
    const { gateway, get, limit, run, usage } = await start('shared')
    assert.deepEqual((await gateway.call('GET', usage)).body, {
      id: 'all/own',
      key: 'ada',
      store: 'shared',
      limit: 5,
      remaining: 5,
      reset: 0,
    })
    for (let count = 0; count < 3; count++) assert.equal(await get('ada'), 200)
    assert.equal((await gateway.call('GET', usage)).body['remaining'], 2)
    for (let count = 0; count < 4; count++) await get('ada')
    await get('bob')
    const { remaining, reset } = (await gateway.call('GET', usage)).body
    assert.equal(remaining, 0)
    assert.ok(Number(reset) > 3_500 && Number(reset) <= 3_600, String(reset))
    assert.equal(await becomes(async () => (await limit())['limited'], 2), 2)
    const { allowed, store, keys, capacity } = await limit()
    assert.deepEqual([allowed, store, keys], [6, 'shared', 2])
    assert.ok(Number(capacity) >= 50)
    assert.match((await run()).stdout, /^all\/own +6 +2 +shared +2 of \d+$/m)
    assert.match(
      (await run('--usage', 'all/own', '--key', 'ada')).stdout,
      /^0 of 5 left, all of them in \d+ s$/m,
    )
    assert.equal(
      (await run('--reset', 'all/own', '--key', 'ada')).stdout,
      'all/own: full shares again for ada\n',
    )
    assert.equal((await gateway.call('GET', usage)).body['remaining'], 5)
    const [line = ''] = await gateway.process.print(/.*rate limit all\/own: full shares again for one key.*/)
    assert.ok(!line.includes('ada'), 'a key may be a credential')
    assert.match(line, /"audit":"state","operation":"resetRateLimit"/)
  })

  it('that each worker keeps for itself tell what each has left', async () => {
    const { gateway, get, limit, usage } = await start('local')
    for (let count = 0; count < 4; count++) assert.equal(await get('ada'), 200)
    const { store, workers } = (await gateway.call('GET', usage)).body as {
      store: string
      workers: { worker: number; limit: number; remaining: number }[]
    }
    assert.equal(store, 'local')
    assert.deepEqual(
      workers.map(({ worker, limit }) => [worker, limit]),
      [
        [0, 5],
        [1, 5],
      ],
    )
    assert.equal(
      workers.reduce((sum, { remaining }) => sum + remaining, 0),
      6,
    )
    const shown = (await limit()) as { store: string; workers: { keys: number; capacity: number }[] }
    assert.equal(shown.store, 'local')
    assert.ok(shown.workers.every(({ keys, capacity }) => keys <= 1 && capacity === 50))
    assert.ok(shown.workers.some(({ keys }) => keys === 1))
  })
})
