// What a hit costs beside a Map of this thread, and what a stored byte takes: node packages/core/test/policies/cache/memory/cost-figure.ts
// CPU time of this thread, so that other work on the machine counts less.
import { randomBytes } from 'node:crypto'
import { cpuTimeOf } from '../../../../../../scripts/testing/cpu-time.ts'
import { WholeBody } from '../../../../src/message/body.ts'
import { createCacheMemory } from '../../../../src/policies/cache/memory/cache-memory.ts'
import { SharedMemoryStore } from '../../../../src/policies/cache/memory/shared-memory-store.ts'
import { ProcessStore } from '../../../../src/policies/cache/process-store.ts'
import type { CacheStore, StoredEntry } from '../../../../src/policies/cache/store.ts'
import { headOf } from './sample-content.ts'

const KEYS = 500
const LOOKUPS = 100_000

function keyOf(index: number): string {
  return `3:GET4:http12:shop.example14:/products/${index}0:`
}

function fill(store: CacheStore, keys: number, length: number): void {
  const content = Buffer.alloc(length, 7)
  for (let index = 0; index < keys; index++) {
    const writer = store.begin({ text: keyOf(index) }, headOf(index, index), length, store.moment())
    writer?.write(content)
    void writer?.commit()
  }
}

function microseconds(count: number, work: () => void): string {
  work()
  return ((cpuTimeOf(work) * 1000) / count).toFixed(2)
}

function lookUp(store: CacheStore, keys: number, use: (entry: StoredEntry) => void): () => void {
  return () => {
    for (let index = 0; index < LOOKUPS; index++) {
      const [entry] = store.find({ text: keyOf((index * 7919) % keys) }) as readonly StoredEntry[]
      if (entry === undefined) throw new Error('a miss')
      use(entry)
      entry.release()
    }
  }
}

for (const length of [100, 1024, 16 * 1024]) {
  const keys = Math.min(KEYS, Math.floor((64 * 1024 * 1024) / length / 2))
  const shared = new SharedMemoryStore(
    createCacheMemory({ bytes: 128 * 1024 * 1024, seed: randomBytes(8) }),
    0,
  )
  const local = new ProcessStore({ maxBytes: 256 * 1024 * 1024 })
  const map = new Map<string, WholeBody>()
  fill(shared, keys, length)
  fill(local, keys, length)
  for (let index = 0; index < keys; index++) map.set(keyOf(index), WholeBody.fromBytes(Buffer.alloc(length)))
  const plain = microseconds(LOOKUPS, () => {
    for (let index = 0; index < LOOKUPS; index++) map.get(keyOf((index * 7919) % keys))
  })
  const found = microseconds(
    LOOKUPS,
    lookUp(shared, keys, () => {}),
  )
  const head = microseconds(
    LOOKUPS,
    lookUp(shared, keys, (entry) => void entry.head),
  )
  const text = microseconds(
    LOOKUPS,
    lookUp(shared, keys, (entry) => void (entry.head && entry.open().whole?.latin1)),
  )
  const miss = microseconds(LOOKUPS, () => {
    for (let index = 0; index < LOOKUPS; index++) void shared.find({ text: keyOf(1_000_000 + index) })
  })
  const own = microseconds(
    LOOKUPS,
    lookUp(local, keys, (entry) => void entry.head),
  )
  const { bytes, entries } = shared.stats()
  console.log(
    `${length} bytes: a Map ${plain} µs, ProcessStore ${own}, found ${found}, and its head read ${head}, and its content as text ${text}, a miss ${miss};`,
    `memory for each byte of content ${(bytes / entries / length).toFixed(3)} (${(bytes / entries - length).toFixed(0)} more)`,
  )
}

for (const length of [1024, 64 * 1024, 1024 * 1024]) {
  const memory = createCacheMemory({ bytes: 256 * 1024 * 1024, seed: randomBytes(8) })
  const store = new SharedMemoryStore(memory, 0)
  fill(store, Math.floor((2 * 256 * 1024 * 1024) / length), length)
  const { entries, capacity } = store.stats()
  const all = capacity + memory.tables.byteLength
  console.log(
    `full of contents of ${length} bytes: ${(all / (entries * length)).toFixed(3)} bytes of memory, tables among them, for each of content`,
  )
}
