import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Body, bodyFrom, collect } from '../../src/message/body.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { sizeLimit } from '../../src/policies/size-limit.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { FilledBody, gather } from '../h1/harness.ts'

function answer(body: Body, limit: number): Promise<HttpResponse> {
  const exchange = new Exchange(HttpRequest.to('http://a.example/'), new VirtualClock())
  const policy = sizeLimit({ response: limit })
  return policy(() => Promise.resolve(new HttpResponse(200, new HeaderList(), body)))(exchange)
}

test('a response up to the limit is delivered as it is', async () => {
  const body = bodyFrom('12345')
  assert.equal((await answer(body, 5)).body, body)
  const filled = new FilledBody()
  const response = await answer(filled.body, 5)
  filled.push('123')
  filled.push('45')
  filled.body.end(HeaderList.of({ digest: 'x' }))
  const { text, trailers } = await gather(response.body)
  assert.deepEqual([text, trailers?.get('digest')], ['12345', 'x'])
})

test('one that announces more is given up before it is read', async () => {
  await assert.rejects(answer(bodyFrom('123456'), 5), {
    code: 'response_body_too_large',
    phase: 'response-body',
    message:
      'the response has more content than the limit of 5 bytes; read it as a stream, or raise the limit',
  })
  const filled = new FilledBody(6)
  await assert.rejects(answer(filled.body, 5), { code: 'response_body_too_large' })
  assert.equal(filled.cancelled?.code, 'response_body_too_large')
})

test('one of unknown length breaks as soon as it is too much, and is stopped', async () => {
  const filled = new FilledBody()
  const response = await answer(filled.body, 5)
  const outcome = gather(response.body)
  assert.equal(filled.push('123'), true)
  assert.equal(filled.push('456'), false)
  const { text, error } = await outcome
  assert.deepEqual([text, error?.code], ['123', 'response_body_too_large'])
  assert.equal(filled.cancelled?.code, 'response_body_too_large')
})

test('back-pressure and failure pass through', async () => {
  const filled = new FilledBody()
  const response = await answer(filled.body, 1_000)
  let room = false
  response.body.flowTo({ write: () => room, end() {}, fail() {} })
  const before = filled.resumed
  assert.equal(filled.push('x'), false)
  room = true
  response.body.resume()
  assert.equal(filled.resumed, before + 1)
  assert.equal(filled.push('x'), true)
})

test('a body that was read whole within the limit is whole', async () => {
  const filled = new FilledBody()
  const response = await answer(filled.body, 1_000)
  filled.push('x'.repeat(1_000))
  filled.body.end()
  assert.equal((await collect(response.body)).length, 1_000)
})

test('a limit that is not valid is named', () => {
  assert.throws(() => sizeLimit({ response: -1 }), /^TypeError: sizeLimit\.response: -1 is not valid/)
})
