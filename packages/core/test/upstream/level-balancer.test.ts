import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { type BalanceMethod, makeBalancer } from '../../src/upstream/balance/balance.ts'
import type { Level } from '../../src/upstream/endpoint/choose.ts'
import { LevelBalancer } from '../../src/upstream/endpoint/level-balancer.ts'
import { exchangeFrom, FakeCandidate } from './candidates.ts'

class Counted extends FakeCandidate {
  panics = 0
  spills = 0
}

const clock = new VirtualClock()
const exchange = exchangeFrom('192.0.2.1', clock)

function level(rank: number, share: number, names: string, panic = false): Level<Counted> {
  const endpoints = names.split('').map((name) => new Counted(name))
  return { priority: rank, local: undefined, rank, endpoints, share, panic }
}

function balancerOf(
  levels: readonly Level<Counted>[],
  method: BalanceMethod = 'round-robin',
): LevelBalancer<Counted> {
  const balancer = new LevelBalancer<Counted>(() => makeBalancer({ method }, clock), clock)
  balancer.update(levels)
  return balancer
}

function counts(balancer: LevelBalancer<Counted>, picks: number): Map<string, number> {
  const found = new Map<string, number>()
  for (let count = 0; count < picks; count++) {
    const name = balancer.pick(exchange)?.name ?? '-'
    found.set(name, (found.get(name) ?? 0) + 1)
  }
  return found
}

test('levels get what their shares say, and endpoints within them what the balancer says', () => {
  const found = counts(balancerOf([level(0, 0.7, 'ab'), level(1, 0.3, 'c'), level(2, 0, 'd')]), 10_000)
  for (const [name, expected] of [
    ['a', 3_500],
    ['b', 3_500],
    ['c', 3_000],
  ] as const)
    assert.ok(Math.abs((found.get(name) ?? 0) - expected) < 200, JSON.stringify([...found]))
  assert.equal(found.size, 3)
})

test('what goes to a later level, and to a level that panics, is counted', () => {
  const first = level(1, 1, 'a', true)
  counts(balancerOf([first]), 5)
  assert.deepEqual([first.endpoints[0]?.panics, first.endpoints[0]?.spills], [5, 5])
  const plain = level(0, 1, 'a')
  counts(balancerOf([plain]), 5)
  assert.deepEqual([plain.endpoints[0]?.panics, plain.endpoints[0]?.spills], [0, 0])
})

test('a further try that finds its level used up goes to the next one, also to one that stands by', () => {
  const [first, second] = [level(0, 1, 'ab'), level(1, 0, 'c')]
  const balancer = balancerOf([first, second])
  for (let count = 0; count < 4; count++) assert.equal(balancer.pick(exchange, first.endpoints)?.name, 'c')
  assert.equal(second.endpoints[0]?.spills, 4)
  assert.equal(balancer.pick(exchange, [...first.endpoints, ...second.endpoints]), undefined)
})

test('a further try leaves a level of which two have failed, as long as there is another level', () => {
  const [first, second] = [level(0, 1, 'abcd'), level(1, 0, 'x')]
  const [a, b, c] = first.endpoints as [Counted, Counted, Counted]
  const balancer = balancerOf([first, second])
  assert.notEqual(balancer.pick(exchange, [a])?.name, 'x')
  assert.equal(balancer.pick(exchange, [a, b])?.name, 'x')
  const [x] = second.endpoints as [Counted]
  assert.match(balancer.pick(exchange, [a, b, x])?.name ?? '', /^[cd]$/)
  assert.equal(balancer.pick(exchange, [a, b, x, c])?.name, 'd')
})

test('an upstream without a level has nothing to pick', () => {
  assert.equal(balancerOf([]).pick(exchange), undefined)
})

test('whose turn it is is remembered while a level comes and goes', () => {
  const first = level(0, 1, 'abc')
  const balancer = balancerOf([first])
  assert.equal(balancer.pick(exchange)?.name, 'a')
  balancer.update([level(1, 1, 'x')])
  assert.equal(balancer.pick(exchange)?.name, 'x')
  balancer.update([first])
  assert.equal(balancer.pick(exchange)?.name, 'b')
})

test('by a key, the level depends on the key: as a level loses endpoints its keys move, and none moves to it', () => {
  const clients = Array.from({ length: 500 }, (_, index) =>
    exchangeFrom(`10.3.${index >> 8}.${index & 255}`, clock),
  )
  const [first, second] = [level(0, 1, 'ab'), level(1, 0, 'cd')]
  const balancer = balancerOf([first, second], 'consistent-hash')
  const before = clients.map((client) => balancer.pick(client))
  balancer.update([
    { ...first, share: 0.7 },
    { ...second, share: 0.3 },
  ])
  const after = clients.map((client) => balancer.pick(client))
  const moved = after.filter((endpoint, index) => endpoint !== before[index])
  assert.ok(moved.length > 100 && moved.length < 200, String(moved.length))
  for (const endpoint of moved) assert.ok(endpoint !== undefined && second.endpoints.includes(endpoint))
  assert.deepEqual(
    clients.map((client) => balancer.pick(client)),
    after,
  )
})
