import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type GrpcStatus, statusFromHttp } from '../../src/fields/grpc.ts'
import { collect } from '../../src/message/body.ts'
import { ERROR_FACTS, type ErrorCode, TrafficError } from '../../src/message/errors.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { HttpRequest } from '../../src/message/request.ts'
import type { HttpResponse } from '../../src/message/response.ts'
import { grpcStatus } from '../../src/policies/grpc-status.ts'
import { problem } from '../../src/policies/problem.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

test('each failure has the status that gRPC clients make of its HTTP status, unless gRPC has one for just this', () => {
  const own: Partial<Record<ErrorCode, GrpcStatus>> = {
    deadline_exceeded: 'DEADLINE_EXCEEDED',
    request_timeout: 'DEADLINE_EXCEEDED',
    request_head_too_large: 'RESOURCE_EXHAUSTED',
    request_target_too_long: 'RESOURCE_EXHAUSTED',
    request_body_too_large: 'RESOURCE_EXHAUSTED',
    response_head_too_large: 'RESOURCE_EXHAUSTED',
    response_body_too_large: 'RESOURCE_EXHAUSTED',
    rate_limited: 'RESOURCE_EXHAUSTED',
    downstream_closed: 'CANCELLED',
    downstream_too_slow: 'CANCELLED',
    cancelled: 'CANCELLED',
    method_not_allowed: 'UNIMPLEMENTED',
    unsupported_method: 'UNIMPLEMENTED',
    unsupported_transfer_coding: 'UNIMPLEMENTED',
    unsupported_version: 'INTERNAL',
    unsupported_expectation: 'INTERNAL',
    loop_detected: 'INTERNAL',
    internal: 'INTERNAL',
    decompression_failed: 'INTERNAL',
    invalid_content: 'INTERNAL',
    file_unreadable: 'INTERNAL',
    handler_failed: 'INTERNAL',
    login_failed: 'UNAUTHENTICATED',
    validation_failed: 'INVALID_ARGUMENT',
  }
  for (const code of Object.keys(ERROR_FACTS) as ErrorCode[])
    assert.equal(grpcStatus(code), own[code] ?? statusFromHttp(ERROR_FACTS[code].status), code)
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
  assert.equal(headers.get('grpc-retry-pushback-ms'), '1500')
})
