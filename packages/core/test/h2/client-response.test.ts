import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { collect } from '../../src/message/body.ts'
import { TrafficError } from '../../src/message/errors.ts'
import type { HeaderList } from '../../src/message/headers.ts'
import { clientRig, told } from './client-rig.ts'
import { frame } from './frames.ts'
import type { Pair } from './hpack-blocks.ts'
import { data, ping } from './raw-client.ts'

test('a response that came in one read has its content at once, any other has it as it comes', async (t) => {
  const { call, accept } = await clientRig(t)
  const [one, two] = [call('/1'), call('/2')]
  const server = await accept()
  await server.until('HEADERS+END 3')
  server.send(server.response(1, [['content-length', '5']]), data(1, 'he'), data(1, 'llo', 1))
  const whole = await one.response
  assert.equal(whole.version, '2')
  assert.equal(whole.body.whole?.latin1, 'hello')
  server.send(server.response(3), data(3, 'par'))
  const { body } = await two.response
  assert.equal(body.whole, undefined)
  server.send(data(3, 't', 1))
  assert.equal((await collect(body)).toString(), 'part')
})

test('trailers come behind the content, without what comes too late to be heeded', async (t) => {
  const { call, accept } = await clientRig(t)
  const one = call()
  const server = await accept()
  await server.until('HEADERS')
  const trailers: Pair[] = [
    ['grpc-status', '0'],
    ['content-type', 'text/html'],
    ['set-cookie', 'a=1'],
  ]
  server.send(server.response(1), data(1, 'x'), server.section(1, trailers))
  const { body } = await one.response
  const came = await new Promise<HeaderList | undefined>((resolve, reject) => {
    body.flowTo({ write: () => true, end: resolve, fail: reject })
  })
  assert.deepEqual([...(came ?? [])], [{ name: 'grpc-status', value: '0' }])
})

test('1xx responses are passed on before the final one', async (t) => {
  const { call, accept } = await clientRig(t)
  const one = call()
  const hints: string[] = []
  one.exchange.inform = (status, headers) => hints.push(`${status} ${headers.get('link')}`)
  const server = await accept()
  await server.until('HEADERS')
  server.send(
    server.response(1, [['link', '</a.css>']], { status: '103' }),
    server.response(1, [], { end: true }),
  )
  assert.equal(await told(one), '200')
  assert.deepEqual(hints, ['103 </a.css>'])
})

for (const [what, method, status] of [
  ['HEAD', 'HEAD', '200'],
  ['204', 'GET', '204'],
  ['304', 'GET', '304'],
] as const) {
  test(`a response to ${what} has no content, whatever length its fields tell`, async (t) => {
    const { call, accept } = await clientRig(t)
    const [one, two] = [call('/', { method }), call('/', { method })]
    const server = await accept()
    await server.until('HEADERS+END 3')
    server.send(server.response(1, [['content-length', '5']], { end: true, status }))
    const { body, headers } = await one.response
    assert.equal(body.length, 0)
    assert.equal(headers.get('content-length'), '5')
    server.send(server.response(3, [], { status }), data(3, 'x', 1))
    await assert.rejects(two.response, { code: 'malformed_response' })
    await server.until('RST_STREAM 3 PROTOCOL_ERROR')
  })
}

type Frames = (server: {
  response(id: number, fields?: readonly Pair[], options?: object): Buffer
  section(id: number, fields: readonly Pair[], flags?: number): Buffer
}) => Buffer[]

const REFUSED: readonly (readonly [what: string, frames: Frames, code?: string])[] = [
  ['without :status', (server) => [server.section(1, [['a', 'b']])]],
  ['with :status twice', (server) => [server.response(1, [[':status', '200']])]],
  ['with :path', (server) => [server.response(1, [[':path', '/']])]],
  [
    'with :status behind a field',
    (server) => [
      server.section(1, [
        ['a', 'b'],
        [':status', '200'],
      ]),
    ],
  ],
  ['with a status of two digits', (server) => [server.response(1, [], { status: '20' })]],
  ['with status 600', (server) => [server.response(1, [], { status: '600' })]],
  ['with 101', (server) => [server.response(1, [], { status: '101' })]],
  ['of 1xx that ends the stream', (server) => [server.response(1, [], { status: '103', end: true })]],
  ['with Connection', (server) => [server.response(1, [['connection', 'close']])]],
  ['with Transfer-Encoding', (server) => [server.response(1, [['transfer-encoding', 'chunked']])]],
  ['with Upgrade', (server) => [server.response(1, [['upgrade', 'h3']])]],
  ['with a name in upper case', (server) => [server.response(1, [['X-A', 'b']])]],
  ['with a line break in a value', (server) => [server.response(1, [['a', 'b\r\nc: d']])]],
  ['with NUL in a value', (server) => [server.response(1, [['a', 'b\0']])]],
  ['with a blank in a name', (server) => [server.response(1, [['a b', 'c']])]],
  [
    'with two lengths',
    (server) => [
      server.response(1, [
        ['content-length', '1'],
        ['content-length', '1'],
      ]),
    ],
  ],
  ['with a length that is not one', (server) => [server.response(1, [['content-length', '+1']])]],
  [
    'with less content than announced',
    (server) => [server.response(1, [['content-length', '5']]), data(1, 'abc', 1)],
  ],
  [
    'with more content than announced',
    (server) => [server.response(1, [['content-length', '2']]), data(1, 'abc')],
  ],
  [
    'that announces content and ends',
    (server) => [server.response(1, [['content-length', '2']], { end: true })],
  ],
  ['with content before its head', () => [data(1, 'abc')]],
  ['that is none, but an end', () => [data(1, '', 1)]],
  ['with content behind 1xx', (server) => [server.response(1, [], { status: '103' }), data(1, 'abc', 1)]],
  [
    'with a head that is too large',
    (server) => [server.response(1, [['a', 'b'.repeat(16_352)]])],
    'response_head_too_large',
  ],
  [
    'with too many fields',
    (server) => [
      server.response(
        1,
        Array.from({ length: 101 }, (_, index): Pair => [`a${index}`, '']),
      ),
    ],
    'response_head_too_large',
  ],
  [
    'with too many 1xx before it',
    (server) => Array.from({ length: 33 }, () => server.response(1, [], { status: '102' })),
    'response_head_too_large',
  ],
  [
    'with 1xx that are too large together',
    (server) =>
      Array.from({ length: 3 }, () => server.response(1, [['a', 'b'.repeat(8_000)]], { status: '103' })),
    'response_head_too_large',
  ],
]

for (const [what, frames, code = 'malformed_response'] of REFUSED) {
  test(`a response ${what} is refused, and the connection goes on`, async (t) => {
    const { call, accept, endpoint } = await clientRig(t)
    const [one, two] = [call('/1'), call('/2')]
    const server = await accept()
    await server.until('HEADERS+END 3')
    server.send(...frames(server))
    await assert.rejects(one.response, (error: TrafficError) => {
      assert.equal(error.code, code, error.message)
      assert.equal(error.replaySafe, 'idempotent')
      return true
    })
    // Both sides have ended the stream: there is nothing left to reset.
    if (!what.includes('none'))
      assert.equal((await server.until('RST_STREAM')).at(-1), 'RST_STREAM 1 PROTOCOL_ERROR')
    server.send(server.response(3, [], { end: true }))
    assert.equal(await told(two), '200')
    assert.equal(endpoint.stats().opened, 1)
  })
}

for (const [what, section] of [
  ['that do not end the stream', (server) => server.section(1, [['a', 'b']], 4)],
  ['with a pseudo-header field', (server) => server.section(1, [[':status', '200']])],
  ['with Connection', (server) => server.section(1, [['connection', 'close']])],
  ['that are too large', (server) => server.section(1, [['a', 'b'.repeat(16_352)]])],
] as readonly (readonly [string, (server: Parameters<Frames>[0]) => Buffer])[]) {
  test(`trailers ${what} break the content`, async (t) => {
    const { call, accept } = await clientRig(t)
    const one = call()
    const server = await accept()
    await server.until('HEADERS')
    server.send(server.response(1), data(1, 'x'))
    const { body } = await one.response
    server.send(section(server))
    await assert.rejects(collect(body), { code: 'malformed_response' })
    await server.until('RST_STREAM 1 PROTOCOL_ERROR')
  })
}

test('a second response on a stream that has ended is no response to anything', async (t) => {
  const { call, accept } = await clientRig(t)
  const [one, two] = [call('/1'), call('/2')]
  const server = await accept()
  await server.until('HEADERS+END 3')
  server.send(server.response(1, [], { end: true }), server.response(1, [['x-smuggled', '1']], { end: true }))
  await server.until('GOAWAY')
  assert.equal(await told(one), '200')
  await assert.rejects(two.response, { code: 'malformed_response' })
})

test('a response to what was never asked ends the connection', async (t) => {
  const { call, accept } = await clientRig(t)
  const one = call()
  const server = await accept()
  await server.until('HEADERS')
  server.send(server.response(7, [], { end: true }))
  assert.equal((await server.until('GOAWAY')).at(-1), 'GOAWAY 0 PROTOCOL_ERROR')
  await assert.rejects(one.response, { code: 'malformed_response' })
})

test('a push ends the connection, and so does a stream that the server opens', async (t) => {
  for (const bytes of [frame(5, 4, 1, '\0\0\0\x02'), frame(1, 5, 2, '\x88')]) {
    const { call, accept } = await clientRig(t)
    const one = call()
    const server = await accept()
    await server.until('HEADERS')
    server.send(bytes)
    await server.until('GOAWAY 0 PROTOCOL_ERROR')
    await assert.rejects(one.response, { code: 'malformed_response' })
  }
})

test('who does not read a response holds the window of its stream, and no other', async (t) => {
  const { call, accept } = await clientRig(t, { http2: { streamWindow: 70_000, connectionWindow: 80_000 } })
  const slow = call('/slow')
  const quick = call('/quick')
  const server = await accept()
  await server.until('HEADERS+END 3')
  const sixteen = Buffer.alloc(16_384)
  server.send(server.response(1), data(1, sixteen))
  const { body } = await slow.response
  let taken = 0
  let taking = false
  body.flowTo({
    write: (chunk) => {
      taken += chunk.byteLength
      return taking
    },
    end: () => {},
    fail: () => {},
  })
  for (let count = 0; count < 3; count++) server.send(data(1, sixteen))
  server.send(server.response(3))
  for (let count = 0; count < 3; count++) server.send(data(3, sixteen))
  server.send(data(3, '', 1), ping('are here'))
  const frames = await server.until('PING+ACK')
  assert.ok(
    frames.some((line) => line.startsWith('WINDOW_UPDATE 0')),
    'the connection’s window opens',
  )
  assert.ok(!frames.some((line) => line.startsWith('WINDOW_UPDATE 1')), 'that of the stream does not')
  assert.equal(await told(quick), `200 ${'\0'.repeat(3 * 16_384)}`)
  taking = true
  body.resume()
  await server.until('WINDOW_UPDATE 1')
  assert.equal(taken, 4 * 16_384)
})

test('a response in frames of a byte each is joined while nobody takes it, so that it takes no more memory than what is in it', async (t) => {
  const { call, accept } = await clientRig(t)
  const one = call()
  const server = await accept()
  await server.until('HEADERS+END 1')
  const small = (count: number): Buffer => Buffer.concat(Array.from({ length: count }, () => data(1, 'a')))
  server.send(server.response(1), data(1, 'begin'))
  const { body } = await one.response
  const writes: number[] = []
  body.flowTo({ write: (chunk) => (writes.push(chunk.byteLength), false), end: () => {}, fail: () => {} })
  server.send(small(1_000), ping('12345678'))
  await server.until('PING+ACK')
  body.resume()
  server.send(small(1_000), data(1, 'a', 1), ping('12345678'))
  await server.until('PING+ACK')
  assert.deepEqual(writes, [5, 1, 999, 1_001])
})

test('who gives a response up resets its stream alone', async (t) => {
  const { call, accept, endpoint } = await clientRig(t)
  const one = call()
  const server = await accept()
  await server.until('HEADERS')
  server.send(server.response(1), data(1, 'x'))
  const { body } = await one.response
  body.cancel(new TrafficError('cancelled', 'enough'))
  await server.until('RST_STREAM 1 CANCEL')
  await eventually(() => endpoint.stats().idle === 1, 'the connection is free')
})
