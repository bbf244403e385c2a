import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it, test, type TestContext } from 'node:test'
import { parseConfig } from '../../../src/config/parse.ts'
import type { GatewayConfigInput } from '../../../src/config/input/input.ts'
import { explain } from '../../../src/explain/explain.ts'
import { assumedIdentity } from '../../../src/features/authentication/assumed.ts'
import { isWithin, type TimeWindow, timesTest } from '../../../src/features/authorization/times.ts'
import { HttpRequest } from '@headgate/core'
import { type Answer, ask } from '../../survival/http-client.ts'
import { startGateway } from '../../survival/start-gateway.ts'
import { startMetered } from '../metered-gateway.ts'
import { assertRefused } from '../refused-route.ts'

type Authorization = GatewayConfigInput['routes'][number]['authorization']

const key = (name: string, more: object = {}): object => ({
  name,
  hash: `sha256:${createHash('sha256').update(name).digest('hex')}`,
  ...more,
})

const AUTHENTICATORS = {
  partners: {
    apiKey: {
      keys: [
        key('reader', { scopes: ['orders:read'] }),
        key('writer', { scopes: ['orders:read', 'orders:write'], groups: ['editors'] }),
        key('gold', { metadata: { tier: 'gold' } }),
      ],
    },
  },
} as unknown as NonNullable<GatewayConfigInput['authenticators']>

const configOf = (authorization: Authorization, anonymous = false): GatewayConfigInput => ({
  authenticators: AUTHENTICATORS,
  trustedProxies: ['127.0.0.1'],
  routes: [
    {
      name: 'it',
      authentication: { anyOf: ['partners'], anonymous },
      authorization,
      respond: { status: 200 },
    },
  ],
})

async function start(
  t: TestContext,
  authorization: Authorization,
  anonymous = false,
): Promise<(caller: string, method?: string, headers?: Record<string, string>) => Promise<Answer>> {
  const gateway = await startGateway(t, configOf(authorization, anonymous))
  return (caller, method = 'GET', headers = {}) =>
    ask(gateway.url, { method, headers: { ...(caller !== '' && { 'x-api-key': caller }), ...headers } })
}

test('what no rule allows is refused with 403, and the log says that none does', async (t) => {
  const gateway = await startGateway(t, configOf({ allow: { scopes: ['orders:read', 'orders:write'] } }))
  const send = (caller: string): Promise<Answer> => ask(gateway.url, { headers: { 'x-api-key': caller } })
  assert.equal((await send('writer')).status, 200)
  const refused = await send('reader')
  assert.equal(refused.status, 403)
  assert.match(refused.content, /Forbidden/)
  const line = (await gateway.logged(2)) as unknown as Record<string, unknown>
  assert.deepEqual(
    [line['error'], line['error_reason'], line['identity']],
    ['forbidden', 'no rule allows GET here', 'reader'],
  )
})

test('all conditions of a rule must hold, and one rule is enough', async (t) => {
  const send = await start(t, {
    allow: [
      { scopes: ['orders:read'], methods: ['GET'] },
      { groups: ['editors', 'owners'], headers: { 'x-reason': { exists: true } } },
      { claims: { tier: ['gold', 'platinum'] }, client: ['192.0.2.0/24'] },
      { subjects: ['gold'], query: { way: 'back' } },
    ],
  })
  const statuses = []
  for (const [caller, method, headers] of [
    ['reader', 'GET', {}],
    ['reader', 'POST', {}],
    ['writer', 'POST', {}],
    ['writer', 'POST', { 'x-reason': 'it is late' }],
    ['gold', 'GET', {}],
    ['gold', 'GET', { 'x-forwarded-for': '192.0.2.7' }],
  ] as const)
    statuses.push((await send(caller, method, headers)).status)
  assert.deepEqual(statuses, [200, 403, 403, 200, 403, 200])
})

test('a denial comes before all that is allowed; without rules that allow, all else passes', async (t) => {
  const both = await start(t, { allow: { groups: ['editors'] }, deny: { name: 'writes', methods: ['POST'] } })
  assert.deepEqual([(await both('writer')).status, (await both('writer', 'POST')).status], [200, 403])
  const only = await start(t, { deny: { subjects: ['reader'] } })
  assert.deepEqual([(await only('writer')).status, (await only('reader')).status], [200, 403])
})

test('who has shown nothing, where an identity might help, is asked for it', async (t) => {
  const send = await start(t, { allow: [{ groups: ['editors'] }, { methods: ['HEAD'] }] }, true)
  const { status, headers } = await send('')
  assert.deepEqual([status, headers['www-authenticate']], [401, 'ApiKey realm="headgate"'])
  assert.equal((await send('', 'HEAD')).status, 200)
  const never = await start(t, { allow: { methods: ['HEAD'] } }, true)
  assert.equal((await never('')).status, 403)
})

test('in the mode report nothing is refused, and what would be is counted', async (t) => {
  const { url, shown } = await startMetered(
    t,
    configOf({ allow: { name: 'editing', groups: ['editors'] }, mode: 'report' }),
  )
  for (const caller of ['writer', 'reader', 'reader'])
    assert.equal((await ask(url, { headers: { 'x-api-key': caller } })).status, 200)
  assert.match(shown(), /headgate_authorizations_total\{route="it",rule="editing",decision="allowed"\} 1/)
  assert.match(shown(), /headgate_authorizations_total\{route="it",rule="",decision="unenforced"\} 2/)
})

test('explain tells the verdict of a caller, and the rule', async () => {
  const result = parseConfig(configOf({ allow: { name: 'editing', groups: ['editors'] } }))
  assert.ok(result.ok)
  const judged = async (caller: string): Promise<unknown> => {
    const as = assumedIdentity(result.config, caller)
    assert.ok(typeof as !== 'string', JSON.stringify(as))
    const peer = { address: '127.0.0.1', port: 1, encrypted: false }
    const { taken } = await explain(result.config, HttpRequest.to('http://shop.example/'), peer, { as })
    return [taken?.authorization, taken?.answer?.status]
  }
  assert.deepEqual(await judged('partners:writer'), [
    { isAllowed: true, reason: 'the rule editing allows it' },
    200,
  ])
  assert.deepEqual(await judged('partners:reader'), [
    { isAllowed: false, reason: 'no rule allows GET here' },
    403,
  ])
  assert.deepEqual(await judged('partners:{"subject":"reader","groups":["editors"]}'), [
    { isAllowed: true, reason: 'the rule editing allows it' },
    200,
  ])
  assert.match(JSON.stringify(assumedIdentity(result.config, 'partner:writer')), /names no caller.*partners/)
  assert.match(
    JSON.stringify(assumedIdentity(result.config, 'partners:nobody')),
    /names nobody that the authenticator partners knows/,
  )
  assert.match(
    JSON.stringify(assumedIdentity(result.config, 'partners:{"a":1}')),
    /is no JSON with .*subject/,
  )
})

describe('a time window', () => {
  const window: TimeWindow = { days: ['mon', 'fri'], from: '08:00', to: '18:00', zone: 'UTC' }
  const night: TimeWindow = { days: ['fri'], from: '22:00', to: '06:00', zone: 'UTC' }
  for (const [each, day, time, expected] of [
    [window, 0, '07:59', false],
    [window, 0, '08:00', true],
    [window, 0, '17:59', true],
    [window, 0, '18:00', false],
    [window, 1, '12:00', false],
    [window, 4, '12:00', true],
    [night, 4, '21:59', false],
    [night, 4, '22:00', true],
    [night, 5, '05:59', true],
    [night, 5, '06:00', false],
    [night, 4, '05:00', false],
  ] as const) {
    it(`${expected ? 'holds' : 'does not hold'} on day ${day} at ${time}, from ${each.from} to ${each.to}`, () => {
      const [hours, minutes] = time.split(':').map(Number)
      assert.equal(isWithin(each, { day, minute: (hours ?? 0) * 60 + (minutes ?? 0) }), expected)
    })
  }

  it('goes by the clock of its zone, summer time included', () => {
    const test = timesTest([{ days: ['tue'], from: '09:00', to: '10:00', zone: 'Europe/Berlin' }])
    assert.deepEqual(
      ['2026-07-07T06:59:00Z', '2026-07-07T07:00:00Z', '2026-12-01T07:30:00Z', '2026-12-01T08:30:00Z'].map(
        (each) => test(Date.parse(each)),
      ),
      [false, true, false, true],
    )
  })
})

test('mistakes are named', () => {
  assertRefused(
    { authorization: { deny: [{ authenticators: ['partner'] }] } },
    /is not the name of an authenticator/,
  )
  assertRefused({ authorization: { allow: { scopes: ['a b'] } } }, /is not a scope/)
  assertRefused({ authorization: { allow: { times: [{ from: '25:00' }] } } }, /is not a time of day/)
  assertRefused(
    { authorization: { allow: { times: [{ zone: 'Europe/Nowhere' }] } } },
    /is not the name of a time zone/,
  )
  assertRefused({ authorization: { mode: 'log' } }, /is not one of the choices/)
})
