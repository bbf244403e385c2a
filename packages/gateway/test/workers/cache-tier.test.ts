import assert from 'node:assert/strict'
import { after, it } from 'node:test'
import { HeaderList } from '@headgate/core'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { RedisServer } from '../../../../scripts/testing/redis-server.ts'
import { cacheOperations } from '../../src/admin/cache.ts'
import type { AdminAnswer } from '../../src/admin-api/operation.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { Supervisor } from '../../src/workers/supervisor.ts'
import { startOrigin } from '../origin.ts'

interface Member {
  readonly get: (path: string) => Promise<string>
  readonly admin: (method: 'GET' | 'POST', body?: object) => Promise<AdminAnswer>
  readonly notices: readonly string[]
  readonly supervisor: Supervisor
}

async function member(redis: RedisServer, upstream: string): Promise<Member> {
  const result = parseConfig({
    workers: 2,
    stores: { main: { redis: redis.url } },
    cache: { memory: '8MiB', tier: 'main' },
    listeners: [{ address: '127.0.0.1:0' }],
    admin: false,
    accessLog: false,
    routes: [{ name: 'shop', upstream, cache: { ttl: '1h', key: { headers: ['x-key'] }, tags: ['shop'] } }],
  })
  assert.ok(result.ok, JSON.stringify(result))
  const notices: string[] = []
  const supervisor = new Supervisor(result.config, {
    onEvent: (event) => event.type === 'notice' && notices.push(event.message),
  })
  after(() => supervisor.stop())
  const [listener] = await supervisor.start()
  const operations = cacheOperations(supervisor)
  return {
    supervisor,
    notices,
    async get(path) {
      const url = `http://127.0.0.1:${listener?.port}${path}`
      return (await fetch(url, { headers: { connection: 'close' } })).text()
    },
    async admin(method, body) {
      const path = method === 'GET' ? '/cache' : '/cache/purge'
      const operation = operations.find((each) => each.path === path) ?? assert.fail()
      const request = { params: {}, query: new URLSearchParams(), headers: new HeaderList(), author: 'test' }
      return operation.handle({ ...request, body })
    },
  }
}

it('workers of a gateway share its purges of a store behind the cache, and the operator is told when that is away', async () => {
  await using redis = await RedisServer.start()
  using probe = await redis.connect()
  let count = 0
  const origin = await startOrigin((_, response) => response.end(String(++count)))
  const one = await member(redis, origin.url)
  const other = await member(redis, origin.url)
  const memoryOf = ({ supervisor }: Member) => supervisor.cache?.local.stats().entries
  for (const { supervisor } of [one, other])
    await eventually(() => supervisor.cache?.tier?.purgesHeard.areMissing === false, 'purges are followed')

  assert.equal(await one.get('/a'), '1')
  for (let each = 0; each < 8; each++) assert.equal(await one.get('/a'), '1', 'from both workers')
  await eventually(async () => (await probe.send(['ZCARD', 'headgate:{cache}:all'])) === 1, 'it is stored')
  const shown = JSON.parse((await one.admin('GET')).body)
  assert.deepEqual(
    { ...shown.tier, bytes: shown.tier.bytes > 1_000 },
    { store: 'main', state: 'connected', onStoreError: 'open', entries: 1, bytes: true, capacity: 2 ** 30 },
  )

  const purged = await other.admin('POST', { tag: 'shop' })
  assert.deepEqual(JSON.parse(purged.body), { purged: 1, how: 'hard' })
  await eventually(() => memoryOf(one) === 0, 'the memory of the other gateway is purged')
  assert.equal(await one.get('/a'), '2')

  await redis.kill()
  await eventually(() => one.notices.length > 0, 'the operator is told')
  assert.match(one.notices.join(), /^the store main of the cache is away: .*; answers come from the memory/)
  assert.equal(await one.get('/a'), '2')
  const answer = await one.admin('POST', { tag: 'shop' })
  assert.equal(answer.status, 503)
  assert.match(answer.body, /holds in the memory of this gateway, and not elsewhere: the store main is away/)
  assert.equal(answer.change?.what, 'purge of the cache of this gateway: tag shop')
  assert.equal(await one.get('/a'), '3')
  const away = JSON.parse((await one.admin('GET')).body)
  assert.equal(away.tier.state, 'away')
  assert.match(away.tier.reason, /ECONNREFUSED|closed/)

  await redis.restart()
  await eventually(() => one.notices.length > 1, 'the operator is told')
  assert.equal(one.notices[1], 'the store main of the cache is there again')
})
