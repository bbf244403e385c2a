import assert from 'node:assert/strict'
import { once } from 'node:events'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import * as grpc from '@grpc/grpc-js'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { framed } from '../features/grpc/frames.ts'
import { startMetered } from '../features/metered-gateway.ts'
import { readAll, ShopClient, startShop, startSite, type Handlers } from './shop.ts'

function named(name: string): Handlers {
  return { get: (_, answer) => answer(null, Buffer.from(name)) }
}

test('a server that is lost within a stream is UNAVAILABLE to the client, behind what it had sent', async (t) => {
  const origin = http2.createServer()
  origin.on('stream', (stream) => {
    stream.respond({ 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.write(framed(Buffer.from('first')))
    stream.on('error', () => {})
  })
  const sessions: http2.ServerHttp2Session[] = []
  origin.on('session', (session) => sessions.push(session))
  origin.listen(0, '127.0.0.1')
  await once(origin, 'listening')
  t.after(() => origin.close())
  const endpoints = [{ url: `h2c://127.0.0.1:${(origin.address() as AddressInfo).port}` }]
  const { shop, logged } = await startSite(t, [], {}, { upstreams: { shop: { endpoints } } })
  const call = shop.list('a')
  const done = readAll(call)
  await once(call, 'data')
  for (const session of sessions) session.destroy()
  const { messages, status } = await done
  assert.deepEqual(
    [messages, status.code, status.details],
    [['first'], grpc.status.UNAVAILABLE, 'Upstream closed the connection'],
  )
  const line = await logged(1)
  assert.deepEqual([line.grpc_status, line.error], ['UNAVAILABLE', 'upstream_closed'])
})

test('an endpoint that is not serving by grpc.health.v1 gets no calls, until it is again', async (t) => {
  let status = 2
  const health =
    (answer: () => number): NonNullable<Handlers['check']> =>
    (call, reply) => {
      assert.equal(call.request.toString('latin1'), '\n\x0bshop.Orders')
      reply(null, Buffer.from([8, answer()]))
    }
  const { shop } = await startSite(
    t,
    [
      { ...named('one'), check: health(() => 1) },
      { ...named('two'), check: health(() => status) },
    ],
    {},
    {
      upstreams: {
        shop: {
          endpoints: [],
          health: {
            grpc: { service: 'shop.Orders' },
            interval: '50ms',
            healthyThreshold: 1,
            unhealthyThreshold: 1,
          },
        },
      },
    },
  )
  const four = async (): Promise<string> => {
    const answers = await Promise.all([1, 2, 3, 4].map(() => shop.get('')))
    return [...new Set(answers.map(({ text }) => text))].sort().join()
  }
  await eventually(async () => (await four()) === 'one', 'the second is left out')
  status = 1
  await eventually(async () => (await four()) === 'one,two', 'the second is back')
})

test('a server whose calls end in UNAVAILABLE behind messages is left alone by circuit and outlier alike', async (t) => {
  for (const settings of [
    { breaker: { per: 'endpoint', consecutiveFailures: 2 } },
    { outliers: { consecutiveFailures: 2 } },
  ] as const) {
    let asked = 0
    const broken: Handlers = {
      list: (call) => {
        asked++
        call.write(Buffer.from('first'))
        call.emit('error', Object.assign(new Error('gone'), { code: grpc.status.UNAVAILABLE }))
      },
    }
    const well: Handlers = { list: (call) => call.end() }
    const { shop } = await startSite(
      t,
      [broken, well],
      {},
      { upstreams: { shop: { endpoints: [], balance: 'round-robin', ...settings } } },
    )
    for (let count = 0; count < 10; count++) await readAll(shop.list(''))
    assert.equal(asked, 2, JSON.stringify(settings))
  }
})

test('calls are counted by route and status', async (t) => {
  const url = await startShop(t, {
    get: (call, answer) =>
      call.request.length === 0
        ? answer({ code: grpc.status.ABORTED, details: 'no' })
        : answer(null, call.request),
    list: (call) => {
      call.write(Buffer.from('a'))
      call.end()
    },
  })
  const { url: gateway, shown } = await startMetered(t, {
    routes: [{ name: 'shop', grpc: {}, upstream: url }],
  })
  const shop = new ShopClient(new URL(gateway).host)
  t.after(() => shop.client.close())
  await shop.get('a')
  await readAll(shop.list('a'))
  await assert.rejects(shop.get(''))
  const counted = (status: string): string | undefined =>
    new RegExp(`headgate_grpc_calls_total\\{route="shop",status="${status}"\\} (\\d+)`).exec(shown())?.[1]
  await eventually(() => counted('ABORTED') === '1' && counted('OK') === '2', 'all are counted')
  assert.equal(counted('UNKNOWN'), undefined)
})

test('a page calls a server of gRPC by gRPC-Web over HTTP/1.1', async (t) => {
  const { gateway, logged } = await startSite(
    t,
    {
      list: (call) => {
        call.write(call.request)
        call.write(Buffer.from('second'))
        call.end()
      },
    },
    { grpc: { web: {} } },
  )
  const response = await fetch(`${gateway.url}/shop.Orders/List`, {
    method: 'POST',
    headers: { 'content-type': 'application/grpc-web+proto', 'x-grpc-web': '1' },
    body: framed(Buffer.from('first')),
  })
  const content = Buffer.from(await response.arrayBuffer())
  const messages = Buffer.concat([framed(Buffer.from('first')), framed(Buffer.from('second'))])
  assert.deepEqual(content.subarray(0, messages.length), messages)
  const trailers = content.subarray(messages.length)
  assert.equal(trailers[0], 0x80)
  assert.match(trailers.subarray(5).toString(), /^grpc-status: 0\r\n/)
  assert.equal((await logged(1)).grpc_status, 'OK')
})
