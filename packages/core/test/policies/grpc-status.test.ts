import assert from 'node:assert/strict'
import { test } from 'node:test'
import { collect } from '../../src/message/body.ts'
import { ERROR_FACTS, type ErrorCode, TrafficError } from '../../src/message/errors.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { HttpRequest } from '../../src/message/request.ts'
import type { HttpResponse } from '../../src/message/response.ts'
import { grpcStatus, isGrpc } from '../../src/policies/grpc-status.ts'
import { problem } from '../../src/policies/problem.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

for (const [contentType, expected] of [
  ['application/grpc', true],
  ['application/grpc+proto', true],
  ['application/grpc+json;charset=utf-8', true],
  ['Application/gRPC ; a=b', true],
  ['application/grpc-web+proto', true],
  ['application/grpc-web-text', true],
  ['application/grpcs', false],
  ['application/grpc-webby', false],
  ['application/json', false],
  ['text/plain; application/grpc', false],
  [undefined, false],
] as const) {
  test(`a request with the content type ${contentType ?? '(none)'} is ${expected ? 'one' : 'none'} of gRPC`, () => {
    assert.equal(isGrpc(contentType), expected)
  })
}

test('each failure has the status that gRPC clients make of its HTTP status, but a deadline has its own', () => {
  const table = { 400: 13, 401: 16, 403: 7, 404: 12, 429: 14, 502: 14, 503: 14, 504: 14 } as Record<
    number,
    number
  >
  for (const code of Object.keys(ERROR_FACTS) as ErrorCode[]) {
    assert.equal(
      grpcStatus(code),
      code === 'deadline_exceeded' ? 4 : (table[ERROR_FACTS[code].status] ?? 2),
      code,
    )
  }
})

async function failing(failure: TrafficError, contentType: string): Promise<HttpResponse> {
  const request = HttpRequest.to('http://a.example/shop.Cart/Add', {
    method: 'POST',
    headers: { 'content-type': contentType, accept: 'text/html' },
  })
  const handler = problem()(async () => {
    throw failure
  })
  return handler(new Exchange(request, new VirtualClock()))
}

test('a failure is answered in the head, with no content, and tells nothing of what is behind', async () => {
  const error = new TrafficError('connect_failed', '10.0.0.7:9001 refused the connection')
  const { status, headers, body } = await failing(error, 'application/grpc+proto; v=1')
  assert.equal(status, 200)
  assert.deepEqual(
    [...headers].map(({ name, value }) => `${name}: ${value}`),
    [
      'content-type: application/grpc+proto',
      'grpc-status: 14',
      'grpc-message: Upstream refused the connection',
      'cache-control: no-store',
    ],
  )
  assert.equal((await collect(body)).length, 0)
})

test('what the client did wrong is told, encoded as gRPC wants it, and so is when to come back', async () => {
  const error = new TrafficError('malformed_request', '100 % größer\n')
  error.retryAfter = 1_500
  const { headers } = await failing(error, 'application/grpc')
  assert.equal(headers.get('grpc-message'), 'Malformed request: 100 %25 gr%C3%B6%C3%9Fer%0A')
  assert.equal(headers.get('retry-after'), '2')
})
