import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCacheMemory } from '../../../../src/policies/cache/memory/cache-memory.ts'
import { SharedMemoryStore } from '../../../../src/policies/cache/memory/shared-memory-store.ts'
import { answer, rig, statusOf, textOf } from '../rig.ts'

test('ten thousand keys pass through a cache of 1 MiB: each answer is its own, what is asked for often stays, and no more memory is used', async () => {
  const memory = createCacheMemory({ bytes: 1024 * 1024, seed: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) })
  const store = new SharedMemoryStore(memory, 0)
  const content = (path: string): string => path.repeat(80)
  const { get, seen } = rig(
    ({ url }) => answer(200, { 'cache-control': 'max-age=60' }, content(new URL(url).pathname)),
    { store },
  )
  let popular = 0
  for (let key = 0; key < 10_000; key++) {
    const path = `/key-${key}`
    assert.equal(await textOf(await get(path)), content(path))
    if (key % 20 !== 0) continue
    const again = await get('/popular')
    assert.equal(await textOf(again), content('/popular'))
    if (statusOf(again)?.startsWith('hit') === true) popular++
  }
  const { entries, bytes, capacity, admitted, refused, evictions } = store.stats()
  assert.ok(bytes <= capacity && capacity <= 1024 * 1024, `${bytes} of ${capacity} bytes`)
  assert.ok(entries > 300, `${entries} entries`)
  assert.equal(admitted + refused, seen.length, 'each that was fetched was taken, or seen through')
  assert.ok(refused > 5000, `${refused} were not worth their room`)
  assert.equal(admitted - evictions, entries, 'and is there, or gave way')
  assert.ok(popular >= 495, `${popular} of 500 hits`)
})
