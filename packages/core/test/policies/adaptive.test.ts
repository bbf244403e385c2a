import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AdaptiveLimit, gradient, initialState } from '../../src/policies/concurrency/adaptive.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

const SETTINGS = {
  initial: 20,
  min: 4,
  max: 100,
  tolerance: 1.5,
  smoothing: 0.2,
  interval: 100,
  minimumSamples: 10,
}

for (const [name, limit, sample, expected] of [
  ['grows where it is used and nothing got slower', 50, { rtt: 100, inflight: 50, dropped: false }, 50.8],
  ['grows still where it is half as long again', 50, { rtt: 149, inflight: 50, dropped: false }, 50.8],
  ['stays where it is not made use of', 50, { rtt: 100, inflight: 24, dropped: false }, 50],
  ['shrinks where it takes three times as long', 50, { rtt: 300, inflight: 50, dropped: false }, 45.9],
  ['shrinks by no more than half of the step', 50, { rtt: 10_000, inflight: 50, dropped: false }, 45.8],
  ['shrinks where requests are dropped', 50, { rtt: 100, inflight: 1, dropped: true }, 45],
  ['never below the minimum', 4, { rtt: 100, inflight: 4, dropped: true }, 4],
  ['never above the maximum', 100, { rtt: 100, inflight: 100, dropped: false }, 100],
] as const) {
  test(`adaptive limit: ${name}`, () => {
    const state = gradient({ ...initialState(limit), usual: 100 }, sample, SETTINGS)
    assert.ok(Math.abs(state.limit - expected) < 0.2, `${state.limit}`)
  })
}

for (const [name, usual, sample, expected] of [
  ['is learned at first sight', 0, { rtt: 80, inflight: 20 }, 80],
  ['follows down', 100, { rtt: 50, inflight: 20 }, 95],
  ['follows up where the limit is not felt', 100, { rtt: 200, inflight: 9 }, 110],
  ['does not rise with our own queue', 100, { rtt: 200, inflight: 20 }, 100],
] as const) {
  test(`what is usual ${name}`, () => {
    const state = gradient({ ...initialState(20), usual }, { ...sample, dropped: false }, SETTINGS)
    assert.equal(state.usual, expected)
  })
}

test('now and then half of the limit shows what responses take without a queue', () => {
  const queued = { rtt: 300, inflight: 50, dropped: false }
  let state = { ...initialState(50), usual: 250, looks: 1 }
  state = gradient(state, queued, SETTINGS)
  assert.equal(state.limit, 25)
  // What was under way before.
  state = gradient(state, queued, SETTINGS)
  assert.deepEqual([state.limit, state.usual], [25, 250])
  state = gradient(state, { rtt: 120, inflight: 25, dropped: false }, SETTINGS)
  assert.deepEqual([state.limit, state.usual], [50, 120])
})

/** An upstream that works on `capacity` requests at a time, and on the others after them. */
async function load(
  limit: AdaptiveLimit,
  clock: VirtualClock,
  capacity: number,
  seconds: number,
  base = 50,
): Promise<void> {
  for (let step = 0; step < seconds * 10; step++) {
    const inflight = Math.floor(limit.limit)
    const rtt = base * Math.max(1, inflight / capacity)
    await clock.advance(100)
    for (let count = 0; count < 10; count++) limit.record(rtt, inflight, false)
  }
}

test('it finds about what an upstream can do, stays there, and follows when that gets less or more', async () => {
  const clock = new VirtualClock()
  const limit = new AdaptiveLimit(clock, { max: 500 })
  await load(limit, clock, 50, 20)
  assert.ok(limit.limit > 50 && limit.limit < 100, `${limit.limit}`)
  await load(limit, clock, 50, 200)
  assert.ok(limit.limit > 50 && limit.limit < 100, `${limit.limit}`)
  await load(limit, clock, 10, 10)
  assert.ok(limit.limit < 30, `${limit.limit}`)
  await load(limit, clock, 50, 40)
  assert.ok(limit.limit > 50 && limit.limit < 100, `${limit.limit}`)
})

test('where responses take longer for good, that becomes usual', async () => {
  const clock = new VirtualClock()
  const limit = new AdaptiveLimit(clock, { max: 500 })
  await load(limit, clock, 50, 20)
  await load(limit, clock, 50, 100, 200)
  assert.ok(limit.limit > 50 && limit.limit < 100, `${limit.limit}`)
})

test('it looks no more often than its interval, and not at a few responses', async () => {
  const clock = new VirtualClock()
  const limit = new AdaptiveLimit(clock)
  for (let count = 0; count < 100; count++) limit.record(10, 20, true)
  assert.equal(limit.limit, 20)
  await clock.advance(100)
  limit.record(10, 20, false)
  assert.equal(limit.limit, 18)
  await clock.advance(1_000)
  for (let count = 0; count < 9; count++) limit.record(10, 20, true)
  assert.equal(limit.limit, 18)
})

for (const options of [
  { min: 0 },
  { initial: 3, min: 4 },
  { initial: 2_000 },
  { smoothing: 2 },
  { tolerance: -1 },
]) {
  test(`an adaptive limit with ${JSON.stringify(options)} is refused by name`, () => {
    const name = Object.keys(options)[0] ?? ''
    assert.throws(() => new AdaptiveLimit(new VirtualClock(), options), {
      name: 'TypeError',
      message: new RegExp(`^${name}`),
    })
  })
}
