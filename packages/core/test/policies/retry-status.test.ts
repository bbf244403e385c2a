import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Body, bodyFrom, collect, EMPTY_BODY } from '../../src/message/body.ts'
import { TrafficError } from '../../src/message/errors.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { ReplayBody } from '../../src/message/replay.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { backoff } from '../../src/policies/retry/backoff.ts'
import { RetryBudget } from '../../src/policies/retry/retry-budget.ts'
import { failedStatus, isReplayable, RETRY_STATUSES } from '../../src/policies/retry/retry-decision.ts'
import { retry, type RetryOptions } from '../../src/policies/retry/retry.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { FilledBody } from '../h1/harness.ts'

type Headers = Readonly<Record<string, string>>

function start(
  clock: VirtualClock,
  method: string,
  body: Body = EMPTY_BODY,
  headers: Headers = {},
): Exchange {
  return new Exchange(HttpRequest.to('http://a.example/', { method, body, headers }), clock)
}

const KEYED = { 'idempotency-key': '"8e03978e"' }

for (const [status, method, headers, again] of [
  [200, 'GET', {}, false],
  [404, 'GET', {}, false],
  [501, 'GET', {}, false],
  [408, 'GET', {}, true],
  [408, 'POST', {}, true],
  [425, 'POST', {}, true],
  [429, 'POST', {}, true],
  [500, 'GET', {}, true],
  [500, 'PUT', {}, true],
  [500, 'POST', {}, false],
  [500, 'POST', KEYED, false],
  [502, 'GET', {}, true],
  [503, 'DELETE', {}, true],
  [503, 'POST', {}, false],
  [503, 'POST', KEYED, true],
  [504, 'PATCH', {}, false],
  [504, 'PATCH', KEYED, true],
] as const) {
  const keyed = 'idempotency-key' in headers ? ' with Idempotency-Key' : ''
  test(`${status} to ${method}${keyed} is ${again ? '' : 'not '}tried again`, () => {
    const exchange = start(new VirtualClock(), method, bodyFrom('x'), headers)
    const error = failedStatus(exchange, new HttpResponse(status), RETRY_STATUSES)
    assert.equal(error !== undefined && isReplayable(exchange, error, true), again)
  })
}

test('Idempotency-Key counts only where the options say so', () => {
  const exchange = start(new VirtualClock(), 'POST', bodyFrom('x'), KEYED)
  const error = new TrafficError('upstream_closed', 'failed', { replaySafe: 'unknown' })
  assert.equal(isReplayable(exchange, error), false)
  assert.equal(isReplayable(exchange, error, true), true)
})

interface Run {
  readonly outcome: HttpResponse | TrafficError
  readonly times: number[]
  /** What each try was sent. */
  readonly bodies: string[]
  readonly scheduled: number[]
}

interface Script {
  readonly answers: readonly (HttpResponse | TrafficError)[]
  readonly options?: Partial<RetryOptions>
  readonly method?: string
  readonly body?: Body
  readonly deadline?: number
}

async function run({ answers, options, method = 'GET', body, deadline }: Script): Promise<Run> {
  const clock = new VirtualClock()
  const exchange = start(clock, method, body)
  if (deadline !== undefined) exchange.deadline = deadline
  const times: number[] = []
  const bodies: string[] = []
  const scheduled: number[] = []
  const policy = retry({
    attempts: 3,
    backoff: { base: 100, max: 1_000 },
    budget: new RetryBudget(clock),
    statuses: RETRY_STATUSES,
    onScheduled: (_exchange, _error, delay) => scheduled.push(delay),
    ...options,
  })
  const response = policy(async ({ request }) => {
    const answer = answers[times.length] ?? new HttpResponse(200)
    times.push(clock.now())
    bodies.push((await collect(request.body)).toString())
    if (answer instanceof TrafficError) throw answer
    return answer
  })(exchange)
  const outcome = response.then(
    (value) => value,
    (error: unknown) => TrafficError.from(error),
  )
  await clock.advance(200_000)
  return { outcome: await outcome, times, bodies, scheduled }
}

function busy(retryAfter?: string, body: Body = EMPTY_BODY): HttpResponse {
  const headers = retryAfter === undefined ? {} : { 'retry-after': retryAfter }
  return new HttpResponse(503, HeaderList.of(headers), body)
}

test('without statuses every response is passed on', async () => {
  const response = busy()
  const { outcome, times } = await run({ answers: [response], options: { statuses: undefined } })
  assert.deepEqual([outcome, times.length], [response, 1])
})

test('after all attempts the last response is passed on as it is, and can be read', async () => {
  const last = busy(undefined, bodyFrom('the third'))
  const { outcome, times } = await run({ answers: [busy(), busy(), last] })
  assert.equal(outcome, last)
  assert.equal(times.length, 3)
})

test('Retry-After in seconds and as a date is obeyed', async () => {
  const seconds = await run({ answers: [busy('7')] })
  assert.deepEqual([seconds.times, seconds.scheduled], [[0, 7_000], [7_000]])
  const date = await run({ answers: [busy('Thu, 01 Jan 2026 00:00:09 GMT')] })
  assert.deepEqual(date.times, [0, 9_000])
})

test('where Retry-After asks for more than there is time, the response is passed on now', async () => {
  const response = busy('7')
  const hurried = await run({ answers: [response], deadline: 5_000 })
  assert.deepEqual([hurried.outcome, hurried.times], [response, [0]])
  const impatient = await run({ answers: [response], options: { maxRetryAfter: 6_999 } })
  assert.deepEqual([impatient.outcome, impatient.times], [response, [0]])
  const day = busy('86400')
  assert.equal((await run({ answers: [day] })).outcome, day)
})

test('without budget the response is passed on', async () => {
  const response = busy()
  const budget = new RetryBudget(new VirtualClock(), { floor: 0 })
  const { outcome, times } = await run({ answers: [response], options: { budget } })
  assert.deepEqual([outcome, times.length], [response, 1])
})

test('the body of a response that is not passed on is read, or cancelled where it is long', async () => {
  const short = new FilledBody()
  const long = new FilledBody(1_000_000)
  short.push('busy')
  short.body.end()
  const { outcome } = await run({ answers: [busy('0', short.body), busy('0', long.body)] })
  assert.ok(outcome instanceof HttpResponse && outcome.status === 200)
  assert.equal(short.body.started, true)
  assert.equal(long.cancelled?.code, 'cancelled')
})

test('a body with a factory is made afresh for each try', async () => {
  let made = 0
  const body = new ReplayBody(() => bodyFrom(`content ${++made}`))
  const { bodies } = await run({ answers: [busy(), busy()], method: 'PUT', body })
  assert.deepEqual(bodies, ['content 1', 'content 2', 'content 3'])
})

test('a streamed body is sent again where it is spooled, and only as far as the limit goes', async () => {
  for (const [spool, tries] of [
    [100, 2],
    [3, 1],
    [0, 1],
  ] as const) {
    const filled = new FilledBody()
    filled.push('streamed')
    filled.body.end()
    const { bodies } = await run({
      answers: [busy()],
      method: 'PUT',
      body: filled.body,
      options: { spool },
    })
    assert.deepEqual(
      bodies,
      Array.from({ length: tries }, () => 'streamed'),
    )
  }
})

test('a stale connection does not count as a step of the back-off', async () => {
  const stale = new TrafficError('upstream_closed', 'stale', { replaySafe: 'idempotent' })
  stale.staleConnection = true
  const { times } = await run({
    answers: [stale, busy(), busy()],
    options: { backoff: { base: 100, max: 1_000, jitter: 'equal' } },
  })
  const [, second = 0, third = 0, fourth = 0] = times
  assert.equal(second, 0)
  assert.ok(third >= 50 && third < 100)
  assert.ok(fourth - third >= 100 && fourth - third < 200)
})

test('equal jitter waits at least half of the step, decorrelated at least the base', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const clock = new VirtualClock({ seed })
    const equal = backoff({ base: 100, max: 300, jitter: 'equal' }, 3, clock)
    assert.ok(equal >= 150 && equal < 300)
    const first = backoff({ base: 100, max: 300, jitter: 'decorrelated' }, 1, clock, 0)
    assert.equal(first, 100)
    const second = backoff({ base: 100, max: 300, jitter: 'decorrelated' }, 2, clock, 80)
    assert.ok(second >= 100 && second < 240)
    assert.ok(backoff({ base: 100, max: 300, jitter: 'decorrelated' }, 3, clock, 250) <= 300)
  }
})

test('the same seed gives the same waits', () => {
  const waits = (): number[] => {
    const clock = new VirtualClock({ seed: 7 })
    return [1, 2, 3].map((attempt) => backoff({ base: 100, max: 1_000 }, attempt, clock))
  }
  assert.deepEqual(waits(), waits())
})
