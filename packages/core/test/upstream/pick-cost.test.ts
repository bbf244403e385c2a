import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/time/clock.ts'
import { type BalanceMethod, makeBalancer } from '../../src/upstream/balance/balance.ts'
import { candidates, exchangeFrom, type FakeCandidate } from './candidates.ts'

const COUNT = 100_000
/** What a pick among ten endpoints should take at most, in microseconds; the test allows for busy machines. */
const GOALS: Readonly<Record<BalanceMethod, number>> = {
  'round-robin': 0.2,
  'least-connections': 0.5,
  random: 0.5,
  'peak-ewma': 0.5,
  'consistent-hash': 0.5,
}
const ALLOWANCE = 4
const ROUNDS = 5

for (const [method, goal] of Object.entries(GOALS) as [BalanceMethod, number][]) {
  test(`a pick among ten endpoints is cheap: ${method}`, (t) => {
    const exchange = exchangeFrom('192.0.2.71', systemClock)
    const list = candidates([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    for (const each of list) each.latency.observe(5, systemClock.now())
    const balancer = makeBalancer<FakeCandidate>({ method }, systemClock)
    balancer.update(list)
    let best = Infinity
    for (let round = 0; round < ROUNDS; round++) {
      const started = performance.now()
      for (let count = 0; count < COUNT; count++) balancer.pick(exchange)
      best = Math.min(best, ((performance.now() - started) * 1_000) / COUNT)
    }
    t.diagnostic(`${best.toFixed(3)} µs`)
    assert.ok(best < goal * ALLOWANCE, `${best} µs`)
  })
}
