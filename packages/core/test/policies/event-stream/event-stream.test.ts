import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StreamBody } from '../../../src/message/body.ts'
import { TrafficError } from '../../../src/message/errors.ts'
import { Exchange } from '../../../src/message/exchange.ts'
import { HeaderList } from '../../../src/message/headers.ts'
import { HttpRequest } from '../../../src/message/request.ts'
import { HttpResponse } from '../../../src/message/response.ts'
import type { EventStreamOptions } from '../../../src/policies/event-stream/event-relay.ts'
import { eventStream } from '../../../src/policies/event-stream/event-stream.ts'
import { OpenStreams } from '../../../src/policies/open-streams.ts'
import { VirtualClock } from '../../../src/testing/virtual-clock.ts'

const DEFAULTS: EventStreamOptions = {
  heartbeat: Infinity,
  maxEvent: Infinity,
  retry: 2_000,
  errorEvent: undefined,
}
const BROKEN = new TrafficError('upstream_closed', 'cut')

async function streamed(
  options: Partial<EventStreamOptions> = {},
  type = 'text/event-stream; charset=utf-8',
) {
  const clock = new VirtualClock()
  const open = new OpenStreams(clock)
  const source = { cancelled: false, resumeBody() {}, cancelBody: () => void (source.cancelled = true) }
  const upstream = new StreamBody(undefined, source)
  const headers = new HeaderList()
  headers.append('content-type', type)
  const next = () => Promise.resolve(new HttpResponse(200, headers, upstream))
  const exchange = new Exchange(HttpRequest.to('http://a.example/'), clock)
  const { body } = await eventStream({ ...DEFAULTS, ...options }, open)(next)(exchange)
  const got = { text: '', end: '' }
  body.flowTo({
    write: (chunk) => (got.text += Buffer.from(chunk).toString()) !== '',
    end: () => (got.end = 'whole'),
    fail: ({ code }) => (got.end = code),
  })
  return { clock, open, upstream, source, got, push: (text: string) => upstream.push(Buffer.from(text)) }
}

test('a comment is sent after a silence, between events and not within one, whatever ends its lines', async () => {
  for (const line of ['\n', '\r', '\r\n']) {
    const { clock, got, push } = await streamed({ heartbeat: 1_000 })
    await clock.advance(1_010)
    push(`data: a${line}`)
    await clock.advance(2_020)
    assert.equal(got.text, `:\n\ndata: a${line}`)
    push(line)
    await clock.advance(1_010)
    assert.equal(got.text, `:\n\ndata: a${line}${line}:\n\n`)
  }
})

test('an event that is too large breaks the stream, and many that are not may be as many as they are', async () => {
  const { got, push, source } = await streamed({ maxEvent: 10 })
  for (let count = 0; count < 5; count++) push('data: 12\n\n')
  assert.equal(got.text, 'data: 12\n\n'.repeat(5))
  push('data: 1')
  push('2345')
  assert.deepEqual([got.end, source.cancelled], ['response_body_too_large', true])
  assert.equal(got.text.length, 57)
})

test('an upstream that fails between events is told of by an event, if it has a name; within one the stream breaks', async () => {
  const between = await streamed({ errorEvent: 'failed' })
  between.push('data: a\n\n')
  between.upstream.fail(BROKEN)
  assert.equal(between.got.text, 'data: a\n\nevent: failed\ndata: {"code":"upstream_closed"}\n\n')
  assert.equal(between.got.end, 'whole')
  const within = await streamed({ errorEvent: 'failed' })
  within.push('data: a\n')
  within.upstream.fail(BROKEN)
  assert.deepEqual(within.got, { text: 'data: a\n', end: 'upstream_closed' })
})

test('when it drains, a stream ends behind the event that is under way, with the time to wait', async () => {
  const { clock, got, open, push, source } = await streamed()
  push('data: a\n')
  open.drain(1_000)
  await clock.advance(810)
  assert.equal(got.end, '')
  push('\ndata: b\n\n')
  assert.deepEqual(got, { text: 'data: a\n\nretry: 2000\n\n', end: 'whole' })
  assert.ok(source.cancelled)
})

test('what is no event stream passes as it is', async () => {
  const { clock, got, push } = await streamed({ heartbeat: 1_000, maxEvent: 1 }, 'text/event-streams')
  push('anything')
  await clock.advance(5_000)
  assert.deepEqual(got, { text: 'anything', end: '' })
})
