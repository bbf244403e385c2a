import assert from 'node:assert/strict'
import { test } from 'node:test'
import { choose, type ChoiceRules, type Judged, type Level } from '../../src/upstream/endpoint/choose.ts'
import { fc } from '../../../../scripts/testing/property.ts'

interface Member extends Judged {
  readonly ejected?: boolean
}

const RULES: ChoiceRules = { panicThreshold: 0.5, overprovisioning: 1.4, zone: undefined }

function member(options: Partial<Member> = {}): Member {
  return { marked: 'up', weight: 1, healthy: true, barred: false, priority: 0, zone: undefined, ...options }
}

/** A level of 100 of which so many are healthy. */
function level(priority: number, healthy: number, zone?: string): Member[] {
  return Array.from({ length: 100 }, (_, index) => member({ priority, zone, healthy: index < healthy }))
}

function isUsable({ marked, weight, healthy, ejected, barred }: Member): boolean {
  return marked === 'up' && weight > 0 && healthy && ejected !== true && !barred
}

function chosen(members: readonly Member[], rules: Partial<ChoiceRules> = {}): readonly Level<Member>[] {
  return choose(members, new Set(members.filter(isUsable)), { ...RULES, ...rules })
}

/** Percent of the exchanges, by priority; "!" where a level panics. */
function shares(levels: readonly Level<Member>[], count: number): string {
  return Array.from({ length: count }, (_, priority) => {
    const found = levels.find((each) => each.priority === priority)
    return `${Math.round((found?.share ?? 0) * 100)}${found?.panic === true ? '!' : ''}`
  }).join(' ')
}

// The tables of Envoy's documentation ("Priority levels", "Panic threshold"), whose percentages are cut to whole numbers.
const ENVOY: readonly (readonly [healthy: readonly number[], expected: string])[] = [
  [[100, 100], '100 0'],
  [[72, 100], '100 0'],
  [[71, 100], '99 1'],
  [[50, 100], '70 30'],
  [[25, 100], '35 65'],
  [[0, 100], '0 100'],
  [[72, 72], '100 0'],
  [[71, 71], '99 1'],
  [[50, 50], '70 30'],
  [[25, 25], '50! 50!'],
  [[5, 65], '7! 93'],
  [[100, 100, 100], '100 0 0'],
  [[72, 72, 100], '100 0 0'],
  [[71, 71, 100], '99 1 0'],
  [[50, 50, 100], '70 30 0'],
  [[25, 100, 100], '35 65 0'],
  [[25, 25, 100], '35 35 30'],
  [[25, 25, 20], '36! 36! 29!'],
]

for (const [healthy, expected] of ENVOY) {
  test(`with ${healthy.join(', ')} % healthy, the levels get ${expected} %, as in Envoy`, () => {
    const members = healthy.flatMap((count, priority) => level(priority, count))
    assert.equal(shares(chosen(members), healthy.length), expected)
  })
}

test('a level that panics uses all of its endpoints but for those that are out by hand or by their breaker', () => {
  const members = [
    member({ healthy: true }),
    member({ healthy: false }),
    member({ ejected: true }),
    member({ marked: 'down' }),
    member({ barred: true }),
    member({ weight: 0 }),
  ]
  const [only, ...others] = chosen(members)
  assert.deepEqual(others, [])
  assert.deepEqual([only?.panic, only?.share, only?.endpoints], [true, 1, members.slice(0, 3)])
})

test('where all are down by their checks, or barred, there is no level', () => {
  assert.deepEqual(chosen([...level(0, 0), ...level(1, 0)]), [])
  assert.deepEqual(chosen([member({ barred: true }), member({ barred: true })]), [])
  assert.deepEqual(chosen([member({ marked: 'draining' }), member({ weight: 0 })]), [])
  assert.deepEqual(chosen([]), [])
})

test('where all that are healthy were ejected, the first level that has some is used all the same', () => {
  const members = [
    member({ healthy: false }),
    member({ priority: 1, ejected: true }),
    member({ priority: 1, healthy: false }),
    member({ priority: 2, ejected: true }),
  ]
  for (const [panicThreshold, expected] of [
    [0, [members[1]]],
    [0.5, [members[1], members[2]]],
  ] as const) {
    const [only, ...others] = chosen(members, { panicThreshold })
    assert.deepEqual([only?.rank, only?.share, only?.panic, others], [1, 1, true, []])
    assert.deepEqual(only?.endpoints, expected)
  }
})

test('what is taken out by hand is capacity that is missing: marking a level down moves its traffic', () => {
  const members = [
    member({ marked: 'down' }),
    member({ marked: 'draining' }),
    member(),
    member(),
    member({ priority: 1 }),
  ]
  assert.equal(shares(chosen(members), 2), '70 30')
})

test('weights say what an endpoint can take: a small one does not stand in for a large one', () => {
  const members = [member({ weight: 9, healthy: false }), member({ weight: 1 }), member({ priority: 1 })]
  assert.equal(shares(chosen(members), 2), '14 86')
})

test('a level that gets nothing stands by, with what of it is usable', () => {
  const members = [
    member(),
    member({ priority: 1 }),
    member({ priority: 1, healthy: false }),
    member({ priority: 7 }),
  ]
  const levels = chosen(members)
  assert.deepEqual(
    levels.map(({ priority, share, endpoints }) => [priority, share, endpoints.length]),
    [
      [0, 1, 1],
      [1, 0, 1],
      [7, 0, 1],
    ],
  )
})

test('the own zone comes before the others of the same priority, and these before the next priority', () => {
  const members = [
    ...level(1, 100, 'here'),
    ...level(0, 100, 'there'),
    ...level(0, 50, 'here'),
    ...level(0, 100, 'elsewhere'),
  ]
  const levels = chosen(members, { zone: 'here' })
  assert.deepEqual(
    levels.map(({ priority, local, rank, share, endpoints }) => [
      priority,
      local,
      rank,
      Math.round(share * 100),
      endpoints.length,
    ]),
    [
      [0, true, 0, 70, 50],
      [0, false, 1, 30, 200],
      [1, true, 2, 0, 100],
    ],
  )
  assert.equal(chosen(members)[0]?.endpoints.length, 250, 'without a zone of its own, zones do not matter')
  assert.equal(chosen(members, { zone: 'nowhere' })[0]?.share, 1)
})

test('an overprovisioning of 1 moves what is lost, and no more', () => {
  assert.equal(shares(chosen([...level(0, 90), ...level(1, 100)], { overprovisioning: 1 }), 2), '90 10')
})

const state: fc.Arbitrary<Member> = fc.record({
  marked: fc.constantFrom('up' as const, 'down' as const, 'draining' as const),
  weight: fc.nat({ max: 3 }),
  healthy: fc.boolean(),
  ejected: fc.boolean(),
  barred: fc.boolean(),
  priority: fc.nat({ max: 2 }),
  zone: fc.constantFrom(undefined, 'here', 'there'),
})
const rules = fc.record({
  panicThreshold: fc.nat({ max: 100 }).map((percent) => percent / 100),
  overprovisioning: fc.constantFrom(1, 1.4, 3),
  zone: fc.constantFrom(undefined, 'here'),
})

test('whatever the states: what is used is wanted, shares add up, and something is used while checks leave something', () => {
  fc.assert(
    fc.property(fc.array(state, { maxLength: 8 }), rules, (members, given) => {
      const levels = chosen(members, given)
      const wanted = members.filter(({ marked, weight, barred }) => marked === 'up' && weight > 0 && !barred)
      const used = levels.flatMap(({ endpoints }) => endpoints)
      assert.equal(new Set(used).size, used.length, 'each is in one level')
      assert.ok(used.every((each) => wanted.includes(each)))
      assert.equal(
        levels.length > 0,
        wanted.some(({ healthy }) => healthy),
      )
      const total = levels.reduce((sum, { share }) => sum + share, 0)
      if (levels.length > 0) assert.ok(Math.abs(total - 1) < 1e-6, `${total}`)
      for (const [index, { endpoints, share, panic, rank, priority }] of levels.entries()) {
        assert.ok(endpoints.length > 0 && share >= 0 && share <= 1)
        assert.ok(panic || endpoints.every(isUsable))
        const before = levels[index - 1]
        if (before !== undefined) assert.ok(before.rank < rank && before.priority <= priority)
      }
      // With none left over, what is usable is there, in its level.
      if (levels.every(({ panic }) => !panic))
        assert.deepEqual(new Set(used), new Set(members.filter(isUsable)))
    }),
  )
})

test('an endpoint that becomes well never takes traffic away from its level', () => {
  fc.assert(
    fc.property(fc.array(state, { minLength: 1, maxLength: 8 }), fc.nat({ max: 7 }), (members, which) => {
      const index = which % members.length
      const { priority, weight } = members[index] ?? assert.fail()
      const well = members.with(index, member({ priority, weight, zone: undefined }))
      const shareOf = (some: readonly Member[]): number =>
        chosen(some).find((each) => each.priority === priority)?.share ?? 0
      if (members.some(isUsable)) assert.ok(shareOf(well) >= shareOf(members) - 1e-9)
    }),
  )
})
