import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type ScriptedConnection, VirtualClock } from '@headgate/core/testing'
import { startScripted } from './origins.ts'
import { startGateway } from './start-gateway.ts'
import type { GatewayConfigInput, RouteInput } from '../../src/config/input/input.ts'

const GET = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'
const HOUR = 3_600_000

/** A request that has reached the origin, over a gateway whose time stands still. */
async function asked(
  t: TestContext,
  route: RouteInput,
  config: Omit<GatewayConfigInput, 'routes'> = {},
  request: string = GET,
): Promise<{ clock: VirtualClock; client: ScriptedConnection; origin: ScriptedConnection }> {
  const clock = new VirtualClock()
  const peer = await startScripted(t)
  const gateway = await startGateway(
    t,
    { ...config, routes: [{ upstream: peer.url, retry: false, ...route }] },
    { clock },
  )
  const client = await gateway.connect()
  client.send(request)
  const origin = await peer.accept()
  await origin.receives('\r\n\r\n')
  return { clock, client, origin }
}

test('a route waits for the response head for as long as it says, or for ever', async (t) => {
  const quick = await asked(t, { timeouts: { responseHead: '2s' } })
  await quick.clock.advance(2_100)
  assert.match(await quick.client.receives('\r\n\r\n'), /^HTTP\/1\.1 504 /)
  for (const [route, config] of [
    [{ timeouts: { responseHead: 'off' } }, {}],
    [{}, { timeouts: { responseHead: 'off' } }],
    [{ timeouts: { responseHead: false } }, { timeouts: { responseHead: '1s' } }],
  ] as const) {
    const { clock, client, origin } = await asked(t, route, config)
    await clock.advance(HOUR)
    origin.send('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
    assert.match(await client.receives('ok'), /^HTTP\/1\.1 200 /)
  }
})

for (const [name, route, type, pause, cut] of [
  ['as the whole gateway by itself', {}, 'application/json', 31_000, true],
  ['for as long as the route says', { timeouts: { bodyIdle: '2m' } }, 'application/json', 110_000, false],
  ['for no longer than the route says', { timeouts: { bodyIdle: '2s' } }, 'application/json', 2_200, true],
  [
    'for ever where the route says so',
    { timeouts: { bodyIdle: 'off' } },
    'application/json',
    HOUR * 5,
    false,
  ],
  ['for an hour where it is a stream', {}, 'Application/X-NDJSON; charset=utf-8', HOUR - 1_000, false],
  ['for no more than an hour where it is a stream', {}, 'text/event-stream', HOUR + 1_000, true],
  ['as the route says of streams', { timeouts: { streamIdle: '5s' } }, 'application/grpc+proto', 5_200, true],
  [
    'for ever as the route says of streams',
    { timeouts: { streamIdle: 'off' } },
    'text/event-stream',
    HOUR * 5,
    false,
  ],
] as const) {
  test(`a response may pause ${name}`, async (t) => {
    const { clock, client, origin } = await asked(t, route)
    origin.send(`HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ntransfer-encoding: chunked\r\n\r\n4\r\nsome\r\n`)
    await client.receives('some')
    await clock.advance(pause)
    if (cut) {
      assert.doesNotMatch(await client.end(), /more/)
      return
    }
    origin.send('4\r\nmore\r\n0\r\n\r\n')
    await client.receives('more')
  })
}

for (const [name, route, pause, cut] of [
  ['by the time of the whole gateway', {}, 31_000, true],
  ['by that of the route, where that is shorter', { timeouts: { bodyIdle: '2s' } }, 2_200, true],
  ['by the rate alone where no pause is too long', { timeouts: { bodyIdle: 'off' } }, 40_000, true],
  [
    'by a rate of the route',
    { timeouts: { bodyIdle: 'off' }, minimumByteRate: { rate: '1B/s', grace: '2m' } },
    110_000,
    false,
  ],
  ['by nothing', { timeouts: { bodyIdle: 'off' }, minimumByteRate: 'off' }, HOUR, false],
] as const) {
  test(`an upload that pauses is judged ${name}`, async (t) => {
    const post = 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 8\r\n\r\nsome'
    const { clock, client, origin } = await asked(t, route, {}, post)
    await origin.receives('some')
    await clock.advance(pause)
    if (cut) {
      await origin.end()
      return
    }
    client.send('more')
    await origin.receives('more')
  })
}

for (const [name, route, pause, cut] of [
  ['on a route of gRPC, for as long as a stream', { grpc: {} }, HOUR - 1_000, false],
  ['on a route of gRPC, for no longer', { grpc: {}, timeouts: { streamIdle: '5s' } }, 5_200, true],
  ['on any other route, as all uploads', {}, 31_000, true],
] as const) {
  test(`a client that streams messages of gRPC may pause ${name}`, async (t) => {
    const post =
      'POST /a.A/B HTTP/1.1\r\nhost: a\r\ncontent-type: application/grpc\r\ncontent-length: 8\r\n\r\nsome'
    const { clock, client, origin } = await asked(t, route, {}, post)
    await origin.receives('some')
    await clock.advance(pause)
    if (cut) {
      await origin.end()
      return
    }
    client.send('more')
    await origin.receives('more')
  })
}

test('a tunnel may be silent for as long as the route says', async (t) => {
  const upgrade = 'GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'
  for (const [streamIdle, pause] of [
    ['5s', 5_200],
    ['off', HOUR * 5],
  ] as const) {
    const { clock, client, origin } = await asked(t, { timeouts: { streamIdle } }, {}, upgrade)
    origin.send('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nhello')
    await client.receives('hello')
    await clock.advance(pause)
    if (streamIdle === '5s') await origin.end()
    else {
      client.send('still there')
      await origin.receives('still there')
    }
  }
})

test('a route may have no limits where the gateway has some', async (t) => {
  const limits = { limits: { body: '4B' }, timeouts: { exchange: '1s' } } as const
  const post = 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 8\r\n\r\nlong one'
  const { clock, client, origin } = await asked(
    t,
    { limits: { body: 'off' as const }, timeout: 'off' },
    limits,
    post,
  )
  await clock.advance(20_000)
  origin.send('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
  assert.match(await client.receives('ok'), /^HTTP\/1\.1 200 /)
})
