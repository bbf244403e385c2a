import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Body, bodyFrom, collect } from '../../src/message/body.ts'
import { TrafficError } from '../../src/message/errors.ts'
import { Exchange, type Outcome } from '../../src/message/exchange.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { dedupe, type DedupeOptions } from '../../src/policies/dedupe/dedupe.ts'
import { dedupeKey, isShareable, KEY_FIELDS } from '../../src/policies/dedupe/dedupe-key.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { FilledBody, RecordingSink } from '../h1/harness.ts'

const GONE = new TrafficError('downstream_closed', 'gone')
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

type Headers = Readonly<Record<string, string>>

function make(url = 'http://a.example/x?y', headers: Headers = {}, method = 'GET', body?: Body): Exchange {
  const request = HttpRequest.to(url, { method, headers, ...(body && { body }) })
  return new Exchange(request, new VirtualClock())
}

interface Sent {
  readonly exchange: Exchange
  readonly answer: (response: HttpResponse) => Promise<void>
  readonly fail: (error: TrafficError) => Promise<void>
  outcome: Outcome | undefined
}

interface Setting {
  readonly sent: Sent[]
  readonly call: (exchange?: Exchange) => {
    readonly exchange: Exchange
    readonly response: Promise<HttpResponse>
  }
}

/** A policy whose requests are answered by hand. */
function deduped(options: DedupeOptions = {}): Setting {
  const sent: Sent[] = []
  const handle = dedupe(options)(
    (exchange) =>
      new Promise((resolve, reject) => {
        const each: Sent = {
          exchange,
          answer: (response) => (resolve(response), turn()),
          fail: (error) => (reject(error), turn()),
          outcome: undefined,
        }
        exchange.occupy({ cancelled: reject })
        exchange.onFinish((_exchange, outcome) => (each.outcome = outcome))
        exchange.endpoint = `endpoint-${sent.push(each)}`
      }),
  )
  return {
    sent,
    call(exchange = make()) {
      const response = handle(exchange)
      response.catch(() => {})
      return { exchange, response }
    },
  }
}

function only(sent: readonly Sent[]): Sent {
  assert.equal(sent.length, 1)
  return sent[0] ?? assert.fail()
}

const BASE = make()
const GOOD = new HttpResponse(200)

for (const [name, exchange, same] of [
  ['the same again', make(), true],
  ['another path', make('http://a.example/z?y'), false],
  ['another query', make('http://a.example/x?z'), false],
  ['another host', make('http://b.example/x?y'), false],
  ['another scheme', make('https://a.example/x?y'), false],
  ['HEAD', make(undefined, {}, 'HEAD'), false],
  ['a field that makes no difference', make(undefined, { 'user-agent': 'x' }), true],
  ['an empty field where there was none', make(undefined, { cookie: '' }), false],
  ...KEY_FIELDS.map((field) => [`another ${field}`, make(undefined, { [field]: 'x' }), false] as const),
] as const) {
  test(`${name} is ${same ? '' : 'not '}the same request`, () => {
    const key = dedupeKey(exchange, KEY_FIELDS)
    assert.ok(key !== undefined)
    assert.equal(key === dedupeKey(BASE, KEY_FIELDS), same)
  })
}

test('fields cannot be moved into one another', () => {
  const keys = [
    { authorization: 'a', 'proxy-authorization': 'b' },
    { authorization: 'a\tb' },
    { authorization: 'b', 'proxy-authorization': 'a' },
    { authorization: 'ab' },
    { 'proxy-authorization': 'ab' },
  ].map((headers) => dedupeKey(make(undefined, headers as unknown as Headers), KEY_FIELDS))
  assert.equal(new Set(keys).size, keys.length)
})

for (const exchange of [
  make(undefined, {}, 'POST'),
  make(undefined, {}, 'DELETE'),
  make(undefined, {}, 'OPTIONS'),
  make(undefined, {}, 'GET', bodyFrom('x')),
  make(undefined, {}, 'GET', new FilledBody().body),
]) {
  test(`${exchange.request.method} with ${exchange.request.body.length} bytes goes by itself`, () => {
    assert.equal(dedupeKey(exchange, KEY_FIELDS), undefined)
    const { sent, call } = deduped()
    call(exchange)
    assert.equal(only(sent).exchange, exchange)
  })
}

for (const [headers, shareable] of [
  [{}, true],
  [{ 'cache-control': 'max-age=60, public' }, true],
  [{ 'cache-control': 'max-age=60, Private' }, false],
  [{ 'cache-control': 'no-store' }, false],
  [{ 'cache-control': 'private="x"' }, false],
  [{ 'cache-control': 'x-private' }, true],
  [{ 'set-cookie': 'a=b' }, false],
  [{ vary: 'Accept-Encoding, Accept' }, true],
  [{ vary: 'Accept, X-Tenant' }, false],
  [{ vary: '*' }, false],
] as const) {
  test(`a response with ${JSON.stringify(headers)} is ${shareable ? '' : 'not '}for all`, () => {
    assert.equal(isShareable(new HttpResponse(200, HeaderList.of(headers)), KEY_FIELDS), shareable)
  })
}

test('one request is sent for all who ask the same meanwhile, and each has a response of its own', async () => {
  const { sent, call } = deduped()
  const calls = [call(), call(), call()]
  const request = only(sent)
  await request.answer(new HttpResponse(200, HeaderList.of({ 'x-a': '1' }), bodyFrom('content')))
  const responses = await Promise.all(calls.map(({ response }) => response))
  responses[0]?.headers.set('x-a', '2')
  assert.deepEqual(
    responses.map(({ headers }) => headers.get('x-a')),
    ['2', '1', '1'],
  )
  for (const { body } of responses) assert.equal((await collect(body)).toString(), 'content')
  assert.deepEqual(
    calls.map(({ exchange }) => exchange.endpoint),
    ['endpoint-1', 'endpoint-1', 'endpoint-1'],
  )
  assert.equal(request.outcome?.status, 200)
  call()
  assert.equal(sent.length, 2, 'it is no cache')
})

test('those with other credentials, or of another identity, have their own request', () => {
  const { sent, call } = deduped({ identity: ({ clientAddress }) => clientAddress })
  call(make(undefined, { authorization: 'Bearer a' }))
  call(make(undefined, { authorization: 'Bearer b' }))
  const elsewhere = make(undefined, { authorization: 'Bearer a' })
  elsewhere.clientAddress = '192.0.2.1'
  call(elsewhere)
  assert.equal(sent.length, 3)
})

test('a failure fails all who waited, and nobody after', async () => {
  const { sent, call } = deduped()
  const both = [call(), call()]
  const down = new TrafficError('connect_failed', 'down')
  await only(sent).fail(down)
  for (const { response } of both) await assert.rejects(response, down)
  assert.equal(only(sent).outcome?.error, down)
  call()
  assert.equal(sent.length, 2)
})

test('a response that was made for one goes to the first, and the others ask for themselves', async () => {
  const { sent, call } = deduped()
  const [first, second] = [call(), call()]
  const personal = new HttpResponse(200, HeaderList.of({ 'set-cookie': 'session=1' }))
  await only(sent).answer(personal)
  assert.equal(await first.response, personal)
  assert.equal(sent.length, 2)
  assert.equal(sent[1]?.exchange, second.exchange)
  // Its end and its cancellation are those of the request.
  first.exchange.cancel(GONE)
  assert.equal(sent[0]?.exchange.cancellation, GONE)
  const ended = { status: 200, error: undefined, bytesSent: 1, bytesReceived: 2 }
  first.exchange.finish(ended)
  assert.equal(sent[0]?.outcome, ended)
})

test('one who leaves leaves the others alone; when all have left, the request is given up', async () => {
  const { sent, call } = deduped()
  const [first, second] = [call(), call()]
  first.exchange.cancel(GONE)
  await assert.rejects(first.response, GONE)
  const request = only(sent)
  assert.deepEqual([request.exchange.cancellation], [undefined])
  second.exchange.cancel(GONE)
  assert.equal(request.exchange.cancellation?.code, 'cancelled')
  assert.equal(request.outcome?.error?.code, 'cancelled')
  call()
  assert.equal(sent.length, 2, 'nobody joins what was given up')
})

test('the first may leave and another has the response', async () => {
  const { sent, call } = deduped()
  const [first, second] = [call(), call()]
  first.exchange.cancel(GONE)
  await only(sent).answer(GOOD)
  assert.equal((await second.response).status, 200)
})

test('the request may take as long as the last of them may', () => {
  const { sent, call } = deduped()
  for (const deadline of [100, 300, 200]) {
    const exchange = make()
    exchange.deadline = deadline
    call(exchange)
  }
  assert.equal(only(sent).exchange.deadline, 300)
})

/** Calls that read one streamed body. */
async function streaming(
  limit: number,
  count: number,
): Promise<{
  readonly setting: Setting
  readonly filled: FilledBody
  readonly calls: readonly {
    readonly exchange: Exchange
    readonly response: HttpResponse
    readonly sink: RecordingSink
  }[]
}> {
  const setting = deduped({ buffer: limit })
  const called = Array.from({ length: count }, () => setting.call())
  const filled = new FilledBody(100)
  await only(setting.sent).answer(new HttpResponse(200, new HeaderList(), filled.body))
  const calls = await Promise.all(
    called.map(async ({ exchange, response }) => {
      const answer = await response
      return { exchange, response: answer, sink: new RecordingSink() }
    }),
  )
  return { setting, filled, calls }
}

test('a body that streams flows to all, and late joiners get what has been', async () => {
  const { setting, filled, calls } = await streaming(100, 2)
  for (const { response, sink } of calls) response.body.flowTo(sink)
  filled.push('early ')
  const late = await setting.call().response
  assert.equal(setting.sent.length, 1)
  filled.push('late')
  const sink = new RecordingSink()
  late.body.flowTo(sink)
  assert.equal(late.body.length, 100)
  filled.body.end(HeaderList.of({ 'x-trailer': '1' }))
  for (const each of [...calls.map((call) => call.sink), sink]) {
    assert.deepEqual([each.text, each.done, each.trailers?.get('x-trailer')], ['early late', true, '1'])
  }
  assert.equal(setting.sent[0]?.outcome?.status, 200)
  setting.call()
  assert.equal(setting.sent.length, 2, 'what has ended is not joined')
})

test('nobody joins when the beginning is no longer kept', async () => {
  const { setting, filled, calls } = await streaming(5, 1)
  for (const { response, sink } of calls) response.body.flowTo(sink)
  filled.push('12345')
  setting.call()
  assert.equal(setting.sent.length, 1)
  filled.push('6')
  setting.call()
  assert.equal(setting.sent.length, 2)
})

test('one who reads slowly does not hold up the others, and is cut off beyond the limit', async () => {
  const { filled, calls } = await streaming(10, 2)
  const [fast, slow] = calls
  assert.ok(fast && slow)
  slow.sink.room = false
  fast.response.body.flowTo(fast.sink)
  slow.response.body.flowTo(slow.sink)
  assert.equal(filled.push('12345'), true)
  assert.equal(filled.push('67890'), true)
  slow.sink.room = true
  slow.response.body.resume()
  assert.equal(slow.sink.text, '1234567890')
  slow.sink.room = false
  filled.push('a')
  for (let count = 0; count < 10; count++) filled.push('b')
  assert.deepEqual([slow.sink.error], [undefined])
  filled.push('c')
  assert.equal(slow.sink.error?.code, 'downstream_too_slow')
  filled.body.end()
  assert.equal(fast.sink.text, '1234567890abbbbbbbbbbc')
  assert.ok(fast.sink.done)
})

test('where nobody has room the body waits, and nobody is cut off', async () => {
  const { filled, calls } = await streaming(5, 2)
  for (const { response, sink } of calls) {
    sink.room = false
    response.body.flowTo(sink)
  }
  assert.equal(filled.push('more than the limit'), false)
  assert.equal(filled.push('once more'), false)
  const [first] = calls
  assert.ok(first)
  assert.equal(first.sink.error, undefined)
  const { resumed } = filled
  first.sink.room = true
  first.response.body.resume()
  assert.equal(first.sink.text, 'more than the limitonce more')
  assert.equal(filled.resumed, resumed + 1)
})

test('who leaves while the body flows leaves it to the others; when all have, it is cancelled', async () => {
  const { setting, filled, calls } = await streaming(100, 3)
  for (const { response, sink } of calls) response.body.flowTo(sink)
  filled.push('some')
  const [first, second, third] = calls
  first?.exchange.cancel(GONE)
  assert.equal(first?.sink.error, GONE)
  second?.response.body.cancel(GONE)
  filled.push(' more')
  assert.equal(third?.sink.text, 'some more')
  assert.equal(filled.cancelled, undefined)
  third?.exchange.cancel(GONE)
  assert.equal(filled.cancelled, GONE)
  const request = only(setting.sent)
  assert.equal(request.exchange.cancellation?.code, 'cancelled')
  assert.equal(request.outcome?.error?.code, 'cancelled')
})

test('a body that breaks breaks for all, after what they had', async () => {
  const { setting, filled, calls } = await streaming(100, 2)
  const [first, second] = calls
  assert.ok(first && second)
  first.response.body.flowTo(first.sink)
  filled.push('half')
  const broken = new TrafficError('upstream_closed', 'broken')
  filled.body.fail(broken)
  second.response.body.flowTo(second.sink)
  for (const { sink } of calls) assert.deepEqual([sink.text, sink.error], ['half', broken])
  assert.equal(setting.sent[0]?.outcome?.error, broken)
})
