import assert from 'node:assert/strict'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, test } from 'node:test'
import { SpanStatusCode, trace } from '@opentelemetry/api'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { createClient } from '../src/index.ts'

const exporter = new InMemorySpanExporter()
let seen: IncomingMessage['headers'][] = []
let statuses: number[] = []

const server = createServer((request, response) => {
  seen.push(request.headers)
  response.statusCode = statuses.shift() ?? 200
  response.end('{}')
})

function origin(): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

beforeEach(async () => {
  seen = []
  statuses = []
  exporter.reset()
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})

afterEach(async () => {
  trace.disable()
  await new Promise((resolve) => server.close(resolve))
})

test('a call is one span with a child for each attempt, and each attempt sends its own traceparent', async () => {
  statuses = [503, 200]
  await using client = createClient({
    baseUrl: origin(),
    retry: { attempts: 2, backoff: { base: 1, max: 1 } },
  })
  await client.get('/users/1?token=secret').json()

  const spans = exporter.getFinishedSpans()
  const call = spans.find((span) => span.parentSpanContext === undefined)
  assert.ok(call)
  const attempts = spans.filter((span) => span.parentSpanContext?.spanId === call.spanContext().spanId)
  assert.equal(attempts.length, 2)
  assert.deepEqual(
    seen.map((headers) => headers['traceparent']),
    attempts.map((span) => `00-${call.spanContext().traceId}-${span.spanContext().spanId}-01`),
  )
  assert.deepEqual(
    attempts.map((span) => [span.attributes['http.response.status_code'], span.attributes['error.type']]),
    [
      [503, '503'],
      [200, undefined],
    ],
  )
  assert.equal(attempts[1]?.attributes['http.request.resend_count'], 1)
  assert.equal(call.attributes['url.full'], `${origin()}/users/1`)
  assert.equal(call.attributes['http.response.status_code'], 200)
})

test('a call that fails ends its spans with the error’s code', async () => {
  await using client = createClient({ retry: false })
  const result = await client.attempt('http://127.0.0.1:1/')
  assert.equal(result.ok, false)
  const spans = exporter.getFinishedSpans()
  assert.equal(spans.length, 2)
  for (const span of spans) {
    assert.equal(span.status.code, SpanStatusCode.ERROR)
    assert.equal(span.attributes['error.type'], 'connect_failed')
  }
})

test('without tracing, no traceparent is sent', async () => {
  await using client = createClient({ baseUrl: origin(), tracing: false })
  await client.get('/').text()
  assert.equal(seen[0]?.['traceparent'], undefined)
  assert.equal(exporter.getFinishedSpans().length, 0)
})

test('where no SDK is registered, no traceparent is made up', async () => {
  trace.disable()
  await using client = createClient({ baseUrl: origin() })
  await client.get('/').text()
  assert.equal(seen[0]?.['traceparent'], undefined)
})
