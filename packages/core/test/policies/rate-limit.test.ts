import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TrafficError } from '../../src/message/errors.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { gcra, gcraParameters, type RateDecision } from '../../src/policies/rate-limit/gcra.ts'
import { LocalRateLimitStore, type RateLimitStore } from '../../src/policies/rate-limit/rate-limit-store.ts'
import { rateLimit, type RateLimitOptions } from '../../src/policies/rate-limit/rate-limit.ts'
import { WindowCounter } from '../../src/policies/rate-limit/window-counter.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { fc } from '../../../../scripts/testing/property.ts'

/** 10 a second, 5 at once. */
const TEN = gcraParameters({ rate: 10, burst: 5 })

for (const [name, arrival, cost, maxWait, expected] of [
  ['a fresh key has its burst', -Infinity, 1, 0, { allowed: true, wait: 0, remaining: 4, reset: 100 }],
  ['all of the burst may go at once', -Infinity, 5, 0, { allowed: true, wait: 0, remaining: 0, reset: 500 }],
  [
    'more than the burst never',
    -Infinity,
    6,
    1e9,
    { allowed: false, wait: Infinity, remaining: 5, reset: 0 },
  ],
  ['the last unit', 1_400, 1, 0, { allowed: true, wait: 0, remaining: 0, reset: 500 }],
  ['one too many', 1_500, 1, 0, { allowed: false, wait: 100, remaining: 0, reset: 500 }],
  ['a tick before the next', 1_401, 1, 0, { allowed: false, wait: 1, remaining: 0, reset: 401 }],
  ['one that may wait', 1_500, 1, 100, { allowed: true, wait: 100, remaining: 0, reset: 600 }],
  [
    'one that may not wait long enough',
    1_500,
    1,
    99,
    { allowed: false, wait: 100, remaining: 0, reset: 500 },
  ],
  ['two at once', 1_300, 3, 0, { allowed: false, wait: 100, remaining: 2, reset: 300 }],
] as const) {
  test(`GCRA, ${name}`, () => {
    const { arrival: _, ...decision } = gcra(TEN, arrival, 1_000, cost, maxWait)
    assert.deepEqual(decision, { limit: 5, ...expected })
  })
}

test('in no stretch of time more is let through than burst and rate allow, and never less than the rate', () => {
  const parameters = fc.record({
    rate: fc.integer({ min: 1, max: 1_000 }),
    burst: fc.integer({ min: 1, max: 100 }),
    maxWait: fc.constantFrom(0, 0, 500),
  })
  const waits = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(parameters, waits, ({ rate, burst, maxWait }, steps) => {
      const limits = gcraParameters({ rate, burst })
      let arrival = -Infinity
      let now = 0
      const gone: number[] = []
      for (const step of steps) {
        now += step
        const decision = gcra(limits, arrival, now, 1, maxWait)
        arrival = decision.arrival
        if (decision.allowed) gone.push(now + decision.wait)
        // Asking again after what it said is never in vain.
        else assert.ok(gcra(limits, arrival, now + decision.wait, 1, 0).allowed)
      }
      gone.forEach((from, first) => {
        const last = gone.length - 1
        const span = (gone[last] ?? 0) - from
        assert.ok(last - first + 1 <= burst + (span * rate) / 1_000 + 1e-3)
      })
    }),
  )
})

test('the whole burst is to be had, whatever the fractions', () => {
  for (const rate of [3, 7, 11, 13, 60, 99]) {
    const store = new LocalRateLimitStore({ rate, burst: rate })
    for (let count = 0; count < rate; count++) assert.ok(store.take('a', 1, 12_345.678, 0).allowed)
    assert.equal(store.take('a', 1, 12_345.678, 0).allowed, false)
  }
})

test('a sliding window counts what came before by the part that still overlaps', () => {
  const counter = new WindowCounter(10, 1_000)
  for (let count = 0; count < 10; count++) assert.ok(counter.take(900, 1).allowed)
  assert.deepEqual(counter.take(900, 1), { allowed: false, wait: 200, limit: 10, remaining: 0, reset: 1_100 })
  assert.equal(counter.take(1_099, 1).allowed, false)
  assert.equal(counter.take(1_100, 1).allowed, true)
  assert.equal(counter.take(1_100, 1).wait, 100)
  assert.equal(counter.take(3_500, 10).allowed, true)
  assert.equal(counter.take(5_500, 11).wait, Infinity)
})

test('a sliding window keeps its word on when asking again helps', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 100 }), (steps) => {
      const counter = new WindowCounter(3, 1_000)
      let now = 0
      for (const step of steps) {
        now += step
        const { allowed, wait } = counter.take(now, 1)
        if (allowed) continue
        now += wait + 1e-6
        assert.ok(counter.take(now, 1).allowed)
      }
    }),
  )
})

for (const options of [
  { rate: 0 },
  { rate: -1 },
  { rate: 1, per: 0 },
  { rate: 1, burst: 0 },
  { rate: Infinity },
]) {
  test(`a rate limit of ${JSON.stringify(options)} is refused`, () => {
    assert.throws(() => new LocalRateLimitStore(options), {
      name: 'TypeError',
      message: /use a number above 0/,
    })
  })
}

interface Setting {
  readonly clock: VirtualClock
  readonly times: number[]
  readonly call: (url?: string, deadline?: number) => { exchange: Exchange; response: Promise<HttpResponse> }
}

function limited(options: Partial<RateLimitOptions> = {}): Setting {
  const clock = new VirtualClock()
  const times: number[] = []
  const store = new LocalRateLimitStore({ rate: 10, burst: 1 })
  const handle = rateLimit({ store, ...options })(() => {
    times.push(clock.now())
    return Promise.resolve(new HttpResponse(200))
  })
  return {
    clock,
    times,
    call(url = 'http://a.example/', deadline = Infinity) {
      const exchange = new Exchange(HttpRequest.to(url), clock)
      exchange.deadline = deadline
      const response = handle(exchange)
      response.catch(() => {})
      return { exchange, response }
    },
  }
}

test('what is beyond the share of its origin is refused, with the time until there is more', async () => {
  const { call, times } = limited()
  await call().response
  await assert.rejects(call().response, (error) => {
    assert.ok(error instanceof TrafficError)
    assert.deepEqual(
      [error.code, error.status, error.replaySafe, error.retryAfter],
      ['rate_limited', 429, 'unsent', 100],
    )
    return true
  })
  await call('http://b.example/').response
  assert.equal(times.length, 2)
})

test('with a maximum wait, requests are paced, and refused only beyond it', async () => {
  const { call, clock, times } = limited({ maxWait: 250 })
  const calls = Array.from({ length: 4 }, () => call().response)
  await assert.rejects(calls[3] ?? Promise.resolve(), { code: 'rate_limited', retryAfter: 300 })
  await clock.advance(1_000)
  await Promise.all(calls.slice(0, 3))
  assert.deepEqual(times, [0, 100, 200])
})

test('nothing waits past its deadline', async () => {
  const { call } = limited({ maxWait: 1_000 })
  await call().response
  await assert.rejects(call('http://a.example/', 99).response, { code: 'rate_limited' })
})

test('one that is given up while it waits leaves at once', async () => {
  const { call, clock, times } = limited({ maxWait: 1_000 })
  await call().response
  const { exchange, response } = call()
  const gone = new TrafficError('cancelled', 'gone')
  exchange.cancel(gone)
  await assert.rejects(response, gone)
  assert.equal(clock.pending, 0)
  assert.deepEqual(times, [0])
})

test('what has no key is not limited, and a request may cost more than one', async () => {
  const free = limited({ key: () => undefined })
  for (let count = 0; count < 5; count++) await free.call().response
  const store = new LocalRateLimitStore({ rate: 10, burst: 5 })
  const dear = limited({ store, cost: () => 3 })
  await dear.call().response
  await assert.rejects(dear.call().response, { code: 'rate_limited' })
  store.reset('http://a.example')
  await dear.call().response
})

test('each decision is told', async () => {
  const decisions: RateDecision[] = []
  const { call } = limited({ onDecision: (_exchange, decision) => decisions.push(decision) })
  await call().response
  await assert.rejects(call().response)
  assert.deepEqual(
    decisions.map(({ allowed, limit, remaining, reset }) => ({ allowed, limit, remaining, reset })),
    [
      { allowed: true, limit: 1, remaining: 0, reset: 100 },
      { allowed: false, limit: 1, remaining: 0, reset: 100 },
    ],
  )
})

function remote(take: RateLimitStore['take']): RateLimitStore {
  return { local: false, take }
}

const GRANTED: RateDecision = { allowed: true, wait: 0, limit: 1, remaining: 0, reset: 1_000 }

test('a store that may fail is not taken without a word on what happens then', () => {
  const store = remote(() => GRANTED)
  assert.throws(() => rateLimit({ store }), { name: 'TypeError', message: /onStoreError/ })
})

test('a store elsewhere is asked', async () => {
  const { call, clock } = limited({ store: remote(() => Promise.resolve(GRANTED)), onStoreError: 'closed' })
  assert.equal((await call().response).status, 200)
  assert.equal(clock.pending, 0)
})

for (const [name, take] of [
  ['rejects', () => Promise.reject(new Error('down'))],
  ['hangs', () => new Promise<RateDecision>(() => {})],
  [
    'throws',
    () => {
      throw new Error('down')
    },
  ],
] as const) {
  test(`a store that ${name} lets through where it is open, and refuses where it is closed`, async () => {
    const failures: unknown[] = []
    const onFailure = (_exchange: Exchange, error: unknown): unknown => failures.push(error)
    const open = limited({ store: remote(take), onStoreError: 'open', onFailure })
    const passed = open.call().response
    await open.clock.advance(100)
    assert.equal((await passed).status, 200)
    const closed = limited({ store: remote(take), onStoreError: 'closed', onFailure })
    const refused = closed.call().response
    await closed.clock.advance(100)
    await assert.rejects(refused, { code: 'rate_limited', retryAfter: 1_000 })
    assert.equal(failures.length, 2)
  })
}

test('an exchange that is given up does not wait for the store', async () => {
  const { call, clock } = limited({ store: remote(() => new Promise(() => {})), onStoreError: 'open' })
  const { exchange, response } = call()
  const gone = new TrafficError('cancelled', 'gone')
  exchange.cancel(gone)
  await assert.rejects(response, gone)
  assert.equal(clock.pending, 0)
})

test('one that is given up in the moment in which the store answers is not sent', async () => {
  const { promise, resolve } = Promise.withResolvers<RateDecision>()
  const { call, times } = limited({ store: remote(() => promise), onStoreError: 'open' })
  const { exchange, response } = call()
  const gone = new TrafficError('cancelled', 'gone')
  void promise.then(() => exchange.cancel(gone))
  resolve(GRANTED)
  await assert.rejects(response, gone)
  assert.deepEqual(times, [])
})
