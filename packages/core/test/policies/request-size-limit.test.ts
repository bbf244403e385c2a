import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Body, type BodySink, bodyFrom, collect, StreamBody } from '../../src/message/body.ts'
import { TrafficError } from '../../src/message/errors.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { sizeLimit } from '../../src/policies/size-limit.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { FilledBody, RecordingSink } from '../h1/harness.ts'

const OK = new HttpResponse(200)

function exchangeWith(body: Body): Exchange {
  return new Exchange(HttpRequest.to('http://a.example/', { method: 'POST', body }), new VirtualClock())
}

for (const [length, allowed] of [
  [0, true],
  [10, true],
  [11, false],
  [Number.MAX_SAFE_INTEGER, false],
] as const) {
  test(`a body that says that it has ${length} bytes is ${allowed ? 'let through' : 'refused unread'}`, async () => {
    let calls = 0
    const handler = sizeLimit({ request: 10 })(() => {
      calls++
      return Promise.resolve(OK)
    })
    const { body } = new FilledBody(length)
    const exchange = exchangeWith(body)
    if (allowed) assert.equal(await handler(exchange), OK)
    else
      await assert.rejects(handler(exchange), {
        code: 'request_body_too_large',
        status: 413,
        phase: 'request-body',
      })
    assert.equal(calls, allowed ? 1 : 0)
    assert.equal(body.started, false)
  })
}

test('a whole body is judged by its length', async () => {
  const handler = sizeLimit({ request: 10 })(() => Promise.resolve(OK))
  await handler(exchangeWith(bodyFrom('1234567890')))
  await assert.rejects(handler(exchangeWith(bodyFrom('12345678901'))), { code: 'request_body_too_large' })
})

/** A body of unknown length behind the policy, and the exchange that brings it. */
async function streamed(): Promise<{ filled: FilledBody; sink: RecordingSink; exchange: Exchange }> {
  const filled = new FilledBody()
  const sink = new RecordingSink()
  const exchange = exchangeWith(filled.body)
  await sizeLimit({ request: 10 })(() => Promise.resolve(OK))(exchange)
  exchange.request.body.flowTo(sink)
  return { filled, sink, exchange }
}

test('a body of unknown length passes up to its limit, trailers included', async () => {
  const { filled, sink, exchange } = await streamed()
  filled.push('12345')
  sink.room = false
  assert.equal(filled.push('67890'), false)
  const { resumed } = filled
  exchange.request.body.resume()
  assert.equal(filled.resumed, resumed + 1)
  filled.body.end(HeaderList.of([['x-sum', '1']]))
  assert.deepEqual([sink.text, sink.done, sink.trailers?.get('x-sum')], ['1234567890', true, '1'])
  assert.equal(exchange.cancellation, undefined)
})

test('a body of unknown length that gets too long breaks: reader, source and exchange are told, once', async () => {
  const { filled, sink, exchange } = await streamed()
  const told: TrafficError[] = []
  exchange.occupy({ cancelled: (error) => told.push(error) })
  filled.push('12345')
  filled.push('678901')
  filled.push('more')
  filled.body.end()
  const { error, text, done } = sink
  assert.deepEqual([error?.code, text, done], ['request_body_too_large', '12345', false])
  assert.equal(filled.cancelled?.code, 'request_body_too_large')
  assert.deepEqual(
    told.map(({ code }) => code),
    ['request_body_too_large'],
  )
})

test('memory may be used again behind a limit as soon as without one, and not before', async () => {
  for (const holdsNothing of [true, false]) {
    const body = new StreamBody(undefined, { resumeBody() {}, cancelBody() {} })
    const exchange = exchangeWith(body)
    await sizeLimit({ request: 10 })(() => Promise.resolve(OK))(exchange)
    const sink: BodySink = { holdsNothing, write: () => true, end() {}, fail() {} }
    exchange.request.body.flowTo(sink)
    body.push(Buffer.from('123'))
    assert.equal(body.holdsNothing, holdsNothing)
  }
})

test('several chunks that were held before the body flowed count as well', async () => {
  const filled = new FilledBody()
  for (const part of ['12345', '678901', '2', '3']) filled.push(part)
  filled.body.end()
  const exchange = exchangeWith(filled.body)
  await sizeLimit({ request: 10 })(() => Promise.resolve(OK))(exchange)
  await assert.rejects(collect(exchange.request.body), { code: 'request_body_too_large' })
})

test('a failure and a cancellation pass through', async () => {
  const failing = await streamed()
  failing.filled.body.fail(new TrafficError('downstream_closed', 'gone'))
  assert.equal(failing.sink.error?.code, 'downstream_closed')
  const cancelling = await streamed()
  cancelling.exchange.request.body.cancel(new TrafficError('cancelled', 'enough'))
  assert.equal(cancelling.filled.cancelled?.code, 'cancelled')
})

test('a body is left as it is where its length is known', async () => {
  const body = new StreamBody(5, { resumeBody() {}, cancelBody() {} })
  const exchange = exchangeWith(body)
  await sizeLimit({ request: 10 })(() => Promise.resolve(OK))(exchange)
  assert.equal(exchange.request.body, body)
})
