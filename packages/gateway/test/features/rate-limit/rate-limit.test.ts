import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { VirtualClock } from '@headgate/core/testing'
import { parseConfig } from '../../../src/config/parse.ts'
import { Gateway } from '../../../src/gateway.ts'
import { type Answer, ask } from '../../survival/http-client.ts'
import { startService } from '../../survival/origins.ts'
import { startGateway } from '../../survival/start-gateway.ts'
import type { GatewayConfigInput } from '../../../src/config/input/input.ts'

type Limits = GatewayConfigInput['routes'][number]['rateLimit']

/** A gateway that believes whom its peer speaks for, so that one test can be many clients. */
async function limited(
  t: TestContext,
  rateLimit: Limits,
  more: Partial<GatewayConfigInput> = {},
): Promise<(client: string, headers?: Record<string, string>, path?: string) => Promise<Answer>> {
  const { url: upstream } = await startService(t)
  const gateway = await startGateway(t, {
    trustedProxies: ['127.0.0.1'],
    routes: [
      { name: 'one', match: { path: '/one/**' }, upstream, rateLimit },
      { name: 'two', match: { path: '/two/**' }, upstream, rateLimit },
    ],
    ...more,
  })
  return (client, headers = {}, path = '/one/') =>
    ask(gateway.url + path, { headers: { 'x-forwarded-for': client, ...headers } })
}

async function statuses(count: number, send: () => Promise<Answer>): Promise<number[]> {
  const seen = []
  for (let index = 0; index < count; index++) seen.push((await send()).status)
  return seen
}

test('each client has its share, and is told so; beyond it the answer is 429 as problem details', async (t) => {
  const send = await limited(t, { rate: '2/h' })
  const first = await send('192.0.2.1')
  assert.equal(first.headers['ratelimit-policy'], '"limit-1";q=2;w=3600')
  assert.equal(first.headers['ratelimit'], '"limit-1";r=1;t=1800')
  await send('192.0.2.1')
  const refused = await send('192.0.2.1', { accept: 'application/json' })
  assert.equal(refused.status, 429)
  assert.equal(refused.headers['content-type'], 'application/problem+json')
  assert.equal(JSON.parse(refused.content).type, 'urn:headgate:rate_limited')
  assert.match(String(refused.headers['retry-after']), /^1(800|79\d)$/)
  assert.match(String(refused.headers['ratelimit']), /^"limit-1";r=0;t=1(800|79\d)$/)
  assert.equal((await send('192.0.2.2')).status, 200)
  assert.equal((await send('192.0.2.1', {}, '/two/')).status, 200)
})

test('IPv6 clients are told apart by their network of 64 bits', async (t) => {
  const send = await limited(t, { rate: '1/h' })
  assert.equal((await send('2001:db8:1:2::1')).status, 200)
  assert.equal((await send('2001:db8:1:2:ffff::9')).status, 429)
  assert.equal((await send('2001:db8:1:3::1')).status, 200)
})

test('a key may be a credential or a header; without it, a request counts for its client', async (t) => {
  for (const [key, name] of [
    ['header:X-User', 'x-user'],
    ['api-key', 'x-api-key'],
    ['credential', 'authorization'],
  ] as const) {
    const send = await limited(t, { rate: '1/h', key })
    const as = (value: string) => () => send('192.0.2.1', { [name]: value })
    assert.deepEqual(await statuses(2, as('ann')), [200, 429])
    assert.deepEqual(await statuses(2, as('bob')), [200, 429])
    assert.deepEqual(await statuses(2, () => send('192.0.2.1')), [200, 429])
    // Whoever sends the address of another as its user takes nothing from that one.
    assert.deepEqual(await statuses(2, as('192.0.2.2')), [200, 429])
    assert.equal((await send('192.0.2.2')).status, 200)
  }
})

test('a named limit counts for all routes that name it, by route only where its key says so', async (t) => {
  const rateLimits = {
    all: { rate: '2/h' as const, key: 'global' },
    each: { rate: '1/h' as const, key: ['route', 'client-ip'] },
  }
  const global = await limited(t, 'all', { rateLimits })
  assert.deepEqual(await statuses(1, () => global('192.0.2.1')), [200])
  assert.deepEqual(await statuses(2, () => global('192.0.2.2', {}, '/two/')), [200, 429])
  const each = await limited(t, ['each'], { rateLimits })
  assert.deepEqual(await statuses(2, () => each('192.0.2.1')), [200, 429])
  assert.deepEqual(await statuses(2, () => each('192.0.2.1', {}, '/two/')), [200, 429])
  assert.deepEqual(await statuses(1, () => each('192.0.2.2')), [200])
})

test('of several limits the first that is used up refuses, and what it refuses takes nothing from the others', async (t) => {
  const send = await limited(t, [
    { name: 'day', rate: '3/24h' },
    { name: 'user', rate: '1/h', key: 'header:x-user' },
  ])
  const as = (user: string) => () => send('192.0.2.1', { 'x-user': user })
  assert.deepEqual(await statuses(5, as('ann')), [200, 429, 429, 429, 429])
  assert.deepEqual(await statuses(1, as('bob')), [200])
  const last = await as('cid')()
  assert.equal(last.headers['ratelimit'], '"day";r=0;t=86400, "user";r=0;t=3600')
  assert.equal((await as('dan')()).status, 429)
})

test('a limit does not concern those who may bypass it', async (t) => {
  const send = await limited(t, {
    rate: '1/h',
    key: 'global',
    bypass: { addresses: ['10.0.0.0/8', 'fd00::/8'], headers: { 'X-Internal': 'open sesame' } },
  })
  await send('192.0.2.1')
  assert.equal((await send('192.0.2.1')).status, 429)
  for (const client of ['10.1.2.3', 'fd00::1']) assert.equal((await send(client)).status, 200)
  assert.equal((await send('192.0.2.1', { 'x-internal': 'open sesame' })).status, 200)
  assert.equal((await send('192.0.2.1', { 'x-internal': 'open sesam' })).status, 429)
})

test('a token bucket refills evenly, a sliding window looks back over its time', async (t) => {
  const clock = new VirtualClock()
  const { url: upstream } = await startService(t)
  const gateway = await startGateway(
    t,
    {
      routes: [
        { match: { path: '/bucket' }, upstream, rateLimit: { rate: '2/10s' } },
        { match: { path: '/window' }, upstream, rateLimit: { rate: '2/10s', algorithm: 'sliding-window' } },
      ],
    },
    { clock },
  )
  const seen = async (path: string): Promise<number[]> => statuses(3, () => ask(gateway.url + path))
  assert.deepEqual(
    [await seen('/bucket'), await seen('/window')],
    [
      [200, 200, 429],
      [200, 200, 429],
    ],
  )
  await clock.advance(5_000)
  assert.deepEqual(
    [await seen('/bucket'), await seen('/window')],
    [
      [200, 429, 429],
      [429, 429, 429],
    ],
  )
  await clock.advance(15_000)
  assert.deepEqual(
    [await seen('/bucket'), await seen('/window')],
    [
      [200, 200, 429],
      [200, 200, 429],
    ],
  )
})

test('each decision is counted, and a reset gives a share again, to one key or to all', async (t) => {
  const { url: upstream } = await startService(t)
  for (const store of ['local', 'shared'] as const) {
    const result = parseConfig({
      listeners: [{ address: '127.0.0.1:0' }],
      routes: [{ name: 'api', upstream, rateLimit: { name: 'few', rate: '1/h', store } }],
    })
    assert.ok(result.ok)
    const gateway = new Gateway(result.config)
    const [listener] = await gateway.listen()
    const send = (): Promise<Answer> => ask(`http://127.0.0.1:${listener?.port}`)
    assert.deepEqual(await statuses(3, send), [200, 429, 429])
    gateway.rateLimits.reset('api/few', '127.0.0.1')
    assert.deepEqual(await statuses(2, send), [200, 429])
    gateway.rateLimits.reset('api/few')
    assert.deepEqual(await statuses(1, send), [200])
    assert.throws(() => gateway.rateLimits.reset('api'), TypeError)
    assert.deepEqual(await statuses(2, send), [429, 429])
    const shown = gateway.metrics.render()
    assert.match(shown, /headgate_rate_limit_requests_total\{limit="api\/few",decision="limited"\} 5/)
    assert.match(shown, /headgate_request_errors_total\{code="rate_limited"\} 5/)
    await gateway.close(0)
  }
})
