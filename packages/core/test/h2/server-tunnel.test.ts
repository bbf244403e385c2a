import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { WholeBody } from '../../src/message/body.ts'
import { frame } from './frames.ts'
import type { Pair } from './hpack-blocks.ts'
import { data, reset } from './raw-client.ts'
import { serve, type Served, type ServedOptions } from './server-rig.ts'
import { TunnelEnd } from './tunnel-end.ts'

const CONNECT: readonly Pair[] = [
  [':method', 'CONNECT'],
  [':protocol', 'websocket'],
]
const WHOLE: readonly Pair[] = [...CONNECT, [':scheme', 'http'], [':authority', 'h'], [':path', '/']]

interface Tunnels extends Served {
  /** The far ends, in the order of the requests. */
  readonly ends: readonly TunnelEnd[]
}

/** A server that grants each request for a WebSocket. */
async function tunnels(t: TestContext, options?: ServedOptions): Promise<Tunnels> {
  const ends: TunnelEnd[] = []
  const served = await serve(
    t,
    async () => {
      const end = new TunnelEnd()
      ends.push(end)
      const fields = { 'sec-websocket-protocol': 'chat', 'sec-websocket-accept': 'x', upgrade: 'websocket' }
      return new HttpResponse(101, HeaderList.of(fields), undefined, end)
    },
    options,
  )
  return { ...served, ends }
}

test('an extended CONNECT is the request that an upgrade of HTTP/1.1 is, and 101 is its 200', async (t) => {
  const server = await tunnels(t)
  const client = await server.client()
  const fields: Pair[] = [
    ['sec-websocket-version', '13'],
    ['sec-websocket-key', 'AAAAAAAAAAAAAAAAAAAAAA=='],
  ]
  client.send(client.head(1, [...CONNECT, [':path', '/chat?a=b'], ...fields], 4))
  const head = (await client.until('HEADERS 1')).at(-1) ?? ''
  assert.match(head, /^HEADERS 1 :status=200 sec-websocket-protocol=chat date=[^=]*$/)
  const { method, upgrade, path, query, version, body, headers } =
    server.exchanges[0]?.request ?? assert.fail()
  assert.deepEqual(
    [method, upgrade, path, query, version, body.length],
    ['GET', 'websocket', '/chat', '?a=b', '2', 0],
  )
  assert.deepEqual(
    [...headers].map(({ name }) => name),
    ['host', 'sec-websocket-version'],
  )
})

test('bytes pass both ways, each direction ends on its own, and the outcome counts them', async (t) => {
  const server = await tunnels(t)
  const client = await server.client()
  client.send(client.head(1, CONNECT, 4), data(1, 'early'))
  await client.until('HEADERS 1')
  await client.until('WINDOW_UPDATE 1 196609')
  const end = server.ends[0] ?? assert.fail()
  await eventually(() => end.text === 'early', 'what came before the answer is passed on')
  end.push('welcome')
  await client.until('DATA 1 welcome')
  client.send(data(1, '+late', 1))
  await eventually(() => end.over === 'end', 'the end is passed on')
  assert.equal(end.text, 'early+late')
  end.push('bye')
  await client.until('DATA 1 bye')
  assert.deepEqual(server.outcomes, [])
  end.incoming.end()
  await client.until('DATA+END 1')
  assert.deepEqual(server.outcomes, [{ status: 101, error: undefined, bytesSent: 10, bytesReceived: 10 }])
})

test('where the far end has ended first, the tunnel is over when the client ends its side', async (t) => {
  const server = await tunnels(t)
  const client = await server.client()
  client.send(client.head(1, CONNECT, 4))
  await client.until('HEADERS 1')
  server.ends[0]?.incoming.end()
  await client.until('DATA+END 1')
  client.send(data(1, 'bye', 1))
  await eventually(() => server.outcomes.length === 1, 'it is over')
  assert.deepEqual([server.ends[0]?.text, server.ends[0]?.over], ['bye', 'end'])
})

test('what came with its end before the answer is passed on with it', async (t) => {
  const answer = Promise.withResolvers<HttpResponse>()
  const server = await serve(t, () => answer.promise)
  const client = await server.client()
  client.send(client.head(1, CONNECT, 4))
  await eventually(() => server.exchanges.length === 1, 'it is handled')
  client.send(data(1, 'hello', 1), frame(6, 0, 0, '12345678'))
  await client.until('PING+ACK')
  const end = new TunnelEnd()
  answer.resolve(new HttpResponse(101, undefined, undefined, end))
  await client.until('HEADERS 1')
  assert.deepEqual([end.text, end.over], ['hello', 'end'])
})

for (const [what, isGranted] of [
  ['that is refused', false],
  ['whose far end takes nothing', true],
] as const) {
  test(`a tunnel ${what} gives the connection’s window back when it ends`, async (t) => {
    const end = new TunnelEnd()
    end.hasRoom = false
    const answer = Promise.withResolvers<HttpResponse>()
    const server = await serve(t, () => answer.promise, { http2: { connectionWindow: 100_000 } })
    const client = await server.client()
    client.send(client.head(1, CONNECT, 4))
    client.send(...Array.from({ length: 4 }, () => data(1, 'x'.repeat(15_000))))
    client.send(frame(6, 0, 0, '12345678'))
    const before = await client.until('PING+ACK')
    assert.ok(!before.some((line) => line.startsWith('WINDOW_UPDATE 0 60')))
    answer.resolve(new HttpResponse(isGranted ? 101 : 403, undefined, undefined, isGranted ? end : undefined))
    if (isGranted) {
      await client.until('HEADERS 1')
      client.send(data(1, '', 1))
    }
    await client.until('WINDOW_UPDATE 0 60000')
  })
}

test('a WebSocket whose client has ended its side with the request is granted, and told so', async (t) => {
  const server = await tunnels(t)
  const client = await server.client()
  client.send(client.head(1, CONNECT))
  await client.until('HEADERS 1')
  assert.equal(server.ends[0]?.over, 'end')
})

test('before the answer what comes is held without credit, however small the frames, and a refusal throws it away', async (t) => {
  const answer = Promise.withResolvers<HttpResponse>()
  const server = await serve(t, () => answer.promise)
  const client = await server.client()
  const small = Array.from({ length: 1_535 }, () => data(1, 'x'))
  const large = Array.from({ length: 4 }, () => data(1, 'x'.repeat(16_000)))
  client.send(client.head(1, CONNECT, 4), ...small, ...large)
  client.send(data(1, 'y'))
  await client.until('RST_STREAM 1 FLOW_CONTROL_ERROR')
  client.send(client.head(3, CONNECT, 4), data(3, 'GET /smuggled HTTP/1.1\r\n\r\n'))
  await eventually(() => server.exchanges.length === 2, 'both are handled')
  answer.resolve(new HttpResponse(403, undefined, WholeBody.fromLatin1('members only')))
  const lines = await client.until('DATA+END 3')
  assert.ok(lines.some((line) => line.startsWith('HEADERS 3 :status=403')))
  assert.ok(!lines.some((line) => line.startsWith('WINDOW_UPDATE 1')))
  client.send(data(3, '', 1), client.head(5))
  await client.until('HEADERS 5 :status=403')
})

for (const status of [200, 204, 299]) {
  test(`a response of ${status} without a tunnel must not pass for one: the client gets 501`, async (t) => {
    const body = status === 204 ? undefined : WholeBody.fromLatin1('hello')
    const server = await serve(t, async () => new HttpResponse(status, undefined, body))
    const client = await server.client()
    client.send(client.head(1, CONNECT, 4))
    await client.until('HEADERS 1 :status=501')
    assert.equal(server.refusals[0]?.code, 'unsupported_method')
  })
}

const without = (name: string): Pair[] => WHOLE.filter((pair) => pair[0] !== name)

for (const [what, fields] of Object.entries<readonly Pair[]>({
  ':protocol with GET': WHOLE.map((pair): Pair => (pair[0] === ':method' ? [':method', 'GET'] : pair)),
  ':protocol twice': [...WHOLE, [':protocol', 'websocket']],
  ':protocol behind a field': [...without(':protocol'), ['a', 'b'], [':protocol', 'websocket']],
  'no :scheme': without(':scheme'),
  'no :path': without(':path'),
  'an empty :path': [...without(':path'), [':path', '']],
  'no :protocol, where the rest is that of a request': without(':protocol'),
  'content-length': [...WHOLE, ['content-length', '0']],
  'upgrade, as over HTTP/1.1': [...WHOLE, ['connection', 'upgrade'], ['upgrade', 'websocket']],
})) {
  test(`an extended CONNECT is malformed with ${what}, and the connection goes on`, async (t) => {
    const server = await tunnels(t)
    const client = await server.client()
    client.send(frame(1, 4, 1, client.block(fields)))
    await client.until('RST_STREAM 1 PROTOCOL_ERROR')
    client.send(client.head(3, CONNECT, 4))
    await client.until('HEADERS 3 :status=200')
    assert.equal(server.exchanges.length, 1)
  })
}

test('another :protocol, none, and a path with two readings are refused with a status', async (t) => {
  const server = await tunnels(t)
  const client = await server.client()
  const refused: [string, readonly Pair[]][] = [
    [
      '501',
      [
        [':method', 'CONNECT'],
        [':protocol', 'connect-udp'],
      ],
    ],
    [
      '501',
      [
        [':method', 'CONNECT'],
        [':protocol', ''],
      ],
    ],
    ['400', [...CONNECT, [':path', '/a%2Fb']]],
    ['400', [...CONNECT, ['host', 'other']]],
    ['417', [...CONNECT, ['expect', 'more']]],
  ]
  for (const [index, [status, fields]] of refused.entries()) {
    const id = 2 * index + 1
    client.send(client.head(id, fields, 4))
    await client.until(`HEADERS ${id} :status=${status}`)
  }
  client.send(
    frame(
      1,
      4,
      21,
      client.block([
        [':method', 'CONNECT'],
        [':authority', 'h:80'],
      ]),
    ),
  )
  await client.until('HEADERS 21 :status=501')
  client.send(
    client.head(
      23,
      [
        [':method', 'CONNECT'],
        [':protocol', 'WebSocket'],
      ],
      4,
    ),
  )
  await client.until('HEADERS 23 :status=200')
  assert.equal(server.exchanges.length, 1)
})

for (const [when, flags] of [
  ['before the answer', 4],
  ['behind it', 5],
] as const) {
  test(`HEADERS ${when} have no place in a tunnel, be they trailers with :protocol or not: the stream is reset`, async (t) => {
    const server = await tunnels(t)
    const client = await server.client()
    const trailers = frame(1, 5, 1, client.block([['x-sum', '9']]))
    client.send(client.head(1, CONNECT, 4))
    if (flags === 4) client.send(trailers)
    else {
      await client.until('HEADERS 1')
      client.send(frame(1, flags, 1, client.block([[':protocol', 'websocket']])))
    }
    await client.until('RST_STREAM 1 PROTOCOL_ERROR')
    client.send(client.head(3, CONNECT, 4))
    await client.until('HEADERS 3 :status=200')
  })
}

test('a reset by the client cuts the tunnel, behind what it has sent', async (t) => {
  const server = await tunnels(t)
  const client = await server.client()
  client.send(client.head(1, CONNECT, 4))
  await client.until('HEADERS 1')
  client.send(data(1, 'last words'), reset(1))
  const end = server.ends[0] ?? assert.fail()
  await eventually(() => end.over === 'fail', 'it is cut')
  assert.deepEqual([end.text, end.isUnwanted], ['last words', true])
  assert.deepEqual(
    server.outcomes.map(({ status, error }) => [status, error]),
    [[101, undefined]],
  )
})

test('where the far end is lost the client gets what came from there, then the end, and CANCEL once it had time to read', async (t) => {
  const server = await tunnels(t)
  const client = await server.client()
  client.send(client.head(1, CONNECT, 4))
  await client.until('HEADERS 1')
  server.ends[0]?.push('close frame')
  server.ends[0]?.cut()
  server.ends[0]?.incoming.fail(new Error('lost') as never)
  await client.until('DATA 1 close frame')
  await client.until('DATA+END 1')
  await server.clock.advance(1_999)
  assert.deepEqual(client.frames(), [])
  await server.clock.advance(1)
  await client.until('RST_STREAM 1 CANCEL')
  client.send(client.head(3, CONNECT, 4))
  await client.until('HEADERS 3')
  server.ends[1]?.cut()
  await client.until('RST_STREAM 3 CANCEL')
})

test('a tunnel in which nothing passes for long is cut, and bytes of either side put that off', async (t) => {
  const server = await tunnels(t, { options: { tunnelIdleTimeout: 10_000 } })
  const client = await server.client()
  client.send(client.head(1, CONNECT, 4))
  await client.until('HEADERS 1')
  const end = server.ends[0] ?? assert.fail()
  await server.clock.advance(9_000)
  client.send(data(1, 'x'))
  await eventually(() => end.text === 'x', 'it comes')
  await server.clock.advance(9_000)
  end.push('y')
  await client.until('DATA 1 y')
  await server.clock.advance(9_999)
  assert.deepEqual(client.frames(), [])
  await server.clock.advance(1)
  await client.until('RST_STREAM 1 CANCEL')
  assert.deepEqual([end.over, end.isUnwanted], ['fail', true])
})

test('a far end that takes nothing keeps the window shut, and gets all of it in one piece when it does', async (t) => {
  const server = await tunnels(t)
  const client = await server.client()
  client.send(client.head(1, CONNECT, 4))
  await client.until('HEADERS 1')
  const end = server.ends[0] ?? assert.fail()
  client.frames()
  end.hasRoom = false
  client.send(...Array.from({ length: 6_000 }, () => data(1, 'x')), data(1, '', 1))
  client.send(frame(6, 0, 0, '12345678'))
  const lines = await client.until('PING+ACK')
  assert.deepEqual(
    lines.filter((line) => line.startsWith('WINDOW_UPDATE')),
    [],
  )
  assert.deepEqual([end.text, end.over], ['x', undefined])
  end.drain()
  assert.deepEqual([end.text.length, end.writes, end.over], [6_000, 2, 'end'])
})

test('a client that takes nothing keeps the far end waiting, and memory at the window', async (t) => {
  const server = await tunnels(t)
  const client = await server.client()
  client.send(client.head(1, CONNECT, 4))
  await client.until('HEADERS 1')
  const end = server.ends[0] ?? assert.fail()
  assert.equal(end.waits, false)
  end.push('x'.repeat(65_535))
  assert.equal(end.waits, false)
  end.push('yz')
  assert.equal(end.waits, true)
  client.send(frame(8, 0, 0, Buffer.from([0, 0, 1, 0])), frame(8, 0, 1, Buffer.from([0, 0, 1, 0])))
  await client.until('DATA 1 yz')
  assert.equal(end.waits, false)
})

test('a tunnel lives on where its connection is drained, which ends with it', async (t) => {
  const server = await tunnels(t)
  const client = await server.client()
  client.send(client.head(1, CONNECT, 4))
  await client.until('HEADERS 1')
  server.connections[0]?.drain(100)
  await client.until('GOAWAY')
  await server.clock.advance(100)
  await client.until('GOAWAY 1 NO_ERROR')
  const end = server.ends[0] ?? assert.fail()
  end.push('still here')
  await client.until('DATA 1 still here')
  client.send(data(1, 'bye', 1))
  await eventually(() => end.over === 'end', 'the end comes')
  end.incoming.end()
  await client.until('DATA+END 1')
  await client.gone()
})

test('resets that end tunnels, and small messages in them, are no work in vain', async (t) => {
  const server = await tunnels(t, { http2: { wastedWork: 20 } })
  const client = await server.client()
  for (let id = 1; id < 100; id += 2) {
    client.send(client.head(id, CONNECT, 4))
    await client.until(`HEADERS ${id}`)
    client.send(...Array.from({ length: 50 }, () => data(id, 'x')), reset(id))
  }
  client.send(client.head(101, CONNECT, 4))
  await client.until('HEADERS 101')
  assert.equal(server.ends.length, 51)
})

test('a WebSocket counts as a stream: one beyond the limit is refused, and may be tried again', async (t) => {
  const server = await tunnels(t, { http2: { streams: 2 } })
  const client = await server.client()
  client.send(client.head(1, CONNECT, 4), client.head(3, CONNECT, 4))
  await client.until('HEADERS 3')
  client.send(client.head(5, CONNECT, 4))
  await client.until('RST_STREAM 5 REFUSED_STREAM')
})

test('a tunnel that is granted when its client has left is dropped', async (t) => {
  const answer = Promise.withResolvers<HttpResponse>()
  const server = await serve(t, () => answer.promise)
  const client = await server.client()
  client.send(client.head(1, CONNECT, 4))
  await eventually(() => server.exchanges.length === 1, 'it is handled')
  client.send(reset(1))
  await eventually(() => server.outcomes.length === 1, 'it is over')
  const end = new TunnelEnd()
  answer.resolve(new HttpResponse(101, undefined, undefined, end))
  await eventually(() => end.over === 'fail', 'it is dropped')
})
