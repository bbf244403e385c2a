import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { WholeBody } from '../../src/message/body.ts'
import { CLIENT_PREFACE } from '../../src/h2/preface.ts'
import { field } from './hpack-blocks.ts'
import { frame, SETTINGS } from './frames.ts'
import { ping, settings, windowUpdate } from './raw-client.ts'
import { rig } from './connection-rig.ts'

const OK = [field(':status', '200')]

for (const [what, bytes] of [
  ['the preface', CLIENT_PREFACE.subarray(0, 10)],
  ['the first SETTINGS', CLIENT_PREFACE],
  ['half a frame', Buffer.concat([CLIENT_PREFACE, SETTINGS, frame(6, 0, 0, '12345678').subarray(0, 12)])],
  ['half a block', Buffer.concat([CLIENT_PREFACE, SETTINGS, frame(1, 1, 1, '\x82')])],
] as const) {
  test(`${what} is waited for no longer than the time for a head`, async (t) => {
    const { client, clock } = await rig(t, { http2: { settingsTimeout: Infinity } })
    client.send(bytes)
    await client.until('WINDOW_UPDATE')
    await clock.advance(29_900)
    assert.equal(client.connection.ended, false)
    await clock.advance(200)
    assert.ok((await client.gone()).includes('GOAWAY 0 PROTOCOL_ERROR'))
  })
}

test('SETTINGS that are not acknowledged end the connection', async (t) => {
  const { client, clock } = await rig(t)
  client.send(CLIENT_PREFACE, SETTINGS)
  await client.until('SETTINGS+ACK')
  await clock.advance(10_100)
  assert.deepEqual(await client.gone(), ['GOAWAY 0 SETTINGS_TIMEOUT'])
})

test('a connection without streams is closed after its idle time, in two steps', async (t) => {
  const { client, clock, role } = await rig(t)
  client.begin()
  client.send(client.head(1))
  await eventually(() => role.streams.has(1), 'it is here')
  await clock.advance(50_000)
  role.stream(1).sendHeaders(OK, true)
  await client.until('HEADERS+END 1')
  await clock.advance(74_000)
  assert.deepEqual(client.frames(), [])
  await clock.advance(1_100)
  const question = (await client.until('PING')).at(-1) ?? ''
  client.send(ping(question.slice(-8), 1))
  assert.deepEqual(await client.gone(), ['GOAWAY 1 NO_ERROR'])
})

test('a peer that says nothing while a stream is open is asked, and given up if it does not answer', async (t) => {
  const { client, clock, role } = await rig(t)
  client.begin()
  client.send(client.head(1))
  await eventually(() => role.streams.has(1), 'it is here')
  await clock.advance(60_100)
  const question = (await client.until('PING')).at(-1) ?? ''
  client.send(ping(question.slice(-8), 1))
  client.send(ping('answered'))
  await client.until('PING+ACK')
  await clock.advance(20_000 + 60_000)
  await client.until('PING')
  await clock.advance(20_100)
  await eventually(() => role.told.includes('1 aborted by connection CANCEL'), 'it is given up')
})

test('a peer that does not open the connection’s window is given up', async (t) => {
  const { client, clock, role } = await rig(t, { http2: { pingInterval: Infinity } })
  client.begin(settings([4, 1_000_000]))
  client.send(client.head(1))
  await eventually(() => role.streams.has(1), 'it is here')
  role.stream(1).sendHeaders(OK, false)
  role.stream(1).sendWhole(WholeBody.fromBytes(Buffer.alloc(100_000)))
  await client.until('DATA 1 (16383 bytes)')
  await clock.advance(29_000)
  client.send(windowUpdate(0, 1))
  await client.until('DATA 1')
  await clock.advance(900)
  assert.ok(!role.told.some((line) => line.includes('aborted')))
  // By now a byte in half a minute is less than the rate asks.
  await clock.advance(1_100)
  await eventually(() => role.told.includes('1 aborted by slow CANCEL'), 'it is given up')
})

test('a peer that does not read is not read from, and given up', async (t) => {
  const { client, clock, role, connection } = await rig(t, {
    http2: { pingInterval: Infinity, wastedWork: Infinity },
  })
  client.begin()
  client.send(client.head(1))
  await client.until('SETTINGS+ACK')
  client.connection.pause()
  const many = Buffer.concat(Array.from({ length: 4_000 }, () => ping('12345678')))
  await eventually(() => {
    if (client.connection.socket.writableLength < 2_000_000) client.send(many)
    return connection.socket.isPaused()
  }, 'it is read no further')
  const written = connection.socket.bytesRead
  client.send(many)
  await new Promise(setImmediate)
  assert.equal(connection.socket.bytesRead, written)
  await clock.advance(31_000)
  await clock.advance(31_000)
  await eventually(() => role.told.includes('1 aborted by slow CANCEL'), 'it is given up')
})
