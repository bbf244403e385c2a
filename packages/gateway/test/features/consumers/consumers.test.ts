import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it, type TestContext } from 'node:test'
import { HttpRequest } from '@headgate/core'
import { VirtualClock } from '@headgate/core/testing'
import { callerLines } from '../../../src/cli/explain-lines.ts'
import type { GatewayConfigInput } from '../../../src/config/input/input.ts'
import { parseConfig } from '../../../src/config/parse.ts'
import { explain } from '../../../src/explain/explain.ts'
import { assumedIdentity } from '../../../src/features/authentication/assumed.ts'
import { Consumers } from '../../../src/features/consumers/consumers.ts'
import type { Identity } from '../../../src/features/identity.ts'
import { type Answer, ask } from '../../survival/http-client.ts'
import { startService } from '../../survival/origins.ts'
import { startGateway } from '../../survival/start-gateway.ts'

const hashOf = (key: string): string => `sha256:${createHash('sha256').update(key).digest('hex')}`
const key = (name: string, more: object = {}) => ({ name, hash: hashOf(name), ...more })

const CONFIG: Partial<GatewayConfigInput> = {
  authenticators: {
    partners: {
      apiKey: { keys: [key('shop'), key('shop-2', { groups: ['new'] }), key('till'), key('other')] },
    },
    staff: { apiKey: { header: 'x-staff', keys: [key('shop')] } },
  },
  rateLimits: {
    gold: { rate: '3/m' },
    daily: { rate: '5/day', zone: 'Europe/Berlin' },
    monthly: { rate: '6/month' },
  },
  consumers: {
    shop: { credentials: { partners: ['shop', 'shop-2'] }, groups: ['customers'], rateLimit: 'gold' },
    till: { credentials: { partners: 'till' }, rateLimit: ['daily', 'monthly'], routes: ['orders'] },
  },
}

async function start(
  t: TestContext,
  clock = new VirtualClock(),
  more: Partial<GatewayConfigInput> = {},
): Promise<(who: string | undefined, path?: string) => Promise<Answer>> {
  const { url: upstream } = await startService(t, (request, response) =>
    response.end(JSON.stringify(request.headers)),
  )
  const authentication = { anyOf: ['partners', 'staff'], anonymous: true }
  const requestHeaders = { set: { 'x-consumer': '${identity.consumer}', 'x-groups': '${identity.groups}' } }
  const gateway = await startGateway(
    t,
    {
      ...CONFIG,
      routes: [
        { name: 'orders', match: { path: '/orders' }, authentication, requestHeaders, upstream },
        { name: 'rest', authentication, requestHeaders, upstream },
      ],
      ...more,
    },
    { clock },
  )
  return (who, path = '/orders') =>
    ask(gateway.url + path, who === undefined ? {} : { headers: { 'x-api-key': who } })
}

const told = ({ headers }: Answer): unknown => [headers['ratelimit-policy'], headers['ratelimit']]

describe('a consumer', () => {
  it('is known by each of its credentials, with the groups of both', async (t) => {
    const send = await start(t)
    const seen = async (who: string | undefined): Promise<unknown> => {
      const { 'x-consumer': consumer, 'x-groups': groups } = JSON.parse((await send(who)).content)
      return [consumer, groups]
    }
    assert.deepEqual(await seen('shop'), ['shop', 'customers'])
    assert.deepEqual(await seen('shop-2'), ['shop', 'new customers'])
    assert.deepEqual(await seen('other'), ['', ''])
    assert.deepEqual(await seen(undefined), ['', ''])
  })

  it('is not whoever another authenticator knows by the same name', async (t) => {
    const { url: upstream } = await startService(t, (request, response) =>
      response.end(String(request.headers['x-consumer'])),
    )
    const requestHeaders = { set: { 'x-consumer': '${identity.consumer}' } }
    const gateway = await startGateway(t, {
      ...CONFIG,
      routes: [{ name: 'orders', authentication: 'staff', requestHeaders, upstream }],
    })
    assert.equal((await ask(gateway.url, { headers: { 'x-staff': 'shop' } })).content, '')
  })

  it('is found by each of the proofs of a caller, and refused where they are of different consumers', async (t) => {
    const { url: upstream } = await startService(t, (request, response) =>
      response.end(String(request.headers['x-consumer'])),
    )
    const people = { apiKey: { header: 'x-person', keys: [key('alice'), key('bob'), key('eve')] } }
    const gateway = await startGateway(t, {
      ...CONFIG,
      authenticators: { ...CONFIG.authenticators, people },
      consumers: {
        shop: { credentials: { partners: 'shop', people: 'alice' } },
        till: { credentials: { people: 'bob' } },
      },
      routes: [
        {
          authentication: { allOf: ['partners', 'people'] },
          requestHeaders: { set: { 'x-consumer': '${identity.consumer}' } },
          upstream,
        },
      ],
    })
    const seen = async (partner: string, person: string): Promise<unknown> => {
      const headers = { 'x-api-key': partner, 'x-person': person }
      const { status, content } = await ask(gateway.url, { headers })
      return status === 200 ? content : status
    }
    assert.deepEqual(
      [
        await seen('shop', 'alice'),
        await seen('shop', 'eve'),
        await seen('other', 'bob'),
        await seen('other', 'eve'),
        await seen('shop', 'bob'),
      ],
      ['shop', 'shop', 'till', '', 403],
    )
  })

  it('has its limits for all of its credentials and all routes together', async (t) => {
    const send = await start(t)
    const first = await send('shop')
    assert.deepEqual(told(first), ['"gold";q=3;w=60', '"gold";r=2;t=20'])
    await send('shop-2', '/rest')
    await send('shop', '/rest')
    const refused = await send('shop-2')
    assert.deepEqual([refused.status, refused.headers['retry-after']], [429, '20'])
    assert.equal((await send('other')).status, 200)
    assert.deepEqual(told(await send(undefined)), [undefined, undefined])
  })

  it('may use the routes that are its own, and no other', async (t) => {
    const send = await start(t)
    assert.equal((await send('till')).status, 200)
    assert.equal((await send('till', '/rest')).status, 403)
    assert.equal((await send('shop', '/rest')).status, 200)
  })

  it('may be named by rules of authorization', async (t) => {
    const { url: upstream } = await startService(t)
    const authorization = { allow: { consumers: ['shop'] } }
    const gateway = await startGateway(t, {
      ...CONFIG,
      routes: [{ name: 'orders', authentication: 'partners', authorization, upstream }],
    })
    const status = async (who: string): Promise<number> =>
      (await ask(gateway.url, { headers: { 'x-api-key': who } })).status
    assert.deepEqual(
      [await status('shop'), await status('shop-2'), await status('till'), await status('other')],
      [200, 200, 403, 403],
    )
  })
})

describe('a quota of the calendar', () => {
  it('begins anew with each day, or month, of its zone, whenever it was used up', async (t) => {
    // 22:30 in Berlin.
    const clock = new VirtualClock({ wallTime: Date.UTC(2026, 0, 30, 21, 30) })
    const send = await start(t, clock)
    const first = await send('till')
    assert.deepEqual(told(first), [
      '"daily";q=5;w=86400, "monthly";q=6;w=2592000',
      `"daily";r=4;t=5400, "monthly";r=5;t=${(24 + 2.5) * 3600}`,
    ])
    for (let count = 1; count < 5; count++) assert.equal((await send('till')).status, 200)
    const refused = await send('till')
    assert.deepEqual([refused.status, refused.headers['retry-after']], [429, '5400'])
    await clock.advance(5_400_000 - 1)
    assert.equal((await send('till')).status, 429)
    await clock.advance(1)
    assert.equal((await send('till')).status, 200)
    // The sixth of the month.
    assert.equal((await send('till')).status, 429)
    await clock.advance(25 * 3_600_000 + 1)
    assert.equal((await send('till')).status, 200)
  })

  it('is refused with what has no meaning beside it', () => {
    const said = (limit: object): string => {
      const parsed = parseConfig({ rateLimits: { one: limit }, routes: [{ respond: {} }] })
      return parsed.ok ? '' : parsed.problems.map(({ message }) => message).join()
    }
    assert.equal(said({ rate: '5/day' }), '')
    assert.match(said({ rate: '5/day', burst: 3 }), /"burst" has no meaning for a quota of a day/)
    assert.match(said({ rate: '5/month', algorithm: 'sliding-window' }), /"algorithm" has no meaning/)
    assert.match(said({ rate: '5/m', zone: 'UTC' }), /only days and months/)
    assert.match(said({ rate: '5/day', zone: 'Europe/Nowhere' }), /is not the name of a time zone/)
    assert.match(said({ rate: '5000000000/day' }), /is too large/)
    assert.match(said({ rate: '5 per day' }), /is not a rate/)
  })
})

describe('a configuration of consumers', () => {
  const said = (consumers: object): string => {
    const parsed = parseConfig({ ...CONFIG, consumers, routes: [{ name: 'orders', respond: {} }] })
    return parsed.ok ? '' : parsed.problems.map(({ path, message }) => `${path} ${message}`).join()
  }

  it('is refused where it names what is not there, or gives two of them one credential', () => {
    const credentials = { partners: 'shop' }
    assert.equal(said({ a: { credentials, routes: 'orders', rateLimit: 'gold' } }), '')
    assert.match(said({ a: { credentials: { nobody: 'shop' } } }), /is not the name of an authenticator/)
    assert.match(said({ a: { credentials, rateLimit: 'none' } }), /is not the name of a rate limit/)
    assert.match(said({ a: { credentials, routes: ['none'] } }), /is not the name of a route/)
    assert.match(
      said({ a: { credentials }, b: { credentials: { partners: ['x', 'shop'] } } }),
      /credential of the consumer a, too/,
    )
  })
})

it('finds one of 10,000 consumers by a look into a map, and the same one again without it', () => {
  const credentials = (index: number) => ({ partners: [`key-${index}`] })
  const all = Array.from({ length: 10_000 }, (_, index) => [
    `c${index}`,
    { credentials: credentials(index), groups: [], rateLimit: ['gold'] },
  ])
  const consumers = new Consumers({ consumers: Object.fromEntries(all) })
  const identity: Identity = {
    kind: 'api-key',
    authenticator: 'partners',
    subject: 'key-9999',
    name: '',
    groups: [],
    scopes: [],
    claims: {},
  }
  const found = consumers.identified(identity)
  assert.equal(found?.consumer, 'c9999')
  assert.equal(consumers.identified(identity), found)
  assert.equal(consumers.get('c0')?.limits, consumers.get('c1')?.limits)
})

it('is told by explain, with what belongs to it', async () => {
  const parsed = parseConfig({
    ...CONFIG,
    routes: [{ name: 'orders', authentication: 'partners', respond: {} }],
  })
  assert.ok(parsed.ok)
  const as = assumedIdentity(parsed.config, 'partners:till')
  assert.ok(typeof as === 'object')
  const peer = { address: '127.0.0.1', port: 1, encrypted: false }
  const { taken } = await explain(parsed.config, HttpRequest.to('http://shop.example/'), peer, { as })
  assert.ok(taken)
  assert.deepEqual(callerLines(taken), [
    'till, known to partners',
    'consumer till, limited by daily (5/day), monthly (6/month), for the routes orders alone',
  ])
})
