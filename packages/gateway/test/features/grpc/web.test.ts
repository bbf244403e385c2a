import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bodyFrom, collect, type Exchange, HeaderList, HttpResponse, TrafficError } from '@headgate/core'
import { fc } from '../../../../../scripts/testing/property.ts'
import { decodedGroups } from '../../../src/features/grpc/web/base64.ts'
import { assertRefused } from '../refused-route.ts'
import { framed, pushed } from './frames.ts'
import { play, type Played, type PlayedRequest } from './played-call.ts'

const message = framed(Buffer.from('order'))
const WEB = { 'content-type': 'application/grpc-web+proto', 'x-grpc-web': '1' }
const TEXT = { 'content-type': 'application/grpc-web-text+proto', 'x-grpc-web': '1' }

interface Asked {
  readonly contentType: string | undefined
  readonly content: Buffer
}

/** What the upstream was asked, and what the client has of its response. */
async function called(
  t: Parameters<typeof play>[0],
  response: HttpResponse,
  request: PlayedRequest,
  web: object = {},
): Promise<Played & { asked: Asked | undefined }> {
  let asked: Asked | undefined
  const upstream = async ({ request: sent }: Exchange): Promise<HttpResponse> => {
    asked = { contentType: sent.headers.get('content-type'), content: await collect(sent.body) }
    return response
  }
  const played = await play(t, { grpc: { web } }, upstream, request)
  return { ...played, asked }
}

function streamed(end: Readonly<Record<string, string>>): HttpResponse {
  const body = pushed()
  body.push(message)
  body.end(HeaderList.of(end))
  return new HttpResponse(200, HeaderList.of({ 'content-type': 'application/grpc+proto' }), body)
}

function trailersFrame(text: string): Buffer {
  return framed(Buffer.from(text), 0x80)
}

test('a call of gRPC-Web is one of gRPC to the upstream, and its trailers are the last frame', async (t) => {
  const answer = streamed({ 'grpc-status': '0', 'x-cost': '7' })
  const { asked, headers, content, trailers, line } = await called(t, answer, {
    headers: WEB,
    body: bodyFrom(message),
  })
  assert.deepEqual(asked, { contentType: 'application/grpc+proto', content: message })
  assert.equal(headers.get('content-type'), 'application/grpc-web+proto')
  assert.deepEqual(content, Buffer.concat([message, trailersFrame('grpc-status: 0\r\nx-cost: 7\r\n')]))
  assert.equal(trailers, undefined)
  assert.equal(line['grpc_status'], 'OK')
})

test('in text, both directions are base64, whatever pieces it is padded in', async (t) => {
  const [first, second] = [message.subarray(0, 4), message.subarray(4)]
  const text = first.toString('base64') + second.toString('base64')
  const streams = pushed()
  for (const part of [text.slice(0, 3), text.slice(3, 9), text.slice(9)]) streams.push(Buffer.from(part))
  streams.end()
  for (const body of [bodyFrom(text), streams]) {
    const { asked, headers, content } = await called(t, streamed({ 'grpc-status': '0' }), {
      headers: TEXT,
      body,
    })
    assert.deepEqual(asked?.content, message)
    assert.equal(headers.get('content-type'), 'application/grpc-web-text+proto')
    const decoded = decodedGroups(content.toString())
    assert.deepEqual(decoded, Buffer.concat([message, trailersFrame('grpc-status: 0\r\n')]))
  }
})

test('Accept says whether the response is text', async (t) => {
  const accept = 'application/grpc-web-text'
  const request = { headers: { ...WEB, accept }, body: bodyFrom(message) }
  const { headers } = await called(t, streamed({ 'grpc-status': '0' }), request)
  assert.equal(headers.get('content-type'), 'application/grpc-web-text+proto')
})

for (const [what, text] of [
  ['a character that is none of base64', 'AAAA*AAA'],
  ['half a group', 'AAAAA'],
  ['padding within a group', 'A=AA'],
] as const) {
  for (const way of ['whole', 'streamed'] as const) {
    test(`${what}, ${way}, fails the call`, async (t) => {
      const body = pushed()
      body.push(Buffer.from(text))
      body.end()
      const upstream = (exchange: Exchange): Promise<HttpResponse> =>
        collect(exchange.request.body).then(() => new HttpResponse(200))
      const request = { headers: TEXT, body: way === 'whole' ? bodyFrom(text) : body }
      const { headers, line } = await play(t, { grpc: { web: {} } }, upstream, request)
      assert.deepEqual(
        [headers.get('content-type'), headers.get('grpc-status'), line['error']],
        ['application/grpc-web-text+proto', '13', 'malformed_request'],
      )
    })
  }
}

test('a status alone stays in the head, that of the gateway itself too', async (t) => {
  const alone = new HttpResponse(
    200,
    HeaderList.of({ 'content-type': 'application/grpc', 'grpc-status': '5' }),
  )
  const told = await called(t, alone, { headers: WEB })
  assert.deepEqual(
    [told.headers.get('content-type'), told.headers.get('grpc-status'), told.content.length],
    ['application/grpc-web', '5', 0],
  )
  const failed = await play(
    t,
    { grpc: { web: { origins: ['https://shop.example'] } } },
    async () => {
      throw new TrafficError('connect_failed', 'refused')
    },
    { headers: { ...WEB, origin: 'https://shop.example' } },
  )
  assert.deepEqual(
    [failed.headers.get('grpc-status'), failed.headers.get('access-control-allow-origin')],
    ['14', 'https://shop.example'],
  )
})

test('messages that break end in a frame that says why', async (t) => {
  const body = pushed()
  body.push(message)
  body.fail(new TrafficError('upstream_closed', 'reset'))
  const answer = new HttpResponse(200, HeaderList.of({ 'content-type': 'application/grpc' }), body)
  const { content } = await called(t, answer, { headers: WEB })
  const lines = 'grpc-status: 14\r\ngrpc-message: Upstream closed the connection\r\n'
  assert.deepEqual(content, Buffer.concat([message, trailersFrame(lines)]))
})

for (const [what, end] of [
  ['breaks', new TrafficError('upstream_closed', 'reset')],
  ['ends as if all were well', HeaderList.of({ 'grpc-status': '0' })],
] as const) {
  test(`content that ${what} within a message has no last frame, which would be read as a part of that`, async (t) => {
    const body = pushed()
    body.push(message.subarray(0, 7))
    if (end instanceof TrafficError) body.fail(end)
    else body.end(end)
    const answer = new HttpResponse(200, HeaderList.of({ 'content-type': 'application/grpc' }), body)
    const { content, error } = await called(t, answer, { headers: WEB })
    assert.deepEqual([content, error?.code], [message.subarray(0, 7), 'malformed_response'])
  })
}

test('of two statuses a page gets that behind the messages, and that of the head where nothing comes', async (t) => {
  const twice = (end: Readonly<Record<string, string>>, messages: readonly Buffer[]): HttpResponse => {
    const body = pushed()
    for (const each of messages) body.push(each)
    body.end(HeaderList.of(end))
    const headers = { 'content-type': 'application/grpc', 'grpc-status': '0', 'grpc-message': 'fine' }
    return new HttpResponse(200, HeaderList.of(headers), body)
  }
  const behind = await called(t, twice({ 'grpc-status': '13' }, [message]), { headers: WEB })
  assert.deepEqual(
    [behind.headers.get('grpc-status'), behind.headers.get('grpc-message'), behind.content],
    [undefined, undefined, Buffer.concat([message, trailersFrame('grpc-status: 13\r\n')])],
  )
  const alone = await called(t, twice({}, []), { headers: WEB })
  assert.deepEqual(alone.content, trailersFrame('grpc-status: 0\r\ngrpc-message: fine\r\n'))
})

test('what is no gRPC is a status for the page', async (t) => {
  const answer = new HttpResponse(
    503,
    HeaderList.of({ 'content-type': 'text/html' }),
    bodyFrom('<h1>Oh</h1>'),
  )
  const { status, headers, content } = await called(t, answer, { headers: WEB })
  assert.deepEqual([status, headers.get('grpc-status'), content.length], [200, '14', 0])
})

test('calls of gRPC itself, and other requests, pass as they are', async (t) => {
  const grpc = { 'content-type': 'application/grpc' }
  const { headers, content } = await called(t, streamed({ 'grpc-status': '0' }), { headers: grpc })
  assert.deepEqual([headers.get('content-type'), content], ['application/grpc+proto', message])
})

const PREFLIGHT = {
  origin: 'https://shop.example',
  'access-control-request-method': 'POST',
  'access-control-request-headers': 'content-type,x-grpc-web,x-user-agent, bad name',
}

function fieldsOf({ headers }: Played): Record<string, string> {
  const all = [...headers].filter(({ name }) => name.startsWith('access-control-') || name === 'vary')
  return Object.fromEntries(all.map(({ name }) => [name, headers.get(name) ?? '']))
}

test('a preflight of an allowed origin is answered by the gateway', async (t) => {
  const web = { origins: ['https://shop.example'], maxAge: '10m' }
  const { status, asked, ...played } = await called(
    t,
    new HttpResponse(404),
    { method: 'OPTIONS', headers: PREFLIGHT },
    web,
  )
  assert.deepEqual([status, asked], [204, undefined])
  assert.deepEqual(fieldsOf(played as Played), {
    'access-control-allow-origin': 'https://shop.example',
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers': 'content-type, x-grpc-web, x-user-agent',
    'access-control-max-age': '600',
    vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
  })
})

test('a preflight of any other origin allows nothing, and without origins the upstream answers', async (t) => {
  const request = { method: 'OPTIONS', headers: { ...PREFLIGHT, origin: 'https://evil.example' } }
  const refused = await called(t, new HttpResponse(404), request, { origins: ['https://shop.example'] })
  assert.deepEqual([refused.status, refused.headers.get('access-control-allow-origin')], [204, undefined])
  assert.equal((await called(t, new HttpResponse(404), request)).status, 404)
})

for (const [what, web, expected] of [
  [
    'an allowed origin',
    { origins: ['https://shop.example'], credentials: true, exposeHeaders: ['x-cost'] },
    {
      'access-control-allow-origin': 'https://shop.example',
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'grpc-status, grpc-message, grpc-status-details-bin, x-cost',
      vary: 'Origin',
    },
  ],
  [
    'any origin',
    { origins: ['*'] },
    {
      'access-control-allow-origin': '*',
      'access-control-expose-headers': 'grpc-status, grpc-message, grpc-status-details-bin',
    },
  ],
  ['an origin that is not allowed', { origins: ['https://other.example'] }, { vary: 'Origin' }],
] as const) {
  test(`the response to a call of ${what} says so, and nothing that the upstream says of it`, async (t) => {
    const answer = streamed({ 'grpc-status': '0' })
    answer.headers.append('access-control-allow-origin', 'https://upstream.example')
    const request = { headers: { ...WEB, origin: 'https://shop.example' } }
    assert.deepEqual(fieldsOf(await called(t, answer, request, web)), expected)
  })
}

for (const origin of [
  'https://shop.example.evil.example',
  'https://evilshop.example',
  'https://shop.example@evil.example',
  'https://shop.example:443',
  'https://shop.example/',
  'HTTPS://SHOP.EXAMPLE',
  'http://shop.example',
  'https://shop.example, https://evil.example',
  'https://shop.example https://evil.example',
  'null',
  '*',
  '',
]) {
  test(`a page whose origin is ${JSON.stringify(origin)} may neither ask nor read`, async (t) => {
    const web = { origins: ['https://shop.example'], credentials: true }
    for (const request of [
      { method: 'OPTIONS', headers: { ...PREFLIGHT, origin } },
      { headers: { ...WEB, origin } },
    ]) {
      const { headers } = await called(t, streamed({ 'grpc-status': '0' }), request, web)
      const allowed = [...headers].filter(({ name }) => name.startsWith('access-control-'))
      assert.deepEqual([allowed, headers.get('vary')?.includes('Origin')], [[], true])
    }
  })
}

test('what is no origin is refused, and credentials for every page', () => {
  for (const origin of [
    'shop.example',
    'https://shop.example/',
    'https://SHOP.example',
    'https://a.example:443',
    'null',
  ])
    assertRefused({ grpc: { web: { origins: [origin] } } }, /is not the origin of a page/)
  for (const origin of ['https://*shop.example', '*.shop.example'])
    assertRefused({ grpc: { web: { origins: [origin] } } }, /would never match/)
  assertRefused({ grpc: { web: { origins: ['*'], credentials: true } } }, /lets every page act/)
})

test('base64 of any size is decoded, and refused, by work in proportion to it', () => {
  for (const unit of ['AAAA', 'AA==']) {
    const text = unit.repeat(3_000_000)
    assert.equal(decodedGroups(text)?.length, unit === 'AAAA' ? 9_000_000 : 3_000_000)
    assert.equal(decodedGroups(`${text}A=A=`), undefined)
  }
})

test('base64 in any parts decodes to the bytes that were encoded', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 9 })), (parts) => {
      const text = parts.map((part) => Buffer.from(part).toString('base64')).join('')
      assert.deepEqual(decodedGroups(text), Buffer.concat(parts))
    }),
  )
})
