import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { hash } from 'node:crypto'
import { parseConfig } from '../../../../src/config/parse.ts'
import { locationOf, setCookies } from './browser.ts'
import { KEY, start } from './start.ts'

describe('a browser that is not logged in', () => {
  it('is sent to the provider with PKCE, state and nonce, and comes back to the page that it has asked for', async (t) => {
    const { provider, newBrowser, logIn } = await start(t, {
      scopes: ['profile', 'email'],
      parameters: { prompt: 'login' },
    })
    const browser = newBrowser()
    const sent = await browser.visit('/orders?page=2')
    assert.equal(sent.status, 303)
    const asked = new URL(locationOf(sent))
    assert.equal(asked.origin + asked.pathname, `${provider.url}/authorize`)
    const {
      state = '',
      nonce = '',
      code_challenge: challenge = '',
      ...rest
    } = Object.fromEntries(asked.searchParams)
    assert.deepEqual(rest, {
      prompt: 'login',
      response_type: 'code',
      client_id: 'gateway',
      redirect_uri: `${browser.origin}/auth/web/callback`,
      scope: 'openid profile email',
      code_challenge_method: 'S256',
    })
    for (const random of [state, nonce, challenge]) assert.match(random, /^[\w-]{43}$/)
    assert.equal(sent.headers['cache-control'], 'no-store')
    const back = await browser.visit(provider.authorize(asked.href))
    assert.deepEqual([back.status, locationOf(back)], [303, '/orders?page=2'])
    const page = await browser.visit('/orders?page=2')
    const seen = JSON.parse(page.content)
    assert.deepEqual(
      [page.status, seen['x-caller'], seen['x-groups'], seen['x-token'], seen['cookie'], seen['url']],
      [200, 'u1', 'staff', '', undefined, '/orders?page=2'],
    )
    // Reloading the callback is no harm to who is logged in.
    const again = await browser.visit(provider.authorize(asked.href))
    assert.deepEqual([again.status, locationOf(again)], [303, '/'])
    assert.equal((await logIn(newBrowser())).status, 303)
  })

  it('may log in twice at the same time, in two tabs, and in whichever order they come back', async (t) => {
    const { provider, newBrowser } = await start(t)
    const browser = newBrowser()
    const [one, other] = [await browser.visit('/one'), await browser.visit('/other')]
    assert.equal(locationOf(await browser.visit(provider.authorize(locationOf(other)))), '/other')
    assert.equal(locationOf(await browser.visit(provider.authorize(locationOf(one)))), '/one')
    assert.deepEqual([...browser.cookies.keys()], ['headgate-web'])
  })

  it('keeps few logins that it has begun, and the gateway none', async (t) => {
    const { provider, newBrowser } = await start(t)
    const browser = newBrowser()
    const sent: string[] = []
    for (let tab = 0; tab < 7; tab++) sent.push(locationOf(await browser.visit(`/${tab}`)))
    assert.equal(browser.cookies.size, 4)
    assert.equal((await browser.visit(provider.authorize(sent[0] ?? ''))).status, 400)
    assert.equal(locationOf(await browser.visit(provider.authorize(sent[6] ?? ''))), '/6')
  })

  it('is told 401 where a script asks, or a form is sent, and no login begins', async (t) => {
    const { provider, newBrowser } = await start(t)
    const browser = newBrowser()
    for (const answer of [
      await browser.fetch('/'),
      await browser.fetch('/', { accept: 'text/html' }),
      await browser.send('/', { accept: 'application/json' }),
      await browser.send('/', { accept: '*/*' }),
      await browser.send('/', { accept: 'text/html', 'x-requested-with': 'XMLHttpRequest' }),
      await browser.send('/', { accept: 'text/html', 'sec-fetch-mode': 'navigate' }, 'POST'),
    ]) {
      assert.deepEqual(
        [answer.status, answer.headers['www-authenticate'], setCookies(answer)],
        [401, 'Login realm="headgate", uri="/auth/web/login"', []],
      )
    }
    assert.deepEqual(provider.asked, [])
    assert.equal((await browser.send('/', { accept: 'text/html' })).status, 303)
  })

  it('comes back to no other origin, whatever a link says', async (t) => {
    const { provider, newBrowser } = await start(t)
    for (const [written, expected] of [
      ['/orders?a=b', '/orders?a=b'],
      ['/a/../b', '/b'],
      ['https://evil.example/', '/'],
      ['//evil.example', '/'],
      ['/\\evil.example', '/'],
      ['\\\\evil.example', '/'],
      ['/%0d%0aset-cookie:a=b', '/%0d%0aset-cookie:a=b'],
      ['/\r\nset-cookie:a=b', '/'],
      ['/\t/evil.example', '/'],
      ['/a/..//evil.example', '/'],
      ['/.//evil.example', '/'],
      ['javascript:alert(1)', '/'],
      ['', '/'],
      ['/auth/web/login', '/'],
      ['/auth/web/logout', '/'],
      [`/${'x'.repeat(3_000)}`, '/'],
    ] as const) {
      const browser = newBrowser()
      const sent = await browser.visit(`/auth/web/login?return=${encodeURIComponent(written)}`)
      const back = await browser.visit(provider.authorize(locationOf(sent)))
      assert.deepEqual([back.status, locationOf(back)], [303, expected], written)
    }
  })

  it('is sent to a page where people choose, where there is one', async (t) => {
    const { newBrowser } = await start(t, { loginPage: '/choose' })
    const sent = await newBrowser().visit('/orders?a=b')
    assert.equal(locationOf(sent), '/choose?return=%2Forders%3Fa%3Db')
  })

  it('is sent to no page with a query or a fragment of its own, which would redirect to itself for ever', () => {
    const isTaken = (loginPage: string): boolean =>
      parseConfig({
        authenticators: {
          web: { oidc: { issuer: 'https://a.example', clientId: 'a', keys: KEY, loginPage } },
        },
        routes: [{ authentication: 'web', respond: {} }],
      }).ok
    assert.deepEqual(['/choose', '/choose?by=us', '/choose#us'].map(isTaken), [true, false, false])
  })
})

describe('cookies', () => {
  it('are for this host alone, over TLS alone, and for no script', async (t) => {
    const { provider, newBrowser } = await start(t)
    const browser = newBrowser({ 'x-forwarded-proto': 'https' })
    const sent = await browser.visit('/')
    const [login = ''] = setCookies(sent)
    assert.match(
      login,
      /^__Host-headgate-web~login~[\w-]{12}=[\w-]+; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax; Secure$/,
    )
    const back = await browser.visit(provider.authorize(locationOf(sent)))
    const [, session = ''] = setCookies(back)
    assert.match(
      session,
      /^__Host-headgate-web=1\.[\w-]+; Path=\/; Max-Age=28800; HttpOnly; SameSite=Lax; Secure$/,
    )
    // One that a page without TLS has set is none.
    const value = browser.cookies.get('__Host-headgate-web') ?? ''
    const other = newBrowser({ 'x-forwarded-proto': 'https' })
    other.cookies.set('headgate-web', value)
    assert.equal((await other.fetch('/')).status, 401)
    assert.equal((await browser.fetch('/')).status, 200)
  })

  it('that were changed, cut, mixed, or made by another authenticator or key, are no session', async (t) => {
    const issuer = { clientId: 'gateway', clientSecret: 'secret', keys: KEY }
    const { provider, newBrowser, logIn } = await start(t)
    const others = await start(t, { issuer: provider.url }, {})
    const renamed = await start(
      t,
      {},
      {
        authenticators: { other: { oidc: { ...issuer, issuer: provider.url, cookie: 'headgate-web' } } },
        routes: [{ authentication: 'other', respond: {} }],
      },
    )
    const rekeyed = await start(t, {
      issuer: provider.url,
      keys: ['another key of thirty-two bytes and more'],
    })
    const rotated = await start(t, {
      issuer: provider.url,
      keys: ['another key of thirty-two bytes and more', KEY],
    })
    provider.claims = { sub: 'u1', more: 'x'.repeat(4_000) }
    const [anna, ben] = [newBrowser(), newBrowser()]
    await logIn(anna)
    provider.claims = { sub: 'u2', more: 'x'.repeat(4_000) }
    await logIn(ben)
    assert.deepEqual([...anna.cookies.keys()], ['headgate-web', 'headgate-web~1'])
    const [first = '', second = ''] = anna.cookies.values()
    const statusWith = async (
      at: { readonly newBrowser: () => typeof anna },
      cookies: Record<string, string>,
    ): Promise<number> => {
      const browser = at.newBrowser()
      for (const [name, value] of Object.entries(cookies)) browser.cookies.set(name, value)
      return (await browser.fetch('/')).status
    }
    const whole = { 'headgate-web': first, 'headgate-web~1': second }
    assert.equal(await statusWith({ newBrowser }, whole), 200)
    assert.equal(await statusWith(rotated, whole), 200)
    assert.equal(await statusWith(others, whole), 200, 'another gateway with the same settings')
    assert.equal(await statusWith(renamed, whole), 401)
    assert.equal(await statusWith(rekeyed, whole), 401)
    const flipped = first.slice(0, 100) + (first[100] === 'A' ? 'B' : 'A') + first.slice(101)
    for (const cookies of [
      { ...whole, 'headgate-web': flipped },
      { ...whole, 'headgate-web~1': second.slice(0, -2) },
      { 'headgate-web': first },
      { 'headgate-web': first.replace(/^2/, '1') },
      { 'headgate-web': first.replace(/^2/, '9'), 'headgate-web~1': second },
      { 'headgate-web': first.slice(2) },
      { 'headgate-web': '1.' },
      { 'headgate-web': `1.${'A'.repeat(5_000)}` },
      { ...whole, 'headgate-web~1': ben.cookies.get('headgate-web~1') ?? '' },
    ])
      assert.equal(await statusWith({ newBrowser }, cookies), 401, JSON.stringify(cookies).slice(0, 60))
    // Of a login, for a session.
    const begun = newBrowser()
    await begun.visit('/')
    const [login = ''] = begun.cookies.values()
    assert.equal(await statusWith({ newBrowser }, { 'headgate-web': `1.${login}` }), 401)
  })

  it('never get too long for a browser or a head: what is too much is no session', async (t) => {
    const { provider, newBrowser, logIn } = await start(t)
    provider.claims = { sub: 'u1', more: 'x'.repeat(12_000) }
    const browser = newBrowser()
    const back = await logIn(browser)
    assert.equal(back.status, 400)
    assert.equal(browser.cookies.size, 0)
  })
})

describe('a callback that is not the answer to a login of this browser', () => {
  it('is refused: replayed, of another browser, with another state, code, issuer or an error', async (t) => {
    const { provider, newBrowser } = await start(t)
    const begin = async (): Promise<{ browser: ReturnType<typeof newBrowser>; sent: string }> => {
      const browser = newBrowser()
      return { browser, sent: locationOf(await browser.visit('/')) }
    }
    const detailOf = async (change: Record<string, string | undefined>, again?: string): Promise<string> => {
      const { browser, sent } = await begin()
      const answer = await browser.visit(provider.authorize(sent, change) + (again ?? ''), {
        accept: 'application/problem+json',
      })
      assert.equal(answer.status, 400)
      assert.ok(!setCookies(answer).some((each) => /^headgate-web=./.test(each)))
      return JSON.parse(answer.content).detail
    }
    assert.match(await detailOf({ state: 'another' }), /begun no such login/)
    assert.match(await detailOf({ state: undefined }), /begun no such login/)
    assert.match(await detailOf({}, '&state=another'), /begun no such login/)
    // A provider that another login was meant for (RFC 9207).
    assert.match(await detailOf({ iss: 'https://evil.example' }), /not one to this login/)
    assert.match(await detailOf({ iss: undefined }), /not one to this login/)
    assert.match(await detailOf({}, '&code=another'), /holds no code/)
    assert.match(await detailOf({ code: undefined }), /holds no code/)
    assert.match(await detailOf({ code: 'injected' }), /refuses the login: invalid_grant/)
    assert.equal(
      await detailOf({ code: undefined, error: 'access_denied' }),
      'the provider refuses the login: access_denied',
    )
    assert.equal(
      await detailOf({ code: undefined, error: '<b>call 555</b>' }),
      'the provider refuses the login',
    )
    // A code that somebody else has got, for a login of their own: PKCE is in the way.
    const [anna, ben] = [await begin(), await begin()]
    const code = new URL(provider.authorize(ben.sent)).searchParams.get('code') ?? ''
    assert.equal((await anna.browser.visit(provider.authorize(anna.sent, { code }))).status, 400)
    // The answer to a login of somebody else, in a link.
    const link = provider.authorize((await begin()).sent)
    assert.equal((await newBrowser().visit(link)).status, 400)
  })

  it('is refused when it comes too late', async (t) => {
    const { provider, newBrowser } = await start(t, { loginTimeout: '1ms' })
    const browser = newBrowser()
    const sent = locationOf(await browser.visit('/'))
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal((await browser.visit(provider.authorize(sent))).status, 400)
  })

  it('is slowed and then refused like other failures, and does not ask the provider any more', async (t) => {
    const { provider, newBrowser } = await start(t, {}, { failedAuthentication: { perClient: '1/h' } })
    const browser = newBrowser()
    const sent = [locationOf(await browser.visit('/1')), locationOf(await browser.visit('/2'))]
    const statuses: number[] = []
    for (const each of sent)
      statuses.push((await browser.visit(provider.authorize(each, { code: 'injected' }))).status)
    assert.deepEqual(statuses, [400, 429])
    assert.equal(provider.asked.filter((path) => path === '/token').length, 1)
  })

  it('counts against nobody where their browser has begun no login: any page may have sent it there', async (t) => {
    const { newBrowser, provider } = await start(t, {}, { failedAuthentication: { perClient: '2/h' } })
    const browser = newBrowser()
    const forged = ['callback?code=a&state=b', 'frontchannel-logout?iss=a&sid=b', 'frontchannel-logout']
    for (const path of [...forged, ...forged])
      assert.equal((await browser.visit(`/auth/web/${path}`)).status, 400, path)
    const sent = locationOf(await browser.visit('/1'))
    assert.equal(locationOf(await browser.visit(provider.authorize(sent))), '/1')
  })
})

describe('an ID token', () => {
  it('must be for this login, signed as the configuration says, and of this provider', async (t) => {
    const { provider, newBrowser, logIn } = await start(t)
    const now = Math.floor(Date.now() / 1_000)
    const statusWith = async (
      idToken: Record<string, unknown>,
      more: Partial<typeof provider> = {},
    ): Promise<number> => {
      Object.assign(provider, { idToken, header: {}, tokens: {}, ...more })
      return (await logIn(newBrowser())).status
    }
    const atHash = hash('sha256', 'the-token', 'buffer').subarray(0, 16).toString('base64url')
    const theToken = { tokens: { access_token: 'the-token' } }
    for (const [idToken, more] of [
      [{}],
      [{ aud: ['gateway'] }],
      [{ aud: ['gateway', 'other'], azp: 'gateway' }],
      [{ at_hash: atHash }, theToken],
    ] as const)
      assert.equal(await statusWith(idToken, more), 303, JSON.stringify(idToken))
    const forged = (await import('jose')).base64url.encode('{"alg":"none"}')
    for (const [idToken, more] of [
      [{ nonce: 'another' }],
      [{ nonce: undefined }],
      [{ aud: 'other' }],
      [{ aud: ['gateway', 'other'] }],
      [{ aud: ['gateway', 'other'], azp: 'other' }],
      [{ azp: 'other' }],
      [{ iss: 'https://evil.example' }],
      [{ exp: now - 60 }],
      [{ exp: undefined }],
      [{ iat: undefined }],
      [{ sub: undefined }],
      [{ sub: '' }],
      [{ at_hash: 'wrong' }],
      [{ at_hash: atHash }],
      [{}, { header: { kid: 'made-up' } }],
      [{}, { header: { crit: ['x'], x: 1 } }],
      [{}, { tokens: { id_token: undefined } }],
      [{}, { tokens: { id_token: `${forged}.e30.` } }],
      [{}, { tokens: { token_type: 'mac' } }],
      [{}, { tokens: { access_token: undefined } }],
    ] as const) {
      const status = await statusWith(idToken, more)
      assert.ok(status === 400 || status === 503, `${status} for ${JSON.stringify([idToken, more])}`)
    }
  })

  it('of another algorithm than the configuration names is refused, whatever the provider says', async (t) => {
    const { provider, newBrowser, logIn } = await start(t, { algorithms: ['RS256'] })
    assert.notEqual((await logIn(newBrowser())).status, 303)
    await provider.rotate('RS256')
    const {
      newBrowser: another,
      provider: next,
      logIn: logInThere,
    } = await start(t, { algorithms: ['RS256'] })
    await next.rotate('RS256')
    assert.equal((await logInThere(another())).status, 303)
  })
})

describe('a provider', () => {
  it('that is away, lies about itself or answers with something else lets nobody in, and nobody wait', async (t) => {
    const { provider, newBrowser, gateway } = await start(t, { timeout: '300ms' })
    const browser = newBrowser()
    const place = '/.well-known/openid-configuration'
    provider.answers[place] = (response) => response.destroy()
    assert.equal((await browser.visit('/')).status, 503)
    provider.answers[place] = undefined
    // It is not asked again for each request.
    const { length } = provider.asked
    assert.equal((await browser.visit('/')).status, 503)
    assert.equal(provider.asked.length, length)
    assert.match(JSON.stringify(await gateway.logged(1)), /"error":"overloaded"/)
    assert.equal(browser.cookies.size, 0)
    for (const metadata of [
      { issuer: 'https://evil.example' },
      { authorization_endpoint: 'javascript:alert(1)' },
      { authorization_endpoint: 'ftp://a.example/' },
      { authorization_endpoint: undefined },
    ]) {
      const lying = await start(t)
      lying.provider.metadata = metadata
      assert.equal((await lying.newBrowser().visit('/')).status, 503, JSON.stringify(metadata))
    }
    for (const answer of ['<html>', '[]', '{}', JSON.stringify({ access_token: 'x'.repeat(300_000) })]) {
      const odd = await start(t)
      odd.provider.answers['/token'] = (response) => {
        response.setHeader('content-type', 'application/json')
        response.end(answer)
      }
      assert.equal((await odd.logIn(odd.newBrowser())).status, 503, answer.slice(0, 20))
    }
    const slow = await start(t, { timeout: '200ms' })
    slow.provider.answers['/token'] = () => {}
    assert.equal((await slow.logIn(slow.newBrowser())).status, 503)
  })

  it('may change its keys', async (t) => {
    const { provider, newBrowser, logIn } = await start(t)
    assert.equal((await logIn(newBrowser())).status, 303)
    const [before] = [provider.key]
    await provider.rotate()
    provider.published = [before.jwk, provider.key.jwk]
    // A token that names a key which is not known has the keys fetched again, though not for each such token.
    const status = (await logIn(newBrowser())).status
    assert.equal(status, 400)
    assert.equal(provider.asked.filter((path) => path === '/keys').length, 1)
  })

  it('is asked for further claims where that is wanted', async (t) => {
    const { newBrowser, logIn } = await start(t, { userinfo: true, claims: { groups: 'groups' } })
    const browser = newBrowser()
    await logIn(browser)
    assert.equal(JSON.parse((await browser.fetch('/')).content)['x-groups'], 'staff')
  })
})
