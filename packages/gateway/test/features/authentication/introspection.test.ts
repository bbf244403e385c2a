import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { text } from 'node:stream/consumers'
import { Exchange, HttpRequest } from '@headgate/core'
import { VirtualClock } from '@headgate/core/testing'
import { parseConfig } from '../../../src/config/parse.ts'
import type { Authenticator, Verdict } from '../../../src/features/authentication/authenticator.ts'
import { serverOf } from '../../../src/features/authentication/introspection/ask-server.ts'
import { IntrospectionAuthenticator } from '../../../src/features/authentication/introspection/introspection.ts'
import type { IntrospectionConfig } from '../../../src/features/authentication/introspection/setting.ts'
import { ProviderClient } from '../../../src/features/authentication/provider-client.ts'
import { ask } from '../../survival/http-client.ts'
import { startService } from '../../survival/origins.ts'
import { startGateway } from '../../survival/start-gateway.ts'

const ANNA = {
  active: true,
  sub: 'u1',
  username: 'anna',
  scope: 'orders:read orders:write',
  client_id: 'app',
}

interface Server {
  readonly url: string
  /** By token; a text is sent as it is, a function decides by itself. */
  answers: Record<string, unknown>
  readonly asked: { readonly form: URLSearchParams; readonly authorization: string | undefined }[]
}

/** An authorization server, as far as it is asked for tokens. */
async function startServer(t: TestContext, tls?: { key: Buffer; cert: Buffer }): Promise<Server> {
  const server: Server & { url: string } = { url: '', answers: {}, asked: [] }
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const form = new URLSearchParams(await text(request))
    server.asked.push({ form, authorization: request.headers.authorization })
    const said = server.answers[form.get('token') ?? ''] ?? { active: false }
    if (typeof said === 'function') return void said(response)
    response.setHeader('content-type', 'application/json')
    response.end(typeof said === 'string' ? said : JSON.stringify(said))
  }
  const listener: RequestListener = (request, response) => void answer(request, response)
  const listening = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    listening.close()
    listening.closeAllConnections()
  })
  const { port } = listening.address() as AddressInfo
  server.url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}/introspect`
  return server
}

const CONFIG: Omit<IntrospectionConfig, 'endpoint'> = {
  clientId: 'gate way',
  clientSecret: 's:e cret',
  clientAuthentication: 'basic',
  scopes: [],
  timeout: 2_000,
  cache: { active: 60_000, inactive: 5_000, maxTokens: 100 },
  onError: 'deny',
  staleFor: 600_000,
  claims: { name: 'username', groups: 'groups', scopes: 'scope' },
  forward: true,
}

const USUAL = { largest: 64 * 1024, sends: true }

interface Started {
  readonly server: Server
  readonly clock: VirtualClock
  readonly authenticator: IntrospectionAuthenticator
  readonly judge: (token: string) => Promise<Verdict>
}

async function start(t: TestContext, more: Partial<IntrospectionConfig> = {}): Promise<Started> {
  const server = await startServer(t)
  const config: IntrospectionConfig = { ...CONFIG, endpoint: server.url, ...more }
  const client = new ProviderClient({ name: 'it', timeout: config.timeout, ca: config.ca, ...USUAL })
  t.after(() => client.close())
  const authenticator = new IntrospectionAuthenticator('web', config, serverOf(config, client))
  const clock = new VirtualClock()
  return { server, clock, authenticator, judge: (token) => judged(authenticator, token, clock) }
}

async function judged(authenticator: Authenticator, token: string, clock: VirtualClock): Promise<Verdict> {
  const headers = { authorization: `Bearer ${token}` }
  const exchange = new Exchange(HttpRequest.to('http://shop.example/', { headers }), clock)
  return authenticator.verify(exchange, () => false)
}

describe('a token that its server is asked for', () => {
  it('tells who asks, with groups and scopes, and is asked for with id and secret as in a form', async (t) => {
    const { server, judge } = await start(t)
    server.answers['abc'] = { ...ANNA, groups: ['staff'], tier: 'gold' }
    const verdict = await judge('abc')
    assert.equal(verdict.kind, 'known')
    const { claims, ...identity } = verdict.identity
    assert.deepEqual(identity, {
      kind: 'introspection',
      authenticator: 'web',
      subject: 'u1',
      name: 'anna',
      groups: ['staff'],
      scopes: ['orders:read', 'orders:write'],
    })
    assert.equal(claims['tier'], 'gold')
    const [{ form, authorization } = assert.fail('it was not asked')] = server.asked
    assert.deepEqual(Object.fromEntries(form), { token: 'abc', token_type_hint: 'access_token' })
    assert.equal(authorization, `Basic ${Buffer.from('gate+way:s%3Ae+cret').toString('base64')}`)
  })

  it('may be asked for with id and secret in the content', async (t) => {
    const { server, judge } = await start(t, { clientAuthentication: 'post' })
    await judge('abc')
    const [{ form, authorization } = assert.fail('it was not asked')] = server.asked
    assert.deepEqual([form.get('client_id'), form.get('client_secret')], ['gate way', 's:e cret'])
    assert.equal(authorization, undefined)
  })

  it('of a client that speaks for nobody is that of the client', async (t) => {
    const { server, judge } = await start(t)
    server.answers['abc'] = { active: true, client_id: 'app' }
    server.answers['def'] = { active: true }
    const verdict = await judge('abc')
    assert.ok(verdict.kind === 'known' && verdict.identity.subject === 'app')
    assert.equal((await judge('def')).kind, 'rejected')
  })

  it('must be active, which is the value true and nothing else', async (t) => {
    const { server, judge } = await start(t)
    for (const active of ['"true"', '1', 'false', 'null', '"false"', '[]', '{}'])
      server.answers[`t${Object.keys(server.answers).length}`] = `{"active":${active},"sub":"u1"}`
    for (const token of Object.keys(server.answers)) {
      const verdict = await judge(token)
      assert.ok(verdict.kind === 'rejected' && verdict.reason === 'the token is not active', token)
    }
  })

  it('must be for this audience, of this issuer, within its time, and good for all scopes that are asked for', async (t) => {
    const { server, clock, judge } = await start(t, {
      issuer: ['i'],
      audience: ['a b'],
      scopes: ['orders:read'],
    })
    const now = clock.wallTime() / 1_000
    const good = { ...ANNA, iss: 'i', aud: ['x', 'a b'], exp: now + 60, nbf: now - 1 }
    for (const [change, reason] of [
      [{}, undefined],
      [{ aud: 'a b' }, undefined],
      [{ iss: 'j' }, /another issuer/],
      [{ iss: undefined }, /another issuer/],
      [{ iss: ['i'] }, /another issuer/],
      [{ aud: 'a' }, /another audience/],
      [{ aud: undefined }, /another audience/],
      [{ aud: [['a b']] }, /another audience/],
      [{ exp: now }, /has expired/],
      [{ exp: String(now + 60) }, /has expired/],
      [{ nbf: now + 1 }, /not good yet/],
      [{ scope: 'orders:readx' }, /lacks the scope orders:read/],
    ] as const) {
      const token = `t${server.asked.length}`
      server.answers[token] = { ...good, ...change }
      const verdict = await judge(token)
      if (reason === undefined) assert.equal(verdict.kind, 'known')
      else assert.ok(verdict.kind === 'rejected' && reason.test(verdict.reason), JSON.stringify(change))
    }
  })

  it('is not asked for where it is none', async (t) => {
    const { server, judge } = await start(t)
    for (const token of ['x'.repeat(9_000), 'a"b', 'a&token=b', 'é'])
      assert.equal((await judge(token)).kind, 'rejected')
    assert.equal(server.asked.length, 0)
  })
})

describe('what is known of tokens', () => {
  it('is known for as long as is allowed, and never beyond the end of the token', async (t) => {
    const { server, clock, judge } = await start(t)
    server.answers['long'] = ANNA
    server.answers['short'] = { ...ANNA, exp: clock.wallTime() / 1_000 + 10 }
    await judge('long')
    await judge('short')
    server.answers = {}
    await clock.advance(9_999)
    assert.equal((await judge('short')).kind, 'known')
    await clock.advance(1)
    assert.equal((await judge('short')).kind, 'rejected')
    await clock.advance(49_999)
    assert.equal((await judge('long')).kind, 'known')
    await clock.advance(1)
    assert.equal((await judge('long')).kind, 'rejected')
    assert.equal(server.asked.length, 4)
  })

  it('is known for a moment of those that are not active', async (t) => {
    const { server, clock, judge } = await start(t)
    await judge('abc')
    server.answers['abc'] = ANNA
    assert.equal((await judge('abc')).kind, 'rejected')
    await clock.advance(5_000)
    assert.equal((await judge('abc')).kind, 'known')
    assert.equal(server.asked.length, 2)
  })

  it('is asked for once for all that wait', async (t) => {
    const { server, judge } = await start(t)
    server.answers['abc'] = ANNA
    const verdicts = await Promise.all(Array.from({ length: 20 }, () => judge('abc')))
    assert.deepEqual([...new Set(verdicts.map(({ kind }) => kind))], ['known'])
    assert.equal(server.asked.length, 1)
  })

  it('stays bounded, and made-up tokens drive out no true one', async () => {
    const config: IntrospectionConfig = { ...CONFIG, endpoint: 'http://127.0.0.1:1/' }
    const authenticator = new IntrospectionAuthenticator('web', config, async (token) =>
      token === 'true-one' ? { ...ANNA, active: true } : { active: false },
    )
    const clock = new VirtualClock()
    await judged(authenticator, 'true-one', clock)
    const tokens = Number(process.env['HEADGATE_TOKENS'] ?? 1_000)
    for (let index = 0; index < tokens; index++) await judged(authenticator, `made-up-${index}`, clock)
    assert.ok(authenticator.size <= 101, `${authenticator.size} are known`)
    let asked = false
    const again = authenticator.verify(
      new Exchange(
        HttpRequest.to('http://shop.example/', { headers: { authorization: 'Bearer true-one' } }),
        clock,
      ),
      () => (asked = true),
    )
    assert.ok(!(again instanceof Promise) && again.kind === 'known' && !asked)
  })

  it('waits for so many tokens and no more', async () => {
    const config: IntrospectionConfig = { ...CONFIG, endpoint: 'http://127.0.0.1:1/' }
    const held = Promise.withResolvers<{ active: false }>()
    const authenticator = new IntrospectionAuthenticator('web', config, () => held.promise)
    const clock = new VirtualClock()
    const waiting = Array.from({ length: 1_000 }, (_, index) => judged(authenticator, `t${index}`, clock))
    assert.equal((await judged(authenticator, 'one-more', clock)).kind, 'unavailable')
    held.resolve({ active: false })
    await Promise.all(waiting)
    assert.equal((await judged(authenticator, 'one-more', clock)).kind, 'rejected')
  })

  it('is not asked for anew by clients that have failed too often', async (t) => {
    const { server, clock, authenticator } = await start(t)
    const headers = { authorization: 'Bearer abc' }
    const exchange = new Exchange(HttpRequest.to('http://shop.example/', { headers }), clock)
    assert.equal((await authenticator.verify(exchange, () => true)).kind, 'rejected')
    assert.equal(server.asked.length, 0)
  })
})

/** Answers of a server that is of no use. */
const USELESS: Readonly<Record<string, unknown>> = {
  'no JSON': '<html>',
  'a list': '[]',
  nothing: '{}',
  'a name twice': '{"active":true,"active":false}',
  huge: JSON.stringify({ ...ANNA, more: 'x'.repeat(70_000) }),
  endless: (response: ServerResponse) => response.write('{"active":true'),
  away: (response: ServerResponse) => response.destroy(),
  'an error': (response: ServerResponse) => response.writeHead(500).end('{"active":true}'),
  'a redirect': (response: ServerResponse) =>
    response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end(),
}

describe('a server that is away, slow, huge or lies', () => {
  it('lets nobody pass', async (t) => {
    const { server, judge } = await start(t, { timeout: 300 })
    server.answers = { ...USELESS }
    for (const [what, answer] of Object.entries(USELESS)) {
      server.answers['abc'] = answer
      assert.equal((await judge('abc')).kind, 'unavailable', what)
    }
  })

  it('has what was known serve for a while where that is allowed, never beyond the end of the token', async (t) => {
    const { server, clock, judge } = await start(t, { timeout: 300, onError: 'allow-stale' })
    const end = clock.wallTime() / 1_000 + 300
    server.answers = { long: ANNA, short: { ...ANNA, exp: end } }
    assert.equal((await judge('long')).kind, 'known')
    assert.equal((await judge('short')).kind, 'known')
    for (const answer of Object.values(USELESS)) {
      server.answers = { long: answer, short: answer, new: answer }
      await clock.advance(61_000 / Object.keys(USELESS).length)
      assert.equal((await judge('long')).kind, 'known')
    }
    const { length } = server.asked
    assert.equal((await judge('long')).kind, 'known')
    assert.equal(server.asked.length, length, 'nobody waits for a server that has just failed')
    assert.equal((await judge('new')).kind, 'unavailable')
    await clock.advance(240_000)
    assert.equal((await judge('long')).kind, 'known')
    assert.equal((await judge('short')).kind, 'unavailable')
    await clock.advance(300_000)
    assert.equal((await judge('long')).kind, 'unavailable')
  })

  it('that flaps is believed as soon as it says that a token is active no more', async (t) => {
    const { server, clock, judge } = await start(t, { onError: 'allow-stale' })
    const kinds: string[] = []
    for (const answer of [ANNA, '<html>', ANNA, '<html>', { active: false }, '<html>', ANNA]) {
      server.answers['abc'] = answer
      kinds.push((await judge('abc')).kind)
      await clock.advance(61_000)
    }
    assert.deepEqual(kinds, ['known', 'known', 'known', 'known', 'rejected', 'unavailable', 'known'])
  })

  it('with another certificate than one that is trusted is not asked', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'headgate-introspection-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
    const names = ['-subj', '/CN=it', '-addext', 'subjectAltName=IP:127.0.0.1']
    execFileSync('openssl', ['req', '-x509', ...curve, ...names, '-keyout', key, '-out', cert], {
      stdio: 'ignore',
    })
    const server = await startServer(t, { key: readFileSync(key), cert: readFileSync(cert) })
    server.answers['abc'] = ANNA
    for (const [ca, expected] of [
      [undefined, 'unavailable'],
      [readFileSync(cert, 'utf8'), 'known'],
    ] as const) {
      const client = new ProviderClient({ name: 'it', timeout: 2_000, ca, ...USUAL })
      t.after(() => client.close())
      const config: IntrospectionConfig = { ...CONFIG, endpoint: server.url }
      const authenticator = new IntrospectionAuthenticator('web', config, serverOf(config, client))
      assert.equal((await judged(authenticator, 'abc', new VirtualClock())).kind, expected)
    }
    assert.equal(server.asked.length, 1)
  })
})

it('stands in a configuration as the other authenticators do', async (t) => {
  const server = await startServer(t)
  server.answers['abc'] = ANNA
  const { url: upstream } = await startService(t, (request, response) =>
    response.end(JSON.stringify(request.headers)),
  )
  const gateway = await startGateway(t, {
    authenticators: {
      web: {
        introspection: {
          endpoint: server.url,
          clientId: 'gateway',
          clientSecret: 'secret',
          cookie: 'token',
          forward: false,
        },
      },
    },
    routes: [
      { authentication: 'web', upstream, requestHeaders: { set: { 'x-caller': '${identity.name}' } } },
    ],
  })
  const good = await ask(gateway.url, { headers: { cookie: 'a=1; token=abc' } })
  const seen = JSON.parse(good.content)
  assert.deepEqual([good.status, seen['x-caller'], seen['cookie']], [200, 'anna', 'a=1'])
  const bad = await ask(gateway.url, { headers: { cookie: 'token=def' } })
  assert.deepEqual(
    [bad.status, bad.headers['www-authenticate']],
    [401, 'Bearer error="invalid_token", error_description="the token is not active"'],
  )
  server.answers['ghi'] = '<html>'
  assert.equal((await ask(gateway.url, { headers: { cookie: 'token=ghi' } })).status, 503)
})

it('names mistakes, and shows no secret', () => {
  const good = { endpoint: 'https://a.example/i', clientId: 'a', clientSecret: 'the secret' }
  for (const [change, expected] of [
    [{ endpoint: 'ftp://a' }, /is not a URL that can be asked/],
    [{ endpoint: 'https://u:p@a.example/' }, /is not a URL that can be asked/],
    [{ clientSecret: '' }, /is not a secret/],
    [{ clientSecret: undefined }, /is missing/],
    [{ onError: 'allow' }, /allow-stale/],
    [{ scopes: ['a b'] }, /is not a scope/],
    [{ ca: 'a.pem' }, /holds no certificate/],
  ] as const) {
    const result = parseConfig({
      authenticators: { it: { introspection: { ...good, ...change } } },
      routes: [{ authentication: 'it', upstream: 'http://127.0.0.1:9000' }],
    })
    assert.ok(!result.ok, JSON.stringify(change))
    assert.match(JSON.stringify(result.problems), expected)
    assert.doesNotMatch(JSON.stringify(result.problems), /the secret|u:p/)
  }
})
