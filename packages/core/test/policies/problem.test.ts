import assert from 'node:assert/strict'
import { test } from 'node:test'
import { collect } from '../../src/message/body.ts'
import { ERROR_FACTS, type ErrorCode, TrafficError } from '../../src/message/errors.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { problem, problemResponse } from '../../src/policies/problem.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

function exchangeWith(accept?: string): Exchange {
  const headers: Record<string, string> = accept === undefined ? {} : { accept }
  return new Exchange(HttpRequest.to('http://a.example/', { headers }), new VirtualClock())
}

async function textOf(response: HttpResponse): Promise<string> {
  return (await collect(response.body)).toString('utf8')
}

for (const [accept, type] of [
  [undefined, 'application/problem+json'],
  ['*/*', 'application/problem+json'],
  ['application/json', 'application/problem+json'],
  ['text/plain', 'text/plain; charset=utf-8'],
  ['text/html,application/xhtml+xml,*/*;q=0.8', 'text/plain; charset=utf-8'],
] as const) {
  test(`a failure is told as ${type} to a peer that accepts ${accept ?? 'nothing in particular'}`, () => {
    const response = problemResponse(new TrafficError('route_not_found', 'x'), exchangeWith(accept))
    assert.equal(response.headers.get('content-type'), type)
    assert.equal(response.headers.get('cache-control'), 'no-store')
  })
}

test('problem details say what kind of failure it was, and for which request', async () => {
  const exchange = exchangeWith()
  exchange.id = 'abc-1'
  const response = problemResponse(
    new TrafficError('request_body_too_large', 'larger than 10 bytes'),
    exchange,
  )
  assert.equal(response.status, 413)
  assert.deepEqual(JSON.parse(await textOf(response)), {
    type: 'urn:headgate:request_body_too_large',
    title: 'Request body too large',
    status: 413,
    detail: 'larger than 10 bytes',
    instance: 'urn:request:abc-1',
  })
})

for (const code of Object.keys(ERROR_FACTS) as ErrorCode[]) {
  test(`${code}: the peer learns the kind, and the details only of what it did itself`, async () => {
    const secret = '10.1.2.3:9001 ECONNREFUSED /etc/secret'
    const cause = new Error(`cause ${secret}`)
    for (const accept of ['application/json', 'text/plain']) {
      const response = problemResponse(new TrafficError(code, secret, { cause }), exchangeWith(accept))
      const { status, title, source } = ERROR_FACTS[code]
      const text = await textOf(response)
      assert.equal(response.status, status)
      assert.ok(text.includes(title))
      assert.equal(text.includes(secret), source === 'downstream')
      assert.ok(!text.includes('cause'))
    }
  })
}

test('what a handler throws that is no TrafficError is an internal error, of which nothing is told', async () => {
  for (const thrown of [new Error('secret'), 'secret', undefined, { secret: 1 }]) {
    const exchange = exchangeWith()
    const response = await problem()(() => Promise.reject(thrown))(exchange)
    assert.equal(response.status, 500)
    assert.ok(!(await textOf(response)).includes('secret'))
    assert.equal(exchange.error?.code, 'internal')
    assert.equal(exchange.error?.cause, thrown)
  }
})

test('a response passes through untouched, and leaves no error behind', async () => {
  const exchange = exchangeWith()
  const response = new HttpResponse(503)
  assert.equal(await problem()(() => Promise.resolve(response))(exchange), response)
  assert.equal(exchange.error, undefined)
})

test('Retry-After is in whole seconds, never too early; Allow lists the methods', () => {
  const busy = new TrafficError('pool_queue_full', 'x')
  busy.retryAfter = 1_001
  assert.equal(problemResponse(busy, undefined).headers.get('retry-after'), '2')
  const method = new TrafficError('method_not_allowed', 'x')
  method.allow = ['GET', 'HEAD']
  assert.equal(problemResponse(method, undefined).headers.get('allow'), 'GET, HEAD')
})
