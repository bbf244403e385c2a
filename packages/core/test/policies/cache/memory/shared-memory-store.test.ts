import { test } from 'node:test'
import { createCacheMemory } from '../../../../src/policies/cache/memory/cache-memory.ts'
import { SharedMemoryStore } from '../../../../src/policies/cache/memory/shared-memory-store.ts'
import { CACHE_STORE_CASES } from '../../../../src/testing/cache-store-cases.ts'

const SEED = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)

for (const { name, run } of CACHE_STORE_CASES)
  test(`in shared memory, ${name}`, () =>
    run(({ maxBytes, maxObject }) => {
      const memory = createCacheMemory({ bytes: maxBytes, largest: maxObject, seed: SEED })
      return new SharedMemoryStore(memory, 0)
    }))
