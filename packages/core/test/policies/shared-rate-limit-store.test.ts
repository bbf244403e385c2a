import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { LocalRateLimitStore } from '../../src/policies/rate-limit/rate-limit-store.ts'
import { SharedRateLimitStore } from '../../src/policies/rate-limit/shared-rate-limit-store.ts'
import { allocateSharedTable, SharedTable } from '../../src/policies/rate-limit/shared-table.ts'
import type { TakeInThread } from './take-in-thread.ts'
import { fc } from '../../../../scripts/testing/property.ts'

const SEED = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
const table = (keys: number): SharedArrayBuffer => allocateSharedTable(keys, SEED)

/** How far the clocks of three threads are behind the one that they share, in milliseconds. */
const SKEWS = [0, 5, -5]

const limits = fc.record({
  rate: fc.integer({ min: 1, max: 50 }),
  per: fc.constantFrom(1_000, 7, 60_000),
  burst: fc.integer({ min: 1, max: 20 }),
  algorithm: fc.constantFrom('gcra' as const, 'sliding-window' as const),
})
const step = fc.record({
  pause: fc.oneof(
    fc.constant(0),
    fc.double({ min: 0, max: 3_000, noNaN: true }),
    fc.integer({ min: 0, max: 200_000 }),
  ),
  key: fc.constantFrom('a', 'b', 'c', '10.0.0.1', ''),
  cost: fc.constantFrom(1, 1, 1, 2, 5),
  maxWait: fc.constantFrom(0, 0, 500),
  thread: fc.nat(2),
  giveBack: fc.constantFrom(false, false, false, true),
})

test('what threads share decides as a local store does, whatever comes and from whichever of them', () => {
  fc.assert(
    fc.property(
      limits,
      fc.array(step, { maxLength: 100 }),
      fc.integer({ min: 0, max: 1e9 }),
      (limit, steps, start) => {
        const local = new LocalRateLimitStore(limit)
        const memory = table(100)
        const threads = SKEWS.map((skew) => new SharedRateLimitStore({ ...limit, memory, skew }))
        let now = start
        for (const { pause, key, cost, maxWait, thread, giveBack } of steps) {
          now += pause
          const store = threads[thread] as SharedRateLimitStore // there are three
          const own = now - (SKEWS[thread] ?? 0)
          const [expected, actual] = [
            local.take(key, cost, now, maxWait),
            store.take(key, cost, own, maxWait),
          ]
          for (const name of ['allowed', 'limit', 'remaining'] as const)
            assert.equal(actual[name], expected[name])
          // The skew costs the last digits.
          assert.ok(expected.wait === actual.wait || Math.abs(expected.wait - actual.wait) < 1e-3)
          assert.ok(Math.abs(expected.reset - actual.reset) < 1e-3)
          if (!giveBack || !expected.allowed) continue
          local.giveBack(key, cost)
          store.giveBack(key, cost, own)
        }
      },
    ),
    { numRuns: 300 },
  )
})

for (const algorithm of ['gcra', 'sliding-window'] as const) {
  test(`of 100,000 requests in two threads exactly as many pass as ${algorithm} allows`, async () => {
    const gate = new SharedArrayBuffer(4)
    const options = { rate: 30_000, per: 3_600_000, algorithm, memory: table(10) }
    const job: TakeInThread = { options, takes: 50_000, keys: 1, gate }
    assert.deepEqual(await inThreads(2, job), [30_000])
  })
}

test('many keys that threads enter at the same moment are exact each', async () => {
  const gate = new SharedArrayBuffer(4)
  const options = { rate: 20, per: 3_600_000, memory: table(2_000) }
  const allowed = await inThreads(3, { options, takes: 40_000, keys: 2_000, gate })
  assert.deepEqual(new Set(allowed), new Set([20]))
})

test('a key that was entered and not counted yet keeps its slot as long as there are empty ones', () => {
  const shared = new SharedTable(table(1), (state) => state === 0n)
  const places = Array.from({ length: shared.capacity }, (_, index) => shared.place(`key ${index}`))
  assert.equal(new Set(places).size, shared.capacity)
})

/** What was let through of each key, in all threads together. */
async function inThreads(count: number, job: TakeInThread): Promise<number[]> {
  const workers = Array.from({ length: count }, () => {
    return new Worker(new URL('take-in-thread.ts', import.meta.url), { workerData: job })
  })
  await Promise.all(workers.map((worker) => once(worker, 'online')))
  Atomics.store(new Int32Array(job.gate), 0, 1)
  Atomics.notify(new Int32Array(job.gate), 0)
  const answers = await Promise.all(workers.map((worker) => once(worker, 'message') as Promise<[number[]]>))
  await Promise.all(workers.map((worker) => worker.terminate()))
  return Array.from({ length: job.keys }, (_, key) =>
    answers.reduce((sum, [each]) => sum + (each[key] ?? 0), 0),
  )
}

test('where there are more keys than room, those that are spent give way, and others start anew', () => {
  const store = new SharedRateLimitStore({ rate: 1, per: 1_000, burst: 3, memory: table(1) })
  for (let index = 0; index < 1_000; index++)
    assert.equal(store.take(`key ${index}`, 1, 1_000, 0).remaining, 2)
  // All that is in the table is spent by now.
  for (let round = 0; round < 3; round++)
    for (let index = 0; index < 16; index++)
      assert.equal(store.take(`late ${index}`, 1, 10_000, 0).remaining, 2 - round)
})

test('a reset gives one key its share again, or all', () => {
  const store = new SharedRateLimitStore({ rate: 2, memory: table(10) })
  for (const key of ['a', 'b']) for (let count = 0; count < 3; count++) store.take(key, 1, 1_000, 0)
  assert.equal(store.take('a', 1, 1_000, 0).allowed, false)
  store.reset('a')
  assert.deepEqual(
    [store.take('a', 1, 1_000, 0).allowed, store.take('b', 1, 1_000, 0).allowed],
    [true, false],
  )
  store.reset()
  assert.equal(store.take('b', 1, 1_000, 0).allowed, true)
})

test('at the turn of a window a thread that is behind counts for the new one', () => {
  const memory = table(10)
  const options = { rate: 10, per: 1_000, algorithm: 'sliding-window', memory } as const
  const store = new SharedRateLimitStore(options)
  for (let count = 0; count < 10; count++) assert.equal(store.take('a', 1, 2_000.001, 0).allowed, true)
  assert.equal(store.take('a', 1, 1_999.999, 0).allowed, false)
})

test('a limit that does not fit, or a memory of another kind, is refused', () => {
  const memory = table(1)
  const window = { algorithm: 'sliding-window', memory } as const
  assert.throws(() => new SharedRateLimitStore({ rate: 2 ** 22, ...window }), /use at most 4194303/)
  assert.throws(() => new SharedRateLimitStore({ rate: 1, memory: new SharedArrayBuffer(100) }), TypeError)
})
