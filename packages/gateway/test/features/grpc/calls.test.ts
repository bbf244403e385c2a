import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bodyFrom, HeaderList, HttpResponse, TrafficError } from '@headgate/core'
import { framed, pushed } from './frames.ts'
import { play } from './played-call.ts'

const ROUTE = { match: { grpc: {} } } as const
const GRPC = { 'content-type': 'application/grpc+proto' }

/** Messages, and the status behind them. */
function streamed(
  messages: readonly Buffer[],
  end: Readonly<Record<string, string>> | TrafficError,
): HttpResponse {
  const body = pushed()
  for (const message of messages) body.push(message)
  if (end instanceof TrafficError) body.fail(end)
  else body.end(HeaderList.of(end))
  return new HttpResponse(200, HeaderList.of(GRPC), body)
}

const message = framed(Buffer.from('order'))

test('the status behind messages is in the log', async (t) => {
  const { content, trailers, line } = await play(t, ROUTE, async () =>
    streamed([message], { 'grpc-status': '5' }),
  )
  assert.deepEqual([content, trailers, line['grpc_status']], [message, { 'grpc-status': '5' }, 'NOT_FOUND'])
})

test('so is one that is all of the response', async (t) => {
  const headers = HeaderList.of({ ...GRPC, 'grpc-status': '7' })
  const { line } = await play(t, ROUTE, async () => new HttpResponse(200, headers))
  assert.equal(line['grpc_status'], 'PERMISSION_DENIED')
})

for (const [what, response, status] of [
  ['without trailers', streamed([message], {}), 'UNKNOWN'],
  ['that is here whole', new HttpResponse(200, HeaderList.of(GRPC), bodyFrom(message)), 'UNKNOWN'],
  ['that is no gRPC', new HttpResponse(503, HeaderList.of({ 'content-type': 'text/html' })), 'UNAVAILABLE'],
] as const) {
  test(`a response ${what} counts as what a client makes of it`, async (t) => {
    const { line } = await play(t, ROUTE, async () => response)
    assert.equal(line['grpc_status'], status)
  })
}

/** A response with a status in its head, and this behind it. */
function answeredTwice(
  headers: Readonly<Record<string, string>>,
  messages: readonly Buffer[],
  end: string | undefined,
): HttpResponse {
  const response = streamed(messages, end === undefined ? {} : { 'grpc-status': end })
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value)
  return response
}

for (const [what, messages, end, status] of [
  ['behind messages is that of the call, whatever the head has said', [message], '13', 'INTERNAL'],
  ['in the head holds where nothing comes behind it', [], undefined, 'NOT_FOUND'],
  ['in the head does not hold behind messages', [message], undefined, 'UNKNOWN'],
] as const) {
  test(`the status ${what}`, async (t) => {
    const response = answeredTwice({ 'grpc-status': '5' }, messages, end)
    const { line } = await play(t, ROUTE, async () => response)
    assert.equal(line['grpc_status'], status)
  })
}

test('a call of gRPC-Web that is passed on is not looked into, nor is an end put to its content', async (t) => {
  const web = { 'content-type': 'application/grpc-web+proto' }
  const lost = new TrafficError('upstream_closed', 'reset')
  for (const [end, error, status] of [
    [{}, undefined, undefined],
    [lost, lost, 'UNAVAILABLE'],
  ] as const) {
    const response = streamed([message], end)
    response.headers.set('content-type', web['content-type'])
    const played = await play(t, ROUTE, async () => response, { headers: web })
    assert.deepEqual(
      [played.content, played.error, played.trailers, played.line['grpc_status']],
      [message, error, end === lost ? undefined : {}, status],
    )
  }
})

test('a failure of the gateway is a status for the client, the log and the metrics', async (t) => {
  const { headers, line } = await play(t, ROUTE, async () => {
    throw new TrafficError('pool_queue_full', 'too many wait')
  })
  assert.equal(headers.get('grpc-status'), '14')
  assert.deepEqual([line['grpc_status'], line['error']], ['UNAVAILABLE', 'pool_queue_full'])
})

test('messages that break end with a status that says why', async (t) => {
  const lost = new TrafficError('upstream_closed', '10.0.0.7 reset the stream')
  const { content, trailers, error, line } = await play(t, ROUTE, async () => streamed([message], lost))
  assert.deepEqual(content, message)
  assert.equal(error, undefined)
  assert.deepEqual(trailers, { 'grpc-status': '14', 'grpc-message': 'Upstream closed the connection' })
  assert.deepEqual([line['grpc_status'], line['error']], ['UNAVAILABLE', 'upstream_closed'])
})

test('on other routes, and for other requests, nothing is looked at', async (t) => {
  const lost = new TrafficError('upstream_closed', 'reset')
  const broken = await play(t, { match: {} }, async () => streamed([message], lost))
  assert.deepEqual([broken.error, broken.line['grpc_status']], [lost, undefined])
  const headers = { 'content-type': 'application/json' }
  const plain = await play(t, { grpc: {} }, async () => new HttpResponse(200), { headers })
  assert.equal(plain.line['grpc_status'], undefined)
})

for (const [what, grpc, content] of [
  ['too large', { maxRequestMessage: '4B' }, [Buffer.alloc(5)]],
  ['one too many', { messagesPerSecond: 2 }, [Buffer.alloc(1), Buffer.alloc(1), Buffer.alloc(1)]],
] as const) {
  const bytes = Buffer.concat(content.map((each) => framed(each)))
  test(`a message of the request that is ${what} fails the call before it is sent`, async (t) => {
    let isSent = false
    const { headers, line } = await play(
      t,
      { grpc },
      async () => {
        isSent = true
        return new HttpResponse(200)
      },
      { body: bodyFrom(bytes) },
    )
    assert.deepEqual(
      [headers.get('grpc-status'), line['grpc_status'], isSent],
      ['8', 'RESOURCE_EXHAUSTED', false],
    )
  })

  test(`one that streams and is ${what} cancels the call, and never reaches the upstream`, async (t) => {
    const body = pushed()
    const received: Buffer[] = []
    const played = play(
      t,
      { grpc },
      (exchange) =>
        new Promise((_, reject) => {
          exchange.occupy({ cancelled: reject })
          exchange.request.body.flowTo({
            write: (chunk) => received.push(Buffer.from(chunk)) > 0,
            end: () => assert.fail('it has ended'),
            fail: () => {},
          })
          for (const each of content) body.push(framed(each))
        }),
      { body },
    )
    const { headers, line } = await played
    assert.deepEqual([headers.get('grpc-status'), line['grpc_status']], ['8', 'RESOURCE_EXHAUSTED'])
    assert.equal(Buffer.concat(received).length, bytes.length - framed(content.at(-1) ?? message).length)
  })
}

test('a message of the response that is too large ends the call behind those before it', async (t) => {
  const answer = streamed([message, framed(Buffer.alloc(6)), message], { 'grpc-status': '0' })
  const { content, trailers, line } = await play(
    t,
    { grpc: { maxResponseMessage: '5B' } },
    async () => answer,
  )
  assert.deepEqual(content, message)
  assert.equal(trailers?.['grpc-status'], '8')
  assert.deepEqual([line['grpc_status'], line['error']], ['RESOURCE_EXHAUSTED', 'response_body_too_large'])
})
