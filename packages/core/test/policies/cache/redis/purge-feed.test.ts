import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '../../../../../../scripts/testing/eventually.ts'
import { type RedisProbe, RedisServer } from '../../../../../../scripts/testing/redis-server.ts'
import { RedisPurgeFeed } from '../../../../src/policies/cache/redis/purge-feed.ts'
import { RedisStore } from '../../../../src/policies/cache/redis/redis-store.ts'
import type { Selection } from '../../../../src/policies/cache/store.ts'

/** A feed that writes down what it is told. */
function follow(send: RedisProbe['send']): {
  readonly feed: RedisPurgeFeed
  readonly told: string[]
  heard: () => number
} {
  const told: string[] = []
  let heard = 0
  const feed = new RedisPurgeFeed(
    { send },
    {
      purged: (selection, how, now) => told.push(`${how} ${shown(selection)} ${now}`),
      missed: () => told.push('missed'),
      heard: () => void heard++,
    },
    { self: 'me' },
  )
  void feed.run()
  return { feed, told, heard: () => heard }
}

function shown(selection: Selection): string {
  return selection.by === 'key' ? `key ${selection.key.text}` : Object.values(selection).join(' ')
}

test('a feed tells the purges of others in their order, as they are, and none of its own', async () => {
  await using server = await RedisServer.start()
  using commands = await server.connect()
  using waiting = await server.connect()
  const { feed, told, heard } = follow(waiting.send)
  await eventually(() => heard() > 0, 'it follows')
  assert.deepEqual(told.splice(0), ['missed'], 'what was before')
  const other = new RedisStore(commands, { self: 'other' })
  await new RedisStore(commands, { self: 'me' }).purge({ by: 'all' }, 'hard', 1)
  await other.purge({ by: 'tag', value: 'sch\xf6n' }, 'hard', 2)
  await other.purge({ by: 'key', key: { text: '4:http\xff' } }, 'soft', 3)
  await other.purge({ by: 'prefix', value: 'http://a.example/x' }, 'hard', 4)
  await eventually(() => told.length >= 3, 'all are told')
  assert.deepEqual(told, ['hard tag sch\xf6n 2', 'soft key 4:http\xff 3', 'hard prefix http://a.example/x 4'])
  feed.stop()
})

test('what was purged while a connection was lost is told when there is another', async () => {
  await using server = await RedisServer.start()
  using commands = await server.connect()
  let lost = false
  let questions = 0
  const { feed, told, heard } = follow(async (args) => {
    questions++
    if (lost) throw new Error('lost')
    return commands.send(args.filter((_, index) => args[3] !== 'BLOCK' || (index !== 3 && index !== 4)))
  })
  await eventually(() => heard() > 0, 'it follows')
  assert.deepEqual(told.splice(0), ['missed'], 'what was before')
  lost = true
  const before = questions
  await eventually(() => questions > before, 'it has asked in vain')
  const other = new RedisStore(commands, { self: 'other' })
  await other.purge({ by: 'tag', value: 'a' }, 'hard', 1)
  await other.purge({ by: 'tag', value: 'b' }, 'hard', 2)
  lost = false
  await eventually(() => told.length >= 2, 'both are told')
  assert.deepEqual(told, ['hard tag a 1', 'hard tag b 2'])
  feed.stop()
})

for (const [what, change] of [
  ['more purges than are remembered', (redis: RedisProbe) => purgeOften(redis)],
  ['all data', (redis: RedisProbe) => redis.send(['FLUSHALL'])],
  ['the list of purges', (redis: RedisProbe) => dropLog(redis)],
] as const) {
  test(`who lost sight of ${what} is told that purges were missed`, async () => {
    await using server = await RedisServer.start()
    using commands = await server.connect()
    let lost = false
    const { feed, told, heard } = follow(async (args) => {
      if (lost) throw new Error('lost')
      return commands.send(args.filter((_, index) => args[3] !== 'BLOCK' || (index !== 3 && index !== 4)))
    })
    await eventually(() => heard() > 0, 'it follows')
    assert.deepEqual(told.splice(0), ['missed'], 'what was before')
    lost = true
    await change(commands)
    lost = false
    await eventually(() => told.includes('missed'), 'it is told')
    const other = new RedisStore(commands, { self: 'other' })
    await other.purge({ by: 'tag', value: 'after' }, 'hard', 1)
    await eventually(() => told.at(-1) === 'hard tag after 1', 'it goes on')
    feed.stop()
  })
}

async function purgeOften(redis: RedisProbe): Promise<void> {
  const other = new RedisStore(redis, { self: 'other' })
  const values = Array.from({ length: 1_100 }, (_, index) => String(index))
  await Promise.all(values.map((value) => other.purge({ by: 'tag', value }, 'hard', 1)))
}

async function dropLog(redis: RedisProbe): Promise<void> {
  await new RedisStore(redis, { self: 'other' }).purge({ by: 'tag', value: 'x' }, 'hard', 1)
  await redis.send(['DEL', 'headgate:{cache}:log'])
}
