import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EMPTY_BODY, StreamBody } from '../../src/message/body.ts'
import type { TrafficError } from '../../src/message/errors.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { type Handler, stack } from '../../src/message/handler.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse, type Tunnel } from '../../src/message/response.ts'
import { timeout } from '../../src/policies/timeout.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

const DELIVERED = { status: 200, error: undefined, bytesSent: 0, bytesReceived: 0 }

function start(clock: VirtualClock): Exchange {
  return new Exchange(HttpRequest.to('http://a.example/'), clock)
}

/** Works until it is cancelled. */
const working: Handler = (exchange) =>
  new Promise((_, reject) => {
    exchange.occupy({ cancelled: reject })
  })

test('an exchange that is not complete in time is cancelled', async () => {
  const clock = new VirtualClock()
  const exchange = start(clock)
  const response = timeout({ exchange: 1_000 })(working)(exchange)
  response.catch(() => {})
  assert.equal(exchange.deadline, 1_000)
  await clock.advance(999)
  assert.equal(exchange.cancellation, undefined)
  await clock.advance(1)
  await assert.rejects(response, { code: 'deadline_exceeded', status: 504 })
  assert.equal(clock.pending, 0)
})

test('the time counts from the request’s head, not from the policy', async () => {
  const clock = new VirtualClock()
  const exchange = start(clock)
  await clock.advance(700)
  const response = timeout({ exchange: 1_000 })(working)(exchange)
  response.catch(() => {})
  await clock.advance(300)
  await assert.rejects(response, { code: 'deadline_exceeded' })
})

test('where no time is left, nothing is asked', async () => {
  let asked = 0
  const next: Handler = () => {
    asked++
    return Promise.resolve(new HttpResponse(200))
  }
  const clock = new VirtualClock()
  await assert.rejects(timeout({ exchange: 1_000, asked: () => 0 })(next)(start(clock)), {
    code: 'deadline_exceeded',
  })
  const late = start(clock)
  await clock.advance(1_000)
  await assert.rejects(timeout({ exchange: 1_000 })(next)(late), { code: 'deadline_exceeded' })
  assert.equal(asked, 0)
  assert.equal(clock.pending, 0)
})

test('the time covers the response’s body: it runs on after the head', async () => {
  const clock = new VirtualClock()
  const exchange = start(clock)
  const told: TrafficError[] = []
  await timeout({ exchange: 1_000 })(() => Promise.resolve(new HttpResponse(200)))(exchange)
  exchange.occupy({ cancelled: (error) => told.push(error) })
  await clock.advance(1_000)
  assert.equal(told[0]?.code, 'deadline_exceeded')
})

test('the timer is disarmed when the exchange has finished', async () => {
  const clock = new VirtualClock()
  const exchange = start(clock)
  await timeout({ exchange: 1_000 })(() => Promise.resolve(new HttpResponse(200)))(exchange)
  assert.equal(clock.pending, 1)
  exchange.finish(DELIVERED)
  assert.equal(clock.pending, 0)
  await clock.advance(2_000)
  assert.equal(exchange.cancellation, undefined)
})

test('a switch of protocols ends the time that an exchange has', async () => {
  const clock = new VirtualClock()
  const exchange = start(clock)
  const tunnel = {} as Tunnel // nobody uses it
  const switched = new HttpResponse(101, new HeaderList(), EMPTY_BODY, tunnel)
  await timeout({ exchange: 1_000 })(() => Promise.resolve(switched))(exchange)
  await clock.advance(100_000)
  assert.equal(exchange.cancellation, undefined)
})

for (const [outer, inner] of [
  [1_000, 5_000],
  [5_000, 1_000],
] as const) {
  test(`of two deadlines the earlier counts (${outer} outside, ${inner} inside)`, async () => {
    const clock = new VirtualClock()
    const exchange = start(clock)
    const response = stack([timeout({ exchange: outer }), timeout({ exchange: inner })], working)(exchange)
    response.catch(() => {})
    assert.equal(exchange.deadline, 1_000)
    await clock.advance(1_000)
    await assert.rejects(response, { code: 'deadline_exceeded' })
    exchange.finish(DELIVERED)
    assert.equal(clock.pending, 0)
  })
}

test('a handler that hangs and does not listen for cancellation is not waited for', async () => {
  const clock = new VirtualClock()
  const response = timeout({ exchange: 1_000 })(() => new Promise(() => {}))(start(clock))
  response.catch(() => {})
  await clock.advance(1_000)
  await assert.rejects(response, { code: 'deadline_exceeded' })
})

test('a response that comes after the deadline is given up, so that its connection is not kept', async () => {
  const clock = new VirtualClock()
  const exchange = start(clock)
  const given: string[] = []
  const body = new StreamBody(undefined, { resumeBody() {}, cancelBody: ({ code }) => given.push(code) })
  const { promise, resolve } = Promise.withResolvers<HttpResponse>()
  const response = timeout({ exchange: 1_000 })(() => promise)(exchange)
  response.catch(() => {})
  await clock.advance(1_000)
  await assert.rejects(response, { code: 'deadline_exceeded' })
  resolve(new HttpResponse(200, undefined, body))
  await promise
  assert.deepEqual(given, ['deadline_exceeded'])
})

test('the peer may shorten the time, and never make it longer', async () => {
  for (const [most, asked, deadline] of [
    [1_000, 300, 300],
    [1_000, 3_000, 1_000],
    [1_000, undefined, 1_000],
    [undefined, 300, 300],
    [undefined, undefined, Infinity],
  ] as const) {
    const clock = new VirtualClock()
    const exchange = start(clock)
    timeout({ exchange: most, asked: () => asked })(working)(exchange).catch(() => {})
    assert.equal(exchange.deadline, deadline)
  }
})
