import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ErrorCode, TrafficError } from '../../src/message/errors.ts'
import { Exchange } from '../../src/message/exchange.ts'
import type { Handler } from '../../src/message/handler.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { breaker } from '../../src/policies/breaker/breaker.ts'
import { Circuits } from '../../src/policies/breaker/circuits.ts'
import { sleep } from '../../src/policies/retry/backoff.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

const clock = new VirtualClock()

function exchangeTo(url = 'http://a.example/'): Exchange {
  return new Exchange(HttpRequest.to(url), clock)
}

const failing =
  (code: ErrorCode): Handler =>
  () =>
    Promise.reject(new TrafficError(code, 'failed'))

const answering =
  (status: number): Handler =>
  () =>
    Promise.resolve(new HttpResponse(status))

const answeringGrpc =
  (status: number): Handler =>
  () => {
    const headers = HeaderList.of({ 'content-type': 'application/grpc', 'grpc-status': String(status) })
    return Promise.resolve(new HttpResponse(200, headers))
  }

for (const [name, handler, state] of [
  ['one that answers UNAVAILABLE by gRPC', answeringGrpc(14), 'open'],
  ['one that answers INTERNAL by gRPC', answeringGrpc(13), 'open'],
  ['one that answers OK by gRPC', answeringGrpc(0), 'closed'],
  ['one that has not the method that gRPC asks for', answeringGrpc(12), 'closed'],
  ['a client of gRPC with a short deadline', answeringGrpc(4), 'closed'],
  ['an upstream that refuses connections', failing('connect_failed'), 'open'],
  ['one that does not answer', failing('upstream_timeout'), 'open'],
  ['one that answers 503', answering(503), 'open'],
  ['one that answers 404', answering(404), 'closed'],
  ['our own full queue', failing('pool_queue_full'), 'closed'],
  ['a limit of ours', failing('rate_limited'), 'closed'],
  ['a call that was given up', failing('cancelled'), 'closed'],
  ['a client that left', failing('downstream_closed'), 'closed'],
] as const) {
  test(`${name} leaves the circuit ${state}`, async () => {
    const circuits = new Circuits({ consecutiveFailures: 2 })
    const handle = breaker({ circuits })(handler)
    for (let count = 0; count < 2; count++) await handle(exchangeTo()).catch(() => {})
    assert.equal(circuits.states().get('http://a.example'), state)
  })
}

test('an open circuit refuses at once, with the time until it is tried again, and its origin only', async () => {
  const circuits = new Circuits({ consecutiveFailures: 1, openFor: 1_000 })
  let calls = 0
  const handle = breaker({ circuits })((exchange) => {
    calls++
    return answering(exchange.request.authority.host === 'a.example' ? 500 : 200)(exchange)
  })
  await handle(exchangeTo())
  await assert.rejects(handle(exchangeTo()), (error) => {
    assert.ok(error instanceof TrafficError)
    assert.deepEqual(
      [error.code, error.status, error.replaySafe, error.source],
      ['circuit_open', 503, 'unsent', 'local'],
    )
    assert.ok(error.retryAfter !== undefined && error.retryAfter >= 800 && error.retryAfter <= 1_200)
    assert.match(error.message, /http:\/\/a\.example/)
    return true
  })
  assert.equal(calls, 1)
  assert.equal((await handle(exchangeTo('http://b.example/'))).status, 200)
  assert.equal((await handle(exchangeTo('https://a.example/'))).status, 500)
})

test('a call whose exchange was cancelled does not count, whatever it failed with', async () => {
  const circuits = new Circuits({ consecutiveFailures: 1 })
  const exchange = exchangeTo()
  const handle = breaker({ circuits })(() => {
    exchange.cancel(new TrafficError('downstream_closed', 'gone'))
    return Promise.reject(new TrafficError('upstream_closed', 'failed'))
  })
  await assert.rejects(handle(exchange), { code: 'upstream_closed' })
  assert.equal(circuits.states().get('http://a.example'), 'closed')
})

test('an upstream that hangs until the deadline is slow; one that a client leaves is not', async () => {
  for (const [code, state] of [
    ['deadline_exceeded', 'open'],
    ['downstream_closed', 'closed'],
  ] as const) {
    const circuits = new Circuits({ slowAfter: 500, minimumRequests: 1 })
    const handle = breaker({ circuits })(async (exchange) => {
      await sleep(1_000, exchange)
      return new HttpResponse(200)
    })
    const exchange = exchangeTo()
    const response = handle(exchange)
    response.catch(() => {})
    await clock.advance(600)
    exchange.cancel(new TrafficError(code, 'given up'))
    await assert.rejects(response, { code })
    assert.equal(circuits.states().get('http://a.example'), state)
  }
})

test('slow answers open it', async () => {
  const circuits = new Circuits({ slowAfter: 500, minimumRequests: 2, slowPercent: 100 })
  const handle = breaker({ circuits })(async (exchange) => {
    await sleep(501, exchange)
    return new HttpResponse(200)
  })
  const both = [handle(exchangeTo()), handle(exchangeTo())]
  await clock.advance(501)
  await Promise.all(both)
  assert.equal(circuits.states().get('http://a.example'), 'open')
})

test('changes are told with their key; by hand it can be opened and reset', async () => {
  const seen: string[] = []
  const circuits = new Circuits({
    consecutiveFailures: 1,
    onTransition: (key, from, to) => seen.push(`${key} ${from} ${to}`),
  })
  const handle = breaker({ circuits, key: ({ endpoint }) => endpoint || 'none' })(answering(200))
  circuits.forceOpen('none')
  await assert.rejects(handle(exchangeTo()), { code: 'circuit_open', retryAfter: undefined })
  circuits.reset('none')
  await handle(exchangeTo())
  assert.deepEqual(seen, ['none closed forced-open', 'none forced-open closed'])
})

test('what is a failure can be said otherwise', async () => {
  const circuits = new Circuits({ consecutiveFailures: 1 })
  const failure = (outcome: HttpResponse | TrafficError): boolean => outcome.status === 404
  await breaker({ circuits, failure })(answering(500))(exchangeTo())
  assert.equal(circuits.states().get('http://a.example'), 'closed')
  await breaker({ circuits, failure })(answering(404))(exchangeTo())
  assert.equal(circuits.states().get('http://a.example'), 'open')
})

test('of more keys than the limit, the one that was not used is forgotten', () => {
  const circuits = new Circuits({ maxKeys: 2 })
  circuits.forceOpen('a')
  circuits.for('b')
  circuits.for('a')
  circuits.for('c')
  assert.deepEqual([...circuits.states().keys()].toSorted(), ['a', 'c'])
})
