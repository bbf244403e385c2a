import assert from 'node:assert/strict'
import { it } from 'node:test'
import { allocateSharedTable, LocalRateLimitStore, SharedRateLimitStore } from '@headgate/core'

const SEED = Buffer.alloc(8, 7)

it('counts within a window of the calendar, and anew in the next one, alike in memory of one thread and of several', () => {
  let window = { index: 5, remaining: 1_000 }
  const options = { rate: 3, per: 1_000, algorithm: 'calendar', window: () => window } as const
  const memory = allocateSharedTable(10, SEED)
  for (const store of [new LocalRateLimitStore(options), new SharedRateLimitStore({ ...options, memory })]) {
    window = { index: 5, remaining: 1_000 }
    assert.deepEqual(store.take('a', 2, 0, 0), {
      allowed: true,
      wait: 0,
      limit: 3,
      remaining: 1,
      reset: 1_000,
    })
    assert.deepEqual(store.take('a', 2, 0, 0), {
      allowed: false,
      wait: 1_000,
      limit: 3,
      remaining: 1,
      reset: 1_000,
    })
    assert.equal(store.take('a', 4, 0, 0).wait, Infinity)
    assert.equal(store.take('b', 3, 0, 0).allowed, true)
    store.giveBack('a', 1, 0)
    assert.equal(store.usage('a', 0).remaining, 2)
    window = { index: 6, remaining: 400 }
    assert.deepEqual(store.usage('a', 0), { limit: 3, remaining: 3, reset: 0 })
    store.giveBack('a', 1, 0)
    assert.deepEqual(store.take('a', 3, 0, 0), { allowed: true, wait: 0, limit: 3, remaining: 0, reset: 400 })
    store.reset('a')
    assert.equal(store.usage('a', 0).remaining, 3)
  }
})
