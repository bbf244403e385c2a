import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type RedisProbe, RedisServer } from '../../../../../../scripts/testing/redis-server.ts'
import { collect } from '../../../../src/message/body.ts'
import { RedisStore, type RedisStoreOptions } from '../../../../src/policies/cache/redis/redis-store.ts'
import type { CacheKey, CacheStore, Selection, StoredHead } from '../../../../src/policies/cache/store.ts'
import { CACHE_STORE_CASES } from '../../../../src/testing/cache-store-cases.ts'
import { storedHead } from '../stored-head.ts'

const KEY: CacheKey = { text: '4:http9:a.example2:/x' }
const FRESH = { lifetime: 60_000 }

let server: RedisServer
let commands: RedisProbe
let names = 0

before(async () => {
  server = await RedisServer.start()
  commands = await server.connect()
})

after(async () => {
  commands[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
})

/** Stores with names of their own in the same Redis: what one finds, the others find. */
async function stores(count: number, options: RedisStoreOptions = {}): Promise<readonly RedisStore[]> {
  const prefix = nextPrefix()
  const all = Array.from({ length: count }, () => new RedisStore(commands, { prefix, ...options }))
  for (const each of all) await each.refresh()
  return all
}

async function aStore(options?: RedisStoreOptions): Promise<RedisStore> {
  return (await stores(1, options))[0] ?? assert.fail()
}

function nextPrefix(): string {
  return `test:{${++names}}:`
}

/** The names in Redis of the store that was made last. */
async function keysOf(pattern: string): Promise<readonly string[]> {
  const found = await commands.send(['KEYS', `test:{${names}}:${pattern}`])
  assert.ok(Array.isArray(found))
  return found.map(String)
}

async function onlyKey(pattern: string): Promise<string> {
  const [key, ...others] = await keysOf(pattern)
  assert.deepEqual(others, [])
  return key ?? assert.fail(`there is no ${pattern}`)
}

async function keep(
  store: CacheStore,
  key: CacheKey,
  content: string,
  head: Partial<StoredHead> = {},
  since: number = store.moment(),
): Promise<boolean> {
  const writer = store.begin(key, storedHead({ ...FRESH, ...head }), content.length, since)
  if (content.length > 0) writer?.write(Buffer.from(content, 'latin1'))
  return (await writer?.commit()) === true
}

async function texts(store: CacheStore, key: CacheKey): Promise<readonly string[]> {
  const found = await store.find(key)
  return Promise.all(found.map(async (each) => (await collect(each.open())).toString('latin1')))
}

for (const { name, run } of CACHE_STORE_CASES) {
  test(`in Redis, ${name}`, () => run((limits) => aStore(limits)))
}

test('what one gateway stores, another one finds', async () => {
  const [one, other] = await stores(2)
  assert.ok(one !== undefined && other !== undefined)
  await keep(one, KEY, 'content', { tags: ['t'] })
  assert.deepEqual(await texts(other, KEY), ['content'])
  assert.equal(other.stats().entries, 1)
})

for (const selection of [
  { by: 'tag', value: 't' },
  { by: 'prefix', value: 'http://a.example/' },
  { by: 'all' },
] as const satisfies Selection[]) {
  test(`a purge by ${selection.by} in one gateway holds in all, for what is there and what is on its way`, async () => {
    const [one, other] = await stores(2)
    assert.ok(one !== undefined && other !== undefined)
    await keep(one, KEY, 'content', { tags: ['t'] })
    const since = other.moment()
    assert.equal(await one.purge(selection, 'hard', 1), 1)
    assert.deepEqual(await texts(other, KEY), [])
    assert.equal(await keep(other, KEY, 'old', { tags: ['t'] }, since), false)
    assert.equal(await keep(other, KEY, 'new', { tags: ['t'] }), true)
    assert.deepEqual(await texts(one, KEY), ['new'])
  })
}

test('a purge of something else does not keep a response from being stored', async () => {
  const [one, other] = await stores(2)
  assert.ok(one !== undefined && other !== undefined)
  const since = other.moment()
  await one.purge({ by: 'tag', value: 'another' }, 'hard', 1)
  await one.purge({ by: 'prefix', value: 'http://a.example/other' }, 'hard', 1)
  assert.equal(await keep(other, KEY, 'content', { tags: ['t'] }, since), true)
})

test('who has missed more purges than are remembered does not store what it asked for before', async () => {
  const [one, other] = await stores(2)
  assert.ok(one !== undefined && other !== undefined)
  const since = other.moment()
  const others = Array.from({ length: 1_025 }, (_, index) => `http://b.example/${index}`)
  await Promise.all(others.map((value) => one.purge({ by: 'url', value }, 'hard', 1)))
  assert.equal(await keep(other, KEY, 'content', {}, since), false)
})

test('where Redis has evicted what purges there were, nothing is stored that was asked for before them', async () => {
  const [one, other] = await stores(2)
  assert.ok(one !== undefined && other !== undefined)
  const since = other.moment()
  await one.purge({ by: 'url', value: 'http://a.example/' }, 'hard', 1)
  await commands.send(['DEL', await onlyKey('log')])
  assert.equal(await keep(other, KEY, 'old', {}, since), false)
})

test('what is stored while a soft purge goes along its list is not stale', async () => {
  const prefix = nextPrefix()
  const other = new RedisStore(commands, { prefix })
  await other.refresh()
  await keep(other, { text: 'old' }, 'old', { tags: ['t'] })
  let scripts = 0
  const send: RedisProbe['send'] = async (args) => {
    // The second script that is sent, or sent again with its text, is the first step along the list.
    if (args[0] === 'EVALSHA' && ++scripts === 2) {
      await other.refresh()
      await keep(other, { text: 'new' }, 'new', { tags: ['t'] })
    }
    return commands.send(args)
  }
  assert.equal(await new RedisStore({ send }, { prefix }).purge({ by: 'tag', value: 't' }, 'soft', 7), 1)
  assert.equal((await other.find({ text: 'old' }))[0]?.head.staleSince, 7)
  assert.equal((await other.find({ text: 'new' }))[0]?.head.staleSince, undefined)
})

test('a soft purge, and then what the origin confirmed after it, hold in all gateways', async () => {
  const [one, other] = await stores(2)
  assert.ok(one !== undefined && other !== undefined)
  await keep(one, KEY, 'content', { tags: ['t'] })
  const [before] = await other.find(KEY)
  assert.equal(await one.purge({ by: 'tag', value: 't' }, 'soft', 7), 1)
  const confirmed = storedHead({ ...FRESH, tags: ['t'] })
  assert.equal(
    await other.update(KEY, before ?? assert.fail(), confirmed),
    false,
    'it is of before the purge',
  )
  const [stale] = await other.find(KEY)
  assert.equal(stale?.head.staleSince, 7)
  assert.equal(await other.update(KEY, stale ?? assert.fail(), confirmed), true)
  assert.equal((await one.find(KEY))[0]?.head.staleSince, undefined)
})

test('purges of more than one step can carry take all, and count them', async () => {
  const store = await aStore()
  for (const [how, selection] of [
    ['soft', { by: 'tag', value: 't' }],
    ['hard', { by: 'tag', value: 't' }],
    ['hard', { by: 'prefix', value: 'http://a.example/shop' }],
    ['hard', { by: 'all' }],
  ] as const) {
    const shop = { url: 'http://a.example/shop/1', tags: ['t'] }
    const keys = Array.from({ length: 250 }, (_, index) => ({ text: `k${index}` }))
    await Promise.all(keys.map((key) => keep(store, key, 'x', shop)))
    assert.equal(await store.purge(selection, how, 5), 250)
    assert.equal(store.stats().entries, how === 'hard' ? 0 : 250)
  }
  assert.deepEqual(await keysOf('[elkt]:*'), [], 'nothing stays behind')
  assert.equal(store.stats().bytes, 0)
})

test('content of many pieces is read whole, whatever becomes of Redis while it flows', async () => {
  const own = await RedisServer.start()
  const probe = await own.connect()
  try {
    const store = new RedisStore(probe)
    await store.refresh()
    const content = 'abcdefgh'.repeat(400_000)
    assert.ok(await keep(store, KEY, content))
    const [entry] = await store.find(KEY)
    await own.kill()
    assert.equal((await collect(entry?.open() ?? assert.fail())).toString('latin1'), content)
    await assert.rejects(store.find(KEY))
  } finally {
    probe[Symbol.dispose]()
    await own[Symbol.asyncDispose]()
  }
})

test('Redis forgets a response by itself when it is of no use any more', async () => {
  const store = await aStore()
  await keep(store, KEY, 'x', { lifetime: 60_000, initialAge: 10_000, staleIfError: 5_000 })
  for (const name of [await onlyKey('e:*'), await onlyKey('k:*')]) {
    const left = Number(await commands.send(['PTTL', name]))
    assert.ok(left > 40_000 && left <= 55_000, `${name} is kept for ${left} ms`)
  }
})

test('what has ended by itself is counted no longer than until others are stored', async () => {
  const store = await aStore()
  for (const text of ['a', 'b', 'c']) await keep(store, { text }, text)
  for (const name of await keysOf('e:*')) await commands.send(['DEL', name])
  await keep(store, KEY, 'x')
  assert.equal(store.stats().entries, 1)
  assert.deepEqual(await texts(store, { text: 'a' }), [])
})

const DAMAGES: readonly (readonly [string, (entry: string) => Promise<unknown>])[] = [
  ['its entry is evicted', (entry) => commands.send(['DEL', entry])],
  ['a piece of it is gone', (entry) => commands.send(['HDEL', entry, 'c1'])],
  ['a piece of it is shorter', (entry) => commands.send(['HSET', entry, 'c1', 'short'])],
  ['a piece of it is longer', (entry) => commands.send(['HSET', entry, 'c0', 'x'.repeat(300_000)])],
  ['its head is cut', (entry) => commands.send(['HSET', entry, 'h', '1\n200'])],
  ['its head is of another version', (entry) => commands.send(['HSET', entry, 'h', '0\nwhat it was'])],
  ['its length is gone', (entry) => commands.send(['HDEL', entry, 'z'])],
  ['it is of another key', (entry) => commands.send(['HSET', entry, 't', 'another'])],
  ['the list of its key is gone', async () => commands.send(['DEL', await onlyKey('k:*')])],
  ['the list of a label is gone', async () => commands.send(['DEL', (await keysOf('l:*'))[0] ?? ''])],
  ['the list of all is gone', async () => commands.send(['DEL', await onlyKey('all')])],
  ['the numbers are gone', async () => commands.send(['DEL', await onlyKey('meta')])],
]
for (const [what, damage] of DAMAGES) {
  test(`a response is as if it were not there where ${what}, and is stored again`, async () => {
    const store = await aStore()
    const content = 'x'.repeat(300_000)
    await keep(store, KEY, content)
    await damage(await onlyKey('e:*'))
    assert.deepEqual(await texts(store, KEY), [])
    assert.equal(await keep(store, KEY, content), true)
    assert.deepEqual(await texts(store, KEY), [content])
  })
}

test('a purge finds what it is for, or nobody does, where Redis has evicted the list that it goes by', async () => {
  const store = await aStore()
  await keep(store, KEY, 'old', { tags: ['t'], url: 'http://a.example/x' })
  const lists = await keysOf('l:*')
  assert.equal(lists.length, 3)
  for (const list of lists) {
    const copy = await commands.send(['DUMP', list])
    await commands.send(['DEL', list])
    assert.equal(await store.purge({ by: 'tag', value: 'u' }, 'hard', 1), 0)
    assert.deepEqual(await texts(store, KEY), [])
    assert.ok(Buffer.isBuffer(copy))
    await keep(store, KEY, 'old', { tags: ['t'], url: 'http://a.example/x' })
  }
})

test('values of another type are an error, and break nothing that others need', async () => {
  const store = await aStore()
  await keep(store, KEY, 'x')
  const name = await onlyKey('k:*')
  await commands.send(['DEL', name])
  await commands.send(['SET', name, 'junk'])
  await assert.rejects(store.find(KEY), /WRONGTYPE/)
  assert.equal(await keep(store, { text: 'other' }, 'y'), true)
})

test('scripts that Redis has lost are sent again', async () => {
  const store = await aStore()
  await keep(store, KEY, 'content')
  await commands.send(['SCRIPT', 'FLUSH'])
  assert.deepEqual(await texts(store, KEY), ['content'])
})

test('where Redis is full, nothing is stored, what is there is found, and purges hold', async () => {
  const store = await aStore()
  await keep(store, KEY, 'content', { tags: ['t'] })
  await commands.send(['CONFIG', 'SET', 'maxmemory', '1', 'maxmemory-policy', 'noeviction'])
  try {
    await assert.rejects(keep(store, { text: 'other' }, 'x'), /OOM/)
    await assert.rejects(keep(store, { text: 'other' }, 'x'.repeat(600_000)), /OOM/)
    assert.deepEqual(await texts(store, KEY), ['content'])
    assert.equal(await store.purge({ by: 'tag', value: 't' }, 'soft', 3), 1)
    assert.equal(await store.purge({ by: 'tag', value: 't' }, 'hard', 3), 1)
    assert.deepEqual(await texts(store, KEY), [])
  } finally {
    await commands.send(['CONFIG', 'SET', 'maxmemory', '0'])
  }
  assert.deepEqual(await keysOf('e:*'), [], 'nothing of what was refused stays')
})

test('where Redis evicts as it likes, what is found is whole, and a purge leaves nothing of it', async () => {
  await using own = await RedisServer.start('--maxmemory', '3mb', '--maxmemory-policy', 'allkeys-random')
  using probe = await own.connect()
  const store = new RedisStore(probe)
  await store.refresh()
  let found = 0
  for (let index = 0; index < 300; index++) {
    const content = String.fromCharCode(97 + (index % 26)).repeat(8_000)
    await keep(store, { text: `k${index % 100}` }, content, { tags: ['t'] }).catch(() => false)
    for (const text of await texts(store, { text: `k${(index * 7) % 100}` })) {
      found++
      assert.equal(text, text[0]?.repeat(8_000))
    }
  }
  assert.ok(found > 0)
  await store.purge({ by: 'tag', value: 't' }, 'hard', 1)
  for (let index = 0; index < 100; index++) assert.deepEqual(await texts(store, { text: `k${index}` }), [])
})

test('after a restart that lost all, nothing is stored that was asked for before', async () => {
  await using own = await RedisServer.start()
  using before = await own.connect()
  const store = new RedisStore({ send: (args) => current.send(args) })
  let current = before
  await store.refresh()
  await store.purge({ by: 'all' }, 'hard', 1)
  const since = store.moment()
  await own.kill()
  await own.restart()
  using after = await own.connect()
  current = after
  assert.equal(await keep(store, KEY, 'old', {}, since), false)
  assert.equal(await keep(store, KEY, 'new'), true)
})

test('a purge that did not reach Redis rejects, and is made up for before anything is read again', async () => {
  const prefix = nextPrefix()
  let away = false
  const send: RedisProbe['send'] = async (args) => {
    if (away) throw new Error('away')
    return commands.send(args)
  }
  const store = new RedisStore({ send }, { prefix })
  const other = new RedisStore(commands, { prefix })
  await store.refresh()
  await keep(store, KEY, 'a', { tags: ['t'] })
  await keep(store, { text: 'b' }, 'b', { url: 'http://a.example/b' })
  await keep(store, { text: 'c' }, 'c', { url: 'http://a.example/c' })
  away = true
  await assert.rejects(store.purge({ by: 'tag', value: 't' }, 'hard', 1), /away/)
  await assert.rejects(store.purge({ by: 'url', value: 'http://a.example/b' }, 'soft', 9), /away/)
  await assert.rejects(store.find(KEY), /away/)
  assert.deepEqual(await texts(other, KEY), ['a'], 'the other cannot know of it yet')
  away = false
  assert.deepEqual(await texts(store, KEY), [])
  assert.equal((await store.find({ text: 'b' }))[0]?.head.staleSince, 9)
  assert.deepEqual(await texts(store, { text: 'c' }), ['c'])
  assert.deepEqual(await texts(other, KEY), [])
})

test('where more purges are owed than are remembered, all is purged', async () => {
  const prefix = nextPrefix()
  let away = true
  const send: RedisProbe['send'] = async (args) => {
    if (away) throw new Error('away')
    return commands.send(args)
  }
  const store = new RedisStore({ send }, { prefix })
  const other = new RedisStore(commands, { prefix })
  await other.refresh()
  await keep(other, KEY, 'content')
  for (let index = 0; index <= 1_000; index++)
    await assert.rejects(store.purge({ by: 'tag', value: `t${index}` }, 'hard', 1))
  away = false
  await store.find({ text: 'another' })
  assert.deepEqual(await texts(other, KEY), [])
})

test('all names have the same hash tag, so that they are on one node of a cluster', async () => {
  const store = await aStore()
  await keep(store, KEY, 'x'.repeat(600_000), { tags: ['t'] })
  await store.purge({ by: 'tag', value: 'u' }, 'hard', 1)
  const prefix = `test:{${names}}:`
  const all = await keysOf('*')
  assert.deepEqual(
    new Set(all.map((name) => name.slice(prefix.length).split(':')[0])),
    new Set(['meta', 'all', 'log', 'k', 'e', 'l']),
  )
})

test('bounds that are no whole numbers above 0 are refused', () => {
  for (const maxBytes of [0, -1, 1.5, Number.NaN])
    assert.throws(() => new RedisStore(commands, { maxBytes }), TypeError)
})
