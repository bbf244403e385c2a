import assert from 'node:assert/strict'
import { type RequestListener } from 'node:http'
import { type TestContext, test } from 'node:test'
import { collect } from '../../src/message/body.ts'
import { TrafficError } from '../../src/message/errors.ts'
import type { HttpResponse } from '../../src/message/response.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { type Clock, systemClock } from '../../src/time/clock.ts'
import type { Exchange } from '../../src/message/exchange.ts'
import { Upstream, type UpstreamOptions } from '../../src/upstream/upstream.ts'
import { exchangeFrom } from './candidates.ts'
import { origin } from './origin.ts'
import { eventually } from '../../../../scripts/testing/eventually.ts'

function upstream(t: TestContext, urls: readonly string[], options: Partial<UpstreamOptions> = {}): Upstream {
  const made = new Upstream({ name: 'orders', endpoints: urls.map((url) => ({ url })), ...options })
  t.after(() => made.destroy())
  return made
}

function exchange(headers: Readonly<Record<string, string>> = {}): Exchange {
  return exchangeFrom('192.0.2.1', systemClock, headers)
}

async function text(response: HttpResponse): Promise<string> {
  return (await collect(response.body)).toString()
}

async function answers(orders: Upstream, count: number): Promise<string> {
  let all = ''
  for (let index = 0; index < count; index++) all += await text(await orders.handler(exchange()))
  return all
}

test('an endpoint that is marked draining finishes what it is at, and gets nothing new until it is up', async (t) => {
  let finish = (): void => {}
  const slow = await origin(t, (_, response) => {
    finish = () => response.end('a')
    response.flushHeaders()
  })
  const orders = upstream(t, [slow, await origin(t, 'b')])
  const response = await orders.handler(exchange())
  orders.endpoints[0]?.mark('draining')
  assert.equal(await answers(orders, 4), 'bbbb')
  finish()
  assert.equal(await text(response), 'a')
  assert.deepEqual(
    orders.stats().map(({ status }) => status),
    ['draining', 'up'],
  )
})

test('with no endpoint left an exchange fails at once, and is told when to come back', async (t) => {
  const url = await origin(t, 'a')
  const orders = upstream(t, [url], { health: { probe: { kind: 'tcp' }, interval: 3_000 } })
  orders.endpointNamed(url.slice(7))?.mark('down')
  const error = await orders.handler(exchange()).then(
    () => assert.fail(),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof TrafficError)
  assert.deepEqual([error.code, error.status, error.retryAfter], ['no_healthy_upstream', 503, 3_000])
  assert.equal(error.message, 'upstream orders has no endpoint to send to (1 down)')
  assert.equal(orders.stats()[0]?.opened, 0)
})

test('an upstream without any endpoint says so', async (t) => {
  await assert.rejects(upstream(t, []).handler(exchange()), {
    code: 'no_healthy_upstream',
    message: 'upstream orders has no endpoint to send to: none is known',
  })
})

test('an endpoint that fails is left alone, and the only one never is', async (t) => {
  const broken: RequestListener = (request) => request.socket.destroy()
  const orders = upstream(t, [await origin(t, broken), await origin(t, 'b')], {
    outliers: { consecutiveFailures: 2 },
  })
  const ends: string[] = []
  for (let count = 0; count < 8; count++) {
    ends.push(await orders.handler(exchange()).then(text, (error: TrafficError) => error.code))
  }
  assert.equal(ends.filter((end) => end === 'upstream_closed').length, 2, ends.join(' '))
  assert.deepEqual(
    orders.stats().map(({ status, ejections }) => [status, ejections]),
    [
      ['ejected', 1],
      ['up', 0],
    ],
  )
  const alone = upstream(t, [await origin(t, broken)], { outliers: { consecutiveFailures: 1 } })
  for (let count = 0; count < 3; count++)
    await assert.rejects(alone.handler(exchange()), { code: 'upstream_closed' })
})

test('statuses count as failures where they should, and the response is passed on', async (t) => {
  const failing: RequestListener = (_, response) => response.writeHead(503).end('busy')
  const orders = upstream(t, [await origin(t, failing), await origin(t, 'b')], {
    outliers: { consecutiveFailures: 2 },
  })
  assert.equal(await answers(orders, 8), 'busybbusybbbbb')
})

test('by latency, exchanges go to the fast endpoint, and one that refuses does not look fast', async (t) => {
  const chance = new VirtualClock({ seed: 3 })
  const slow: RequestListener = (_, response) => void setTimeout(() => response.end('s'), 100)
  const refusing: RequestListener = (request) => request.socket.destroy()
  const orders = upstream(t, [await origin(t, slow), await origin(t, 'f'), await origin(t, refusing)], {
    balance: { method: 'peak-ewma' },
    // The time of the machine, and chance that is the same each time.
    clock: Object.assign(Object.create(systemClock) as Clock, { random: () => chance.random() }),
  })
  let all = ''
  for (let index = 0; index < 30; index++) all += await orders.handler(exchange()).then(text, () => 'x')
  // The dead one and the slow one are compared with each other in a third of the picks.
  assert.ok(all.replaceAll('f', '').length <= 16, all)
  assert.ok(all.replaceAll(/[^x]/g, '').length <= 2, all)
})

test('a client stays with the endpoint that answered it first, and moves on when that is down', async (t) => {
  const orders = upstream(t, [await origin(t, 'a'), await origin(t, 'b')], {
    sticky: { cookie: 'route', maxAge: 3600 },
  })
  const first = await orders.handler(exchange())
  const setCookie = first.headers.get('set-cookie') ?? ''
  assert.match(setCookie, /^route=[\w-]{16}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=3600$/)
  assert.ok(!setCookie.includes('127.0.0.1'))
  const home = await text(first)
  const cookie = `other=1; ${setCookie.split(';')[0]}`
  for (let count = 0; count < 4; count++) {
    const response = await orders.handler(exchange({ cookie }))
    assert.equal(response.headers.get('set-cookie'), undefined)
    assert.equal(await text(response), home)
  }
  orders.endpoints[0]?.mark('down')
  const moved = await orders.handler(exchange({ cookie }))
  assert.equal(await text(moved), 'b')
  assert.notEqual(moved.headers.get('set-cookie'), undefined)
  const unknown = await orders.handler(exchange({ cookie: 'route=nonsense' }))
  assert.match(unknown.headers.get('set-cookie') ?? '', /^route=/)
  await text(unknown)
})

test('the cookie is for TLS only where the client came by TLS, whatever a field says', async (t) => {
  const orders = upstream(t, [await origin(t, 'a')], { sticky: { cookie: 'route' } })
  for (const [scheme, secure] of [
    ['https', true],
    ['http', false],
  ] as const) {
    const asked = exchange({ 'x-forwarded-proto': 'https' })
    asked.clientScheme = scheme
    const response = await orders.handler(asked)
    assert.equal(response.headers.get('set-cookie')?.endsWith('; Secure'), secure)
    await text(response)
  }
})

test('a secret changes the ids of endpoints', async (t) => {
  const url = await origin(t, 'a')
  const cookies = new Set<string | undefined>()
  for (const secret of [undefined, 'one', 'two']) {
    const { handler } = upstream(t, [url], { sticky: { cookie: 'route', secret } })
    const response = await handler(exchange())
    cookies.add(response.headers.get('set-cookie'))
    await text(response)
  }
  assert.equal(cookies.size, 3)
})

test('checks in one place are heard in all that share the state', async (t) => {
  const url = await origin(t, 'a')
  const other = await origin(t, 'b')
  let well = false
  const checked = await origin(t, (_, response) => response.writeHead(well ? 200 : 500).end('c'))
  const changes: string[] = []
  const health = { probe: { kind: 'http', path: '/healthz' }, interval: 50 } as const
  const changed = (name: string, healthy: boolean, reason: string): void =>
    void changes.push(`${name === checked.slice(7) ? 'c' : name} ${healthy} ${reason}`)
  const prober = upstream(t, [url, other, checked], { health })
  const orders = upstream(t, [url, other, checked], { state: prober.state })
  prober.startChecks(changed)
  const becomes = async (healthy: boolean): Promise<void> => {
    const is = async (): Promise<boolean> => {
      await answers(orders, 1)
      return orders.endpoints[2]?.healthy === healthy
    }
    await eventually(is, `the third endpoint is ${healthy ? 'healthy' : 'unhealthy'}`)
  }
  await becomes(false)
  assert.doesNotMatch(await answers(orders, 6), /c/)
  well = true
  await becomes(true)
  assert.match(await answers(orders, 6), /c/)
  assert.deepEqual(changes, ['c false it answered 500', 'c true '])
  const { checksPassed = 0, checksFailed = 0 } = prober.stats()[2] ?? {}
  assert.ok(checksPassed >= 2 && checksFailed >= 1)
})

test('a changed priority or zone moves an endpoint to another level while it serves', async (t) => {
  const [a, b] = [await origin(t, 'a'), await origin(t, 'b')]
  const orders = upstream(t, [a, b], { zone: 'here' })
  assert.equal(await answers(orders, 4), 'abab')
  orders.setEndpoints([{ url: a, priority: 1 }, { url: b }])
  assert.equal(await answers(orders, 3), 'bbb')
  orders.setEndpoints([{ url: a, zone: 'here' }, { url: b }])
  assert.equal(await answers(orders, 3), 'aaa')
  const shown = orders
    .stats()
    .map(({ priority, zone, levelShare, available }) => [priority, zone, levelShare, available])
  assert.deepEqual(shown, [
    [0, 'here', 1, 1],
    [0, undefined, 0, 1],
  ])
  assert.throws(() => orders.setEndpoints([{ url: a, priority: 100 }]), {
    message: '100 is not a priority: it must be a whole number from 0 to 99',
  })
})
