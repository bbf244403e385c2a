import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { Exchange, HttpRequest, LocalRateLimitStore } from '@headgate/core'
import { VirtualClock } from '@headgate/core/testing'
import { parseConfig } from '../../../../src/config/parse.ts'
import { makeOidc } from '../../../../src/features/authentication/oidc/make-oidc.ts'
import { startService } from '../../../survival/origins.ts'
import { type Browser, locationOf, setCookies } from './browser.ts'
import { KEY, start, type Started } from './start.ts'

const MINUTE = 60_000
const WITH_REFRESH = { refresh_token: 'refresh-0' }

interface Session extends Started {
  readonly clock: VirtualClock
  readonly browser: Browser
  /** The access token that the upstream is given. */
  readonly token: () => Promise<string>
}

/** Somebody who has logged in, with tokens that end after ten minutes. */
async function logged(
  t: TestContext,
  oidc: Parameters<typeof start>[1] = {},
  tokens: object = WITH_REFRESH,
  claims?: Started['provider']['claims'],
): Promise<Session> {
  const clock = new VirtualClock()
  const started = await start(t, { accessToken: true, ...oidc }, {}, clock)
  started.provider.tokens = tokens
  if (claims !== undefined) started.provider.claims = claims
  const browser = started.newBrowser()
  await started.logIn(browser)
  started.provider.tokens = {}
  const token = async (): Promise<string> => JSON.parse((await browser.fetch('/')).content)['x-token']
  return { ...started, clock, browser, token }
}

describe('a session whose tokens end', () => {
  it('is renewed once, whatever comes at the same time or a moment later, and each time with the token that came last', async (t) => {
    const { provider, clock, browser, token } = await logged(t)
    assert.equal(await token(), 'access-2')
    const before = new Map(browser.cookies)
    await clock.advance(8 * MINUTE)
    await token()
    assert.deepEqual(provider.renewed, [])
    await clock.advance(1.5 * MINUTE)
    const answers = await Promise.all(Array.from({ length: 10 }, () => browser.fetch('/')))
    assert.deepEqual([...new Set(answers.map(({ content }) => JSON.parse(content)['x-token']))], ['access-3'])
    assert.ok(
      answers.every(
        (answer) => setCookies(answer).length > 0 && answer.headers['cache-control'] === 'no-store',
      ),
    )
    assert.deepEqual(provider.renewed, ['refresh-0'])
    assert.notDeepEqual(browser.cookies, before)
    // A request that was under way with the cookie of before.
    await clock.advance(MINUTE)
    const { cookies } = browser
    const renewed = new Map(cookies)
    for (const [name, value] of before) cookies.set(name, value)
    assert.equal(await token(), 'access-3')
    assert.deepEqual(browser.cookies, renewed)
    await clock.advance(9 * MINUTE)
    assert.equal(await token(), 'access-4')
    assert.deepEqual(provider.renewed, ['refresh-0', 'refresh-3'])
  })

  it('is renewed with the same token where the provider gives no other one', async (t) => {
    const { provider, clock, token } = await logged(t)
    provider.tokens = { refresh_token: undefined, expires_in: 60 }
    await clock.advance(9.5 * MINUTE)
    assert.equal(await token(), 'access-3')
    provider.renewed.length = 0
    await clock.advance(MINUTE)
    assert.equal(await token(), 'access-4')
    assert.deepEqual(provider.renewed, ['refresh-0'])
  })

  it('has after its renewal no more scopes than were granted before, where the provider names none', async (t) => {
    const { provider, clock, browser } = await logged(
      t,
      { scopes: ['openid', 'read', 'write'] },
      { ...WITH_REFRESH, scope: 'openid read' },
    )
    const scopes = async (): Promise<string> => JSON.parse((await browser.fetch('/')).content)['x-scopes']
    assert.equal(await scopes(), 'openid read')
    await clock.advance(9.5 * MINUTE)
    assert.equal(await scopes(), 'openid read')
    assert.equal(provider.renewed.length, 1)
  })

  it('has after its renewal no group that the new ID token or userinfo does not name', async (t) => {
    const groups = async ({ browser }: Session): Promise<string> =>
      JSON.parse((await browser.fetch('/')).content)['x-groups']
    const byToken = await logged(t)
    assert.equal(await groups(byToken), 'staff')
    byToken.provider.claims = { sub: 'u1', name: 'Anna' }
    await byToken.clock.advance(9.5 * MINUTE)
    assert.equal(await groups(byToken), '')

    // Renewed without an ID token: userinfo is asked of whoever logged in.
    const byUserinfo = await logged(t, { userinfo: true }, WITH_REFRESH, { sub: 'u1', name: 'Anna' })
    assert.equal(await groups(byUserinfo), 'from-userinfo')
    const { provider, clock } = byUserinfo
    provider.tokens = { id_token: undefined }
    provider.answers['/userinfo'] = (response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"sub":"u1"}')
    await clock.advance(9.5 * MINUTE)
    assert.equal(await groups(byUserinfo), '')
    assert.equal(JSON.parse((await byUserinfo.browser.fetch('/')).content)['x-caller'], 'u1')
    assert.equal(provider.renewed.length, 1)
  })

  it('is over where the provider says so, or gives the tokens of somebody else', async (t) => {
    for (const refuse of [
      ({ provider }: Session) => provider.renewed.push('refresh-0'),
      ({ provider }: Session) => (provider.claims = { sub: 'u2' }),
    ]) {
      const session = await logged(t)
      refuse(session)
      const { clock, browser } = session
      await clock.advance(11 * MINUTE)
      const script = await browser.fetch('/')
      assert.equal(script.status, 401)
      assert.equal(browser.cookies.size, 0)
      assert.equal((await browser.visit('/')).status, 303)
    }
  })

  it('goes on while the provider is away, until the tokens have ended, and after that when it is back', async (t) => {
    const { provider, clock, browser, token } = await logged(t, { timeout: '300ms' })
    provider.answers['/token'] = (response) => response.writeHead(500).end()
    await clock.advance(9.5 * MINUTE)
    assert.equal(await token(), 'access-2')
    await clock.advance(MINUTE)
    assert.equal((await browser.fetch('/')).status, 503)
    const { length } = provider.asked
    assert.equal((await browser.fetch('/')).status, 503)
    assert.equal(provider.asked.length, length, 'it is not asked for each request')
    provider.answers['/token'] = undefined
    await clock.advance(MINUTE)
    assert.equal(await token(), 'access-3')
  })

  it('has the new cookie also where the upstream fails', async (t) => {
    const upstream = await startService(t, (_, response) => response.destroy())
    const clock = new VirtualClock()
    const { provider, newBrowser, logIn } = await start(
      t,
      {},
      { routes: [{ authentication: 'web', upstream: upstream.url, retry: { attempts: 1 } }] },
      clock,
    )
    provider.tokens = WITH_REFRESH
    const browser = newBrowser()
    await logIn(browser)
    await clock.advance(9.5 * MINUTE)
    const answer = await browser.fetch('/')
    assert.equal(answer.status, 502)
    assert.match(setCookies(answer)[0] ?? '', /^headgate-web=1\../)
  })

  it('is renewed by one of several workers, which the others wait for', async (t) => {
    const session = await logged(t)
    const asked = workers(t, session, 3)
    for (const wait of [9.5, 1]) {
      await session.clock.advance(wait * MINUTE)
      const verdicts = await Promise.all(asked.map((ask) => ask()))
      assert.deepEqual([...new Set(verdicts)], ['known'])
      assert.deepEqual(session.provider.renewed, ['refresh-0'])
    }
  })

  it('is known to a worker that is asked for the first time when another one has renewed it', async (t) => {
    const session = await logged(t)
    const [one, other] = workers(t, session, 2)
    await session.clock.advance(11 * MINUTE)
    assert.equal(await one?.(), 'known')
    // What a worker has told, the others have with their next turn.
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(await other?.(), 'known')
    assert.deepEqual(session.provider.renewed, ['refresh-0'])
  })
})

/** What workers that share memory make of the session, each when it is called. */
function workers(
  t: TestContext,
  { provider, clock, browser }: Session,
  count: number,
): readonly (() => Promise<string>)[] {
  const result = parseConfig({
    authenticators: {
      web: {
        oidc: {
          issuer: provider.url,
          clientId: 'gateway',
          clientSecret: 'secret',
          keys: KEY,
          accessToken: true,
        },
      },
    },
    routes: [{ authentication: 'web', respond: {} }],
  })
  assert.ok(result.ok)
  const { oidc } = result.config.authenticators['web'] ?? {}
  assert.ok(oidc)
  const shared = new Map<string, LocalRateLimitStore>()
  const rateLimits = {
    get(id: string): LocalRateLimitStore {
      const per = id.startsWith('sessions-renewed') ? 10_000 : oidc.maxAge
      const store = shared.get(id) ?? new LocalRateLimitStore({ rate: 1, per, maxKeys: 100 })
      shared.set(id, store)
      return store
    },
  }
  const cookie = Array.from(browser.cookies, ([name, value]) => `${name}=${value}`).join('; ')
  return Array.from({ length: count }, () => {
    const worker = makeOidc('web', oidc, { clock, rateLimits, sends: true })
    t.after(() => worker.close())
    const request = (): HttpRequest => HttpRequest.to('http://shop.example/', { headers: { cookie } })
    return async () => (await worker.verify(new Exchange(request(), clock), () => false)).kind
  })
}

describe('a session', () => {
  it('lasts as long as the configuration says, however often it is renewed', async (t) => {
    const { clock, browser } = await logged(t, { maxAge: '25m' })
    for (const expected of [200, 200, 401]) {
      await clock.advance(9.5 * MINUTE)
      assert.equal((await browser.fetch('/')).status, expected)
    }
    assert.match(locationOf(await browser.visit('/')), /\/authorize/)
  })

  it('that cannot be renewed ends with the access token where upstreams get that, and else does not', async (t) => {
    for (const [accessToken, expected] of [
      [true, 401],
      [false, 200],
    ] as const) {
      const { clock, browser } = await logged(t, { accessToken }, {})
      await clock.advance(9 * MINUTE)
      assert.equal((await browser.fetch('/')).status, 200)
      await clock.advance(MINUTE)
      assert.equal((await browser.fetch('/')).status, expected)
    }
  })
})
