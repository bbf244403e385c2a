import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import { eventually } from '../../../../../scripts/testing/eventually.ts'
import { type RedisProbe, RedisServer } from '../../../../../scripts/testing/redis-server.ts'
import type { StoreInput } from '../../../src/config/input/input.ts'
import type { CacheTier } from '../../../src/features/cache/tier.ts'
import type { Gateway } from '../../../src/gateway.ts'
import { startOrigin } from '../../origin.ts'
import { startMetered } from '../metered-gateway.ts'

interface Answer {
  readonly status: number
  readonly cache: string
  readonly text: string
}

/** Asks for the same host, whichever gateway it asks. */
function ask(url: string, method = 'GET', fields: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { connection: 'close', host: 'shop.example', ...fields }
    const sent = request(url, { headers, method }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      const cache = String(response.headers['cache-status']).replace(/ttl=\d+/, 'ttl')
      response.on('end', () => resolve({ status: response.statusCode ?? 0, cache, text }))
    })
    sent.on('error', reject).end()
  })
}

type Context = Parameters<typeof startMetered>[0]

interface Member {
  readonly url: string
  readonly gateway: Gateway
  readonly tier: CacheTier
  readonly shown: () => string
}

interface Options {
  readonly store?: Partial<StoreInput>
  readonly tier?: object
}

/** A gateway in front of that origin, with its cache in that Redis, which it has reached. */
async function member(
  t: Context,
  redis: RedisServer,
  origin: string,
  { store, tier }: Options = {},
): Promise<Member> {
  const { gateway, url, shown } = await startMetered(t, {
    stores: { main: { redis: redis.url, ...store } },
    cache: { tier: { store: 'main', ...tier } },
    routes: [{ name: 'shop', upstream: origin, cache: { ttl: '60s' } }],
  })
  const made = gateway.cache?.tier ?? assert.fail('it has no tier')
  return { url, gateway, tier: made, shown }
}

async function reached(...members: readonly Member[]): Promise<void> {
  for (const { tier } of members)
    await eventually(() => tier.link.state === 'connected' && !tier.purgesHeard.areMissing, 'Redis is there')
}

function purge({ gateway }: Member, tag: string): Promise<number> {
  const { store } = gateway.cache ?? assert.fail()
  return Promise.resolve(store.purge({ by: 'tag', value: tag }, 'hard', Date.now()))
}

async function stored(redis: RedisProbe): Promise<number> {
  return Number(await redis.send(['ZCARD', 'headgate:{cache}:all']))
}

/** Each answer is another one; all have the tag items. */
function startCounting(): ReturnType<typeof startOrigin> {
  let count = 0
  return startOrigin(({ url }, response) => {
    response.writeHead(200, { 'cache-tag': 'items' })
    response.end(`${++count} ${url}`)
  })
}

test('what one gateway has fetched the other finds, and a purge in one holds in the memory of the other', async (t) => {
  await using redis = await RedisServer.start()
  using probe = await redis.connect()
  const origin = await startCounting()
  const one = await member(t, redis, origin.url)
  const other = await member(t, redis, origin.url)
  await reached(one, other)
  assert.deepEqual(await ask(`${one.url}/a`), {
    status: 200,
    cache: 'headgate; fwd=uri-miss; ttl; stored',
    text: '1 /a',
  })
  await eventually(async () => (await stored(probe)) === 1, 'it is stored')
  const found = await ask(`${other.url}/a`)
  assert.deepEqual([found.text, found.cache], ['1 /a', 'headgate; hit; ttl; detail=redis'])
  const near = await ask(`${other.url}/a`)
  assert.deepEqual([near.text, near.cache], ['1 /a', 'headgate; hit; ttl'])

  assert.equal(await purge(one, 'items'), 1)
  await eventually(() => other.gateway.cache?.local.stats().entries === 0, 'the other has heard of it')
  assert.equal((await ask(`${other.url}/a`)).text, '2 /a')

  // What changes a resource in one gateway makes it invalid in all.
  await eventually(async () => (await stored(probe)) === 1, 'it is stored')
  assert.equal((await ask(`${one.url}/a`)).text, '2 /a')
  await ask(`${one.url}/a`, 'POST')
  await eventually(() => other.gateway.cache?.local.stats().entries === 0, 'the other has heard of it')
  assert.equal((await ask(`${other.url}/a`)).text, '4 /a')
  assert.match(one.shown(), /headgate_store_calls_total\{store="main",outcome="answered"\} [1-9]/)
  assert.match(one.shown(), /headgate_store_connections\{store="main"\} 1/)
})

test('a variant that Redis alone has is found, though the memory has another one, whatever onStoreError is', async (t) => {
  await using redis = await RedisServer.start()
  using probe = await redis.connect()
  const origin = await startOrigin(({ headers }, response) => {
    const tongue = String(headers['x-tongue'])
    response.writeHead(200, { vary: 'x-tongue', 'cache-tag': tongue }).end()
  })
  for (const onStoreError of ['open', 'closed']) {
    const one = await member(t, redis, origin.url, { tier: { onStoreError } })
    await reached(one)
    for (const tongue of ['de', 'en']) await ask(`${one.url}/a`, 'GET', { 'x-tongue': tongue })
    await eventually(async () => (await stored(probe)) === 2, 'both are stored')
    await one.gateway.cache?.local.purge({ by: 'tag', value: 'en' }, 'hard', Date.now())
    const found = await ask(`${one.url}/a`, 'GET', { 'x-tongue': 'en' })
    assert.equal(found.cache, 'headgate; hit; ttl; detail=redis', onStoreError)
  }
})

test('while Redis is frozen exchanges go on, a purge tells that it does not hold everywhere, and it holds when Redis goes on', async (t) => {
  await using redis = await RedisServer.start()
  using probe = await redis.connect()
  const origin = await startCounting()
  const one = await member(t, redis, origin.url, { store: { timeout: '50ms' } })
  const other = await member(t, redis, origin.url, { store: { timeout: '50ms' } })
  await reached(one, other)
  await ask(`${one.url}/a`)
  await eventually(async () => (await stored(probe)) === 1, 'it is stored')
  await ask(`${other.url}/a`)
  redis.freeze()
  for (const path of ['/b', '/c', '/d', '/e']) assert.equal((await ask(one.url + path)).status, 200)
  assert.equal((await ask(`${one.url}/b`)).cache, 'headgate; hit; ttl', 'from the memory')
  await eventually(() => one.tier.link.state === 'away', 'it is given up')
  await assert.rejects(purge(one, 'items'), /the store main is away: no answer within 50 ms/)
  assert.equal((await ask(`${one.url}/a`)).text, '6 /a', 'here it is purged')
  assert.equal((await ask(`${other.url}/a`)).text, '1 /a', 'there it is not')
  redis.thaw()
  await reached(one, other)
  // The next look makes up for it.
  await ask(`${one.url}/f`)
  await eventually(async () => (await ask(`${other.url}/a`)).text !== '1 /a', 'the other has heard of it')
})

test('where Redis is killed exchanges go on, and purges that were missed meanwhile are none', async (t) => {
  await using redis = await RedisServer.start()
  const origin = await startCounting()
  const one = await member(t, redis, origin.url)
  await reached(one)
  await ask(`${one.url}/a`)
  await redis.kill()
  await eventually(() => one.tier.link.state === 'away' && one.tier.feedLink.state === 'away', 'it is seen')
  assert.equal((await ask(`${one.url}/a`)).text, '1 /a')
  assert.equal((await ask(`${one.url}/b`)).text, '2 /b')
  assert.match(one.shown(), /headgate_store_connections\{store="main"\} 0/)
  await redis.restart()
  await eventually(() => one.gateway.cache?.local.stats().entries === 0, 'nobody knows what was purged')
  assert.equal((await ask(`${one.url}/a`)).text, '3 /a')
})

test('with onStoreError closed, nothing comes from the memory once nothing was heard of purges', async (t) => {
  await using redis = await RedisServer.start()
  const origin = await startCounting()
  const one = await member(t, redis, origin.url, { tier: { onStoreError: 'closed' } })
  await reached(one)
  await ask(`${one.url}/a`)
  assert.equal((await ask(`${one.url}/a`)).text, '1 /a')
  await redis.kill()
  await eventually(() => one.tier.purgesHeard.areMissing, 'it is silent')
  assert.deepEqual([(await ask(`${one.url}/a`)).text, (await ask(`${one.url}/a`)).text], ['2 /a', '3 /a'])
  await redis.restart()
  await reached(one)
  await ask(`${one.url}/a`)
  assert.equal((await ask(`${one.url}/a`)).text, '4 /a')
})

for (const [what, options] of [
  ['its password is wrong', ['--requirepass', 'right']],
  ['it is full', ['--maxmemory', '1', '--maxmemory-policy', 'noeviction']],
  ['it knows no scripts', ['--rename-command', 'EVALSHA', '', '--rename-command', 'EVAL', '']],
] as const) {
  test(`exchanges and their memory are as without Redis where ${what}`, async (t) => {
    await using redis = await RedisServer.start(...options)
    const origin = await startCounting()
    const store = { username: 'default', password: 'hunter2-hunter2' }
    const one = await member(t, redis, origin.url, { store: what.includes('password') ? store : {} })
    // Before purges are followed the memory is dropped once.
    if (what.includes('full')) await reached(one)
    assert.equal((await ask(`${one.url}/a`)).text, '1 /a')
    assert.equal((await ask(`${one.url}/a`)).text, '1 /a')
    if (!what.includes('password')) return
    await eventually(() => one.tier.link.state === 'away', 'it is refused')
    assert.match(one.tier.link.reason, /WRONGPASS/)
    assert.ok(!one.tier.link.reason.includes('hunter2'))
  })
}

test('a gateway keeps its connections over a reload, and gives them up with the store', async (t) => {
  await using redis = await RedisServer.start()
  using probe = await redis.connect()
  const origin = await startCounting()
  const one = await member(t, redis, origin.url)
  await reached(one)
  const connections = async (): Promise<number> => {
    const list = String(await probe.send(['CLIENT', 'LIST']))
    // One is that of this test.
    return list.trim().split('\n').length - 1
  }
  await eventually(async () => (await connections()) === 2, 'calls and the feed have one each')
  const { config } = one.gateway.snapshot
  const again = await one.gateway.prepare({ config: { ...config, workers: config.workers + 1 } })
  again.commit()
  assert.equal(one.gateway.cache?.tier?.link, one.tier.link)
  await ask(`${one.url}/a`)
  assert.equal(await connections(), 2)
  const without = await one.gateway.prepare({
    config: { ...config, cache: { ...config.cache, tier: undefined } },
  })
  without.commit()
  await eventually(async () => (await connections()) === 0, 'there is none left')
  assert.equal((await ask(`${one.url}/a`)).text, '1 /a', 'the memory stays')
})
