import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bodyFrom, collect } from '../../src/message/body.ts'
import { TrafficError } from '../../src/message/errors.ts'
import { Exchange } from '../../src/message/exchange.ts'
import type { Handler } from '../../src/message/handler.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { recorder, replay } from '../../src/testing/recorder.ts'
import type { Recording } from '../../src/testing/recording.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { FilledBody } from '../h1/harness.ts'

interface Call {
  readonly url?: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: HttpRequest['body']
}

async function call(handler: Handler, { url = 'http://a.example/', ...options }: Call = {}): Promise<string> {
  const exchange = new Exchange(HttpRequest.to(url, options), new VirtualClock())
  try {
    const response = await handler(exchange)
    return `${response.status} ${(await collect(response.body)).toString('latin1')}`
  } catch (error) {
    return TrafficError.from(error).message
  }
}

/** As from a file. */
function reread(recording: Recording): Recording {
  return JSON.parse(JSON.stringify(recording)) as Recording
}

let count = 0
const counting: Handler = async ({ request }) => {
  const content = (await collect(request.body)).toString()
  return new HttpResponse(
    200,
    HeaderList.of({ 'X-A': '1' }),
    bodyFrom(`${request.method} ${content} ${++count}`),
  )
}

test('what was recorded is answered again, in order, and kept as JSON', async () => {
  count = 0
  const { handler, recording } = recorder(counting)
  const calls: Call[] = [{}, { method: 'POST', body: bodyFrom('x') }, {}, { url: 'http://a.example/?q=1' }]
  const live: string[] = []
  for (const each of calls) live.push(await call(handler, each))
  assert.deepEqual(live, ['200 GET  1', '200 POST x 2', '200 GET  3', '200 GET  4'])
  const played = replay(reread(recording()))
  // The order counts among equal requests only.
  const again: string[] = []
  for (const each of [calls[3], calls[1], calls[0], calls[2]]) again.push(await call(played, each))
  assert.deepEqual(again, ['200 GET  4', '200 POST x 2', '200 GET  1', '200 GET  3'])
})

test('what was not recorded, or was replayed already, fails and tells what is left', async () => {
  const { handler, recording } = recorder(counting)
  await call(handler)
  await call(handler, { url: 'http://a.example/b' })
  const played = replay(recording())
  assert.match(await call(played), /^200/)
  assert.equal(
    await call(played),
    'GET http://a.example/ was not recorded, or was replayed already; left is: GET http://a.example/b',
  )
  assert.match(
    await call(played, { method: 'POST', body: bodyFrom('abc') }),
    /^POST .* with 3 bytes was not recorded/,
  )
  const repeated = replay(recording(), { repeat: true })
  assert.deepEqual(
    [await call(repeated), await call(repeated)].map((text) => text.slice(0, 3)),
    ['200', '200'],
  )
})

test('failures are recorded and replayed with their facts', async () => {
  const failure = new TrafficError('connect_failed', 'nobody listens', {
    phase: 'connect',
    replaySafe: 'unsent',
  })
  const { handler, recording } = recorder(() => Promise.reject(failure))
  await call(handler)
  const exchange = new Exchange(HttpRequest.to('http://a.example/'), new VirtualClock())
  await assert.rejects(replay(reread(recording()))(exchange), {
    code: 'connect_failed',
    message: 'nobody listens',
    phase: 'connect',
    replaySafe: 'unsent',
  })
})

test('no secret is recorded, and replay works without it', async () => {
  const secret = 'hunter2'
  const { handler, recording } = recorder(async () => {
    const headers = HeaderList.of([
      ['Set-Cookie', `sid=${secret}; Path=/; HttpOnly`],
      ['Location', `https://b.example/?access_token=${secret}&a=1`],
      ['Content-Type', 'application/json'],
      ['WWW-Authenticate', 'Basic realm="x"'],
    ])
    return new HttpResponse(
      201,
      headers,
      bodyFrom(JSON.stringify({ id: 1, tokens: { refresh_token: secret } })),
    )
  })
  const asked: Call = {
    url: `http://a.example/?api_key=${secret}&b=2`,
    method: 'POST',
    headers: {
      Authorization: `Bearer ${secret}`,
      Cookie: `a=${secret}; b=${secret}`,
      'X-Api-Key': secret,
      'Idempotency-Key': '42',
      'Content-Type': 'application/x-www-form-urlencoded',
    },
    body: bodyFrom(`user=me&password=${secret}`),
  }
  await call(handler, asked)
  const kept = JSON.stringify(recording())
  assert.ok(!kept.includes(secret), kept)
  const [first] = recording().exchanges
  assert.deepEqual(first?.request, {
    method: 'POST',
    url: 'http://a.example/?api_key=[redacted]&b=2',
    headers: [
      ['authorization', '[redacted]'],
      ['cookie', 'a=[redacted]; b=[redacted]'],
      ['x-api-key', '[redacted]'],
      ['idempotency-key', '42'],
      ['content-type', 'application/x-www-form-urlencoded'],
    ],
    body: 'user=me&password=[redacted]',
  })
  assert.deepEqual(first?.response?.headers, [
    ['set-cookie', 'sid=[redacted]; Path=/; HttpOnly'],
    ['location', 'https://b.example/?access_token=[redacted]&a=1'],
    ['content-type', 'application/json'],
    ['www-authenticate', 'Basic realm="x"'],
  ])
  assert.equal(
    await call(replay(reread(recording())), asked),
    '201 {"id":1,"tokens":{"refresh_token":"[redacted]"}}',
  )
})

test('content is kept byte by byte, text as text', async () => {
  const bytes = Buffer.from([0xff, 0, 0x80, 0x0a])
  const text = '{ "a": 1.0 }'
  for (const [content, kept] of [
    [bytes, { base64: bytes.toString('base64') }],
    [Buffer.from(text), text],
  ] as const) {
    const headers = HeaderList.of({ 'Content-Type': 'application/json' })
    const { handler, recording } = recorder(() =>
      Promise.resolve(new HttpResponse(200, headers, bodyFrom(content))),
    )
    await call(handler)
    assert.deepEqual(recording().exchanges[0]?.response?.body, kept)
    assert.equal(await call(replay(reread(recording()))), `200 ${content.toString('latin1')}`)
  }
})

test('a body that is on its way is recorded and still arrives', async () => {
  const filled = new FilledBody()
  const { handler, recording } = recorder(counting)
  const outcome = call(handler, { method: 'PUT', body: filled.body })
  filled.push('abc')
  filled.body.end()
  assert.match(await outcome, /^200 PUT abc/)
  assert.equal(recording().exchanges[0]?.request.body, 'abc')
})

test('what is no recording is refused', () => {
  assert.throws(() => replay({} as Recording), /^TypeError: this is no recording of version 1/)
})
