import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { WholeBody } from '../../src/message/body.ts'
import { CLIENT_PREFACE } from '../../src/h2/preface.ts'
import { field } from './hpack-blocks.ts'
import { frame, SETTINGS, uint32 } from './frames.ts'
import { data, ping, reset, settings, windowUpdate } from './raw-client.ts'
import { rig } from './connection-rig.ts'

const OK = [field(':status', '200')]

test('our preface is SETTINGS and the connection’s window, byte by byte, before the client says anything', async (t) => {
  const { client } = await rig(t)
  const bytes = await client.connection.receives(9 + 30 + 13)
  assert.equal(
    Buffer.from(bytes, 'latin1').toString('hex'),
    '00001e' +
      '0400' +
      '00000000' +
      '000300000064' +
      '000400040000' +
      '000600004000' +
      '000900000001' +
      '000800000001' +
      '0000040800' +
      '00000000' +
      '000f0001',
  )
})

test('SETTINGS and PING are acknowledged, in their order', async (t) => {
  const { client } = await rig(t)
  client.send(
    CLIENT_PREFACE,
    SETTINGS,
    ping('12345678'),
    frame(4, 1, 0),
    ping('abcdefgh'),
    ping('notasked', 1),
  )
  assert.deepEqual((await client.until('PING+ACK 0 abcdefgh')).slice(2), [
    'SETTINGS+ACK',
    'PING+ACK 0 12345678',
    'PING+ACK 0 abcdefgh',
  ])
})

test('a request is told, and its response sent, and both ends close the stream', async (t) => {
  const { client, role, connection } = await rig(t)
  client.begin()
  client.send(client.head(1, [[':method', 'POST']], 4), data(1, 'hello'), data(1, 'there', 1))
  await eventually(() => role.told.length === 4, 'all of it is told')
  assert.deepEqual(role.told, ['1 POST', '1 data hello', '1 data there', '1 ended'])
  role.stream(1).sendHeaders(OK, false)
  role.stream(1).sendData(Buffer.from('hi'))
  role.stream(1).sendEnd([field('x-sum', '1')])
  assert.deepEqual((await client.until('HEADERS+END 1')).slice(-3), [
    'HEADERS 1 :status=200',
    'DATA 1 hi',
    'HEADERS+END 1 x-sum=1',
  ])
  assert.equal(connection.streams.table.size, 0)
  assert.equal(role.told.at(-1), '1 sent')
})

test('content is sent within both windows, and goes on when they open', async (t) => {
  const { client, role } = await rig(t)
  client.begin(settings([4, 10]))
  client.send(client.head(1))
  await eventually(() => role.told.length > 0, 'the request is here')
  const stream = role.stream(1)
  stream.sendHeaders(OK, false)
  assert.equal(stream.sendData(Buffer.from('0123456789abcdef')), false)
  stream.sendEnd()
  await client.until('DATA 1 0123456789')
  client.send(windowUpdate(1, 3))
  await client.until('DATA 1 abc')
  client.send(settings([4, 12]))
  await client.until('DATA 1 de')
  client.send(settings([4, 0]), windowUpdate(1, 12))
  client.send(windowUpdate(1, 1))
  assert.deepEqual((await client.until('DATA+END 1 f')).at(-1), 'DATA+END 1 f')
})

test('the connection’s window holds for all streams together', async (t) => {
  const { client, role } = await rig(t)
  client.begin(settings([4, 1_000_000]))
  client.send(client.head(1), client.head(3))
  await eventually(() => role.streams.size === 2, 'both requests are here')
  for (const id of [1, 3]) {
    role.stream(id).sendHeaders(OK, false)
    role.stream(id).sendWhole(WholeBody.fromBytes(Buffer.alloc(40_000)))
  }
  const bytes = () => sizes(client.frames().filter((line) => line.startsWith('DATA')))
  let sum = 0
  await eventually(() => (sum += bytes()) === 65_535, 'the window is used up')
  client.send(windowUpdate(0, 20_000))
  await eventually(() => (sum += bytes()) === 80_000, 'the rest is here')
})

function sizes(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + Number(/\((\d+) bytes\)/.exec(line)?.[1] ?? 0), 0)
}

test('streams that send at the same time have a frame’s turn each', async (t) => {
  const { client, role } = await rig(t)
  client.begin(settings([4, 1_000_000]))
  client.send(windowUpdate(0, 1_000_000), client.head(1), client.head(3), client.head(5))
  await eventually(() => role.streams.size === 3, 'the requests are here')
  // The window of the first is shut until all of them have something to send.
  for (const id of [1, 3, 5]) role.stream(id).sendHeaders(OK, false)
  await client.until('HEADERS 5')
  const { queue } = role.stream(1)['owner'] as unknown as {
    queue: { window: { take: (n: number) => void; grow: (n: number) => void }; pump: () => void }
  }
  queue.window.take(1_065_535)
  for (const id of [1, 3, 5]) role.stream(id).sendWhole(WholeBody.fromBytes(Buffer.alloc(40_000)))
  queue.window.grow(1_065_535)
  queue.pump()
  const order: string[] = []
  await eventually(() => {
    order.push(...client.frames().map((line) => line.replace(/ \(.*/, '')))
    return order.filter((line) => line.startsWith('DATA+END')).length === 3
  }, 'all of it is here')
  assert.deepEqual(order, [
    'DATA 1',
    'DATA 3',
    'DATA 5',
    'DATA 1',
    'DATA 3',
    'DATA 5',
    'DATA+END 1',
    'DATA+END 3',
    'DATA+END 5',
  ])
})

test('windows are opened again by what has gone on, by padding, and by what nobody takes', async (t) => {
  const { client, role } = await rig(t, { http2: { streamWindow: 1000, connectionWindow: 65_535 } })
  client.begin()
  client.send(client.head(1, [], 4), data(1, Buffer.alloc(600)))
  await eventually(() => role.told.length === 2, 'it is here')
  client.send(ping('nothing!'))
  assert.ok(!(await client.until('PING+ACK')).some((line) => line.startsWith('WINDOW_UPDATE 1')))
  role.stream(1).consumed(600)
  await client.until('WINDOW_UPDATE 1 600')
  // 10 bytes of content, one of length, 245 of padding.
  const padded = Buffer.concat([Buffer.from([245]), Buffer.alloc(10 + 245)])
  client.send(frame(0, 8, 1, padded), frame(0, 8, 1, padded), frame(0, 8, 1, padded))
  await client.until('WINDOW_UPDATE 1')
  role.stream(1).reset('CANCEL')
  await client.until('RST_STREAM 1 CANCEL')
  // What is sent on it still is of no use to anybody, and does not shut the connection's window.
  for (let count = 0; count < 70; count++) client.send(data(1, Buffer.alloc(1000)))
  await client.until('WINDOW_UPDATE 0')
})

for (const [what, frames, expected] of [
  ['DATA beyond the stream’s window', [data(1, Buffer.alloc(1001))], 'RST_STREAM 1 FLOW_CONTROL_ERROR'],
  [
    'WINDOW_UPDATE beyond 2^31-1 on a stream',
    [windowUpdate(1, 0x7fff_ffff)],
    'RST_STREAM 1 FLOW_CONTROL_ERROR',
  ],
  [
    'WINDOW_UPDATE beyond 2^31-1 on the connection',
    [windowUpdate(0, 0x7fff_ffff)],
    'GOAWAY 1 FLOW_CONTROL_ERROR',
  ],
  ['WINDOW_UPDATE by nothing on a stream', [windowUpdate(1, 0)], 'RST_STREAM 1 PROTOCOL_ERROR'],
  ['DATA on an idle stream', [data(3, 'x')], 'GOAWAY 1 PROTOCOL_ERROR'],
  ['RST_STREAM on an idle stream', [reset(3)], 'GOAWAY 1 PROTOCOL_ERROR'],
  ['a number that is not a client’s', [frame(1, 5, 2, '\x82')], 'GOAWAY 1 PROTOCOL_ERROR'],
  ['a block that is none', [frame(1, 5, 3, '\xff\xff\xff\xff\xff')], 'GOAWAY 1 COMPRESSION_ERROR'],
  ['DATA behind the end', [data(1, '', 1), data(1, 'x')], 'RST_STREAM 1 STREAM_CLOSED'],
  ['more content than Content-Length says', [data(1, '123456')], 'RST_STREAM 1 PROTOCOL_ERROR'],
  ['less content than Content-Length says', [data(1, '1234', 1)], 'RST_STREAM 1 PROTOCOL_ERROR'],
] as const) {
  test(`${what}: ${expected}`, async (t) => {
    const { client, role } = await rig(t, { http2: { streamWindow: 1000 } })
    client.begin()
    const length = what.includes('Content-Length') ? [['content-length', '5'] as const] : []
    client.send(client.head(1, length, 4))
    client.send(...frames)
    await client.until(expected)
    if (expected.startsWith('GOAWAY')) {
      await client.gone()
      assert.ok(
        role.told.some((line) => line.startsWith('failed')),
        role.told.join(' | '),
      )
    }
    assert.ok(
      role.told.some((line) => line.startsWith('1 aborted')),
      role.told.join(' | '),
    )
  })
}

test('a stream beyond the limit is refused, and the connection goes on', async (t) => {
  const { client, role } = await rig(t, { http2: { streams: 2 } })
  client.begin()
  client.send(client.head(1), client.head(3), client.head(5), data(5, 'late'))
  await client.until('RST_STREAM 5 REFUSED_STREAM')
  role.stream(1).sendHeaders(OK, true)
  await client.until('HEADERS+END 1')
  client.send(client.head(7))
  await eventually(() => role.streams.has(7), 'there is a place again')
})

test('a frame on a stream that we have reset is ignored, and HEADERS on one that both have ended are a fault', async (t) => {
  const { client, role } = await rig(t)
  client.begin()
  client.send(client.head(1, [], 4), client.head(3))
  await eventually(() => role.streams.size === 2, 'they are here')
  role.stream(1).reset('CANCEL')
  role.stream(3).sendHeaders(OK, true)
  await client.until('HEADERS+END 3')
  client.send(data(1, 'late'), windowUpdate(1, 9), reset(1), client.head(1, [], 5), ping('12345678'))
  await client.until('PING+ACK')
  client.send(client.head(3))
  await client.until('GOAWAY 3 STREAM_CLOSED')
})

test('a drain tells that it begins, takes what was on its way, tells the last, and ends with it', async (t) => {
  const { client, role, connection } = await rig(t)
  client.begin()
  client.send(client.head(1))
  await eventually(() => role.streams.has(1), 'a request is here')
  connection.drain(1_000)
  const [goaway, question] = (await client.until('PING')).slice(-2)
  assert.equal(goaway, 'GOAWAY 2147483647 NO_ERROR')
  client.send(client.head(3), ping(question?.slice(-8) ?? '', 1), client.head(5))
  await client.until('GOAWAY 3 NO_ERROR')
  role.stream(1).sendHeaders(OK, true)
  await client.until('HEADERS+END 1')
  assert.equal(role.streams.has(5), false)
  role.stream(3).sendHeaders(OK, true)
  await client.until('HEADERS+END 3')
  assert.deepEqual(await client.gone(), [])
})

test('a drain that the peer does not answer goes on after its grace', async (t) => {
  const { client, connection, clock } = await rig(t)
  client.begin()
  await client.until('SETTINGS+ACK')
  connection.drain(1_000)
  await client.until('PING')
  await clock.advance(1_100)
  assert.deepEqual(await client.gone(), ['GOAWAY 0 NO_ERROR'])
})

test('a peer that is half closed is sent what it asked for whole', async (t) => {
  const { client, role } = await rig(t)
  client.begin()
  client.send(client.head(1), client.head(3, [], 4))
  await eventually(() => role.streams.size === 2, 'both are here')
  client.connection.finish()
  await eventually(
    () => role.told.includes('3 aborted by connection CANCEL'),
    'half a request never comes whole',
  )
  role.stream(1).sendHeaders(OK, true)
  await client.until('HEADERS+END 1')
  await client.gone()
})

test('a connection that is lost aborts its streams, once', async (t) => {
  const { client, role, clock } = await rig(t)
  client.begin()
  client.send(client.head(1))
  await eventually(() => role.streams.has(1), 'it is here')
  client.connection.reset()
  await eventually(() => role.told.includes('closed'), 'it is noticed')
  assert.deepEqual(role.told, ['1 GET end', '1 aborted by connection CANCEL', 'closed'])
  assert.equal(role.stream(1).sendData(Buffer.from('x')), true)
  role.stream(1).sendHeaders(OK, true)
  assert.equal(clock.pending, 0)
})

test('GOAWAY with an unknown frame before the preface’s SETTINGS is a fault', async (t) => {
  const { client } = await rig(t)
  client.send(CLIENT_PREFACE, frame(0x42, 0, 0, uint32(1)))
  await client.until('GOAWAY 0 PROTOCOL_ERROR')
  await client.gone()
})
