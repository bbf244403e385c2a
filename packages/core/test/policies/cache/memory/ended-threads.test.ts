import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { createCacheMemory } from '../../../../src/policies/cache/memory/cache-memory.ts'
import {
  cacheThreadEnded,
  SharedMemoryStore,
} from '../../../../src/policies/cache/memory/shared-memory-store.ts'
import type { CacheInThread } from './cache-in-thread.ts'
import { headOf } from './sample-content.ts'
import { verify } from './verify.ts'

const SEED = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
/** Threads that are ended at some moment; each is replaced. */
const ENDED = Number(process.env['HEADGATE_CACHE_ENDED'] ?? 6)
const THREADS = 3
/** That of the test, which verifies. */
const OWN = THREADS

test('threads may end in any moment: the others go on, contents are whole, and all memory is accounted for', async () => {
  const memory = createCacheMemory({ bytes: 2 * 1024 * 1024, entries: 300, threads: THREADS + 2, seed: SEED })
  let ended = 0
  let seed = 1
  const failures: unknown[] = []
  const live = async (thread: number): Promise<void> => {
    while (ended < ENDED) {
      const workerData: CacheInThread = { memory, thread, seed: seed++, operations: 1e9 }
      const worker = new Worker(new URL('./cache-in-thread.ts', import.meta.url), { workerData })
      worker.on('error', (error) => failures.push(error))
      const exited = once(worker, 'exit')
      // So many messages later, within whatever it does then.
      let messages = 1 + ((seed * 7) % 5)
      worker.on('message', () => {
        if (--messages === 0) void worker.terminate()
      })
      await exited
      ended++
      // Its successor begins without that at times.
      if (ended % 3 !== 0) cacheThreadEnded(memory, thread)
    }
    cacheThreadEnded(memory, thread)
  }
  await Promise.all(Array.from({ length: THREADS }, (_, thread) => live(thread)))
  assert.deepEqual(failures, [])
  verify(memory, OWN)
  const store = new SharedMemoryStore(memory, OWN + 1)
  for (let index = 0; index < 50; index++) {
    const writer = store.begin({ text: `after ${index}` }, headOf(index, 1), 1_000, store.moment())
    writer?.write(Buffer.alloc(1_000))
    assert.equal(writer?.commit(), true, `the store takes ${index} after all that`)
  }
  assert.ok(store.stats().entries >= 50)
  await store.purge({ by: 'all' }, 'hard', 1)
  assert.deepEqual([store.stats().entries, store.stats().bytes], [0, 0], 'nothing is left of dead threads')
  verify(memory, OWN)
})
