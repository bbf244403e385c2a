import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TrafficError } from '../../src/message/errors.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { ClientPool } from '../../src/upstream/pool/client-pool.ts'
import { POOL_DEFAULTS, type PoolOptions } from '../../src/upstream/pool/pool-options.ts'
import { Acquired, Openings, type PlainConnection } from './pool-bench.ts'
import { fc } from '../../../../scripts/testing/property.ts'

/** A pool whose connections each belong to one of a few clients. */
class Bench {
  readonly clock = new VirtualClock()
  readonly opener = new Openings()
  readonly pool: ClientPool
  readonly acquired: { readonly client: string; readonly got: Acquired }[] = []
  /** Whose each connection is: that of the exchange that it was opened for. */
  readonly owners = new Map<PlainConnection, string>()
  readonly inUse = new Set<PlainConnection>()
  private readonly gone = new Map<string, () => void>()
  private readonly clients = new WeakMap<Exchange, string>()
  private readonly served = new Set<Acquired>()

  constructor(options: Partial<PoolOptions>) {
    const clientOf = (exchange: Exchange) => {
      const key = this.clients.get(exchange) ?? ''
      return {
        key,
        open: async (scope: Parameters<Openings['open']>[0]) => {
          const connection = await this.opener.open(scope)
          this.owners.set(connection, key)
          return connection
        },
        whenGone: (gone: () => void) => void this.gone.set(key, gone),
      }
    }
    this.pool = new ClientPool('origin:80', this.clock, clientOf, { ...POOL_DEFAULTS, ...options })
  }

  acquire(client: string): Acquired {
    const exchange = new Exchange(HttpRequest.to('http://origin/'), this.clock)
    this.clients.set(exchange, client)
    const got = new Acquired(exchange, this.pool.acquire(exchange))
    this.acquired.push({ client, got })
    return got
  }

  leave(client: string): void {
    const gone = this.gone.get(client)
    this.gone.delete(client)
    gone?.()
  }

  release(connection: PlainConnection | undefined): void {
    if (connection !== undefined && this.inUse.delete(connection)) connection.release()
  }

  async turn(): Promise<void> {
    await this.clock.advance(0)
    for (const { client, got } of this.acquired) {
      const { connection } = got
      if (connection === undefined || this.served.has(got)) continue
      this.served.add(got)
      assert.equal(this.owners.get(connection), client, 'a connection serves nobody but whose it is')
      if (connection.closed) continue
      assert.ok(!this.inUse.has(connection), 'a connection serves one exchange at a time')
      this.inUse.add(connection)
    }
    for (const each of this.inUse) if (each.closed) this.inUse.delete(each)
  }

  get alive(): number {
    return [...this.owners.keys()].filter(({ closed }) => !closed).length
  }
}

test('an idle connection serves its client again, makes room for another one, and ends with its client', async () => {
  const bench = new Bench({ maxConnections: 2 })
  const open = async (client: string): Promise<PlainConnection | undefined> => {
    const got = bench.acquire(client)
    bench.opener.begun[0]?.succeed()
    await bench.turn()
    return got.connection
  }
  const [a, b] = [await open('a'), await open('b')]
  bench.release(a)
  assert.equal(bench.acquire('a').connection, a)
  await bench.turn()
  bench.release(b)
  const c = await open('c')
  assert.deepEqual([b?.closed, c?.closed], [true, false])
  bench.leave('a')
  assert.equal(a?.closed, false)
  bench.release(a)
  assert.equal(a?.closed, true)
  bench.release(c)
  bench.leave('c')
  assert.equal(c?.closed, true)
  assert.deepEqual(bench.pool.stats().idle, 0)
})

test('a client with many exchanges does not keep the connections from one that has waited longer', async () => {
  const bench = new Bench({ maxConnections: 1 })
  const first = bench.acquire('a')
  bench.opener.begun[0]?.succeed()
  await bench.turn()
  const waiting = [bench.acquire('a'), bench.acquire('b'), bench.acquire('a')]
  bench.release(first.connection)
  await bench.turn()
  assert.equal(waiting[0]?.connection, first.connection)
  bench.release(first.connection)
  await bench.turn()
  assert.equal(waiting[2]?.connection, undefined)
  bench.opener.begun[0]?.succeed()
  await bench.turn()
  assert.equal(bench.owners.get(waiting[1]?.connection ?? assert.fail()), 'b')
  bench.release(waiting[1]?.connection)
  await bench.turn()
  bench.opener.begun[0]?.succeed()
  await bench.turn()
  assert.equal(bench.owners.get(waiting[2]?.connection ?? assert.fail()), 'a')
})

const client = fc.constantFrom('a', 'b', 'c')
const index = fc.nat({ max: 20 })
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('acquire' as const), client }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('release' as const), index }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('open' as const), index }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('failToOpen' as const), index }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('close' as const), index }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), index }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), client }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('renew' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('advance' as const), by: fc.nat({ max: 2_000 }) }) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

async function take(bench: Bench, each: Step): Promise<void> {
  if (each.kind === 'acquire') bench.acquire(each.client)
  else if (each.kind === 'release') bench.release([...bench.inUse][each.index])
  else if (each.kind === 'open') bench.opener.begun[each.index]?.succeed()
  else if (each.kind === 'failToOpen') bench.opener.begun[each.index]?.fail()
  else if (each.kind === 'close') [...bench.owners.keys()][each.index]?.destroy()
  else if (each.kind === 'leave') bench.leave(each.client)
  else if (each.kind === 'renew') bench.pool.renew()
  else if (each.kind === 'cancel')
    bench.acquired[each.index]?.got.exchange.cancel(new TrafficError('downstream_closed', 'the client left'))
  else await bench.clock.advance(each.by)
  await bench.turn()
}

function check({ pool, opener, alive, inUse, acquired }: Bench, maxConnections: number): void {
  const stats = pool.stats()
  assert.equal(stats.active, inUse.size)
  assert.equal(stats.active + stats.idle, alive, 'the pool knows every connection that is open')
  assert.equal(stats.connecting, opener.begun.length)
  assert.ok(alive + stats.connecting <= maxConnections, 'never more than maxConnections')
  assert.equal(stats.pending, acquired.filter(({ got }) => !got.settled).length)
  assert.equal(pool.load, stats.active + stats.pending)
  const queued = stats.pending - stats.connecting
  assert.ok(
    queued <= 0 || (stats.idle === 0 && alive + stats.connecting === maxConnections),
    'nobody waits for no reason',
  )
}

test('whatever happens, no connection serves two clients, limits hold, and everybody gets a connection or an error', async () => {
  const limits = fc.record({
    maxConnections: fc.integer({ min: 1, max: 4 }),
    maxPending: fc.nat({ max: 4 }),
    pendingTimeout: fc.integer({ min: 1, max: 2_000 }),
    idleTimeout: fc.integer({ min: 1, max: 2_000 }),
    maxAge: fc.integer({ min: 1, max: 10_000 }),
  })
  await fc.assert(
    fc.asyncProperty(limits, fc.array(step, { maxLength: 60 }), async (options, steps) => {
      const bench = new Bench(options)
      for (const each of steps) {
        // oxlint-disable-next-line no-await-in-loop -- one step after the other
        await take(bench, each)
        check(bench, options.maxConnections)
      }
      const drained = bench.pool.drain()
      for (let turn = 0; turn < 300 && bench.acquired.some(({ got }) => !got.settled); turn++) {
        bench.opener.begun[0]?.succeed()
        // oxlint-disable-next-line no-await-in-loop -- one turn after the other
        await bench.turn()
        for (const each of bench.inUse) bench.release(each)
      }
      await bench.turn()
      for (const each of bench.inUse) bench.release(each)
      for (const each of bench.opener.begun.slice()) each.fail()
      await bench.turn()
      await drained
      assert.ok(bench.acquired.every(({ got }) => got.settled))
      assert.equal(bench.alive, 0)
    }),
    { numRuns: 300 },
  )
})
