import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LocalRateLimitStore } from '../../src/policies/rate-limit/rate-limit-store.ts'
import { SharedRateLimitStore } from '../../src/policies/rate-limit/shared-rate-limit-store.ts'
import { allocateSharedTable } from '../../src/policies/rate-limit/shared-table.ts'
import { fc } from '../../../../scripts/testing/property.ts'

const memory = (keys: number): SharedArrayBuffer =>
  allocateSharedTable(keys, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))
const START = 1e6

const limits = fc.record({
  rate: fc.integer({ min: 1, max: 50 }),
  per: fc.constantFrom(1_000, 60_000),
  burst: fc.integer({ min: 1, max: 20 }),
  algorithm: fc.constantFrom('gcra' as const, 'sliding-window' as const),
})

test('what a key has left is what it can take now, and to look takes nothing', () => {
  fc.assert(
    fc.property(limits, fc.array(fc.nat(500), { maxLength: 30 }), fc.boolean(), (limit, pauses, isShared) => {
      const store = isShared
        ? new SharedRateLimitStore({ ...limit, memory: memory(10) })
        : new LocalRateLimitStore(limit)
      let now = START
      for (const pause of pauses) {
        now += pause
        store.take('key', 1, now, 0)
      }
      const { remaining, limit: most } = store.usage('key', now)
      assert.equal(store.usage('key', now).remaining, remaining)
      let taken = 0
      while (store.take('key', 1, now, 0).allowed) taken++
      assert.equal(remaining, taken)
      assert.equal(most, limit.algorithm === 'gcra' ? limit.burst : limit.rate)
    }),
  )
})

for (const algorithm of ['gcra', 'sliding-window'] as const) {
  test(`a key that nobody used has all of its share, and stays unknown: ${algorithm}`, () => {
    const limit = { rate: 3, algorithm }
    for (const store of [
      new LocalRateLimitStore(limit),
      new SharedRateLimitStore({ ...limit, memory: memory(10) }),
    ]) {
      assert.deepEqual(store.usage('nobody', START), { limit: 3, remaining: 3, reset: 0 })
      assert.equal(store.fill(START).keys, 0)
      store.take('somebody', 1, START, 0)
      const { remaining, reset } = store.usage('somebody', START)
      assert.ok(remaining === 2 && reset > 0)
      assert.equal(store.fill(START).keys, 1)
      assert.equal(store.usage('somebody', START + 5_000).remaining, 3)
    }
  })
}

test('how full a large shared table is, is told from a part of it', () => {
  const store = new SharedRateLimitStore({ rate: 1, per: 60_000, memory: memory(200_000) })
  for (let key = 0; key < 100_000; key++) store.take(`key ${key}`, 1, START, 0)
  const { keys, capacity } = store.fill(START)
  assert.ok(Math.abs(keys - 100_000) < 3_000, String(keys))
  assert.ok(capacity >= 200_000)
  assert.equal(store.fill(START + 120_000).keys, 0, 'those that have their full share again are not in use')
})
