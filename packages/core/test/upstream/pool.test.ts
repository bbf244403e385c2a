import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TrafficError } from '../../src/message/errors.ts'
import { PoolBench } from './pool-bench.ts'

test('an idle connection is given at once, without a promise; the one released last comes first', async () => {
  const bench = new PoolBench()
  const first = await bench.inUse()
  const second = await bench.inUse()
  first.release()
  second.release()
  const acquired = bench.acquire()
  assert.equal(acquired.atOnce, true)
  assert.equal(acquired.connection, second)
  assert.equal(bench.acquire().connection, first)
  assert.deepEqual(bench.pool.stats(), {
    active: 2,
    idle: 0,
    connecting: 0,
    pending: 0,
    exchanges: 2,
    opened: 2,
    openedHttp2: 0,
    closed: 0,
    reused: 2,
    failed: 0,
  })
})

test('where all are in use another is opened, up to maxConnections; then exchanges queue, first come, first served', async () => {
  const bench = new PoolBench({ maxConnections: 2 })
  const first = await bench.inUse()
  await bench.inUse()
  const waiting = [bench.acquire(), bench.acquire()]
  assert.equal(bench.openings.length, 0)
  first.release()
  await bench.clock.advance(0)
  assert.equal(waiting[0]?.connection, first)
  assert.equal(waiting[1]?.settled, false)
  first.release()
  await bench.clock.advance(0)
  assert.equal(waiting[1]?.connection, first)
})

test('a full queue refuses at once, and says what to change', async () => {
  const bench = new PoolBench({ maxConnections: 1, maxPending: 2 })
  await bench.inUse()
  bench.acquire()
  bench.acquire()
  const refused = bench.acquire()
  await bench.clock.advance(0)
  assert.equal(refused.error?.code, 'pool_queue_full')
  assert.equal(refused.error?.phase, 'queue')
  assert.equal(refused.error?.replaySafe, 'unsent')
  assert.match(
    refused.error?.message ?? '',
    /^origin:80: all 1 connections are in use and 2 exchanges wait already; raise pool\./,
  )
})

test('with maxPending 0 nothing queues, but connections are opened', async () => {
  const bench = new PoolBench({ maxConnections: 1, maxPending: 0 })
  const first = bench.acquire()
  const second = bench.acquire()
  await bench.clock.advance(0)
  assert.equal(first.settled, false)
  assert.equal(second.error?.code, 'pool_queue_full')
  await bench.open()
  assert.ok(first.connection)
})

test('an exchange queues no longer than pendingTimeout', async () => {
  const bench = new PoolBench({ maxConnections: 1 })
  await bench.inUse()
  const waiting = bench.acquire()
  await bench.clock.advance(4_999)
  assert.equal(waiting.settled, false)
  await bench.clock.advance(1)
  assert.equal(waiting.error?.code, 'pool_queue_timeout')
  assert.equal(bench.pool.stats().pending, 0)
})

test('an exchange queues no longer than its deadline', async () => {
  const bench = new PoolBench({ maxConnections: 1 })
  await bench.inUse()
  const exchange = bench.exchange()
  exchange.deadline = 100
  const waiting = bench.acquire(exchange)
  await bench.clock.advance(100)
  assert.equal(waiting.error?.code, 'deadline_exceeded')
  const late = bench.acquire(exchange)
  await bench.clock.advance(0)
  assert.equal(late.error?.code, 'deadline_exceeded')
  assert.equal(bench.pool.stats().pending, 0)
})

test('the deadline bounds the wait for a connection being opened; pendingTimeout does not, as the connect timeout does', async () => {
  const bench = new PoolBench()
  const patient = bench.acquire()
  const exchange = bench.exchange()
  exchange.deadline = 100
  const hasty = bench.acquire(exchange)
  await bench.clock.advance(20_000)
  assert.equal(hasty.error?.code, 'deadline_exceeded')
  assert.equal(patient.settled, false)
})

test('a cancelled exchange leaves the queue, and the next one takes its place', async () => {
  const bench = new PoolBench({ maxConnections: 1 })
  const connection = await bench.inUse()
  const waiting = [bench.acquire(), bench.acquire(), bench.acquire()]
  const reason = new TrafficError('downstream_closed', 'the client left')
  waiting[0]?.exchange.cancel(reason)
  await bench.clock.advance(0)
  assert.equal(waiting[0]?.error, reason)
  connection.release()
  await bench.clock.advance(0)
  assert.equal(waiting[1]?.connection, connection)
  assert.equal(bench.pool.stats().pending, 1)
  assert.equal(bench.clock.pending, 1, 'only the third one waits for its time to run out')
})

test('an exchange that is cancelled already gets nothing', async () => {
  const bench = new PoolBench()
  const exchange = bench.exchange()
  const reason = new TrafficError('downstream_closed', 'the client left')
  exchange.cancel(reason)
  const acquired = bench.acquire(exchange)
  await bench.clock.advance(0)
  assert.equal(acquired.error, reason)
  assert.equal(bench.openings.length, 0)
})

test('once served, an exchange is no longer told of by the queue', async () => {
  const bench = new PoolBench()
  const acquired = bench.acquire()
  const connection = await bench.open()
  acquired.exchange.cancel(new TrafficError('downstream_closed', 'the client left'))
  await bench.clock.advance(60_000)
  assert.equal(acquired.connection, connection)
  assert.equal(acquired.error, undefined)
  assert.equal(bench.pool.stats().pending, 0)
})

test('whichever comes first serves an exchange: a released connection, and then the new one goes idle', async () => {
  const bench = new PoolBench()
  const old = await bench.inUse()
  const acquired = bench.acquire()
  assert.equal(bench.openings.length, 1)
  old.release()
  await bench.clock.advance(0)
  assert.equal(acquired.connection, old)
  const surplus = await bench.open()
  assert.equal(bench.pool.stats().idle, 1)
  assert.equal(bench.acquire().connection, surplus)
})

test('an exchange that met a stale connection is given one that was never used, whatever is released meanwhile', async () => {
  const bench = new PoolBench({ maxConnections: 2 })
  const [old, other] = [await bench.inUse(), await bench.inUse()]
  const wary = bench.exchange()
  wary.freshConnection = true
  const [first, second] = [bench.acquire(wary), bench.acquire()]
  old.release()
  await bench.clock.advance(0)
  assert.deepEqual([first.settled, second.connection], [false, old])
  assert.equal(bench.openings.length, 0)
  other.release()
  assert.equal(other.closed, true, 'it makes room')
  const fresh = await bench.open()
  assert.equal(first.connection, fresh)
  fresh.release()
  assert.equal(bench.pool.stats().idle, 1)
})

test('a failure to connect is told to one exchange, the next one gets a new try', async () => {
  const bench = new PoolBench({ maxConnections: 1 })
  const waiting = [bench.acquire(), bench.acquire()]
  await bench.failToOpen()
  assert.equal(waiting[0]?.error?.code, 'connect_failed')
  assert.equal(waiting[1]?.settled, false)
  assert.equal(bench.openings.length, 1)
  const connection = await bench.open()
  assert.equal(waiting[1]?.connection, connection)
  assert.equal(bench.pool.stats().failed, 1)
})

test('a failure to connect is told to nobody when the exchange has been served meanwhile', async () => {
  const bench = new PoolBench({ maxConnections: 3 })
  const old = await bench.inUse()
  const waiting = [bench.acquire(), bench.acquire()]
  old.release()
  await bench.clock.advance(0)
  assert.equal(waiting[0]?.connection, old)
  await bench.failToOpen()
  assert.equal(waiting[1]?.settled, false)
  await bench.open()
  assert.ok(waiting[1]?.connection)
})

test('when a connection closes and makes room, one is opened for the exchange that waits longest', async () => {
  const bench = new PoolBench({ maxConnections: 1 })
  const old = await bench.inUse()
  const waiting = bench.acquire()
  old.destroy()
  const fresh = await bench.open()
  assert.equal(waiting.connection, fresh)
  assert.equal(bench.pool.stats().closed, 1)
})

test('an idle connection that closes is not given to anybody', async () => {
  const bench = new PoolBench()
  const connections = [await bench.inUse(), await bench.inUse(), await bench.inUse()]
  for (const connection of connections) connection.release()
  connections[1]?.destroy()
  assert.equal(bench.pool.stats().idle, 2)
  assert.equal(bench.acquire().connection, connections[2])
  assert.equal(bench.acquire().connection, connections[0])
  assert.equal(bench.acquire().atOnce, false)
})

test('a connection that broke before the pool had it fails who waits, who may try again, and no other is opened in its place', async () => {
  const bench = new PoolBench()
  const acquired = bench.acquire()
  const connection = bench.openings[0]?.succeed()
  connection?.destroy()
  await bench.clock.advance(0)
  assert.equal(acquired.error?.code, 'connect_failed')
  assert.equal(acquired.error?.replaySafe, 'unsent')
  assert.equal(bench.openings.length, 0)
  const { opened, closed, failed } = bench.pool.stats()
  assert.deepEqual({ opened, closed, failed }, { opened: 1, closed: 1, failed: 1 })
})

test('a new connection that takes nothing fails who waits, and is closed: no other is opened in its place', async () => {
  const bench = new PoolBench()
  const acquired = bench.acquire()
  const connection = bench.openings[0]?.succeed()
  assert.ok(connection)
  connection.capacity = 0
  await bench.clock.advance(0)
  assert.equal(acquired.error?.code, 'connect_failed')
  assert.equal(connection.closed, true)
  assert.equal(bench.openings.length, 0)
  assert.equal(bench.pool.stats().active, 0)
})

test('idle connections are closed when their time is up, by one timer for all', async () => {
  const bench = new PoolBench({ idleTimeout: 1_000 })
  const connections = [await bench.inUse(), await bench.inUse(), await bench.inUse()]
  for (const connection of connections) {
    connection.release()
    await bench.clock.advance(300)
    assert.equal(bench.clock.pending, 1)
  }
  assert.deepEqual(
    connections.map(({ closed }) => closed),
    [false, false, false],
  )
  await bench.clock.advance(100)
  assert.deepEqual(
    connections.map(({ closed }) => closed),
    [true, false, false],
  )
  await bench.clock.advance(600)
  assert.deepEqual(
    connections.map(({ closed }) => closed),
    [true, true, true],
  )
  assert.equal(bench.clock.pending, 0, 'a pool without idle connections has no timer armed')
})

test('a connection in use is not closed for its idle time, and one used again starts anew', async () => {
  const bench = new PoolBench({ idleTimeout: 1_000 })
  const connection = await bench.inUse()
  await bench.clock.advance(5_000)
  connection.release()
  await bench.clock.advance(900)
  assert.equal(bench.acquire().connection, connection)
  await bench.clock.advance(900)
  connection.release()
  await bench.clock.advance(900)
  assert.equal(connection.closed, false)
  await bench.clock.advance(100)
  assert.equal(connection.closed, true)
})

test('a connection past its age is closed when it is released, at an age that varies by a tenth', async () => {
  const ages = new Set<number>()
  for (let draw = 0; draw < 3; draw++) {
    const bench = new PoolBench({ maxAge: 10_000 })
    for (let skip = 0; skip < draw; skip++) bench.clock.random()
    const connection = await bench.inUse()
    let age = 0
    while (!connection.closed) {
      await bench.clock.advance(50)
      age += 50
      connection.release()
      if (!connection.closed) bench.acquire()
    }
    assert.ok(age >= 9_000 && age <= 11_050, `closed at the age of ${age}`)
    ages.add(age)
  }
  assert.ok(ages.size > 1, 'connections opened together do not end together')
})

test('a connection past its age is not given to those who wait, another is opened for them', async () => {
  const bench = new PoolBench({ maxAge: 1_000, maxConnections: 1 })
  const old = await bench.inUse()
  await bench.clock.advance(1_101)
  const waiting = bench.acquire()
  old.release()
  assert.equal(old.closed, true)
  assert.equal(waiting.settled, false)
  assert.equal(waiting.connection, undefined)
  const fresh = await bench.open()
  assert.equal(waiting.connection, fresh)
})

test('an idle connection past its age is not given to anybody', async () => {
  const bench = new PoolBench({ maxAge: 10_000, idleTimeout: Infinity })
  const connection = await bench.inUse()
  connection.release()
  await bench.clock.advance(11_001)
  assert.equal(connection.closed, true)
  assert.equal(bench.acquire().atOnce, false)
})

test('without limits of time no timer is armed', async () => {
  const bench = new PoolBench({
    maxAge: Infinity,
    idleTimeout: Infinity,
    pendingTimeout: Infinity,
    maxConnections: 1,
  })
  const connection = await bench.inUse()
  bench.acquire()
  assert.equal(bench.clock.pending, 0)
  connection.release()
  await bench.clock.advance(0)
  connection.release()
  assert.equal(bench.clock.pending, 0)
})

test('draining closes what is idle, finishes what is in use or waits, and refuses what is new', async () => {
  const bench = new PoolBench({ maxConnections: 2 })
  const idle = await bench.inUse()
  const busy = await bench.inUse()
  idle.release()
  let done = false
  bench.acquire()
  const waiting = bench.acquire()
  idle.release()
  await bench.clock.advance(0)
  assert.equal(waiting.connection, idle)
  const later = bench.acquire()
  void bench.pool.drain().then(() => (done = true))
  const refused = bench.acquire()
  await bench.clock.advance(0)
  assert.equal(refused.error?.code, 'shutting_down')
  busy.release()
  await bench.clock.advance(0)
  assert.equal(later.connection, busy, 'one that waited when draining began is served')
  idle.release()
  assert.equal(idle.closed, true)
  await bench.clock.advance(0)
  assert.equal(done, false)
  busy.release()
  await bench.clock.advance(0)
  assert.equal(done, true)
  assert.equal(bench.clock.pending, 0)
})

test('draining an unused pool, and draining twice, resolves', async () => {
  const bench = new PoolBench()
  const connection = await bench.inUse()
  connection.release()
  await Promise.all([bench.pool.drain(), bench.pool.drain()])
  assert.equal(connection.closed, true)
  await bench.pool.drain()
})

test('draining gives up connections that are being opened for nobody', async () => {
  const bench = new PoolBench()
  const exchange = bench.exchange()
  bench.acquire(exchange)
  exchange.cancel(new TrafficError('downstream_closed', 'the client left'))
  await bench.pool.drain()
  assert.equal(bench.openings.length, 0)
  assert.equal(bench.pool.stats().failed, 0, 'giving up is no failure of the endpoint')
})

test('destroying ends everything at once', async () => {
  const bench = new PoolBench({ maxConnections: 3 })
  const busy = await bench.inUse()
  const idle = await bench.inUse()
  idle.release()
  bench.acquire()
  const waiting = [bench.acquire(), bench.acquire()]
  bench.pool.destroy()
  await bench.clock.advance(0)
  assert.deepEqual(
    waiting.map(({ error }) => error?.code),
    ['shutting_down', 'shutting_down'],
  )
  assert.equal(busy.closed && idle.closed, true)
  assert.equal(bench.openings.length, 0)
  assert.deepEqual(bench.pool.stats(), {
    active: 0,
    idle: 0,
    connecting: 0,
    pending: 0,
    exchanges: 0,
    opened: 2,
    openedHttp2: 0,
    closed: 2,
    reused: 1,
    failed: 0,
  })
  await bench.pool.drain()
  assert.equal(bench.clock.pending, 0)
})

test('a connection that takes several exchanges at the same time serves so many before another is opened', async () => {
  const bench = new PoolBench({}, 3)
  const first = await bench.inUse()
  const shared = [bench.acquire(), bench.acquire()]
  assert.deepEqual(
    shared.map(({ atOnce, connection }) => [atOnce, connection]),
    [
      [true, first],
      [true, first],
    ],
  )
  const further = bench.acquire()
  assert.equal(further.atOnce, false)
  assert.equal(bench.openings.length, 1)
  assert.equal(bench.pool.load, 4)
  first.release()
  await bench.clock.advance(0)
  assert.equal(further.connection, first, 'a place that becomes free serves who waits')
  const { active, idle, reused } = bench.pool.stats()
  assert.deepEqual({ active, idle, reused }, { active: 1, idle: 0, reused: 3 })
})

test('once it is known how many exchanges a connection takes, one is opened for so many that wait', async () => {
  const bench = new PoolBench({}, 3)
  const first = await bench.inUse()
  first.destroy()
  const waiting = Array.from({ length: 4 }, () => bench.acquire())
  assert.equal(bench.openings.length, 2)
  const second = await bench.open()
  assert.deepEqual(
    waiting.map(({ connection }) => connection),
    [second, second, second, undefined],
  )
  await bench.failToOpen()
  assert.equal(waiting[3]?.error?.code, 'connect_failed')
})

test('a connection is idle when the last of its exchanges is over, and only then grows too old to be used', async () => {
  const bench = new PoolBench({ idleTimeout: 1_000 }, 2)
  const connection = await bench.inUse()
  bench.acquire()
  connection.release()
  await bench.clock.advance(5_000)
  assert.equal(bench.acquire().connection, connection, 'it has been under way all the time')
  connection.release()
  connection.release()
  assert.equal(bench.pool.stats().idle, 1)
  await bench.clock.advance(1_000)
  assert.equal(connection.closed, true)
})

test('a connection that takes no more serves what is under way on it, and then goes', async () => {
  const bench = new PoolBench({}, 3)
  const connection = await bench.inUse()
  bench.acquire()
  connection.capacity = 0
  assert.equal(bench.acquire().atOnce, false)
  connection.release()
  assert.equal(connection.closed, false)
  connection.release()
  assert.equal(connection.closed, true)
})

test('exchanges under way on a connection that is lost no longer count as load', async () => {
  const bench = new PoolBench({}, 3)
  const connection = await bench.inUse()
  bench.acquire()
  assert.equal(bench.pool.load, 2)
  connection.destroy()
  assert.equal(bench.pool.load, 0)
  connection.release()
  assert.equal(bench.pool.load, 0, 'what is told of it afterwards changes nothing')
})
