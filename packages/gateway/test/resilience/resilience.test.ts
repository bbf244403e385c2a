import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { test } from 'node:test'
import { VirtualClock } from '@headgate/core/testing'
import { parseConfig } from '../../src/config/parse.ts'
import { type Answer, ask } from '../survival/http-client.ts'
import { nobody, startScripted, startService } from '../survival/origins.ts'
import { startGateway } from '../survival/start-gateway.ts'
import { startMetered } from './metered-gateway.ts'
import type { GatewayConfigInput } from '../../src/config/input/input.ts'
import { eventually } from '../../../../scripts/testing/eventually.ts'

const AT_ONCE = { base: 0, max: 0 } as const

/** Answers with these statuses, one after the other, and then 200. */
function statuses(...list: number[]): RequestListener {
  let count = 0
  return (_, response) => {
    response.statusCode = list[count++] ?? 200
    response.end(String(count))
  }
}

test('a status that asks for it is tried again, where the route says so and the method allows it', async (t) => {
  const { url: upstream } = await startService(t, statuses(503, 503, 503, 503))
  const gateway = await startGateway(t, {
    routes: [{ upstream, retry: { attempts: 3, backoff: AT_ONCE, statuses: [503] } }],
  })
  const first = await ask(gateway.url)
  assert.deepEqual([first.status, first.content], [503, '3'])
  const post = await ask(gateway.url, { method: 'POST', content: 'a' })
  assert.deepEqual([post.status, post.content], [503, '4'])
  assert.equal((await ask(gateway.url)).status, 200)
})

test('with `retry: false` a stale connection is still replaced', async (t) => {
  let served = 0
  const origin = await startScripted(t, async (connection) => {
    for (;;) {
      await connection.receives('\r\n\r\n')
      connection.text = ''
      served++
      // The first connection ends at its second request, without an answer.
      if (served === 2) return connection.finish()
      connection.send('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
    }
  })
  const gateway = await startGateway(t, { routes: [{ upstream: origin.url, retry: false }] })
  assert.deepEqual([(await ask(gateway.url)).status, (await ask(gateway.url)).status], [200, 200])
  assert.deepEqual([served, origin.connections.length], [3, 2])
})

test('an attempt that takes too long is given up for another, within the time of the whole', async (t) => {
  let count = 0
  const { url: upstream } = await startService(t, (_, response) => {
    if (++count > 1) response.end('second')
  })
  const gateway = await startGateway(t, {
    routes: [{ upstream, timeouts: { attempt: '100ms' }, retry: { backoff: AT_ONCE } }],
  })
  const answer = await ask(gateway.url)
  assert.deepEqual([answer.status, answer.content, (await gateway.logged(1)).attempts], [200, 'second', 2])
})

test('a late response is hedged: the second request wins, and is counted', async (t) => {
  let count = 0
  const { url: upstream } = await startService(t, (_, response) => {
    if (++count > 1) response.end('hedge')
  })
  const { url, shown } = await startMetered(t, {
    routes: [{ name: 'api', upstream, hedge: { delay: '50ms' } }],
  })
  assert.equal((await ask(url)).content, 'hedge')
  assert.match(shown(), /headgate_hedges_total\{route="api"\} 1/)
})

test('an upstream that keeps failing is not asked any more, until probes succeed; the metrics show it', async (t) => {
  let status = 500
  let asked = 0
  const service = await startService(t, (_, response) => {
    asked++
    response.statusCode = status
    response.end()
  })
  const clock = new VirtualClock()
  const config: GatewayConfigInput = {
    upstreams: {
      orders: {
        endpoints: [{ url: service.url }],
        outliers: false,
        breaker: { consecutiveFailures: 3, openFor: '10s', probes: 2 },
      },
    },
    routes: [{ upstream: 'orders' }],
  }
  const { url, shown } = await startMetered(t, config, clock)
  const answers: Answer[] = []
  for (let index = 0; index < 5; index++) answers.push(await ask(url))
  assert.deepEqual(
    answers.map((each) => each.status),
    [500, 500, 500, 503, 503],
  )
  assert.equal(asked, 3)
  assert.match(String(answers[4]?.headers['retry-after']), /^([89]|1[0-2])$/)
  assert.match(shown(), /headgate_breaker_open\{upstream="orders"\} 1/)
  status = 200
  await clock.advance(12_000)
  assert.deepEqual(
    [(await ask(url)).status, (await ask(url)).status, (await ask(url)).status],
    [200, 200, 200],
  )
  assert.match(shown(), /headgate_breaker_open\{upstream="orders"\} 0/)
  for (const to of ['open', 'half-open', 'closed'])
    assert.match(
      shown(),
      new RegExp(`headgate_breaker_transitions_total\\{upstream="orders",to="${to}"\\} 1`),
    )
})

test('beyond the concurrency limit exchanges wait, the important ones first, or are refused', async (t) => {
  const order: string[] = []
  const waiting: (() => void)[] = []
  const { url: upstream } = await startService(t, (request, response) => {
    order.push(request.url ?? '')
    waiting.push(() => response.end())
  })
  const config: GatewayConfigInput = {
    upstreams: {
      one: { endpoints: [{ url: upstream }], concurrency: { limit: 1, queue: 2, queueTimeout: '30s' } },
    },
    routes: [
      { match: { path: '/low' }, upstream: 'one', importance: 'low' },
      { match: { path: '/high' }, upstream: 'one', importance: 'high' },
      { upstream: 'one' },
    ],
  }
  const { url, gateway } = await startMetered(t, config)
  const limiter = gateway.snapshot.upstreams.get('one')?.guard.limiter
  const send = (path: string): Promise<Answer> => ask(url + path)
  const sent = [send('/first')]
  await eventually(() => order.length === 1, 'the first request is under way')
  sent.push(send('/low'))
  await eventually(() => limiter?.queued === 1, 'the second request waits')
  sent.push(send('/high'))
  await eventually(() => limiter?.queued === 2, 'the third request waits')
  // The line is full: what is of low importance gives way.
  const displacing = send('/high')
  const displaced = await sent[1]
  assert.deepEqual([displaced?.status, order.length], [503, 1])
  for (let index = 0; index < 3; index++) {
    await eventually(() => waiting.length > index, 'the next request is under way')
    waiting[index]?.()
  }
  assert.deepEqual([(await sent[2])?.status, (await displacing).status], [200, 200])
  assert.deepEqual(order, ['/first', '/high', '/high'])
})

test('a fallback answers in place of an upstream that fails: a fixed answer, or another upstream', async (t) => {
  const dead = await nobody()
  const other = await startService(t, (_, response) => response.end('other'))
  const ill = await startService(t, statuses(500, 500))
  const gateway = await startGateway(t, {
    routes: [
      {
        match: { path: '/fixed' },
        upstream: dead,
        retry: false,
        fallback: { respond: { status: 203, body: 'later' } },
      },
      { match: { path: '/other' }, upstream: dead, retry: false, fallback: { upstream: other.url } },
      { match: { path: '/status' }, upstream: ill.url, fallback: { upstream: other.url, statuses: [500] } },
      { match: { path: '/plain' }, upstream: ill.url, fallback: { upstream: other.url } },
    ],
  })
  const answers = []
  for (const path of ['/fixed', '/other', '/status', '/plain']) {
    const { status, content } = await ask(gateway.url + path, { method: 'POST', content: 'a' })
    answers.push([status, content])
  }
  assert.deepEqual(answers, [
    [203, 'later'],
    [200, 'other'],
    [200, 'other'],
    [500, '2'],
  ])
  assert.equal((await gateway.logged(1)).error, 'connect_failed')
})

test('a client may give a request less time, and upstreams are told what is left of it for each try', async (t) => {
  const told: (string | undefined)[] = []
  const { url: upstream } = await startService(t, (request, response) => {
    told.push(String(request.headers['x-request-timeout'] ?? request.headers['grpc-timeout']))
    if (request.url !== '/never') response.end()
  })
  const gateway = await startGateway(t, {
    routes: [{ upstream, timeout: '10s', timeouts: { attempt: '2s' } }],
  })
  const late = await ask(`${gateway.url}/never`, { headers: { 'x-request-timeout': '0.2' } })
  assert.equal(late.status, 504)
  await ask(gateway.url, { headers: { 'x-request-timeout': '60' } })
  await ask(gateway.url, { headers: { 'grpc-timeout': '1S' } })
  await ask(gateway.url)
  const [first, second, third, fourth] = told
  assert.ok(Number(first) > 0 && Number(first) <= 0.2, first)
  assert.equal(second, '2')
  assert.match(third ?? '', /^(9\d\d|1000)m$/)
  assert.equal(fourth, 'undefined')
})

test('with `deadlines: false` what a client says of its time passes as it is', async (t) => {
  const { url: upstream } = await startService(t, (request, response) => {
    setTimeout(() => response.end(request.headers['x-request-timeout']), 50)
  })
  const gateway = await startGateway(t, { deadlines: false, routes: [{ upstream }] })
  const answer = await ask(gateway.url, { headers: { 'x-request-timeout': '0.01' } })
  assert.deepEqual([answer.status, answer.content], [200, '0.01'])
})

test('a gateway beyond its limits refuses what is least important', async (t) => {
  const { url: upstream } = await startService(t)
  // Any process uses more than that.
  const gateway = await startGateway(t, { loadShedding: { memory: '1MiB' }, routes: [{ upstream }] })
  const answer = await ask(gateway.url)
  assert.deepEqual([answer.status, answer.headers['retry-after']], [503, '1'])
  assert.equal((await gateway.logged(1)).error, 'overloaded')
  const roomy = await startGateway(t, {
    loadShedding: { memory: '100GiB', eventLoopDelay: '10s' },
    routes: [{ upstream }],
  })
  assert.equal((await ask(roomy.url)).status, 200)
})

test('mistakes in these settings are named', () => {
  const upstream = 'http://127.0.0.1:9000'
  for (const [route, expected] of [
    [{ fallback: {} }, /leads nowhere/],
    [{ fallback: { upstream, respond: {} } }, /has both/],
    [{ fallback: { upstream: 'nowhere' } }, /is not the name of an upstream/],
    [{ hedge: { delay: 'p100' } }, /is not a duration/],
    [{ retry: { statuses: [404] } }, /says nothing of another try/],
    [{ concurrency: { limit: 0 } }, /is no limit/],
    [{ importance: 'highest' }, /is not one of the choices/],
  ] as const) {
    const result = parseConfig({ routes: [{ upstream, ...route }] })
    assert.ok(!result.ok)
    assert.match(result.problems.map(({ message }) => message).join(), expected)
  }
})
