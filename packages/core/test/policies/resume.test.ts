import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseContentRange } from '../../src/fields/content-range.ts'
import { bodyFrom } from '../../src/message/body.ts'
import { TrafficError } from '../../src/message/errors.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { isContinuation, resumableTag } from '../../src/policies/resume/continuation.ts'
import { resume, type ResumeOptions } from '../../src/policies/resume/resume.ts'
import { RetryBudget } from '../../src/policies/retry/retry-budget.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { FilledBody, RecordingSink } from '../h1/harness.ts'

type Headers = Readonly<Record<string, string>>

for (const [value, expected] of [
  ['bytes 5-9/10', { first: 5, last: 9, total: 10 }],
  ['bytes 5-9/*', { first: 5, last: 9, total: undefined }],
  ['Bytes 0-0/1', { first: 0, last: 0, total: 1 }],
  ['bytes */10', undefined],
  ['bytes 9-5/10', undefined],
  ['bytes 5-10/10', undefined],
  ['octets 5-9/10', undefined],
  ['bytes=5-9/10', undefined],
  ['', undefined],
  [undefined, undefined],
] as const) {
  test(`Content-Range: ${value}`, () => assert.deepEqual(parseContentRange(value), expected))
}

for (const [status, headers, tag] of [
  [200, { etag: '"a"' }, '"a"'],
  [200, { etag: '"a"', 'accept-ranges': 'bytes' }, '"a"'],
  [200, { etag: '"a"', 'accept-ranges': 'none' }, undefined],
  [200, { etag: 'W/"a"' }, undefined],
  [200, {}, undefined],
  [206, { etag: '"a"' }, undefined],
] as const) {
  test(`${status} with ${JSON.stringify(headers)} can ${tag === undefined ? 'not ' : ''}be resumed`, () => {
    const fields = HeaderList.of(headers)
    assert.equal(resumableTag(new HttpResponse(status, fields, new FilledBody().body)), tag)
    assert.equal(resumableTag(new HttpResponse(status, fields, bodyFrom('x'))), undefined)
  })
}

for (const [status, range, etag, total, good] of [
  [206, 'bytes 5-9/10', '"a"', 10, true],
  [206, 'bytes 5-9/10', '"a"', undefined, true],
  [206, 'bytes 5-9/*', '"a"', 10, true],
  [206, 'bytes 5-9/10', '"b"', 10, false],
  [206, 'bytes 5-9/10', '', 10, false],
  [206, 'bytes 4-9/10', '"a"', 10, false],
  [206, 'bytes 5-8/10', '"a"', 10, false],
  [206, 'bytes 5-10/11', '"a"', 10, false],
  [200, 'bytes 5-9/10', '"a"', 10, false],
  [206, 'none', '"a"', 10, false],
] as const) {
  test(`${status} with ${range} and ${etag || 'no ETag'} is ${good ? '' : 'not '}the rest of ${total}`, () => {
    const response = new HttpResponse(
      status,
      HeaderList.of({ 'content-range': range, ...(etag && { etag }) }),
    )
    assert.equal(isContinuation(response, '"a"', 5, total), good)
  })
}

const BROKEN = new TrafficError('upstream_closed', 'broken')

interface Run {
  readonly clock: VirtualClock
  readonly exchange: Exchange
  readonly requests: Exchange[]
  readonly bodies: FilledBody[]
  readonly response: HttpResponse
  readonly sink: RecordingSink
  readonly resumedAt: number[]
}

/** Content of ten bytes that is sent by hand; of further requests `answer` says what they get. */
async function run(
  options: Partial<ResumeOptions> = {},
  answer: (body: FilledBody, first: number) => HttpResponse = partial,
  headers: Headers = {},
): Promise<Run> {
  const clock = new VirtualClock()
  const exchange = new Exchange(HttpRequest.to('http://a.example/', { headers }), clock)
  const requests: Exchange[] = []
  const bodies: FilledBody[] = []
  const resumedAt: number[] = []
  const handle = resume({
    backoff: { base: 100, max: 100 },
    budget: new RetryBudget(clock),
    onResume: (_exchange, received) => resumedAt.push(received),
    ...options,
  })((each) => {
    requests.push(each)
    each.request.headers.append('x-hop', '1')
    const body = new FilledBody(10)
    bodies.push(body)
    if (requests.length === 1)
      return Promise.resolve(new HttpResponse(200, HeaderList.of({ etag: '"a"' }), body.body))
    const first = Number(/bytes=(\d+)-/.exec(each.request.headers.get('range') ?? '')?.[1])
    return Promise.resolve(answer(body, first))
  })
  const response = await handle(exchange)
  const sink = new RecordingSink()
  return { clock, exchange, requests, bodies, response, sink, resumedAt }
}

function partial(body: FilledBody, first: number): HttpResponse {
  return new HttpResponse(
    206,
    HeaderList.of({ etag: '"a"', 'content-range': `bytes ${first}-9/10` }),
    body.body,
  )
}

test('a body that breaks off goes on where it stopped, as often as it may', async () => {
  const { clock, requests, bodies, response, sink, resumedAt, exchange } = await run()
  response.body.flowTo(sink)
  bodies[0]?.push('0123')
  bodies[0]?.body.fail(BROKEN)
  await clock.advance(100)
  bodies[1]?.push('45')
  bodies[1]?.body.fail(BROKEN)
  await clock.advance(100)
  bodies[2]?.push('6789')
  bodies[2]?.body.end()
  assert.deepEqual([sink.text, sink.done, sink.error], ['0123456789', true, undefined])
  assert.deepEqual(resumedAt, [4, 6])
  const sent = requests.map(({ request: { headers } }) => [
    headers.get('range'),
    headers.get('if-match'),
    headers.get('x-hop'),
  ])
  assert.deepEqual(sent, [
    [undefined, undefined, '1'],
    ['bytes=4-', '"a"', '1'],
    ['bytes=6-', '"a"', '1'],
  ])
  assert.deepEqual([response.body.length, exchange.attempts, clock.pending], [10, 2, 0])
})

for (const [name, answer] of [
  ['has changed (412)', () => new HttpResponse(412)],
  [
    'comes as a whole again',
    (body: FilledBody) => new HttpResponse(200, HeaderList.of({ etag: '"a"' }), body.body),
  ],
  [
    'is another',
    (body: FilledBody) =>
      new HttpResponse(206, HeaderList.of({ etag: '"b"', 'content-range': 'bytes 1-9/10' }), body.body),
  ],
  [
    'cannot be had',
    () => {
      throw new TrafficError('connect_failed', 'down')
    },
  ],
] as const) {
  test(`where the content ${name}, the body breaks with what broke it`, async () => {
    const { clock, bodies, response, sink, requests } = await run({}, answer)
    response.body.flowTo(sink)
    bodies[0]?.push('0')
    bodies[0]?.body.fail(BROKEN)
    await clock.advance(2_000)
    assert.deepEqual([sink.text, sink.error, requests.length, clock.pending], ['0', BROKEN, 2, 0])
  })
}

test('no more is asked for than the options, the budget and the deadline allow', async () => {
  for (const [options, deadline, sent] of [
    [{ resumptions: 2 }, Infinity, 3],
    [{ budget: new RetryBudget(new VirtualClock(), { floor: 0 }) }, Infinity, 1],
    [{}, 0, 1],
  ] as const) {
    const { clock, exchange, bodies, response, sink, requests } = await run(options)
    exchange.deadline = deadline
    response.body.flowTo(sink)
    for (let count = 0; count < 5; count++) {
      bodies.at(-1)?.body.fail(BROKEN)
      await clock.advance(1_000)
    }
    assert.deepEqual([requests.length, sink.error], [sent, BROKEN])
  }
})

test('what our own side broke is not resumed', async () => {
  const { clock, bodies, response, sink, requests } = await run()
  response.body.flowTo(sink)
  const large = new TrafficError('internal', 'a mistake')
  bodies[0]?.body.fail(large)
  await clock.advance(1_000)
  assert.deepEqual([sink.error, requests.length], [large, 1])
})

test('while nobody has room, the rest waits', async () => {
  const { clock, bodies, response, sink } = await run()
  response.body.flowTo(sink)
  sink.room = false
  bodies[0]?.push('0123')
  bodies[0]?.body.fail(BROKEN)
  await clock.advance(100)
  bodies[1]?.push('456789')
  assert.equal(sink.text, '0123')
  sink.room = true
  response.body.resume()
  assert.equal(sink.text, '0123456789')
})

test('one that is cancelled, or whose exchange is, asks no more', async () => {
  const gone = new TrafficError('downstream_closed', 'gone')
  const one = await run()
  one.response.body.flowTo(one.sink)
  one.bodies[0]?.body.fail(BROKEN)
  one.response.body.cancel(gone)
  await one.clock.advance(1_000)
  assert.deepEqual([one.requests.length, one.sink.error, one.clock.pending], [1, undefined, 0])
  const other = await run()
  other.response.body.flowTo(other.sink)
  other.bodies[0]?.body.fail(BROKEN)
  other.exchange.cancel(gone)
  await other.clock.advance(1_000)
  assert.deepEqual([other.requests.length, other.sink.error], [1, gone])
})

test('cancelling reaches the part that flows', async () => {
  const { clock, bodies, response, sink, requests } = await run()
  response.body.flowTo(sink)
  bodies[0]?.body.fail(BROKEN)
  await clock.advance(100)
  const gone = new TrafficError('cancelled', 'gone')
  response.body.cancel(gone)
  assert.equal(bodies[1]?.cancelled, gone)
  assert.equal(requests[1]?.cancellation?.code, 'cancelled')
})

for (const headers of [{ range: 'bytes=0-1' }, { 'if-match': '"a"' }, { 'if-range': '"a"' }] as const) {
  test(`a request with ${Object.keys(headers).join()} is left alone`, async () => {
    const { clock, bodies, response, sink, requests } = await run({}, partial, headers)
    response.body.flowTo(sink)
    bodies[0]?.body.fail(BROKEN)
    await clock.advance(1_000)
    assert.deepEqual([requests.length, sink.error], [1, BROKEN])
  })
}
