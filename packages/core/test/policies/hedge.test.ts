import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Body, bodyFrom, EMPTY_BODY } from '../../src/message/body.ts'
import { TrafficError } from '../../src/message/errors.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { ReplayBody } from '../../src/message/replay.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { sleep } from '../../src/policies/retry/backoff.ts'
import { HedgeDelay } from '../../src/policies/hedge/hedge-delay.ts'
import { canHedge, hedge, type HedgeOptions } from '../../src/policies/hedge/hedge.ts'
import { LatencyEstimate } from '../../src/policies/hedge/latency-estimate.ts'
import { RetryBudget } from '../../src/policies/retry/retry-budget.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { FilledBody } from '../h1/harness.ts'

/** What one request of a race brings: a status or an error, after some time. */
interface Answer {
  readonly after: number
  readonly with: number | TrafficError
}

const FAILED = new TrafficError('upstream_closed', 'failed', { replaySafe: 'idempotent' })

function start(clock: VirtualClock, method = 'GET', body: Body = EMPTY_BODY): Exchange {
  return new Exchange(HttpRequest.to('http://a.example/', { method, body }), clock)
}

interface Race {
  readonly clock: VirtualClock
  readonly exchange: Exchange
  readonly response: Promise<HttpResponse>
  /** The exchanges that were sent, and when. */
  readonly sent: Exchange[]
  readonly times: number[]
}

function race(answers: readonly Answer[], options: Partial<HedgeOptions> = {}, exchange?: Exchange): Race {
  const clock = (exchange?.clock as VirtualClock | undefined) ?? new VirtualClock()
  const parent = exchange ?? start(clock)
  const sent: Exchange[] = []
  const times: number[] = []
  const policy = hedge({ delay: 100, budget: new RetryBudget(clock), ...options })
  const response = policy(async (child) => {
    const { after, with: what } = answers[sent.length] ?? { after: 0, with: 200 }
    sent.push(child)
    times.push(clock.now())
    // As policies do that stand further in.
    child.request.headers.append('x-hop', String(sent.length))
    child.endpoint = `endpoint-${sent.length}`
    await sleep(after, child)
    if (what instanceof TrafficError) throw what
    return new HttpResponse(what, HeaderList.of({ 'x-endpoint': child.endpoint }))
  })(parent)
  response.catch(() => {})
  return { clock, exchange: parent, response, sent, times }
}

test('what is answered before the delay is sent once', async () => {
  const { clock, response, sent } = race([{ after: 99, with: 200 }])
  await clock.advance(1_000)
  assert.equal((await response).status, 200)
  assert.equal(sent.length, 1)
  assert.equal(clock.pending, 0)
})

test('what takes longer is sent again; the first good response wins and the other is cancelled', async () => {
  const { clock, exchange, response, sent, times } = race([
    { after: 1_000, with: 200 },
    { after: 50, with: 200 },
  ])
  await clock.advance(149)
  assert.deepEqual(times, [0, 100])
  await clock.advance(1)
  assert.equal((await response).headers.get('x-endpoint'), 'endpoint-2')
  assert.equal(sent[0]?.cancellation?.code, 'cancelled')
  assert.deepEqual([sent[1]?.cancellation, exchange.cancellation], [undefined, undefined])
  assert.deepEqual([exchange.endpoint, exchange.attempts], ['endpoint-2', 2])
  assert.equal(clock.pending, 0)
})

test('each request is as the first was before anybody changed it', async () => {
  const { clock, sent } = race([{ after: 1_000, with: 200 }])
  await clock.advance(100)
  assert.deepEqual(
    sent.map(({ request }) => request.headers.getAll('x-hop')),
    [['1'], ['2']],
  )
})

for (const [name, answers, outcome, requests] of [
  ['a failure before the delay is passed on', [{ after: 10, with: FAILED }], 'upstream_closed', 1],
  ['a bad response before the delay is passed on', [{ after: 10, with: 503 }], 503, 1],
  [
    'a failure after the delay waits for the other',
    [
      { after: 110, with: FAILED },
      { after: 500, with: 200 },
    ],
    200,
    2,
  ],
  [
    'a bad response after the delay waits for the other',
    [
      { after: 110, with: 503 },
      { after: 500, with: 200 },
    ],
    200,
    2,
  ],
  [
    'a bad response is better than none',
    [
      { after: 110, with: 503 },
      { after: 500, with: FAILED },
    ],
    503,
    2,
  ],
  [
    'the second may be the bad one',
    [
      { after: 500, with: 200 },
      { after: 10, with: 500 },
    ],
    200,
    2,
  ],
  [
    'when all fail, the last failure counts',
    [
      { after: 500, with: FAILED },
      { after: 10, with: FAILED },
    ],
    'upstream_closed',
    2,
  ],
] as const) {
  test(`hedge: ${name}`, async () => {
    const { clock, response, sent } = race(answers)
    await clock.advance(1_000)
    const result = await response.then(
      ({ status }) => status,
      (error: unknown) => TrafficError.from(error).code,
    )
    assert.deepEqual([result, sent.length, clock.pending], [outcome, requests, 0])
  })
}

test('cancelling the exchange cancels all that was sent for it', async () => {
  const { clock, exchange, response, sent } = race([
    { after: 1_000, with: 200 },
    { after: 1_000, with: 200 },
  ])
  await clock.advance(500)
  const gone = new TrafficError('downstream_closed', 'gone')
  exchange.cancel(gone)
  await assert.rejects(response, gone)
  assert.ok(sent.every(({ cancellation }) => cancellation !== undefined))
  assert.deepEqual([sent.length, clock.pending], [2, 0])
})

test('cancelling reaches the winner while its body is still on its way', async () => {
  const { clock, exchange, response, sent } = race([{ after: 10, with: 200 }])
  await clock.advance(10)
  await response
  exchange.cancel(new TrafficError('downstream_closed', 'gone'))
  assert.equal(sent[0]?.cancellation?.code, 'downstream_closed')
})

test('each that was sent is told of its end: the losers at once, the winner with the exchange', async () => {
  const clock = new VirtualClock()
  const ends: string[] = []
  const exchange = start(clock)
  const policy = hedge({ delay: 100, budget: new RetryBudget(clock) })
  let count = 0
  const response = policy(async (child) => {
    const name = `number ${++count}`
    child.onFinish((_exchange, { error }) => ends.push(`${name} ${error?.code ?? 'well'}`))
    await sleep(count === 1 ? 1_000 : 10, child)
    return new HttpResponse(200)
  })(exchange)
  await clock.advance(110)
  await response
  assert.deepEqual(ends, ['number 1 cancelled'])
  exchange.finish({ status: 200, error: undefined, bytesSent: 0, bytesReceived: 0 })
  assert.deepEqual(ends, ['number 1 cancelled', 'number 2 well'])
})

test('no more are sent than the options and the budget allow', async () => {
  const slow = Array.from({ length: 9 }, () => ({ after: 10_000, with: 200 }))
  const three = race(slow, { hedges: 3 })
  await three.clock.advance(5_000)
  assert.deepEqual(three.times, [0, 100, 200, 300])
  const clock = new VirtualClock()
  const poor = race(slow, { budget: new RetryBudget(clock, { floor: 0, ratio: 0.2 }) })
  await poor.clock.advance(5_000)
  assert.equal(poor.sent.length, 1)
})

for (const [method, body, hedged] of [
  ['GET', EMPTY_BODY, true],
  ['PUT', bodyFrom('x'), true],
  ['PUT', new ReplayBody(() => bodyFrom('x')), true],
  ['PUT', new FilledBody().body, false],
  ['POST', bodyFrom('x'), false],
  ['PATCH', EMPTY_BODY, false],
] as const) {
  test(`${method} with a ${body.constructor.name} is ${hedged ? '' : 'not '}hedged`, async () => {
    const clock = new VirtualClock()
    const exchange = start(clock, method, body)
    assert.equal(canHedge(exchange), hedged)
    const { sent } = race([{ after: 10_000, with: 200 }], {}, exchange)
    await clock.advance(200)
    assert.equal(sent.length, hedged ? 2 : 1)
  })
}

test('a handler that throws fails the exchange, also when it is a hedge', async () => {
  const clock = new VirtualClock()
  let calls = 0
  const response = hedge({ delay: 10, budget: new RetryBudget(clock) })((child) => {
    if (++calls === 1) return sleep(100, child).then(() => new HttpResponse(200))
    throw new RangeError('a mistake')
  })(start(clock))
  response.catch(() => {})
  await clock.advance(200)
  await assert.rejects(response, { code: 'internal' })
})

test('by percentile, nothing is hedged until enough is known, and then what is slower than most', async () => {
  const clock = new VirtualClock()
  const policy = hedge({ delay: { percentile: 0.9, minimumSamples: 20 }, budget: new RetryBudget(clock) })
  let sent = 0
  let latency = 100
  const handle = policy(async (child) => {
    sent++
    await sleep(latency, child)
    return new HttpResponse(200)
  })
  for (let count = 0; count < 20; count++) {
    const response = handle(start(clock))
    await clock.advance(latency)
    await response
  }
  assert.equal(sent, 20)
  latency = 1_000
  const slow = handle(start(clock))
  await clock.advance(95)
  assert.equal(sent, 21)
  await clock.advance(25)
  assert.equal(sent, 22)
  await clock.advance(2_000)
  await slow
})

test('the estimate of a percentile is within an eighth, and follows what changes', () => {
  const clock = new VirtualClock({ seed: 3 })
  const estimate = new LatencyEstimate(0.95, 20)
  assert.equal(estimate.value, undefined)
  for (let count = 0; count < 2_000; count++) estimate.record(clock.random() * 1_000)
  const even = estimate.value ?? 0
  assert.ok(even > 950 / 1.2 && even < 950 * 1.2, `${even}`)
  for (let count = 0; count < 5_000; count++) estimate.record(10)
  const fast = estimate.value ?? 0
  assert.ok(fast >= 10 && fast < 12, `${fast}`)
  for (const odd of [0, 1e9]) estimate.record(odd)
})

test('a delay stays within its bounds', () => {
  const delay = new HedgeDelay({ percentile: 0.5, min: 20, max: 50, minimumSamples: 1 })
  delay.record(1)
  assert.equal(delay.value, 20)
  for (let count = 0; count < 100; count++) delay.record(1_000)
  assert.equal(delay.value, 50)
})

for (const [name, options] of [
  ['delay', { delay: -1 }],
  ['percentile', { delay: { percentile: 95 } }],
  ['min', { delay: { percentile: 0.5, min: 2, max: 1 } }],
  ['hedges', { delay: 1, hedges: 0 }],
] as const) {
  test(`a hedge with ${JSON.stringify(options)} is refused by name`, () => {
    const budget = new RetryBudget(new VirtualClock())
    assert.throws(() => hedge({ budget, ...options }), { name: 'TypeError', message: new RegExp(`^${name}`) })
  })
}

test('each further request avoids the endpoints of all that are under way; when all have failed, so does the next try', async () => {
  const failing = (after: number): Answer => ({ after, with: FAILED })
  const { clock, exchange, response, sent } = race([failing(1_000), failing(1_000), failing(900)], {
    hedges: 2,
  })
  await clock.advance(5_000)
  await assert.rejects(response)
  assert.deepEqual(
    sent.map(({ tried }) => tried),
    [undefined, ['endpoint-1'], ['endpoint-1', 'endpoint-2']],
  )
  assert.match(exchange.endpoint, /^endpoint-\d$/)
})
