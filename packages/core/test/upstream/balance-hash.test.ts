import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { ConsistentHash } from '../../src/upstream/balance/balance-hash.ts'
import type { HashKey } from '../../src/upstream/balance/balance-key.ts'
import { candidates, exchangeFrom, FakeCandidate } from './candidates.ts'
import { fc } from '../../../../scripts/testing/property.ts'

const clock = new VirtualClock()
const clients = Array.from({ length: 500 }, (_, index) =>
  exchangeFrom(`10.1.${index >> 8}.${index & 255}`, clock),
)

function hashing(list: readonly FakeCandidate[], loadFactor?: number): ConsistentHash<FakeCandidate> {
  const balancer = new ConsistentHash<FakeCandidate>({ key: { kind: 'client-ip' }, loadFactor }, clock)
  balancer.update(list)
  return balancer
}

const weights = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 12 })

test('when an endpoint goes, its keys move and no other does; when it is back, they come back', () => {
  fc.assert(
    fc.property(weights, fc.nat(), (list, which) => {
      const all = candidates(list)
      const gone = all[which % all.length] as FakeCandidate
      const balancer = hashing(all)
      const before = clients.map((client) => balancer.pick(client))
      balancer.update(all.filter((each) => each !== gone))
      for (const [index, client] of clients.entries()) {
        const now = balancer.pick(client)
        if (before[index] === gone) assert.notEqual(now, gone)
        else assert.equal(now, before[index])
        // Where a retry goes is where the key lives once its endpoint is gone.
        if (before[index] === gone) assert.equal(hashing(all).pick(client, [gone]), now)
      }
      balancer.update(all)
      assert.deepEqual(
        clients.map((client) => balancer.pick(client)),
        before,
      )
    }),
    { numRuns: 30 },
  )
})

test('a weight that grows takes keys from others, and gives none away', () => {
  fc.assert(
    fc.property(weights, fc.nat(), (list, which) => {
      const all = candidates(list)
      const grown = all[which % all.length] as FakeCandidate
      const balancer = hashing(all)
      const before = clients.map((client) => balancer.pick(client))
      grown.weight *= 3
      balancer.update(all)
      for (const [index, client] of clients.entries()) {
        const now = balancer.pick(client)
        assert.ok(now === before[index] || now === grown)
      }
    }),
    { numRuns: 30 },
  )
})

test('the order of the endpoints does not matter, so that all gateways agree', () => {
  const all = candidates([1, 2, 3, 4])
  const [one, other] = [hashing(all), hashing([...all].reverse())]
  for (const client of clients) assert.equal(one.pick(client), other.pick(client))
})

test('similar keys and similar names are spread evenly', () => {
  const all = Array.from({ length: 10 }, (_, index) => new FakeCandidate(`10.0.0.1:${9000 + index}`))
  const balancer = hashing(all)
  const counts = new Map(all.map((each) => [each, 0]))
  for (let client = 0; client < 10_000; client++) {
    const picked = balancer.pick(exchangeFrom(`10.0.${client >> 8}.${client & 255}`, clock)) as FakeCandidate
    counts.set(picked, (counts.get(picked) ?? 0) + 1)
  }
  for (const count of counts.values()) assert.ok(count > 850 && count < 1150, [...counts.values()].join(' '))
})

test('with bounded loads no endpoint gets more than its bound, and keys go back when there is room', () => {
  const all = candidates([1, 1, 1, 1])
  const balancer = hashing(all, 1.25)
  const client = clients[0] ?? assert.fail()
  const home = balancer.pick(client) as FakeCandidate
  for (let count = 0; count < 100; count++) {
    const picked = balancer.pick(client) as FakeCandidate
    picked.load++
    const total = all.reduce((sum, { load }) => sum + load, 0)
    for (const { load } of all) assert.ok(load <= Math.ceil((1.25 * total) / 4), `${load} of ${total}`)
  }
  assert.ok(all.every(({ load }) => load > 0))
  for (const each of all) each.load = 0
  assert.equal(balancer.pick(client), home)
})

const KEYS: readonly (readonly [HashKey, Record<string, string>, string, boolean])[] = [
  [{ kind: 'client-ip' }, {}, '/', true],
  [{ kind: 'path' }, {}, '/carts/17', true],
  [{ kind: 'header', name: 'x-user' }, { 'x-user': 'ada' }, '/', true],
  [{ kind: 'header', name: 'x-user' }, {}, '/', false],
  [{ kind: 'cookie', name: 'cart' }, { cookie: 'a=1; cart=17' }, '/', true],
  [{ kind: 'cookie', name: 'cart' }, { cookie: 'mycart=17; a=cart=1' }, '/', false],
]

for (const [key, headers, path, steady] of KEYS) {
  test(`by ${JSON.stringify(key)}, ${JSON.stringify(headers)} always goes to ${steady ? 'one endpoint' : 'some endpoint'}`, () => {
    const balancer = new ConsistentHash<FakeCandidate>({ key }, clock)
    balancer.update(candidates([1, 1, 1]))
    const client = exchangeFrom('192.0.2.7', clock, headers, path)
    const picks = new Set(Array.from({ length: 50 }, () => balancer.pick(client)))
    assert.equal(picks.size, steady ? 1 : 3)
  })
}

test('a load factor that leaves no room is refused', () => {
  assert.throws(() => hashing([], 1), { name: 'TypeError', message: 'loadFactor is 1: use a number above 1' })
})

test('which group a key goes to is drawn from the key, evenly, and says nothing of its endpoint', () => {
  const all = candidates([1, 1])
  const balancer = hashing(all)
  const draws = clients.map((client) => balancer.draw(client))
  assert.ok(
    draws.every(
      (drawn, index) => drawn >= 0 && drawn < 1 && drawn === balancer.draw(clients[index] ?? assert.fail()),
    ),
  )
  const low = clients.filter((_, index) => (draws[index] ?? 1) < 0.3)
  assert.ok(low.length > 110 && low.length < 190, String(low.length))
  const first = low.filter((client) => balancer.pick(client) === all[0])
  assert.ok(
    first.length > low.length * 0.35 && first.length < low.length * 0.65,
    `${first.length} of ${low.length}`,
  )
})
