import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCacheMemory } from '../../../../src/policies/cache/memory/cache-memory.ts'
import { SharedMemoryStore } from '../../../../src/policies/cache/memory/shared-memory-store.ts'
import { headOf } from './sample-content.ts'
import { verify } from './verify.ts'

const SEED = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
const MIB = 1024 * 1024
const CONTENT = Buffer.alloc(40 * MIB)

function keep(store: SharedMemoryStore, index: number, length: number): boolean {
  const writer = store.begin({ text: `key ${index}` }, headOf(index, index), length, store.moment())
  return writer?.write(CONTENT.subarray(0, length)) === true && writer.commit() === true
}

function has(store: SharedMemoryStore, index: number): boolean {
  const found = store.find({ text: `key ${index}` })
  for (const entry of found) entry.release()
  return found.length > 0
}

test('what is asked for again stays while five times the cache passes through once', () => {
  for (const length of [1_000, 50_000]) {
    const store = new SharedMemoryStore(createCacheMemory({ bytes: 4 * MIB, seed: SEED }), 0)
    const all = Math.floor((4 * MIB) / length)
    const hot = Math.floor(all / 5)
    for (let index = 0; index < hot; index++) keep(store, index, length)
    for (let round = 0; round < 3; round++) for (let index = 0; index < hot; index++) has(store, index)
    for (let index = hot; index < hot + 5 * all; index++) {
      keep(store, index, length)
      if (index % 4 === 0) has(store, (index / 4) % hot)
    }
    let left = 0
    for (let index = 0; index < hot; index++) if (has(store, index)) left++
    assert.ok(left > hot * 0.9, `${left} of ${hot} contents of ${length} bytes are left`)
  }
})

test('a byte of content takes no more than 1.5 bytes of memory, head, key and tables included', () => {
  for (const [length, most] of [
    [1024, 1.5],
    [20_000, 1.2],
    [100_000, 1.1],
  ] as const) {
    const memory = createCacheMemory({ bytes: 32 * MIB, seed: SEED })
    const store = new SharedMemoryStore(memory, 0)
    for (let index = 0; index < (40 * MIB) / length; index++) keep(store, index, length)
    const taken = memory.data.byteLength + memory.tables.byteLength
    const ratio = taken / (store.stats().entries * length)
    assert.ok(ratio < most, `${ratio.toFixed(3)} for contents of ${length} bytes`)
    verify(memory, 1)
  }
})

test('there are never more entries than the limit, and new ones are still taken', () => {
  const memory = createCacheMemory({ bytes: 8 * MIB, entries: 100, seed: SEED })
  const store = new SharedMemoryStore(memory, 0)
  for (let index = 0; index < 1_000; index++) {
    assert.ok(keep(store, index, 10))
    assert.ok(store.stats().entries <= 100)
  }
  assert.ok(store.stats().entries > 20, `${store.stats().entries} of 100`)
  verify(memory, 1)
})

test('the largest content may be as large as the cache allows, however many parts it has', () => {
  const memory = createCacheMemory({ bytes: 64 * MIB, largest: 40 * MIB, seed: SEED })
  assert.ok(memory.shards > 8)
  const store = new SharedMemoryStore(memory, 0)
  for (let index = 0; index < 2_000; index++) keep(store, index, 40_000)
  assert.ok(keep(store, 5_000, 40 * MIB))
  assert.equal(store.find({ text: 'key 5000' })[0]?.length, 40 * MIB)
  verify(memory, 1)
})

test('a memory is refused that cannot be made, with what may be', () => {
  const seed = SEED
  assert.throws(
    () => createCacheMemory({ bytes: 1000, seed }),
    /bytes of a cache is 1000: use a whole number from/,
  )
  assert.throws(() => createCacheMemory({ bytes: MIB, threads: 0, seed }), /threads of a cache is 0/)
  assert.throws(() => createCacheMemory({ bytes: MIB, largest: 2 * MIB, seed }), /largest of a cache/)
  assert.throws(() => createCacheMemory({ bytes: MIB, seed: new Uint8Array(3) }), /8 random ones/)
  const memory = createCacheMemory({ bytes: MIB, threads: 2, seed })
  assert.throws(() => new SharedMemoryStore(memory, 2), /2 is no thread of a cache that was made for 2/)
})

test('a key or head that cannot be kept as it is is refused', () => {
  const store = new SharedMemoryStore(createCacheMemory({ bytes: MIB, seed: SEED }), 0)
  assert.throws(() => store.begin({ text: 'k\u0161' }, headOf(1, 1), 0, store.moment()), /beyond latin1/)
  assert.deepEqual(store.find({ text: 'k\u0161' }), [])
  assert.equal(store.begin({ text: 'k'.repeat(70_000) }, headOf(1, 1), 0, store.moment()), undefined)
  const tags = Array.from({ length: 300 }, (_, index) => `t${index}`)
  assert.equal(store.begin({ text: 'k' }, headOf(1, 1, { tags }), 0, store.moment()), undefined)
})
