import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { test, type TestContext } from 'node:test'
import {
  type Body,
  bodyFrom,
  type Exchange,
  HeaderList,
  HttpResponse,
  StreamBody,
  TrafficError,
} from '@headgate/core'
import { VirtualClock } from '@headgate/core/testing'
import type { ServerSentEvent } from '../src/index.ts'
import { reconnectDelay } from '../src/reconnect.ts'
import { clientOf, contentOf, originOf } from './origin.ts'

type Play = (response: ServerResponse, request: IncomingMessage) => void

/** An origin that plays one script for each connection, the last one again and again, and what it was asked. */
async function streams(
  t: TestContext,
  ...plays: readonly Play[]
): Promise<{ readonly url: string; readonly asked: IncomingMessage[] }> {
  const asked: IncomingMessage[] = []
  const url = await originOf(t, (request, response) => {
    const play = plays[asked.length] ?? plays.at(-1)
    asked.push(request)
    play?.(response, request)
  })
  return { url, asked }
}

/** Sends text as an event stream; it ends there, unless it is to stay open. */
function stream(text: string, end: 'end' | 'break' | 'stay' = 'end'): Play {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
    if (end === 'break') response.write(text, () => response.destroy())
    else response.write(text)
    if (end === 'end') response.end()
  }
}

const over: Play = (response) => response.writeHead(204).end()
const QUICK = { delay: 1, maxDelay: 2 }

async function dataOf(events: AsyncIterable<ServerSentEvent>): Promise<string[]> {
  const data: string[] = []
  for await (const event of events) data.push(event.data)
  return data
}

test('a stream that ends or breaks is connected again where it stopped, until 204', async (t) => {
  const { url, asked } = await streams(
    t,
    stream('id: 1\ndata: a\n\ndata: b\n\ndata: lost'),
    stream('data: c\n\nid: ü2\ndata: d\n\n', 'break'),
    over,
  )
  const client = clientOf(t, { baseUrl: url })
  const events: ServerSentEvent[] = []
  for await (const event of client.sse('/stream', { reconnect: QUICK, headers: { 'x-own': '1' } }))
    events.push(event)
  assert.deepEqual(
    events.map(({ data, lastEventId }) => `${data} ${lastEventId}`),
    ['a 1', 'b 1', 'c 1', 'd ü2'],
  )
  assert.deepEqual(
    asked.map(({ headers }) => [headers.accept, headers['x-own'], headers['last-event-id']]),
    [
      ['text/event-stream', '1', undefined],
      ['text/event-stream', '1', '1'],
      ['text/event-stream', '1', Buffer.from('ü2').toString('latin1')],
    ],
  )
})

test('a stream can go on where an earlier program stopped', async (t) => {
  const { url, asked } = await streams(t, over)
  assert.deepEqual(await dataOf(clientOf(t).sse(url, { lastEventId: '7' })), [])
  assert.equal(asked[0]?.headers['last-event-id'], '7')
})

test('an id that no field can hold is not told', async (t) => {
  const { url, asked } = await streams(t, stream('id: a\u0001b\ndata: x\n\n'), over)
  await dataOf(clientOf(t).sse(url, { reconnect: QUICK }))
  assert.equal(asked[1]?.headers['last-event-id'], undefined)
})

test('a POST is sent with its content, and again only when that is asked for', async (t) => {
  const contents: string[] = []
  const play: Play = (response, request) => {
    void contentOf(request).then((content) => {
      contents.push(content.toString())
      stream('data: a\n\n')(response, request)
    })
  }
  const { url } = await streams(t, play, play, over)
  const client = clientOf(t)
  assert.deepEqual(await dataOf(client.sse(url, { method: 'POST', json: { q: 1 } })), ['a'])
  assert.deepEqual(contents, ['{"q":1}'])
  const again = await streams(t, play, play, over)
  const options = { method: 'POST', json: { q: 2 }, reconnect: QUICK }
  assert.deepEqual(await dataOf(client.sse(again.url, options)), ['a', 'a'])
  assert.deepEqual(contents, ['{"q":1}', '{"q":2}', '{"q":2}'])
  const spent = await streams(t, play)
  const body = new Blob(['once']).stream()
  await assert.rejects(dataOf(client.sse(spent.url, { method: 'POST', body, reconnect: QUICK })), {
    code: 'upstream_closed',
    message: /cannot be sent again/,
  })
})

test('without reconnecting, an end is the end and a break is an error', async (t) => {
  const { url, asked } = await streams(t, stream('data: a\n\n'), stream('data: b\n\n', 'break'))
  const client = clientOf(t)
  assert.deepEqual(await dataOf(client.sse(url, { reconnect: false })), ['a'])
  await assert.rejects(dataOf(client.sse(url, { reconnect: false })), { code: 'upstream_closed' })
  assert.equal(asked.length, 2)
})

for (const [what, play, expected] of [
  [
    'another status',
    (response) => response.writeHead(404).end('{"why":"x"}'),
    { code: 'unexpected_status', status: 404 },
  ],
  [
    'another type',
    (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
    { code: 'invalid_content', message: /text\/html: an event stream has text\/event-stream/ },
  ],
  [
    'no type',
    (response) => response.writeHead(200).end(),
    { code: 'invalid_content', message: /no content type/ },
  ],
  [
    'an event that is too large',
    stream(`data: ${'x'.repeat(200)}`, 'stay'),
    { code: 'response_body_too_large' },
  ],
] as const satisfies readonly (readonly [string, Play, object])[]) {
  test(`${what} fails at once, without another try`, async (t) => {
    const { url, asked } = await streams(t, play)
    await assert.rejects(dataOf(clientOf(t).sse(url, { maxEventSize: 100, reconnect: QUICK })), expected)
    assert.equal(asked.length, 1)
  })
}

test('the response of an error can be read', async (t) => {
  const { url } = await streams(t, (response) => response.writeHead(400).end('why'))
  const error: unknown = await dataOf(clientOf(t).sse(url)).catch((thrown: unknown) => thrown)
  assert.equal(await (error as { response: Response }).response.text(), 'why')
})

test('a stream that brings nothing is given up after so many times in a row, one that does starts anew', async (t) => {
  const { url, asked } = await streams(t, stream(': hi\n\n'), stream('data: a\n\n'), stream(''))
  const options = { reconnect: { ...QUICK, attempts: 2 } }
  const seen: string[] = []
  await assert.rejects(
    async () => {
      for await (const { data } of clientOf(t).sse(url, options)) seen.push(data)
    },
    { code: 'upstream_closed', message: /ended 3 times in a row/ },
  )
  assert.deepEqual(seen, ['a'])
  assert.equal(asked.length, 4)
})

test('leaving the loop closes the connection', async (t) => {
  const { url, asked } = await streams(t, stream('data: a\n\ndata: b\n\n', 'stay'))
  for await (const { data } of clientOf(t).sse(url)) {
    assert.equal(data, 'a')
    break
  }
  const [request] = asked
  assert.ok(request)
  if (!request.socket.destroyed) await once(request.socket, 'close')
})

test('a signal ends it: while it is silent, between events that came together, and while it waits to connect', async (t) => {
  const silent = await streams(t, stream('data: a\n\n', 'stay'))
  const both = await streams(t, stream('data: a\n\ndata: b\n\n', 'stay'))
  const waiting = await streams(t, stream('data: a\n\n'))
  for (const { url, asked } of [silent, both, waiting]) {
    const controller = new AbortController()
    const { signal } = controller
    const seen: string[] = []
    await assert.rejects(
      async () => {
        for await (const { data } of clientOf(t).sse(url, { signal, reconnect: { delay: 60_000 } })) {
          seen.push(data)
          if (url === both.url) controller.abort()
          else setImmediate(() => controller.abort())
        }
      },
      { code: 'cancelled' },
    )
    assert.deepEqual(seen, ['a'])
    assert.equal(asked.length, 1)
  }
})

test('a stream is asked for with Accept and without caches, and one that falls silent is told as such', async (t) => {
  const { url, asked } = await streams(t, stream('data: a\n\n', 'stay'))
  const client = clientOf(t, { headers: { 'cache-control': 'max-age=60' } })
  const codes: unknown[] = []
  client.on('finished', ({ code }) => codes.push(code))
  await assert.rejects(dataOf(client.sse(url, { heartbeat: 30, reconnect: false })))
  assert.equal(asked[0]?.headers['cache-control'], 'no-store')
  assert.equal(asked[0]?.headers.accept, 'text/event-stream')
  assert.deepEqual(codes, ['upstream_too_slow'])
})

test('a connection that is silent for longer than the heartbeat is replaced', async (t) => {
  const { url, asked } = await streams(t, stream('id: 1\ndata: a\n\n', 'stay'), over)
  assert.deepEqual(await dataOf(clientOf(t).sse(url, { heartbeat: 30, reconnect: QUICK })), ['a'])
  assert.equal(asked[1]?.headers['last-event-id'], '1')
  const still = await streams(t, stream('data: a\n\n', 'stay'))
  await assert.rejects(dataOf(clientOf(t).sse(still.url, { heartbeat: 30, reconnect: false })), {
    code: 'upstream_too_slow',
    message: /for 30 ms: raise the option heartbeat/,
  })
})

test('a stream has no deadline, and waits as long as it is asked to before it connects again', async () => {
  const clock = new VirtualClock()
  const connected: number[] = []
  const client = clientWith(clock, () => {
    connected.push(clock.now())
    return bodyFrom(connected.length < 4 ? 'retry: 120000\n\n' : 'data: a\n\n')
  })
  const events = client.sse('http://a.example/', { reconnect: { delay: 1_000 } })
  const first = events.next()
  for (let minute = 0; minute < 10; minute++) await clock.advance(60_000)
  assert.equal((await first).value?.data, 'a')
  const waits = connected.slice(1).map((at, index) => at - (connected[index] ?? 0))
  assert.deepEqual(waits, [120_000, 120_000, 120_000])
  await events.return()
  assert.equal(clock.pending, 0)
})

function clientWith(clock: VirtualClock, content: (exchange: Exchange) => Body): ReturnType<typeof clientOf> {
  const answer = async (exchange: Exchange): Promise<HttpResponse> =>
    new HttpResponse(200, HeaderList.of({ 'content-type': 'text/event-stream' }), content(exchange))
  return clientOf({ after() {} } as unknown as TestContext, { clock, transport: answer })
}

test('a stream that stays open has no deadline, unless it is given one', async () => {
  for (const timeout of [undefined, { deadline: 60_000 }]) {
    const clock = new VirtualClock()
    const body = new StreamBody(undefined, { resumeBody() {}, cancelBody() {} })
    const content = (exchange: Exchange): Body => {
      exchange.occupy({ cancelled: (error) => body.fail(error) })
      return body
    }
    const events = clientWith(clock, content).sse('http://a.example/', { timeout, reconnect: false })
    const first = events.next().then(
      ({ value }) => value?.data,
      ({ code }: TrafficError) => code,
    )
    await clock.advance(600_000)
    body.push(Buffer.from('data: late\n\n'))
    assert.equal(await first, timeout === undefined ? 'late' : 'deadline_exceeded')
    await events.return()
    assert.equal(clock.pending, 0)
  }
})

test('a wait that is given up leaves no timer', async () => {
  const clock = new VirtualClock()
  const controller = new AbortController()
  const { signal } = controller
  const client = clientWith(clock, () => bodyFrom(''))
  const next = client.sse('http://a.example/', { signal }).next()
  await clock.advance(0)
  assert.equal(clock.pending, 1)
  controller.abort()
  await assert.rejects(next, { code: 'cancelled' })
  assert.equal(clock.pending, 0)
})

test('waits grow with failures and are spread, but are never shorter than what was asked for', () => {
  const plan = { attempts: 10, delay: 1_000, maxDelay: 30_000 }
  const clock = new VirtualClock()
  const most = Array.from({ length: 8 }, (_, failures) => {
    const waits = Array.from({ length: 300 }, () =>
      reconnectDelay(plan, failures + 1, undefined, undefined, clock),
    )
    assert.ok(waits.every((wait) => wait >= 1_000))
    assert.ok(new Set(waits).size > 200)
    return Math.round(Math.max(...waits) / 1_000)
  })
  assert.deepEqual(most, [2, 4, 8, 16, 30, 30, 30, 30])
  assert.equal(reconnectDelay(plan, 9, 60_000, undefined, clock), 60_000)
  const limited = new TrafficError('rate_limited', 'x')
  limited.retryAfter = 90_000
  assert.equal(reconnectDelay(plan, 1, undefined, limited, clock), 90_000)
})

test('the address guard judges each connection, and what it refuses is not tried again', async (t) => {
  const { url, asked } = await streams(t, stream('data: a\n\n'))
  const client = clientOf(t, { guard: true })
  await assert.rejects(dataOf(client.sse(url, { reconnect: QUICK })), { code: 'address_refused' })
  const leading = await streams(t, (response) =>
    response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
  )
  await assert.rejects(
    dataOf(clientOf(t, { guard: { allow: ['127.0.0.1'] } }).sse(leading.url, { reconnect: QUICK })),
    {
      code: 'address_refused',
    },
  )
  assert.equal(asked.length, 0)
})

test('options that are not valid are refused by name', async (t) => {
  const client = clientOf(t)
  for (const [options, message] of [
    [{ maxEventSize: 0 }, /option maxEventSize is 0/],
    [{ heartbeat: -1 }, /option heartbeat is -1/],
    [{ reconnect: { delay: Number.NaN } }, /option reconnect\.delay is NaN/],
  ] as const) {
    await assert.rejects(dataOf(client.sse('http://127.0.0.1:1/', options)), { name: 'TypeError', message })
  }
})
