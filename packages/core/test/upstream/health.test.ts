import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTcpServer, type Server } from 'node:net'
import { type TestContext, test } from 'node:test'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { systemClock } from '../../src/time/clock.ts'
import { endpointParts } from '../../src/upstream/endpoint/endpoint-open.ts'
import { type Checked, HealthChecker, type HealthCheckOptions } from '../../src/upstream/health/health.ts'
import { probe, type ProbeOptions } from '../../src/upstream/health/health-probe.ts'
import type { PooledConnection } from '../../src/upstream/pool/pool-entry.ts'
import { TrafficError } from '../../src/message/errors.ts'

async function listen(t: TestContext, server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return `http://127.0.0.1:${address.port}`
}

async function ask(url: string, options: ProbeOptions, timeout = 2_000): Promise<string | undefined> {
  return probe(endpointParts({ url }, {}), options, timeout, systemClock)
}

function http(listener: RequestListener): Server {
  return createServer(listener)
}

test('a check asks for what it is told to, under the name that it is told, on a connection of its own', async (t) => {
  const seen: (string | undefined)[] = []
  let connections = 0
  const server = http((request, response) => {
    seen.push(request.method, request.url, request.headers.host, request.headers['x-check'] as string)
    response.end('well')
  })
  server.on('connection', () => connections++)
  const url = await listen(t, server)
  const options = { kind: 'http', path: '/healthz?deep=1', headers: { 'x-check': '1' } } as const
  assert.equal(await ask(url, options), undefined)
  assert.deepEqual(seen, ['GET', '/healthz?deep=1', url.slice(7), '1'])
  await ask(url, { ...options, host: 'shop.example', method: 'HEAD' })
  assert.deepEqual([seen[4], seen[6]], ['HEAD', 'shop.example'])
  assert.equal(connections, 2)
})

test('which statuses are good can be told; a body of any length is not waited for', async (t) => {
  let status = 204
  const url = await listen(
    t,
    http((_, response) => {
      response.writeHead(status)
      response.write(status === 204 ? '' : 'and so on')
      if (status === 204) response.end()
    }),
  )
  const strict = { kind: 'http', path: '/', statuses: [{ from: 200, to: 200 }] } as const
  assert.equal(await ask(url, { kind: 'http', path: '/' }), undefined)
  assert.equal(await ask(url, strict), 'it answered 204')
  status = 200
  assert.equal(await ask(url, strict), undefined)
  status = 503
  assert.equal(await ask(url, { kind: 'http', path: '/' }), 'it answered 503')
})

test('one that does not answer in time, or at all, has failed', async (t) => {
  const silent = await listen(
    t,
    createTcpServer((socket) => t.after(() => socket.destroy())),
  )
  assert.equal(await ask(silent, { kind: 'http', path: '/' }, 50), 'it did not answer within 50 ms')
  assert.equal(await ask(silent, { kind: 'tcp' }, 1_000), undefined)
  const closed = createTcpServer()
  const gone = await listen(t, closed)
  closed.close()
  assert.match((await ask(gone, { kind: 'tcp' })) ?? '', /ECONNREFUSED/)
})

/** Endpoints that are as well as they are told to be. */
class Trial {
  readonly clock: VirtualClock = new VirtualClock()
  readonly log: string[] = []
  readonly well: boolean[]
  readonly checkedAt: number[] = []
  readonly checker: HealthChecker
  private readonly states: boolean[]

  constructor(well: readonly boolean[], options: Omit<HealthCheckOptions, 'probe'> = {}) {
    this.well = [...well]
    this.states = well.map(() => true)
    const { authority } = endpointParts({ url: 'http://127.0.0.1:1' }, {})
    const endpoints = well.map((_, index): Checked => {
      const states = this.states
      return {
        name: String(index),
        authority,
        open: () => this.open(index),
        get healthy() {
          return states[index] ?? false
        },
        setHealthy: (healthy) => void (states[index] = healthy),
      }
    })
    this.checker = new HealthChecker(endpoints, { probe: { kind: 'tcp' }, ...options }, this.clock)
  }

  start(): void {
    this.checker.start((name, healthy) => this.log.push(`${name} ${healthy ? 'up' : 'down'}`))
  }

  get states01(): string {
    return this.states.map(Number).join('')
  }

  private async open(index: number): Promise<PooledConnection> {
    if (index === 0) this.checkedAt.push(this.clock.now())
    if (this.well[index] !== true) throw new TrafficError('connect_failed', 'scripted')
    const send = (): Promise<never> => Promise.reject(new Error('unused'))
    return { send, owner: undefined, closed: false, destroy: () => {} }
  }
}

test('the first check counts at once; then it takes as many in a row as the thresholds say', async () => {
  const trial = new Trial([false, true], { interval: 1_000 })
  trial.start()
  await trial.clock.advance(1_000)
  assert.equal(trial.states01, '01')
  trial.well[1] = false
  trial.well[0] = true
  await trial.clock.advance(1_000)
  assert.equal(trial.states01, '01')
  await trial.clock.advance(1_000)
  assert.equal(trial.states01, '11')
  await trial.clock.advance(1_000)
  assert.equal(trial.states01, '10')
  assert.deepEqual(trial.log, ['0 down', '0 up', '1 down'])
  trial.checker.stop()
  assert.equal(trial.clock.pending, 0)
})

test('one check that is off does not change anything', async () => {
  const trial = new Trial([true, true], { interval: 1_000 })
  trial.start()
  await trial.clock.advance(1_000)
  for (let round = 0; round < 5; round++) {
    trial.well[0] = false
    await trial.clock.advance(1_700)
    trial.well[0] = true
    await trial.clock.advance(1_000)
  }
  assert.deepEqual(trial.log, [])
  trial.checker.stop()
})

test('where all are down, one good check brings an endpoint back: within an interval', async () => {
  const trial = new Trial([false, false], { interval: 5_000, healthyThreshold: 4 })
  trial.start()
  await trial.clock.advance(5_000)
  assert.equal(trial.states01, '00')
  trial.well[1] = true
  await trial.clock.advance(5_000)
  assert.equal(trial.states01, '01')
  trial.well[0] = true
  await trial.clock.advance(15_000)
  assert.equal(trial.states01, '01', 'the others take their time')
  await trial.clock.advance(5_000)
  assert.equal(trial.states01, '11')
  trial.checker.stop()
})

test('checks come at least once per interval, and do not keep step', async () => {
  const trial = new Trial([true], { interval: 1_000 })
  trial.start()
  await trial.clock.advance(60_000)
  trial.checker.stop()
  const gaps = trial.checkedAt.slice(1).map((at, index) => at - (trial.checkedAt[index] ?? 0))
  assert.ok(
    gaps.every((gap) => gap >= 900 && gap <= 1_000),
    gaps.join(' '),
  )
  assert.ok(new Set(gaps).size > 10)
  const { passed = 0, failed } = trial.checker.stats()[0] ?? {}
  assert.deepEqual([passed, failed], [trial.checkedAt.length, 0])
})

test('checks that were stopped go on when they are started again', async () => {
  const trial = new Trial([true], { interval: 1_000 })
  trial.start()
  trial.start()
  await trial.clock.advance(3_000)
  trial.checker.stop()
  const before = trial.checkedAt.length
  await trial.clock.advance(10_000)
  assert.equal(trial.checkedAt.length, before)
  trial.start()
  await trial.clock.advance(1_000)
  assert.equal(trial.checkedAt.length, before + 1)
  trial.checker.stop()
})

test('a check that is asked for counts at once, also where checks are stopped, and none follows it', async () => {
  const trial = new Trial([true, true])
  trial.start()
  await trial.clock.advance(1_000)
  trial.checker.stop()
  trial.well[1] = false
  await trial.checker.checkNow()
  assert.equal(trial.states01, '10')
  trial.well[1] = true
  await Promise.all([trial.checker.checkNow(), trial.checker.checkNow()])
  assert.equal(trial.states01, '11')
  assert.deepEqual(trial.log, ['1 down', '1 up'])
  const counts = trial.checker.stats().map(({ passed, failed }) => [passed, failed])
  assert.deepEqual(
    counts,
    [
      [3, 0],
      [2, 1],
    ],
    'two who ask at the same time are one check',
  )
  assert.equal(trial.clock.pending, 0)
})

test('the last check of each endpoint is known: when it ended, and why it failed', async () => {
  const trial = new Trial([true, false], { interval: 1_000 })
  assert.deepEqual(
    trial.checker.stats().map(({ last }) => last),
    [undefined, undefined],
  )
  trial.start()
  await trial.clock.advance(1_000)
  const [well, ill] = trial.checker.stats()
  assert.equal(well?.last?.failure, undefined)
  assert.equal(ill?.last?.failure, 'scripted')
  assert.ok(Math.abs((well?.last?.time ?? 0) - trial.clock.wallTime()) <= 1_000)
  trial.checker.stop()
})
