import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Body, collect } from '../../../../src/message/body.ts'
import { TrafficError } from '../../../../src/message/errors.ts'
import {
  type CacheMemory,
  createCacheMemory,
  SHARD,
} from '../../../../src/policies/cache/memory/cache-memory.ts'
import {
  cacheThreadEnded,
  SharedMemoryStore,
} from '../../../../src/policies/cache/memory/shared-memory-store.ts'
import { Shards } from '../../../../src/policies/cache/memory/shards.ts'
import { contentOf, headOf } from './sample-content.ts'
import { verify } from './verify.ts'

const SEED = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
const KEY = { text: 'a key' }
/** Too large for a record. */
const LARGE = 100_000

/** One shard, so that all that is stored is behind one lock. Thread 3 verifies. */
function memoryOf(bytes = 1024 * 1024): CacheMemory {
  const memory = createCacheMemory({ bytes, threads: 4, seed: SEED })
  assert.equal(memory.shards, 1)
  return memory
}

function keep(store: SharedMemoryStore, text: string, length: number, seed = 1): boolean {
  const writer = store.begin({ text }, headOf(1, seed), length, store.moment())
  return writer?.write(contentOf(seed, length)) === true && writer.commit() === true
}

/** As a thread leaves it that ends in the middle of a change. */
function endWhileChanging(memory: CacheMemory): void {
  const { lock, views } = new Shards(memory, 1)
  assert.ok(lock.acquire(0))
  views.put(views.layout.shard(0) + SHARD.dirty, 1)
  cacheThreadEnded(memory, 1)
}

function open(store: SharedMemoryStore, key = KEY): Body {
  const [entry] = store.find(key)
  assert.ok(entry !== undefined, 'nothing is found')
  const body = entry.open()
  entry.release()
  return body
}

test('while a living thread keeps the lock, nothing is found and nothing taken, and a purge waits for it', async () => {
  const memory = memoryOf()
  const store = new SharedMemoryStore(memory, 0)
  keep(store, KEY.text, 10)
  const other = new Shards(memory, 1)
  assert.ok(other.lock.acquire(0))
  assert.deepEqual(store.find(KEY), [])
  assert.equal(keep(store, 'another', 10), false)
  const purge = store.purge({ by: 'key', key: KEY }, 'hard', 1)
  assert.ok(purge instanceof Promise)
  other.lock.release(0)
  assert.equal(await purge, 1)
  assert.deepEqual(store.find(KEY), [])
  verify(memory, 3)
})

test('what a large writer had, and could not free while the lock was taken, is freed later', () => {
  const memory = memoryOf()
  const store = new SharedMemoryStore(memory, 0)
  const writer = store.begin(KEY, headOf(1, 1), LARGE, store.moment())
  writer?.write(contentOf(1, LARGE / 2))
  const other = new Shards(memory, 1)
  assert.ok(other.lock.acquire(0))
  writer?.abort()
  other.lock.release(0)
  assert.ok(other.pages.countOf(0) > 0)
  keep(store, 'another', 0)
  assert.equal(other.pages.countOf(0), 1)
  verify(memory, 3)
})

test('the lock of a thread that ended while it read is taken over, and nothing is lost', () => {
  const memory = memoryOf()
  const store = new SharedMemoryStore(memory, 0)
  keep(store, KEY.text, 10)
  new Shards(memory, 1).lock.acquire(0)
  cacheThreadEnded(memory, 1)
  assert.equal(store.find(KEY).length, 1)
  verify(memory, 3)
})

test('what a thread was changing when it ended is emptied, while contents that others read stay whole', async () => {
  const memory = memoryOf()
  const store = new SharedMemoryStore(memory, 0)
  keep(store, KEY.text, LARGE, 5)
  const body = open(store)
  const half = store.begin({ text: 'half' }, headOf(2, 2), LARGE, store.moment())
  half?.write(contentOf(2, LARGE / 2))
  endWhileChanging(memory)
  assert.equal(store.stats().entries, 1)
  assert.deepEqual(store.find(KEY), [], 'the shard is emptied by who finds the lock')
  assert.equal(store.stats().entries, 0)
  for (let index = 0; index < 30; index++) keep(store, `later ${index}`, LARGE, 3)
  assert.equal(half?.write(contentOf(2, LARGE / 2)), false, 'a writer whose blocks are gone gives up')
  assert.ok((await collect(body)).equals(contentOf(5, LARGE)))
  verify(memory, 3)
  assert.ok(keep(store, 'last', LARGE))
})

test('what a thread was reading and writing when it ended is free', async () => {
  const memory = memoryOf()
  const store = new SharedMemoryStore(memory, 0)
  const ending = new SharedMemoryStore(memory, 1)
  keep(store, KEY.text, LARGE)
  open(ending)
  ending.begin({ text: 'half' }, headOf(2, 2), LARGE, ending.moment())?.write(contentOf(2, LARGE / 2))
  await store.purge({ by: 'all' }, 'hard', 1)
  const { pages } = new Shards(memory, 2)
  assert.ok(pages.countOf(0) >= 9, 'all of it is in use')
  cacheThreadEnded(memory, 1)
  verify(memory, 3)
  assert.equal(pages.countOf(0), 0)
})

test('a thread that begins with the number of another one takes its place: the store of that one does nothing more', () => {
  const memory = memoryOf()
  const before = new SharedMemoryStore(memory, 0)
  before.begin({ text: 'half' }, headOf(2, 2), LARGE, before.moment())?.write(contentOf(2, LARGE / 2))
  keep(before, KEY.text, LARGE)
  before.find(KEY)
  const store = new SharedMemoryStore(memory, 0)
  assert.deepEqual(before.find(KEY), [])
  assert.equal(keep(before, 'x', 10), false)
  open(store).cancel(new TrafficError('internal', 'nobody wants it'))
  verify(memory, 3)
  assert.equal(store.purge({ by: 'all' }, 'hard', 1), 1)
  assert.equal(new Shards(memory, 2).pages.countOf(0), 0, 'what the other was reading and writing is free')
})

test('a purge by tag looks into a part that seems to have nothing, while somebody is changing it', async () => {
  const memory = memoryOf()
  const store = new SharedMemoryStore(memory, 0)
  const other = new Shards(memory, 1)
  assert.ok(other.lock.acquire(0))
  const purge = store.purge({ by: 'tag', value: 'tag 1' }, 'hard', 1)
  assert.ok(purge instanceof Promise)
  other.lock.release(0)
  assert.equal(await purge, 0)
})

test('a head that was read is read anew after an update, and is stale after a soft purge', async () => {
  const memory = memoryOf()
  const store = new SharedMemoryStore(memory, 0)
  const other = new SharedMemoryStore(memory, 1)
  keep(store, KEY.text, 10)
  const [entry] = store.find(KEY)
  assert.equal(entry?.head.status, 200)
  const [same] = other.find(KEY)
  assert.ok(same !== undefined)
  assert.ok(other.update(KEY, same, { ...same.head, status: 203 }))
  assert.equal(store.find(KEY)[0]?.head.status, 203)
  await other.purge({ by: 'key', key: KEY }, 'soft', 5)
  assert.equal(store.find(KEY)[0]?.head.staleSince, 5)
  assert.equal(store.update(KEY, entry ?? same, same.head), false, 'the head that it was read with is gone')
})

test('a response that was on its way when another thread purged what it is for is not taken', async () => {
  const memory = memoryOf()
  const store = new SharedMemoryStore(memory, 0)
  const other = new SharedMemoryStore(memory, 1)
  for (const [by, value] of [
    ['tag', 'tag 2'],
    ['prefix', 'http://shop.example/'],
    ['url', 'http://shop.example/products/2'],
  ] as const) {
    const writer = store.begin(KEY, headOf(2, 1), 0, store.moment())
    await other.purge({ by: 'tag', value: 'tag 999' }, 'hard', 1)
    await other.purge({ by, value }, 'hard', 1)
    assert.equal(writer?.commit(), false, by)
  }
  const writer = store.begin(KEY, headOf(2, 1), 0, store.moment())
  await other.purge({ by: 'tag', value: 'tag 999' }, 'hard', 1)
  await other.purge({ by: 'url', value: 'http://shop.example/products/2' }, 'soft', 1)
  assert.equal(writer?.commit(), true)
  assert.notEqual(store.find(KEY)[0]?.head.staleSince, undefined)
  const late = store.begin({ text: 'late' }, headOf(2, 1), 0, store.moment())
  for (let count = 0; count < 256; count++) await other.purge({ by: 'tag', value: 'tag 999' }, 'hard', 1)
  assert.equal(late?.commit(), false, 'more purges than are remembered')
})

test('a large content is read as its sink asks for it, and given up in the middle', async () => {
  const memory = memoryOf()
  const store = new SharedMemoryStore(memory, 0)
  keep(store, KEY.text, LARGE, 4)
  const body = open(store)
  const parts: Buffer[] = []
  let ended = false
  body.flowTo({
    write(chunk) {
      parts.push(Buffer.from(chunk))
      return false
    },
    end: () => (ended = true),
    fail: (error) => assert.fail(error),
  })
  assert.equal(parts.length, 1)
  body.resume()
  assert.ok(ended)
  assert.ok(Buffer.concat(parts).equals(contentOf(4, LARGE)))
  const dropped = open(store)
  await store.purge({ by: 'all' }, 'hard', 1)
  const { pages } = new Shards(memory, 2)
  assert.ok(pages.countOf(0) > 0)
  dropped.cancel(new TrafficError('internal', 'nobody wants it'))
  assert.equal(pages.countOf(0), 0, 'the last reader frees what is gone')
  verify(memory, 3)
})
