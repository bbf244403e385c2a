import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { Exchange, HttpRequest, systemClock } from '@headgate/core'
import { VirtualClock } from '@headgate/core/testing'
import { logEvent } from '../../src/cli/run-log.ts'
import type { Log } from '../../src/cli/log.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { type Refusal, Refusals } from '../../src/features/refusals.ts'
import { Gateway } from '../../src/gateway.ts'
import { startService } from '../survival/origins.ts'

const SECRET = 'the secret of anna'
const HASH = `sha256:${createHash('sha256').update(SECRET).digest('hex')}`

test('who is not let in is told to operators, with the reason and without what was sent', async () => {
  const result = parseConfig({
    authenticators: { keys: { apiKey: { keys: [{ name: 'anna', hash: HASH }] } } },
    routes: [
      {
        name: 'it',
        authentication: 'keys',
        csrf: true,
        authorization: { deny: { name: 'no-put', methods: ['PUT'] } },
        respond: {},
      },
    ],
  })
  assert.ok(result.ok)
  const told: Refusal[] = []
  const clock = new VirtualClock()
  const gateway = new Gateway(result.config, { clock, onRefusal: (refusal) => told.push(refusal) })
  const peer = { address: '192.0.2.7', port: 1, encrypted: false }
  const send = async (method: string, headers: Record<string, string>): Promise<number> => {
    const request = HttpRequest.to('http://shop.example/?token=hidden', { method, headers })
    return (await gateway.handler(new Exchange(request, clock, peer))).status
  }
  assert.equal(await send('GET', { 'x-api-key': SECRET }), 200)
  assert.equal(await send('GET', {}), 401)
  assert.deepEqual(told, [])
  assert.equal(await send('GET', { 'x-api-key': 'hidden key' }), 401)
  assert.equal(await send('PUT', { 'x-api-key': SECRET }), 403)
  assert.equal(await send('POST', { 'x-api-key': SECRET, 'sec-fetch-site': 'cross-site' }), 403)
  assert.deepEqual(
    told.map(({ by, route, client, subject, name, reason }) => [by, route, client, subject, name, reason]),
    [
      ['authentication', 'it', '192.0.2.7', undefined, 'keys', 'the API key is not known'],
      ['authorization', 'it', '192.0.2.7', 'anna', 'no-put', 'the rule no-put denies it'],
      ['csrf', 'it', '192.0.2.7', undefined, undefined, 'a page of another origin sends it'],
    ],
  )
  assert.doesNotMatch(JSON.stringify(told), /hidden|secret/)
  await gateway.close(0)
})

test('consumers on routes that are not theirs, and whom a service refuses, are told; who is led to a login is not', async (t) => {
  let status = 403
  const { url } = await startService(t, (_request, response) => {
    response.writeHead(status, { location: '/login', 'x-user': 'anna' }).end()
  })
  const result = parseConfig({
    authenticators: {
      keys: { apiKey: { keys: [{ name: 'anna', hash: HASH }] } },
      sso: { external: { url, subject: 'x-user' } },
    },
    consumers: { shop: { credentials: { keys: 'anna' }, routes: 'theirs' } },
    routes: [
      { name: 'theirs', match: { path: '/theirs' }, authentication: 'keys', respond: {} },
      { name: 'others', match: { path: '/others' }, authentication: 'keys', respond: {} },
      { name: 'sso', authentication: 'sso', respond: {} },
    ],
  })
  assert.ok(result.ok, JSON.stringify(result))
  const told: Refusal[] = []
  const gateway = new Gateway(result.config, {
    clock: systemClock,
    onRefusal: (refusal) => told.push(refusal),
  })
  const send = async (path: string, headers: Record<string, string> = {}): Promise<number> => {
    const request = HttpRequest.to(`http://shop.example${path}`, { headers })
    return (await gateway.handler(new Exchange(request, systemClock))).status
  }
  assert.equal(await send('/theirs', { 'x-api-key': SECRET }), 200)
  assert.equal(await send('/others', { 'x-api-key': SECRET }), 403)
  assert.equal(await send('/sso'), 403)
  status = 302
  assert.equal(await send('/sso'), 302)
  assert.deepEqual(
    told.map(({ by, route, subject, name, reason }) => [by, route, subject, name, reason]),
    [
      ['consumers', 'others', 'anna', 'shop', 'the consumer shop may not use the route others'],
      ['authentication', 'sso', undefined, 'sso', 'the service answered with 403'],
    ],
  )
  await gateway.close(0)
})

test('of a flood of them some are told, and how many were not', async () => {
  const clock = new VirtualClock()
  const told: Refusal[] = []
  const refusals = new Refusals(clock, (refusal) => told.push(refusal))
  const exchange = new Exchange(HttpRequest.to('http://shop.example/'), clock)
  const flood = (): void => {
    for (let round = 0; round < 1_000; round++)
      refusals.report(exchange, { by: 'authentication', name: 'keys', reason: 'it is wrong' })
  }
  flood()
  assert.equal(told.length, 20)
  await clock.advance(1_000)
  flood()
  assert.equal(told.length, 30)
  assert.equal(told[20]?.untold, 980)
  assert.equal(told[21]?.untold, 0)
})

test('the log has a line of the kind audit for each', () => {
  const lines: unknown[] = []
  const log = { warn: (message: string, facts: object) => lines.push([message, facts]) } as unknown as Log
  const refusal = {
    by: 'authorization',
    route: 'it',
    client: '192.0.2.7',
    request: 'r1',
    reason: 'no rule allows GET here',
    untold: 3,
  } as const
  logEvent(log, { type: 'refusal', refusal })
  assert.deepEqual(lines, [
    [
      'refused by authorization: 192.0.2.7 on route it: no rule allows GET here (and 3 more, which were too many to be told)',
      { audit: 'access', ...refusal },
    ],
  ])
})
