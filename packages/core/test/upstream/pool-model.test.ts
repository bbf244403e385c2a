import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TrafficError } from '../../src/message/errors.ts'
import { type Acquired, type PlainConnection, PoolBench } from './pool-bench.ts'
import { fc } from '../../../../scripts/testing/property.ts'

const index = fc.nat({ max: 20 })
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('acquire' as const),
      deadline: fc.option(fc.nat({ max: 3_000 })),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('release' as const), index }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('open' as const), index }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('failToOpen' as const), index }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('close' as const), index }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), index }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('takeNoMore' as const), index }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('advance' as const), by: fc.nat({ max: 2_000 }) }) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

const options = fc.record({
  maxConnections: fc.integer({ min: 1, max: 4 }),
  maxPending: fc.nat({ max: 4 }),
  pendingTimeout: fc.integer({ min: 1, max: 2_000 }),
  idleTimeout: fc.integer({ min: 1, max: 2_000 }),
  maxAge: fc.integer({ min: 1, max: 10_000 }),
})
/** Exchanges that a connection takes at the same time: 1 is HTTP/1.1. */
const capacities = fc.constantFrom(1, 1, 2, 5)
type Limits = typeof options extends fc.Arbitrary<infer T> ? T : never

/** A pool under random use, and what is known of it from outside. */
class Run {
  readonly bench: PoolBench
  readonly limits: Limits
  readonly capacity: number
  readonly acquired: Acquired[] = []
  /** How many exchanges are under way on each connection. */
  readonly inUse = new Map<PlainConnection, number>()
  readonly seen = new Set<PlainConnection>()

  constructor(limits: Limits, capacity: number) {
    this.limits = limits
    this.capacity = capacity
    this.bench = new PoolBench(limits, capacity)
  }

  async take(each: Step): Promise<void> {
    const { bench } = this
    if (each.kind === 'acquire') {
      const exchange = bench.exchange()
      if (each.deadline !== null) exchange.deadline = bench.clock.now() + each.deadline
      this.acquired.push(bench.acquire(exchange))
    } else if (each.kind === 'release') this.release(at([...this.inUse.keys()], each.index))
    else if (each.kind === 'open') this.note(at(bench.openings, each.index)?.succeed())
    else if (each.kind === 'failToOpen') at(bench.openings, each.index)?.fail()
    else if (each.kind === 'close') at([...this.seen], each.index)?.destroy()
    else if (each.kind === 'takeNoMore') {
      const connection = at([...this.inUse.keys()], each.index)
      if (connection !== undefined) connection.capacity = 0
    } else if (each.kind === 'cancel') {
      at(this.acquired, each.index)?.exchange.cancel(new TrafficError('downstream_closed', 'the client left'))
    } else await bench.clock.advance(each.by)
    await bench.clock.advance(0)
    this.look()
  }

  release(connection: PlainConnection | undefined): void {
    if (connection === undefined) return
    const left = (this.inUse.get(connection) ?? 0) - 1
    if (left > 0) this.inUse.set(connection, left)
    else this.inUse.delete(connection)
    connection.release()
  }

  releaseAll(): void {
    for (const [connection, exchanges] of this.inUse) {
      for (let count = 0; count < exchanges; count++) this.release(connection)
    }
  }

  note(connection: PlainConnection | undefined): void {
    if (connection !== undefined) this.seen.add(connection)
  }

  look(): void {
    for (const connection of this.inUse.keys()) if (connection.closed) this.inUse.delete(connection)
    for (const each of this.acquired) {
      const { connection } = each
      if (connection === undefined || this.served.has(each)) continue
      this.served.add(each)
      if (connection.closed) continue
      const underWay = (this.inUse.get(connection) ?? 0) + 1
      if (connection.capacity > 0)
        assert.ok(underWay <= connection.capacity, 'a connection serves no more than it takes')
      this.inUse.set(connection, underWay)
    }
    this.checkStats()
  }

  private readonly served = new Set<Acquired>()

  private checkStats(): void {
    const stats = this.bench.pool.stats()
    const alive = [...this.seen].filter(({ closed }) => !closed).length
    assert.equal(stats.active, this.inUse.size, 'what is in use is active')
    const underWay = [...this.inUse.values()].reduce((sum, each) => sum + each, 0)
    assert.equal(
      this.bench.pool.load,
      underWay + stats.pending,
      'its load is what is under way and what waits',
    )
    assert.equal(stats.active + stats.idle, alive, 'the pool knows every connection that is open')
    assert.equal(stats.opened, this.seen.size)
    assert.equal(stats.closed, this.seen.size - alive)
    assert.equal(stats.connecting, this.bench.openings.length)
    assert.ok(alive + stats.connecting <= this.limits.maxConnections, 'never more than maxConnections')
    assert.equal(stats.pending, this.acquired.filter(({ settled }) => !settled).length)
    if (this.capacity === 1)
      assert.ok(
        stats.pending - stats.connecting <= this.limits.maxPending,
        'never more than maxPending queue',
      )
    assert.ok(stats.pending === 0 || stats.idle === 0, 'nobody waits while a connection is idle')
    const room = alive + stats.connecting < this.limits.maxConnections
    const provided = stats.connecting * this.capacity
    assert.ok(!room || provided >= stats.pending, 'nobody waits while there is room to open another')
  }

  /** Everybody is finished: nothing may be left behind. */
  async finish(): Promise<void> {
    const { bench } = this
    const drained = bench.pool.drain()
    for (let turn = 0; turn < 200 && this.acquired.some(({ settled }) => !settled); turn++) {
      this.note(bench.openings[0]?.succeed())
      await bench.clock.advance(0)
      this.look()
      this.releaseAll()
      await bench.clock.advance(0)
      this.look()
    }
    assert.ok(
      this.acquired.every(({ settled }) => settled),
      'every exchange gets a connection or an error',
    )
    while (bench.openings.length > 0) {
      this.note(bench.openings[0]?.succeed())
      await bench.clock.advance(0)
    }
    this.releaseAll()
    await drained
    assert.ok(
      [...this.seen].every(({ closed }) => closed),
      'drained means that every connection is closed',
    )
    assert.equal(bench.clock.pending, 0, 'and no timer is armed')
  }
}

function at<T>(list: readonly T[], position: number): T | undefined {
  return list[position % list.length]
}

test('whatever is done to it, a pool keeps its limits, loses no connection and forgets no exchange', async () => {
  const steps = fc.array(step, { maxLength: 60, size: 'max' })
  await fc.assert(
    fc.asyncProperty(options, capacities, steps, async (limits, capacity, taken) => {
      const run = new Run(limits, capacity)
      for (const each of taken) await run.take(each)
      await run.finish()
    }),
    { numRuns: 300 },
  )
})
