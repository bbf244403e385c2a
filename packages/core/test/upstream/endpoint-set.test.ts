import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { makeBalancer } from '../../src/upstream/balance/balance.ts'
import type { Balancer } from '../../src/upstream/balance/balancer.ts'
import { EndpointFlags } from '../../src/upstream/endpoint/endpoint-flags.ts'
import { endpointParts } from '../../src/upstream/endpoint/endpoint-open.ts'
import { EndpointSet, type EndpointSetOptions } from '../../src/upstream/endpoint/endpoint-set.ts'
import { Endpoint } from '../../src/upstream/endpoint/endpoint.ts'
import { OutlierRecord } from '../../src/upstream/health/outlier-record.ts'
import { exchangeFrom } from './candidates.ts'
import { fc } from '../../../../scripts/testing/property.ts'

/** An upstream's set of endpoints a, b, c, with the memory that another thread may have too. */
class Trial {
  readonly clock: VirtualClock = new VirtualClock()
  readonly memory: SharedArrayBuffer
  readonly endpoints: readonly Endpoint[]
  readonly set: EndpointSet

  constructor(
    options: EndpointSetOptions = {},
    memory: SharedArrayBuffer = EndpointFlags.allocate(3),
    priorities: readonly number[] = [],
  ) {
    this.memory = memory
    const flags = new EndpointFlags([memory])
    this.endpoints = ['a', 'b', 'c'].map((host, index) => {
      const endpoint = new Endpoint(
        endpointParts({ url: `http://${host}:1`, priority: priorities[index] }, { clock: this.clock }),
        index,
        flags,
      )
      endpoint.record = new OutlierRecord()
      return endpoint
    })
    const balancer = (): Balancer<Endpoint> => makeBalancer({ method: 'round-robin' }, this.clock)
    this.set = new EndpointSet(this.endpoints, flags, balancer, this.clock, options)
  }

  get a(): Endpoint {
    return this.endpoints[0] ?? assert.fail()
  }

  get panics(): number {
    return this.endpoints.reduce((sum, { panics }) => sum + panics, 0)
  }

  eject(...indexes: number[]): void {
    for (const [index, { record }] of this.endpoints.entries()) {
      if (record !== undefined) record.ejected = indexes.includes(index)
    }
    this.set.update()
  }

  picks(count: number): string {
    const exchange = exchangeFrom('192.0.2.1', this.clock)
    return Array.from({ length: count }, () => this.set.pick(exchange)?.name[0] ?? '-').join('')
  }
}

test('an endpoint that is marked gets no exchange until it is marked up', () => {
  const trial = new Trial()
  assert.equal(trial.picks(6), 'abcabc')
  for (const mark of ['down', 'draining'] as const) {
    trial.a.mark(mark)
    assert.equal(trial.a.status, mark)
    assert.doesNotMatch(trial.picks(6), /a/)
    trial.a.mark('up')
    assert.match(trial.picks(6), /a.*a/)
  }
})

test('marks, weights and health that one thread sets are seen by all that share the memory', () => {
  const one = new Trial()
  const other = new Trial({}, one.memory)
  one.a.mark('down')
  assert.doesNotMatch(other.picks(9), /a/)
  one.a.mark('up')
  one.endpoints[1]?.setHealthy(false)
  assert.equal(other.endpoints[1]?.status, 'unhealthy')
  assert.doesNotMatch(other.picks(9), /b/)
  one.endpoints[1]?.setHealthy(true)
  one.a.setWeight(7)
  assert.equal(other.picks(9).replaceAll(/[^a]/g, '').length, 7)
  one.a.setWeight(0)
  assert.doesNotMatch(other.picks(9), /a/)
})

test('a mark does not change what checks say, nor the other way round', () => {
  const { a } = new Trial()
  a.mark('draining')
  a.setHealthy(false)
  assert.deepEqual([a.marked, a.healthy], ['draining', false])
  a.mark('up')
  assert.deepEqual([a.marked, a.healthy, a.status], ['up', false, 'unhealthy'])
})

for (const weight of [-1, 1.5, Number.NaN, Infinity, 1001]) {
  test(`${weight} is refused as a weight`, () => {
    assert.throws(() => new Trial().a.setWeight(weight), {
      name: 'TypeError',
      message: `${weight} is not a weight: it must be a whole number from 0 to 1000`,
    })
  })
}

test('with too few usable endpoints all are used, those marked down apart, and it is counted', () => {
  const trial = new Trial({ panicThreshold: 50 })
  trial.eject(1)
  assert.equal(trial.picks(6).includes('b'), false)
  assert.equal(trial.panics, 0)
  trial.eject(0, 1)
  assert.match(trial.picks(6), /a.*b|b.*a/)
  assert.equal(trial.panics, 6)
  trial.a.mark('down')
  trial.eject(0, 1)
  assert.doesNotMatch(trial.picks(9), /a/)
  trial.eject()
  trial.picks(5)
  assert.equal(trial.panics, 6)
})

test('where checks say that all are down, none is used', () => {
  const trial = new Trial({ panicThreshold: 100 })
  for (const endpoint of trial.endpoints) endpoint.setHealthy(false)
  assert.equal(trial.picks(2), '--')
  trial.a.setHealthy(true)
  assert.match(trial.picks(6), /^[abc]+$/)
})

test('an endpoint that comes back starts slowly', async () => {
  const trial = new Trial({ slowStart: 10_000 })
  assert.equal(trial.picks(30).replaceAll(/[^a]/g, '').length, 10)
  trial.a.mark('down')
  trial.picks(1)
  trial.a.mark('up')
  const counts: number[] = []
  for (let second = 0; second <= 10; second += 5) {
    counts.push(trial.picks(300).replaceAll(/[^a]/g, '').length)
    await trial.clock.advance(5_000)
  }
  // A tenth of its share, half of it, and all of it.
  assert.ok((counts[0] ?? 0) > 8 && (counts[0] ?? 0) < 20, counts.join(' '))
  assert.ok((counts[1] ?? 0) > 50 && (counts[1] ?? 0) < 70, counts.join(' '))
  assert.ok((counts[2] ?? 0) > 96, counts.join(' '))
  assert.equal(trial.clock.pending, 0)
})

test('however endpoints flap, each pick is one that is used at that moment, or none where none is', () => {
  const change = fc.record({
    index: fc.nat({ max: 2 }),
    what: fc.constantFrom('down', 'draining', 'up', 'sick', 'well', 'eject', 'return', 'heavy', 'weightless'),
    picks: fc.nat({ max: 4 }),
  })
  const priorities = fc.array(fc.nat({ max: 2 }), { minLength: 3, maxLength: 3 })
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 40 }),
      fc.nat({ max: 100 }),
      priorities,
      (changes, panicThreshold, levels) => {
        const trial = new Trial({ slowStart: 1_000, panicThreshold }, EndpointFlags.allocate(3), levels)
        for (const { index, what, picks } of changes) {
          const endpoint = trial.endpoints[index] ?? assert.fail()
          if (what === 'down' || what === 'draining' || what === 'up') endpoint.mark(what)
          else if (what === 'sick' || what === 'well') endpoint.setHealthy(what === 'well')
          else if (what === 'heavy' || what === 'weightless') endpoint.setWeight(what === 'heavy' ? 9 : 0)
          else if (endpoint.record !== undefined) {
            endpoint.record.ejected = what === 'eject'
            trial.set.update()
          }
          for (const name of trial.picks(picks)) {
            const picked = trial.endpoints.find((each) => each.name.startsWith(name))
            if (picked === undefined) assert.ok(trial.endpoints.every((each) => !trial.set.uses(each)))
            else {
              assert.ok((trial.set.levelShare(picked) ?? 0) > 0, 'one that stands by')
              assert.ok(picked.marked === 'up' && picked.weight > 0)
            }
          }
        }
      },
    ),
  )
})

test('a further try goes to an endpoint that was not tried, as long as there is one; then not to the last', () => {
  const { set, endpoints, clock } = new Trial()
  const [a, b, c] = endpoints as readonly [Endpoint, Endpoint, Endpoint]
  const exchange = exchangeFrom('192.0.2.1', clock)
  for (let count = 0; count < 6; count++) {
    assert.equal(set.pick(exchange, [a, c]), b)
    assert.equal(set.pick(exchange, [b, a]), c)
    assert.notEqual(set.pick(exchange, [a, b, c]), c)
    assert.equal(set.pick(exchange, [a], a) === a, false, 'a client is not held to what has failed')
  }
  b.mark('down')
  c.mark('down')
  assert.equal(set.pick(exchange, [a]), a, 'there is no other')
})

test('an overprovisioning below 1 is refused', () => {
  assert.throws(() => new Trial({ overprovisioning: 0.9 }), {
    name: 'TypeError',
    message: 'overprovisioning is 0.9: use a number from 1 on',
  })
})
