import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Body, bodyFrom, EMPTY_BODY } from '../../src/message/body.ts'
import { type ErrorCode, type ReplaySafety, TrafficError } from '../../src/message/errors.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { backoff, sleep } from '../../src/policies/retry/backoff.ts'
import { RetryBudget } from '../../src/policies/retry/retry-budget.ts'
import { isReplayable } from '../../src/policies/retry/retry-decision.ts'
import { retry, type RetryOptions } from '../../src/policies/retry/retry.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { FilledBody } from '../h1/harness.ts'
import { fc } from '../../../../scripts/testing/property.ts'

function failure(code: ErrorCode, replaySafe: ReplaySafety, staleConnection = false): TrafficError {
  const error = new TrafficError(code, 'failed', { replaySafe })
  error.staleConnection = staleConnection
  return error
}

function start(clock: VirtualClock, body: Body = EMPTY_BODY): Exchange {
  return new Exchange(HttpRequest.to('http://a.example/', { method: 'POST', body }), clock)
}

const STREAMED = 'streamed'
const WHOLE = 'whole'

for (const [code, replaySafe, body, replayable] of [
  ['connect_failed', 'unsent', WHOLE, true],
  ['connect_failed', 'unsent', STREAMED, true],
  ['connect_timeout', 'unsent', STREAMED, true],
  ['upstream_closed', 'refused', WHOLE, true],
  ['upstream_closed', 'refused', STREAMED, false],
  ['upstream_closed', 'idempotent', WHOLE, true],
  ['upstream_closed', 'idempotent', STREAMED, false],
  ['upstream_closed', 'unknown', WHOLE, false],
  ['upstream_timeout', 'idempotent', WHOLE, true],
  ['upstream_timeout', 'unknown', WHOLE, false],
  // The upstream has no other response for it.
  ['malformed_response', 'idempotent', WHOLE, false],
  ['response_head_too_large', 'idempotent', WHOLE, false],
  // Trying again does not make our own limits or the peer's mistakes better.
  ['pool_queue_full', 'unsent', WHOLE, false],
  ['deadline_exceeded', 'unsent', WHOLE, false],
  ['request_body_too_large', 'unsent', WHOLE, false],
  ['internal', 'unsent', WHOLE, false],
] as const) {
  test(`${code}, ${replaySafe}, with a ${body} body, is ${replayable ? '' : 'not '}tried again`, () => {
    const exchange = start(new VirtualClock(), body === WHOLE ? bodyFrom('x') : new FilledBody().body)
    assert.equal(isReplayable(exchange, failure(code, replaySafe)), replayable)
    exchange.cancel(new TrafficError('cancelled', 'no longer wanted'))
    assert.equal(isReplayable(exchange, failure(code, replaySafe)), false)
  })
}

interface Run {
  readonly attempts: number
  readonly outcome: HttpResponse | TrafficError
  /** When each try began. */
  readonly times: number[]
  readonly exchange: Exchange
  readonly retried: number
}

interface Script {
  readonly failures: readonly TrafficError[]
  readonly options?: Partial<RetryOptions>
  readonly body?: Body
  readonly deadline?: number
}

/** Fails as `failures` say, one after the other, and then answers. */
async function run({ failures, options, body, deadline }: Script): Promise<Run> {
  const clock = new VirtualClock()
  const exchange = start(clock, body)
  if (deadline !== undefined) exchange.deadline = deadline
  const times: number[] = []
  let retried = 0
  const policy = retry({
    attempts: 3,
    backoff: { base: 100, max: 1_000 },
    budget: new RetryBudget(clock),
    onRetry: () => retried++,
    ...options,
  })
  const response = policy(() => {
    const error = failures[times.length]
    times.push(clock.now())
    return error === undefined ? Promise.resolve(new HttpResponse(200)) : Promise.reject(error)
  })(exchange)
  const outcome = response.then(
    (value) => value,
    (error: unknown) => TrafficError.from(error),
  )
  await clock.advance(100_000)
  return { attempts: times.length, outcome: await outcome, times, exchange, retried }
}

const IDEMPOTENT = failure('upstream_closed', 'idempotent')
const UNSENT = failure('connect_failed', 'unsent')
const UNKNOWN = failure('upstream_closed', 'unknown')
const STALE = failure('upstream_closed', 'idempotent', true)

test('what was not sent is tried again, whatever the method and the body', async () => {
  const { attempts, outcome, retried } = await run({
    failures: [UNSENT, UNSENT],
    body: new FilledBody().body,
  })
  assert.ok(outcome instanceof HttpResponse)
  assert.deepEqual([attempts, retried], [3, 2])
})

test('what may have been done is not tried again', async () => {
  const { attempts, outcome, retried } = await run({ failures: [UNKNOWN] })
  assert.equal(outcome, UNKNOWN)
  assert.deepEqual([attempts, retried], [1, 0])
})

test('after all attempts the last failure counts, and says how many there were', async () => {
  const failures = ['first', 'second', 'third'].map(
    (name) => new TrafficError('upstream_closed', name, { replaySafe: 'idempotent' }),
  )
  const { attempts, outcome, exchange } = await run({ failures })
  assert.equal(outcome, failures[2])
  assert.ok(outcome instanceof TrafficError)
  assert.deepEqual([attempts, outcome.attempts, exchange.attempts], [3, 3, 3])
})

test('a stale connection is tried again at once, on a fresh one, and costs no attempt and no budget', async () => {
  const clock = new VirtualClock()
  const budget = new RetryBudget(clock, { floor: 0, ratio: 0 })
  const { times, outcome, exchange } = await run({ failures: [STALE], options: { attempts: 1, budget } })
  assert.ok(outcome instanceof HttpResponse)
  assert.deepEqual(times, [0, 0])
  assert.equal(exchange.freshConnection, true)
})

test('that is done once only: a second stale connection counts as a failure', async () => {
  const once = await run({ failures: [STALE, STALE], options: { attempts: 1 } })
  assert.equal(once.outcome, STALE)
  assert.equal(once.attempts, 2)
  const more = await run({ failures: [STALE, STALE, IDEMPOTENT], options: { attempts: 3 } })
  assert.ok(more.outcome instanceof HttpResponse)
  assert.equal(more.attempts, 4)
})

test('a stale connection that a request may have been taken on is not tried again', async () => {
  const { attempts } = await run({ failures: [failure('upstream_closed', 'unknown', true)] })
  assert.equal(attempts, 1)
})

test('between tries it waits, at most twice as long each time, and at most the maximum', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const clock = new VirtualClock({ seed })
    for (const [attempt, most] of [
      [1, 100],
      [2, 200],
      [3, 400],
      [4, 800],
      [5, 1_000],
      [60, 1_000],
      [2_000, 1_000],
    ] as const) {
      const delay = backoff({ base: 100, max: 1_000 }, attempt, clock)
      assert.ok(delay >= 0 && delay < most)
    }
  }
  const { times } = await run({ failures: [IDEMPOTENT, IDEMPOTENT] })
  const [first = 0, second = 0, third = 0] = times
  assert.ok(second - first < 100 && third - second < 200)
  assert.ok(third > 0, 'chance would have it otherwise once in a million')
})

test('it is not tried again where the wait would reach the deadline', async () => {
  const { attempts, times } = await run({
    failures: [IDEMPOTENT, IDEMPOTENT, IDEMPOTENT, IDEMPOTENT, IDEMPOTENT],
    options: {
      attempts: 100,
      backoff: { base: 1_000, max: 1_000 },
      budget: new RetryBudget(new VirtualClock(), { floor: 100 }),
    },
    deadline: 1_000,
  })
  assert.ok(attempts < 6)
  assert.ok(times.every((time) => time < 1_000))
})

test('it is not tried again earlier than the upstream allows, and not at all where that is too late', async () => {
  const busy = failure('upstream_closed', 'refused')
  busy.retryAfter = 5_000
  const patient = await run({ failures: [busy] })
  assert.deepEqual(patient.times, [0, 5_000])
  const hurried = await run({ failures: [busy], deadline: 4_000 })
  assert.deepEqual([hurried.attempts, hurried.outcome], [1, busy])
})

test('it is not tried again without budget', async () => {
  const clock = new VirtualClock()
  const { attempts, outcome } = await run({
    failures: [IDEMPOTENT],
    options: { budget: new RetryBudget(clock, { floor: 0 }) },
  })
  assert.deepEqual([attempts, outcome], [1, IDEMPOTENT])
})

test('an exchange that is cancelled while it waits is given up at once', async () => {
  const clock = new VirtualClock()
  const exchange = start(clock)
  const policy = retry({ attempts: 3, backoff: { base: 1e9, max: 1e9 }, budget: new RetryBudget(clock) })
  const response = policy(() => Promise.reject(IDEMPOTENT))(exchange)
  response.catch(() => {})
  await clock.advance(1)
  assert.equal(clock.pending, 1)
  const cancelled = new TrafficError('downstream_closed', 'gone')
  exchange.cancel(cancelled)
  await assert.rejects(response, cancelled)
  assert.equal(clock.pending, 0)
})

test('a wait whose end and whose cancellation fall in the same tick is cancelled', async () => {
  const fires: (() => void)[] = []
  const clock = new VirtualClock()
  clock.timer = (fire) => {
    fires.push(fire)
    return { arm: () => {}, disarm: () => {}, hold: () => {} }
  }
  const exchange = start(clock)
  const wait = sleep(100, exchange)
  for (const fire of fires) fire()
  const late = new TrafficError('deadline_exceeded', 'too late')
  exchange.cancel(late)
  await assert.rejects(wait, late)
})

test('of what a handler throws only a TrafficError can be tried again', async () => {
  const clock = new VirtualClock()
  let calls = 0
  const handler = retry({ attempts: 3, backoff: { base: 1, max: 1 }, budget: new RetryBudget(clock) })(() => {
    calls++
    throw new RangeError('a mistake')
  })
  await assert.rejects(handler(start(clock)), { code: 'internal' })
  assert.equal(calls, 1)
})

test('retries never exceed a fifth of the requests and three a second, in any sequence of events', async () => {
  const event = fc.oneof(
    { weight: 5, arbitrary: fc.constant('request' as const) },
    { weight: 5, arbitrary: fc.constant('take' as const) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 8_000 }) },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 300 }), async (events) => {
      const clock = new VirtualClock()
      const budget = new RetryBudget(clock)
      let requests = 0
      let retries = 0
      for (const step of events) {
        if (step === 'request') {
          requests++
          budget.request(clock.now())
        } else if (step === 'take') {
          if (budget.take()) retries++
        } else await clock.advance(step)
        assert.ok(retries <= 0.2 * requests + (3 * clock.now()) / 1000 + 3 + 1e-6)
      }
    }),
    { numRuns: 100 },
  )
})

test('what was not used of the budget does not pile up for more than ten seconds', async () => {
  const clock = new VirtualClock()
  const budget = new RetryBudget(clock)
  for (let count = 0; count < 100_000; count++) budget.request(clock.now())
  await clock.advance(60_000)
  let taken = 0
  while (budget.take()) taken++
  assert.equal(taken, 3)
})

test('an upstream that fails after a long good time may be retried by its traffic, not by the floor alone', async () => {
  const clock = new VirtualClock()
  const budget = new RetryBudget(clock)
  // 100 requests a second for a minute.
  for (let tick = 0; tick < 600; tick++) {
    await clock.advance(100)
    for (let count = 0; count < 10; count++) budget.request(clock.now())
  }
  let taken = 0
  while (budget.take()) taken++
  assert.ok(taken >= 100 && taken <= 203, `${taken} of 1,000 requests in ten seconds`)
})

test('the floor comes back with time', async () => {
  const clock = new VirtualClock()
  const budget = new RetryBudget(clock)
  for (let count = 0; count < 3; count++) assert.equal(budget.take(), true)
  assert.equal(budget.take(), false)
  await clock.advance(334)
  assert.equal(budget.take(), true)
  assert.equal(budget.take(), false)
})

test('each further try is told the endpoints of all that failed, and a first one costs nothing', async () => {
  const clock = new VirtualClock()
  const seen: (string[] | undefined)[] = []
  const handler = retry({ attempts: 3, backoff: { base: 0, max: 0 }, budget: new RetryBudget(clock) })(
    (exchange) => {
      seen.push(exchange.tried && [...exchange.tried])
      exchange.endpoint = `endpoint-${seen.length}`
      return Promise.reject(failure('connect_failed', 'unsent'))
    },
  )
  const end = assert.rejects(handler(start(clock)))
  await clock.advance(1_000)
  await end
  assert.deepEqual(seen, [undefined, ['endpoint-1'], ['endpoint-1', 'endpoint-2']])
})
