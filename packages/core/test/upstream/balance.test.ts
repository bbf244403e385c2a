import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { type BalanceMethod, makeBalancer } from '../../src/upstream/balance/balance.ts'
import type { Balancer } from '../../src/upstream/balance/balancer.ts'
import { candidates, exchangeFrom, type FakeCandidate } from './candidates.ts'
import { fc } from '../../../../scripts/testing/property.ts'

const METHODS: readonly BalanceMethod[] = [
  'round-robin',
  'least-connections',
  'random',
  'peak-ewma',
  'consistent-hash',
]

const clock = new VirtualClock()
const exchange = exchangeFrom('192.0.2.1', clock)

function balancerOf(method: BalanceMethod, list: readonly FakeCandidate[]): Balancer<FakeCandidate> {
  const balancer = makeBalancer<FakeCandidate>({ method }, clock)
  balancer.update(list)
  return balancer
}

const weightLists = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 })
const loads = fc.array(fc.nat({ max: 50 }), { minLength: 8, maxLength: 8 })

for (const method of METHODS) {
  describe(`${method}, as every balancer,`, () => {
    const many = Array.from({ length: 2_000 }, (_, index) =>
      exchangeFrom(`10.0.${index >> 8}.${index & 255}`, clock),
    )

    test('picks one of the candidates, whatever their load', () => {
      fc.assert(
        fc.property(weightLists, loads, (weights, load) => {
          const list = candidates(weights)
          for (const [index, each] of list.entries()) each.load = load[index] ?? 0
          const balancer = balancerOf(method, list)
          for (const each of many.slice(0, 20)) assert.ok(list.includes(balancer.pick(each) as FakeCandidate))
        }),
      )
    })

    test('never picks what is to be avoided while there is another', () => {
      fc.assert(
        fc.property(
          fc.integer({ min: 2, max: 6 }),
          fc.array(fc.nat({ max: 5 }), { maxLength: 50 }),
          (count, avoided) => {
            const list = candidates(Array.from({ length: count }, () => 1))
            const balancer = balancerOf(method, list)
            for (const [turn, index] of avoided.entries()) {
              const avoid = list[index % count]
              const picked = balancer.pick(many[turn] ?? exchange, avoid && [avoid])
              assert.ok(picked !== undefined && picked !== avoid)
            }
          },
        ),
      )
    })

    test('picks none where all are to be avoided, and the one that is left of several', () => {
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 6 }), fc.nat({ max: 5 }), (count, which) => {
          const list = candidates(Array.from({ length: count }, () => 3))
          const balancer = balancerOf(method, list)
          assert.equal(balancer.pick(exchange, list), undefined)
          const left = list[which % count]
          const others = list.filter((each) => each !== left)
          assert.equal(balancer.pick(exchange, others), left)
        }),
      )
    })

    test('is not confused by one to avoid that is no candidate', () => {
      const [gone, ...list] = candidates([1, 1, 1])
      const balancer = balancerOf(method, list)
      for (const each of many.slice(0, 20)) {
        assert.ok(list.includes(balancer.pick(each, [gone as FakeCandidate]) as FakeCandidate))
      }
      assert.equal(balancerOf(method, list.slice(0, 1)).pick(exchange, [gone as FakeCandidate]), list[0])
    })

    test('has nothing to pick among none', () => {
      assert.equal(balancerOf(method, []).pick(exchange), undefined)
      assert.equal(balancerOf(method, []).pick(exchange, candidates([1])), undefined)
    })

    test('takes changes of the candidates at once', () => {
      const list = candidates([1, 1, 1])
      const balancer = balancerOf(method, list)
      for (const each of many.slice(0, 10)) balancer.pick(each)
      const [, ...rest] = list
      balancer.update(rest)
      for (const each of many.slice(0, 30)) assert.notEqual(balancer.pick(each), list[0])
      balancer.update(list)
      assert.ok(many.some((each) => balancer.pick(each) === list[0]))
    })

    test('shares exchanges by weight', () => {
      const list = candidates([1, 2, 5])
      const counts = new Map<FakeCandidate, number>()
      const balancer = balancerOf(method, list)
      // Loads as they are under traffic: an exchange stays for as long as four others begin.
      const under: FakeCandidate[] = []
      for (const each of many) {
        const picked = balancer.pick(each) as FakeCandidate
        counts.set(picked, (counts.get(picked) ?? 0) + 1)
        picked.load++
        picked.latency.observe(10, clock.now())
        under.push(picked)
        if (under.length > 40) (under.shift() as FakeCandidate).load--
      }
      const shares = list.map((each) => (counts.get(each) ?? 0) / many.length)
      // By chance and by load, with two choices: not more than about that.
      for (const [index, expected] of [1 / 8, 2 / 8, 5 / 8].entries()) {
        assert.ok(Math.abs((shares[index] ?? 0) - expected) < 0.06, `${shares.join(' ')} for 1:2:5`)
      }
    })
  })
}

test('weights 5:1:1 are picked as nginx picks them', () => {
  const balancer = balancerOf('round-robin', candidates([5, 1, 1]))
  const picks = Array.from({ length: 14 }, () => balancer.pick(exchange)?.name)
  assert.equal(picks.join(''), 'aabacaaaabacaa')
})

test('in as many turns as the weights add up to, each is picked as often as its weight says, again and again', () => {
  fc.assert(
    fc.property(weightLists, fc.integer({ min: 1, max: 3 }), (weights, rounds) => {
      const list = candidates(weights)
      const balancer = balancerOf('round-robin', list)
      const total = weights.reduce((sum, weight) => sum + weight, 0)
      for (let round = 0; round < rounds; round++) {
        const counts = new Map<FakeCandidate | undefined, number>()
        for (let pick = 0; pick < total; pick++) {
          const item = balancer.pick(exchange)
          counts.set(item, (counts.get(item) ?? 0) + 1)
        }
        for (const each of list) assert.equal(counts.get(each), each.weight)
      }
    }),
  )
})

test('in turns, an endpoint that comes and goes does not have the others start anew', () => {
  const list = candidates([1, 1, 1])
  const balancer = balancerOf('round-robin', list)
  const counts = new Map<string, number>()
  for (let turn = 0; turn < 300; turn++) {
    balancer.update(turn % 2 === 0 ? list : list.slice(0, 2))
    const { name } = balancer.pick(exchange) as FakeCandidate
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  assert.ok((counts.get('b') ?? 0) > 90, JSON.stringify([...counts]))
})

test('the one with the fewest exchanges for its weight is picked, of those that are not to be avoided', () => {
  fc.assert(
    fc.property(weightLists, loads, fc.nat({ max: 20 }), (weights, load, avoided) => {
      const list = candidates(weights)
      for (const [index, each] of list.entries()) each.load = load[index] ?? 0
      const avoid = list[avoided]
      const others = list.filter((each) => each !== avoid)
      if (others.length === 0) return
      const balancer = balancerOf('least-connections', list)
      const least = Math.min(...others.map((each) => each.load / each.weight))
      for (let count = 0; count < 5; count++) {
        const picked = balancer.pick(exchange, avoid && [avoid])
        assert.ok(picked !== undefined && others.includes(picked))
        assert.equal(picked.load / picked.weight, least)
      }
    }),
  )
})

test('by latency, a slow endpoint is left out until its slowness is long ago', async () => {
  const time = new VirtualClock()
  const list = candidates([1, 1, 1])
  const balancer = makeBalancer<FakeCandidate>({ method: 'peak-ewma' }, time)
  balancer.update(list)
  const slow = list[1] as FakeCandidate
  const run = (): number => {
    let picked = 0
    for (let count = 0; count < 100; count++) {
      for (const each of list) if (each !== slow) each.latency.observe(5, time.now())
      if (balancer.pick(exchange) === slow) picked++
    }
    return picked
  }
  for (const each of list) each.latency.observe(5, time.now())
  slow.latency.observe(500, time.now())
  assert.equal(run(), 0)
  await time.advance(30_000)
  assert.equal(run(), 0)
  await time.advance(30_000)
  assert.ok(run() > 40)
})

test('by latency, an endpoint that nobody knows yet gets an exchange, but no flood', () => {
  const list = candidates([1, 1])
  for (const each of list.slice(0, 1)) each.latency.observe(5, clock.now())
  const balancer = balancerOf('peak-ewma', list)
  assert.equal(balancer.pick(exchange)?.name, 'b')
  Object.assign(list[1] as FakeCandidate, { load: 1 })
  for (let count = 0; count < 20; count++) assert.equal(balancer.pick(exchange)?.name, 'a')
})
