import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Body, collect } from '../../src/message/body.ts'
import { TrafficError } from '../../src/message/errors.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { sleep } from '../../src/policies/retry/backoff.ts'
import type { ConcurrencyLimit } from '../../src/policies/concurrency/concurrency-limit.ts'
import { concurrency, type ConcurrencyOptions } from '../../src/policies/concurrency/concurrency.ts'
import { Limiter, type LimiterOptions } from '../../src/policies/concurrency/limiter.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { FilledBody, RecordingSink } from '../h1/harness.ts'

interface Setting {
  readonly clock: VirtualClock
  readonly limiter: Limiter
  /** The names of those that went, in order. */
  readonly gone: string[]
  /** @param takes milliseconds */
  readonly call: (name: string, takes?: number, body?: Body) => Called
}

interface Called {
  readonly exchange: Exchange
  readonly response: Promise<HttpResponse>
}

function limited(options: Partial<LimiterOptions>, policy: Partial<ConcurrencyOptions> = {}): Setting {
  const clock = new VirtualClock()
  const limiter = new Limiter({ name: 'a.example', limit: 1, ...options })
  const gone: string[] = []
  const takes = new Map<string, { readonly time: number; readonly body: Body | undefined }>()
  const handle = concurrency({ limiter, ...policy })(async (exchange) => {
    gone.push(exchange.id)
    const { time, body } = takes.get(exchange.id) ?? { time: 0, body: undefined }
    if (time > 0) await sleep(time, exchange)
    return new HttpResponse(200, new HeaderList(), body)
  })
  return {
    clock,
    limiter,
    gone,
    call(name, time = 100, body) {
      takes.set(name, { time, body })
      const exchange = new Exchange(HttpRequest.to('http://a.example/'), clock)
      exchange.id = name
      const response = handle(exchange)
      response.catch(() => {})
      return { exchange, response }
    },
  }
}

test('what does not fit is refused where nothing may wait', async () => {
  const { call, clock, limiter } = limited({ limit: 2 })
  const both = [call('a'), call('b')]
  await assert.rejects(call('c').response, (error) => {
    assert.ok(error instanceof TrafficError)
    assert.deepEqual([error.code, error.status, error.replaySafe], ['concurrency_limited', 503, 'unsent'])
    assert.match(error.message, /2 slots of a\.example/)
    return true
  })
  await clock.advance(100)
  await Promise.all(both.map(({ response }) => response))
  assert.equal(limiter.inflight, 0)
  assert.equal(clock.pending, 0)
})

test('others wait in the order in which they came, and no more than may', async () => {
  const { call, clock, gone, limiter } = limited({ queue: 2 })
  call('a')
  call('b')
  call('c')
  await assert.rejects(call('d').response, { code: 'concurrency_limited' })
  assert.deepEqual([limiter.inflight, limiter.queued], [1, 2])
  await clock.advance(300)
  assert.deepEqual(gone, ['a', 'b', 'c'])
  assert.deepEqual([limiter.inflight, limiter.queued, clock.pending], [0, 0, 0])
})

test('nobody waits longer than allowed', async () => {
  const { call, clock, limiter } = limited({ queue: 2, queueTimeout: 50 })
  call('a')
  const { response } = call('b')
  await clock.advance(50)
  await assert.rejects(response, { code: 'concurrency_limited', message: /within 50 ms/ })
  assert.equal(limiter.queued, 0)
})

test('one that is given up leaves the line at once, and those behind it move up', async () => {
  const { call, clock, gone, limiter } = limited({ queue: 2 })
  call('a')
  const { exchange, response } = call('b')
  call('c')
  const late = new TrafficError('deadline_exceeded', 'too late')
  exchange.cancel(late)
  await assert.rejects(response, late)
  assert.equal(limiter.queued, 1)
  await clock.advance(200)
  assert.deepEqual(gone, ['a', 'c'])
  assert.equal(limiter.inflight, 0)
})

test('one that is given up in the moment in which it is served gives its slot back', async () => {
  const { call, clock, gone, limiter } = limited({ queue: 2 })
  limiter.tryEnter()
  const { exchange, response } = call('a')
  limiter.leave()
  const left = new TrafficError('downstream_closed', 'gone')
  exchange.cancel(left)
  await assert.rejects(response, left)
  assert.deepEqual([gone, limiter.inflight, clock.pending], [[], 0, 0])
})

test('a slot is taken until the body has ended, broken, or been cancelled', async () => {
  const broken = new TrafficError('upstream_closed', 'broken')
  for (const end of [
    (filled: FilledBody) => filled.body.end(),
    (filled: FilledBody) => filled.body.fail(broken),
    (_filled: FilledBody, response: HttpResponse) => response.body.cancel(broken),
  ]) {
    const { call, limiter } = limited({})
    const filled = new FilledBody()
    const response = await call('a', 0, filled.body).response.catch(() => assert.fail())
    response.body.flowTo(new RecordingSink())
    filled.push('some')
    assert.equal(limiter.inflight, 1)
    end(filled, response)
    assert.equal(limiter.inflight, 0)
  }
})

test('a body that nobody reads gives its slot back with the exchange, and only once', async () => {
  const { call, limiter } = limited({ limit: 2 })
  const filled = new FilledBody()
  const { exchange, response } = call('a', 0, filled.body)
  const { body } = await response
  limiter.tryEnter()
  exchange.finish({ status: 200, error: undefined, bytesSent: 0, bytesReceived: 0 })
  assert.equal(limiter.inflight, 1)
  body.cancel(new TrafficError('cancelled', 'not wanted'))
  assert.equal(limiter.inflight, 1)
})

test('a body passes through unchanged', async () => {
  const { call } = limited({})
  const filled = new FilledBody(6)
  const { body } = await call('a', 0, filled.body).response
  assert.equal(body.length, 6)
  const content = collect(body)
  filled.push('bytes')
  filled.body.end()
  assert.equal((await content).toString(), 'bytes')
})

test('failures give the slot back', async () => {
  const { limiter } = limited({})
  const clock = new VirtualClock()
  const handle = concurrency({ limiter })(() => {
    throw new RangeError('a mistake')
  })
  await assert.rejects(handle(new Exchange(HttpRequest.to('http://a.example/'), clock)), { code: 'internal' })
  assert.equal(limiter.inflight, 0)
})

test('higher priorities go first, and displace lower ones where the line is full', async () => {
  const priority = ({ id }: Exchange): number => Number(id[0])
  const { call, clock, gone } = limited({ queue: 3 }, { priority })
  call('1 running')
  const low = call('2 low')
  call('1 middle')
  call('0 high')
  call('0 highest class too')
  await assert.rejects(low.response, { code: 'concurrency_limited', message: /higher priority/ })
  await assert.rejects(call('2 low again').response, { code: 'concurrency_limited' })
  await clock.advance(1_000)
  assert.deepEqual(gone, ['1 running', '0 high', '0 highest class too', '1 middle'])
})

test('a priority that is none is the nearest class', async () => {
  const wanted = [Number.NaN, -5, 99, 0.5]
  const { call, clock, gone } = limited({ queue: 9 }, { priority: () => wanted.shift() ?? 0 })
  for (const name of ['a', 'b', 'c', 'd', 'e']) call(name)
  await clock.advance(1_000)
  assert.equal(gone.length, 5)
})

test('the limit learns from what went through, and a higher one lets the line move on', async () => {
  const seen: unknown[] = []
  class Learning implements ConcurrencyLimit {
    limit = 1
    record(rtt: number, inflight: number, dropped: boolean): void {
      seen.push([rtt, inflight, dropped])
      this.limit = 3
    }
  }
  const { call, clock, gone, limiter } = limited({ limit: new Learning(), queue: 5 })
  for (const name of ['a', 'b', 'c', 'd']) call(name)
  await clock.advance(100)
  assert.deepEqual(gone, ['a', 'b', 'c', 'd'])
  assert.equal(limiter.inflight, 3)
  assert.deepEqual(seen, [[100, 1, false]])
})

test('a limit that has moved by itself is seen by who comes next, who overtakes nobody', async () => {
  const limit = { limit: 1, record: () => {} }
  const { call, gone } = limited({ limit, queue: 5 })
  call('a')
  call('b')
  limit.limit = 2
  call('c')
  await Promise.resolve()
  assert.deepEqual(gone, ['a', 'b'])
})

for (const [outcome, recorded] of [
  [new HttpResponse(503), [true]],
  [new HttpResponse(429), [true]],
  [new HttpResponse(500), [false]],
  [new TrafficError('upstream_timeout', 'slow'), [true]],
  [new TrafficError('deadline_exceeded', 'short'), []],
  [new TrafficError('connect_failed', 'down'), []],
] as const) {
  const name = outcome instanceof TrafficError ? outcome.code : outcome.status
  test(`${name} tells the limit ${JSON.stringify(recorded)} about drops`, async () => {
    const drops: boolean[] = []
    const limit = {
      limit: 1,
      record: (_rtt: number, _inflight: number, dropped: boolean) => drops.push(dropped),
    }
    const handle = concurrency({ limiter: new Limiter({ name: 'a', limit }) })(() =>
      outcome instanceof TrafficError ? Promise.reject(outcome) : Promise.resolve(outcome),
    )
    await handle(new Exchange(HttpRequest.to('http://a.example/'), new VirtualClock())).catch(() => {})
    assert.deepEqual(drops, recorded)
  })
}

for (const options of [
  { limit: 0 },
  { limit: 1.5 },
  { queue: -1 },
  { queueTimeout: Number.NaN },
  { classes: 0 },
]) {
  test(`a limiter with ${JSON.stringify(options)} is refused by name`, () => {
    const name = Object.keys(options)[0] ?? ''
    assert.throws(() => new Limiter({ name: 'a', limit: 1, ...options }), {
      name: 'TypeError',
      message: new RegExp(`^${name}`),
    })
  })
}
