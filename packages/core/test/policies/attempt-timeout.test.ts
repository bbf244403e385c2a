import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TrafficError } from '../../src/message/errors.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { type Handler, stack } from '../../src/message/handler.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { attemptTimeout } from '../../src/policies/attempt-timeout.ts'
import { breaker } from '../../src/policies/breaker/breaker.ts'
import { Circuits } from '../../src/policies/breaker/circuits.ts'
import { retry } from '../../src/policies/retry/retry.ts'
import { RetryBudget } from '../../src/policies/retry/retry-budget.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

function start(clock: VirtualClock, method = 'GET'): Exchange {
  return new Exchange(HttpRequest.to('http://a.example/', { method }), clock)
}

/** Works until it is cancelled. */
const hanging: Handler = (exchange) =>
  new Promise((_, reject) => {
    exchange.occupy({ cancelled: reject })
  })

/** Hangs the given number of times, and then answers. */
function hangingFirst(times: number): Handler {
  return (exchange) => (times-- > 0 ? hanging(exchange) : Promise.resolve(new HttpResponse(200)))
}

test('an attempt without a response head in time fails, and the exchange goes on', async () => {
  const clock = new VirtualClock()
  const exchange = start(clock)
  const response = attemptTimeout({ attempt: 100 })(hanging)(exchange)
  response.catch(() => {})
  await clock.advance(100)
  await assert.rejects(response, {
    code: 'upstream_timeout',
    phase: 'response-head',
    replaySafe: 'idempotent',
  })
  assert.equal(exchange.cancellation, undefined)
  assert.equal(clock.pending, 0)
})

test('of a method that is not idempotent nobody knows what an attempt that was given up has done', async () => {
  const clock = new VirtualClock()
  const response = attemptTimeout({ attempt: 100 })(hanging)(start(clock, 'POST'))
  response.catch(() => {})
  await clock.advance(100)
  await assert.rejects(response, { replaySafe: 'unknown' })
})

test('the attempt after one that was given up has its full time', async () => {
  const clock = new VirtualClock()
  const exchange = start(clock)
  const policies = [
    retry({ attempts: 3, backoff: { base: 0, max: 0 }, budget: new RetryBudget(clock) }),
    attemptTimeout({ attempt: 100 }),
  ]
  const response = stack(policies, hangingFirst(2))(exchange)
  await clock.advance(100)
  await clock.advance(100)
  assert.equal((await response).status, 200)
  assert.equal(exchange.attempts, 3)
})

test('once the head is here, the body may take its time', async () => {
  const clock = new VirtualClock()
  const exchange = start(clock)
  let worker: Exchange | undefined
  const handler: Handler = (attempt) => {
    worker = attempt
    return Promise.resolve(new HttpResponse(200))
  }
  await attemptTimeout({ attempt: 100 })(handler)(exchange)
  assert.equal(clock.pending, 0)
  assert.equal(worker?.cancellation, undefined)
})

test('who gives the exchange up stops the attempt, also while its body arrives', async () => {
  const clock = new VirtualClock()
  const exchange = start(clock)
  const told: string[] = []
  const handler: Handler = (attempt) => {
    attempt.occupy({ cancelled: ({ code }) => told.push(code) })
    return Promise.resolve(new HttpResponse(200))
  }
  await attemptTimeout({ attempt: 100 })(handler)(exchange)
  exchange.cancel(new TrafficError('cancelled', 'enough'))
  assert.deepEqual(told, ['cancelled'])
})

test('a breaker outside counts attempts that were given up as failures of the upstream', async () => {
  const clock = new VirtualClock()
  const circuits = new Circuits({ consecutiveFailures: 2 })
  const handler = stack([breaker({ circuits }), attemptTimeout({ attempt: 100 })], hanging)
  for (let count = 0; count < 2; count++) {
    const response = handler(start(clock))
    response.catch(() => {})
    await clock.advance(100)
    await assert.rejects(response, { code: 'upstream_timeout' })
  }
  await assert.rejects(handler(start(clock)), { code: 'circuit_open' })
})

test('a limit that is no time is refused at once', () => {
  assert.throws(() => attemptTimeout({ attempt: 0 }), /attempt is 0: use milliseconds above 0/)
})
