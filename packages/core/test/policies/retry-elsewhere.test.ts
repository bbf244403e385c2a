import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TrafficError } from '../../src/message/errors.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { retry } from '../../src/policies/retry/retry.ts'
import { RetryBudget } from '../../src/policies/retry/retry-budget.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

type Outcome = () => HttpResponse

/** Runs a GET over as many endpoints, each of which does the same; tells which were asked, and when. */
async function run(endpoints: number, outcome: Outcome): Promise<{ asked: string[]; times: number[] }> {
  const clock = new VirtualClock()
  const asked: string[] = []
  const times: number[] = []
  const policy = retry({
    attempts: 3,
    backoff: { base: 1, max: 1 },
    budget: new RetryBudget(clock, { floor: 10 }),
    statuses: [429, 503],
  })
  const handler = policy((exchange) => {
    exchange.endpoint = `endpoint ${asked.length % endpoints}`
    exchange.choices = endpoints
    asked.push(exchange.endpoint)
    times.push(clock.now())
    return new Promise((resolve) => resolve(outcome()))
  })
  const done = handler(new Exchange(HttpRequest.to('http://a.example/'), clock)).catch(() => {})
  await clock.advance(60_000)
  await done
  return { asked, times }
}

function tooSlow(): never {
  const error = new TrafficError('upstream_timeout', 'no head', {
    phase: 'response-head',
    replaySafe: 'idempotent',
  })
  error.onlyElsewhere = true
  throw error
}

function askingForTime(): HttpResponse {
  return new HttpResponse(503, HeaderList.of({ 'retry-after': '20' }))
}

test('a response head that does not come in time is not waited for again at the only endpoint', async () => {
  assert.deepEqual((await run(1, tooSlow)).asked, ['endpoint 0'])
})

test('it is waited for at each of several endpoints once', async () => {
  assert.deepEqual((await run(2, tooSlow)).asked, ['endpoint 0', 'endpoint 1'])
  assert.deepEqual((await run(5, tooSlow)).asked, ['endpoint 0', 'endpoint 1', 'endpoint 2'])
})

test('Retry-After of one endpoint does not hold up a try at another, and is obeyed before the same is asked again', async () => {
  const [first = 0, second = 0, third = 0] = (await run(2, askingForTime)).times
  assert.ok(second - first < 100, 'the other endpoint is asked at once')
  assert.ok(third - first >= 20_000, 'both have been asked: now the wait counts')
  const [alone = 0, again = 0] = (await run(1, askingForTime)).times
  assert.ok(again - alone >= 20_000)
})
