import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bodyFrom, StreamBody } from '../../src/message/body.ts'
import { type ErrorCode, TrafficError } from '../../src/message/errors.ts'
import { Exchange } from '../../src/message/exchange.ts'
import type { Handler } from '../../src/message/handler.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { fallback, type FallbackOptions } from '../../src/policies/fallback.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

const instead: Handler = async () => new HttpResponse(299)
const fails =
  (code: ErrorCode): Handler =>
  async () => {
    throw new TrafficError(code, 'for the test')
  }

function send(
  next: Handler,
  options: Partial<FallbackOptions> = {},
  prepare: (exchange: Exchange) => void = () => {},
): Promise<number | string> {
  const exchange = new Exchange(HttpRequest.to('http://a/'), new VirtualClock())
  prepare(exchange)
  return fallback({ answer: instead, ...options })(next)(exchange).then(
    ({ status }) => status,
    ({ code }: TrafficError) => code,
  )
}

test('it answers where the upstream fails or cannot be had, and nowhere else', async () => {
  for (const code of [
    'connect_failed',
    'upstream_closed',
    'circuit_open',
    'deadline_exceeded',
    'no_healthy_upstream',
  ] as const)
    assert.equal(await send(fails(code)), 299, code)
  for (const code of [
    'rate_limited',
    'request_body_too_large',
    'downstream_closed',
    'internal',
    'overloaded',
  ] as const)
    assert.equal(await send(fails(code)), code)
})

test('statuses count as failures where they are named', async () => {
  const answers =
    (status: number): Handler =>
    async () =>
      new HttpResponse(status)
  assert.equal(await send(answers(503)), 503)
  assert.equal(await send(answers(503), { statuses: [502, 503] }), 299)
  assert.equal(await send(answers(404), { statuses: [502, 503] }), 404)
})

test('where it fails too, the first failure stands', async () => {
  assert.equal(await send(fails('connect_failed'), { answer: fails('dns_failed') }), 'connect_failed')
})

test('a request is sent on only if somebody wants it still, and its content is there', async () => {
  const forwards = { forwards: true }
  assert.equal(await send(fails('upstream_closed'), forwards), 299)
  assert.equal(
    await send(fails('upstream_closed'), forwards, ({ request }) => (request.body = bodyFrom('here'))),
    299,
  )
  const streamed = (exchange: Exchange): void => {
    exchange.request.body = new StreamBody(undefined, { resumeBody() {}, cancelBody() {} })
  }
  assert.equal(await send(fails('upstream_closed'), forwards, streamed), 'upstream_closed')
  assert.equal(await send(fails('upstream_closed'), {}, streamed), 299)
  const cancelled = (exchange: Exchange): void =>
    exchange.cancel(new TrafficError('deadline_exceeded', 'late'))
  assert.equal(await send(fails('deadline_exceeded'), forwards, cancelled), 'deadline_exceeded')
  assert.equal(await send(fails('deadline_exceeded'), {}, cancelled), 299)
})
