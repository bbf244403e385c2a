import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TrafficError } from '../../src/message/errors.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { sleep } from '../../src/policies/retry/backoff.ts'
import { learned, nextStart, UNKNOWN } from '../../src/policies/pacing/pace-state.ts'
import { pacing, type PacingOptions } from '../../src/policies/pacing/pacing.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

const KNOWN = { limit: 100, remaining: 50, resetAt: 10_000, blockedUntil: 0, lastAt: 0 }

for (const [name, state, inflight, now, expected] of [
  ['nothing is known', UNKNOWN, 1_000, 500, 500],
  ['there is enough', KNOWN, 0, 500, 500],
  ['what is under way may have used it up', KNOWN, 50, 500, 10_000],
  ['nothing is left', { ...KNOWN, remaining: 0 }, 0, 500, 10_000],
  ['the server asked for a pause', { ...KNOWN, blockedUntil: 20_000 }, 0, 500, 20_000],
  ['the pause is over', { ...KNOWN, blockedUntil: 500 }, 0, 500, 500],
  ['the window is over', { ...KNOWN, remaining: 0 }, 0, 10_000, 10_000],
  ['of a new window all may be under way', { ...KNOWN, remaining: 0 }, 99, 10_000, 10_000],
  ['but not more', { ...KNOWN, remaining: 0 }, 100, 10_000, Infinity],
  ['without a limit one asks', { ...KNOWN, limit: undefined, remaining: 0 }, 0, 10_000, 10_000],
  ['and the others wait for its answer', { ...KNOWN, limit: undefined, remaining: 0 }, 1, 10_000, Infinity],
  ['little is left, and is spread', { ...KNOWN, remaining: 9, lastAt: 1_000 }, 0, 1_000, 2_000],
  ['that time has passed', { ...KNOWN, remaining: 9, lastAt: 0 }, 0, 2_000, 2_000],
] as const) {
  test(`next start: ${name}`, () => assert.equal(nextStart(state, inflight, 0.1, now), expected))
}

for (const [name, quotas, retryAfter, expected] of [
  ['no quota takes one away', [], undefined, { ...KNOWN, remaining: 49 }],
  [
    'a quota is taken over',
    [{ limit: 10, remaining: 5, reset: 30_000 }],
    undefined,
    { ...KNOWN, limit: 10, remaining: 5, resetAt: 31_000 },
  ],
  ['within a window there is never more', [{ limit: 100, remaining: 60, reset: 9_000 }], undefined, KNOWN],
  ['but less', [{ limit: 100, remaining: 40, reset: 9_000 }], undefined, { ...KNOWN, remaining: 40 }],
  [
    'of several the tightest counts',
    [
      { limit: 500, remaining: 70, reset: 90_000 },
      { limit: 10, remaining: 1, reset: 5_000 },
      { limit: 20, remaining: 3, reset: 1_000 },
    ],
    undefined,
    { ...KNOWN, limit: 10, remaining: 1, resetAt: 6_000 },
  ],
  ['a pause is kept', [], 5_000, { ...KNOWN, remaining: 49, blockedUntil: 6_000 }],
] as const) {
  test(`learned: ${name}`, () => assert.deepEqual(learned(KNOWN, quotas, retryAfter, 1_000), expected))
}

/** A server with a fixed window that counts what it gets, and refuses what is too much. */
class Server {
  readonly clock: VirtualClock
  readonly times: number[] = []
  refused = 0
  private readonly limit: number
  private readonly window: number
  private used = 0
  private current = -1

  constructor(clock: VirtualClock, limit: number, window: number) {
    this.clock = clock
    this.limit = limit
    this.window = window
  }

  async answer(exchange: Exchange): Promise<HttpResponse> {
    const now = this.clock.now()
    this.times.push(now)
    const window = Math.floor(now / this.window)
    if (window !== this.current) {
      this.current = window
      this.used = 0
    }
    this.used++
    const left = this.limit - this.used
    if (left < 0) this.refused++
    const reset = Math.ceil(((window + 1) * this.window - now) / 1000)
    const headers = HeaderList.of({
      'x-ratelimit-limit': String(this.limit),
      'x-ratelimit-remaining': String(Math.max(0, left)),
      'x-ratelimit-reset': String(reset),
    })
    await sleep(5, exchange)
    return new HttpResponse(left < 0 ? 429 : 200, headers)
  }
}

interface Setting {
  readonly clock: VirtualClock
  readonly server: Server
  readonly call: (url?: string) => { readonly exchange: Exchange; readonly response: Promise<HttpResponse> }
}

function paced(limit: number, options: PacingOptions = {}): Setting {
  const clock = new VirtualClock()
  const server = new Server(clock, limit, 10_000)
  const handle = pacing(options)((exchange) => server.answer(exchange))
  return {
    clock,
    server,
    call(url = 'http://a.example/') {
      const exchange = new Exchange(HttpRequest.to(url), clock)
      const response = handle(exchange)
      response.catch(() => {})
      return { exchange, response }
    },
  }
}

test('a server that tells of its quota never has to refuse, and all are answered', async () => {
  const { clock, server, call } = paced(10, { maxWait: 1e9 })
  // The first finds out.
  const first = call()
  await clock.advance(10)
  await first.response
  const calls = Array.from({ length: 35 }, () => call().response)
  await clock.advance(60_000)
  const statuses = (await Promise.all(calls)).map(({ status }) => status)
  assert.ok(statuses.every((status) => status === 200))
  assert.equal(server.refused, 0)
  assert.equal(clock.pending, 0)
})

test('requests one after the other slow down when little is left, in place of stopping', async () => {
  const { clock, server, call } = paced(10, { maxWait: 1e9, spread: 0.5 })
  for (let count = 0; count < 10; count++) {
    const { response } = call()
    await clock.advance(0)
    while (server.times.length <= count) await clock.advance(10)
    await clock.advance(5)
    await response
  }
  const gaps = server.times.map((time, index) => time - (server.times[index - 1] ?? 0))
  assert.ok(
    gaps.slice(0, 6).every((gap) => gap < 50),
    gaps.join(' '),
  )
  assert.ok(
    gaps.slice(7).every((gap) => gap > 500),
    gaps.join(' '),
  )
  assert.equal(server.refused, 0)
})

test('what would have to wait for too long is refused at once, and not sent', async () => {
  const { clock, server, call } = paced(1, { maxWait: 5_000 })
  const first = call()
  await clock.advance(5)
  await first.response
  await assert.rejects(call().response, (error) => {
    assert.ok(error instanceof TrafficError)
    assert.deepEqual([error.code, error.replaySafe, error.retryAfter], ['rate_limited', 'unsent', 10_000])
    return true
  })
  assert.equal(server.times.length, 1)
  assert.equal(
    (await Promise.race([call('http://b.example/').response, clock.advance(5).then(() => undefined)])) ===
      undefined,
    false,
  )
})

test('Retry-After holds back the others of that origin', async () => {
  const clock = new VirtualClock()
  const times: number[] = []
  const handle = pacing()(() => {
    times.push(clock.now())
    const busy = times.length === 1
    return Promise.resolve(
      new HttpResponse(busy ? 429 : 200, HeaderList.of(busy ? { 'retry-after': '3' } : {})),
    )
  })
  const get = (): Promise<HttpResponse> => handle(new Exchange(HttpRequest.to('http://a.example/'), clock))
  assert.equal((await get()).status, 429)
  const later = [get(), get()]
  await clock.advance(3_000)
  await Promise.all(later)
  assert.deepEqual(times, [0, 3_000, 3_000])
})

test('one that is given up leaves the line, and gives its turn back if it had it already', async () => {
  const { clock, server, call } = paced(1, { maxWait: 1e9 })
  const first = call()
  await clock.advance(5)
  await first.response
  const second = call()
  const third = call()
  const gone = new TrafficError('downstream_closed', 'gone')
  second.exchange.cancel(gone)
  await assert.rejects(second.response, gone)
  await clock.advance(20_000)
  assert.equal((await third.response).status, 200)
  assert.equal(server.times.length, 2)
  assert.equal(clock.pending, 0)
})

test('one that is given up in the moment in which it is served gives its turn back', async () => {
  let interrupt = (): void => {}
  class Interrupted extends VirtualClock {
    override wallTime(): number {
      // Between the answer to one and the turn of the next.
      queueMicrotask(interrupt)
      return super.wallTime()
    }
  }
  const clock = new Interrupted()
  const server = new Server(clock, 100, 10_000)
  let calls = 0
  const handle = pacing({ maxWait: 1e9 })(async (exchange) => {
    if (++calls > 2) return server.answer(exchange)
    await sleep(10, exchange)
    const left = calls === 1 ? '0' : '50'
    return new HttpResponse(
      200,
      HeaderList.of({ 'x-ratelimit-remaining': left, 'x-ratelimit-reset': calls === 1 ? '1' : '60' }),
    )
  })
  const start = (): Exchange => new Exchange(HttpRequest.to('http://a.example/'), clock)
  const first = handle(start())
  await clock.advance(10)
  await first
  await clock.advance(1_000)
  // Of the new window nothing is known: one asks, and the others wait for its answer.
  const second = handle(start())
  const exchange = start()
  const third = handle(exchange)
  const gone = new TrafficError('downstream_closed', 'gone')
  interrupt = () => exchange.cancel(gone)
  await Promise.all([assert.rejects(third, gone), clock.advance(10)])
  await second
  interrupt = () => {}
  assert.equal(calls, 2)
  // It would count as under way for ever.
  await clock.advance(60_000)
  const last = handle(start())
  await clock.advance(10)
  assert.equal((await last).status, 200)
})

test('a failure counts as a request, and holds up nobody', async () => {
  const clock = new VirtualClock()
  let calls = 0
  const handle = pacing()(() => {
    calls++
    return Promise.reject(new TrafficError('connect_failed', 'down'))
  })
  for (let count = 0; count < 3; count++) {
    await assert.rejects(handle(new Exchange(HttpRequest.to('http://a.example/'), clock)), {
      code: 'connect_failed',
    })
  }
  assert.equal(calls, 3)
})

test('only so many wait', async () => {
  const { clock, call } = paced(1, { maxWait: 1e9, queue: 1 })
  const first = call()
  await clock.advance(5)
  await first.response
  const second = call()
  await assert.rejects(call().response, { code: 'rate_limited' })
  await clock.advance(10_005)
  await second.response
})

for (const name of ['maxWait', 'queue', 'spread']) {
  test(`a ${name} below 0 is refused by name`, () => {
    assert.throws(() => pacing({ [name]: -1 }), { name: 'TypeError', message: new RegExp(`^${name}`) })
  })
}
