import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Weighted, WeightedRoundRobin } from '../../src/upstream/balance.ts'

function weigh(weights: readonly number[]): Weighted<string>[] {
  return weights.map((weight, index) => ({ item: String.fromCharCode(97 + index), weight }))
}

test('weights 5:1:1 are picked as nginx picks them', () => {
  const balancer = new WeightedRoundRobin(weigh([5, 1, 1]))
  const picks = Array.from({ length: 14 }, () => balancer.pick())
  assert.equal(picks.join(''), 'aabacaaaabacaa')
})

test('in as many picks as the weights add up to, each item is picked as often as its weight says, again and again', () => {
  const weights = fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(weights, fc.integer({ min: 1, max: 3 }), (list, rounds) => {
      const balancer = new WeightedRoundRobin(weigh(list))
      const total = list.reduce((sum, weight) => sum + weight, 0)
      for (let round = 0; round < rounds; round++) {
        const counts = new Map<string | undefined, number>()
        for (let pick = 0; pick < total; pick++) {
          const item = balancer.pick()
          counts.set(item, (counts.get(item) ?? 0) + 1)
        }
        for (const { item, weight } of weigh(list)) assert.equal(counts.get(item) ?? 0, weight)
      }
    }),
  )
})

test('what is avoided is never picked while there is another, and its share stays within its weight', () => {
  const weights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 6 })
  fc.assert(
    fc.property(weights, fc.array(fc.option(fc.nat({ max: 5 })), { maxLength: 50 }), (list, avoided) => {
      const balancer = new WeightedRoundRobin(weigh(list))
      for (const index of avoided) {
        const avoid = index === null ? undefined : weigh(list)[index]?.item
        const item = balancer.pick(avoid)
        assert.ok(item !== undefined)
        assert.notEqual(item, avoid)
      }
    }),
  )
})

test('the only item is picked even if it is to be avoided', () => {
  const balancer = new WeightedRoundRobin([
    { item: 'a', weight: 3 },
    { item: 'b', weight: 0 },
  ])
  assert.equal(balancer.pick('a'), 'a')
})

test('without an item of some weight there is nothing to pick', () => {
  assert.equal(new WeightedRoundRobin([]).pick(), undefined)
  assert.equal(new WeightedRoundRobin(weigh([0, 0])).pick(), undefined)
})

for (const weight of [-1, 1.5, Number.NaN, Infinity]) {
  test(`${weight} is refused as a weight`, () => {
    assert.throws(() => new WeightedRoundRobin(weigh([1, weight])), {
      name: 'TypeError',
      message: `${weight} is not a weight: it must be a whole number, 0 or more`,
    })
  })
}
