import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Answer } from '../../../survival/http-client.ts'
import { type Browser, locationOf, setCookies } from './browser.ts'
import { start } from './start.ts'

/** One with the same cookies: of whoever has copied them. */
function copyOf(browser: Browser, newBrowser: () => Browser): Browser {
  const copy = newBrowser()
  for (const [name, value] of browser.cookies) copy.cookies.set(name, value)
  return copy
}

describe('a logout', () => {
  it('ends the session here and at the provider, also for whoever has copied the cookie', async (t) => {
    const { provider, newBrowser, logIn } = await start(t, { afterLogout: '/bye' })
    for (const method of ['GET', 'POST']) {
      const browser = newBrowser()
      await logIn(browser)
      const thief = copyOf(browser, newBrowser)
      assert.equal((await thief.fetch('/')).status, 200)
      const answer = await browser.send('/auth/web/logout', { 'sec-fetch-site': 'same-origin' }, method)
      assert.equal(answer.status, 303)
      const { id_token_hint: hint = '', ...rest } = Object.fromEntries(
        new URL(locationOf(answer)).searchParams,
      )
      assert.ok(locationOf(answer).startsWith(`${provider.url}/logout?`))
      assert.equal(hint.split('.').length, 3)
      assert.deepEqual(rest, { client_id: 'gateway', post_logout_redirect_uri: `${browser.origin}/bye` })
      assert.equal(browser.cookies.size, 0)
      assert.equal((await thief.fetch('/')).status, 401)
      await logIn(browser)
      assert.equal((await browser.fetch('/')).status, 200)
    }
  })

  it('is one here alone where the provider has none, is away, or is not to be told', async (t) => {
    const without = await start(t)
    without.provider.metadata = { end_session_endpoint: undefined }
    const untold = await start(t, { providerLogout: false, afterLogout: '/bye' })
    for (const [{ newBrowser, logIn }, place] of [
      [without, '/'],
      [untold, '/bye'],
    ] as const) {
      const browser = newBrowser()
      await logIn(browser)
      assert.equal(locationOf(await browser.visit('/auth/web/logout')), place)
      assert.equal(browser.cookies.size, 0)
    }
  })

  it('is not for pages of other origins to ask for', async (t) => {
    const { newBrowser, logIn } = await start(t)
    const browser = newBrowser()
    await logIn(browser)
    for (const fields of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://evil.example' },
    ] as Record<string, string>[])
      assert.equal((await browser.send('/auth/web/logout', fields, 'POST')).status, 400)
    assert.equal((await browser.fetch('/')).status, 200)
  })
})

const LOGOUT = { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }

describe('a provider that says that a session is over', () => {
  it('ends that session, or all of somebody, until they log in again', async (t) => {
    const { provider, newBrowser, logIn } = await start(t)
    const told = async (claims: object): Promise<Answer> => {
      const content = new URLSearchParams({
        logout_token: await provider.sign({ ...LOGOUT, ...claims }),
      }).toString()
      return newBrowser().send('/auth/web/backchannel-logout', {}, 'POST', content)
    }
    const [first, second, other] = [newBrowser(), newBrowser(), newBrowser()]
    await logIn(first)
    provider.idToken = { sid: 's2' }
    await logIn(second)
    provider.idToken = { sid: 's3', sub: 'u2' }
    await logIn(other)
    const statuses = async (): Promise<number[]> => {
      const answers = await Promise.all([first, second, other].map((browser) => browser.fetch('/')))
      return answers.map(({ status }) => status)
    }
    assert.deepEqual(await statuses(), [200, 200, 200])
    const answer = await told({ sub: 'u1', sid: 's1' })
    assert.deepEqual([answer.status, answer.headers['cache-control']], [200, 'no-store'])
    assert.deepEqual(await statuses(), [401, 200, 200])
    assert.equal((await told({ sub: 'u1' })).status, 200)
    assert.deepEqual(await statuses(), [401, 401, 200])
    provider.idToken = { sid: 's4' }
    await logIn(first)
    assert.deepEqual(await statuses(), [200, 401, 200])
    // And again.
    assert.equal((await told({ sub: 'u1' })).status, 200)
    assert.deepEqual(await statuses(), [401, 401, 200])
  })

  it('is believed only by a logout token of its own, for this gateway, and not an old one', async (t) => {
    const { provider, newBrowser, logIn } = await start(t)
    const stranger = await start(t)
    const browser = newBrowser()
    await logIn(browser)
    const now = Math.floor(Date.now() / 1_000)
    const good = { ...LOGOUT, sub: 'u1' }
    for (const token of [
      '',
      'abc',
      await provider.sign({ ...good, nonce: 'n' }),
      await provider.sign({ sub: 'u1' }),
      await provider.sign({ ...good, events: { other: {} } }),
      await provider.sign({ ...good, events: 'http://schemas.openid.net/event/backchannel-logout' }),
      await provider.sign({ ...good, aud: 'other' }),
      await provider.sign({ ...good, iss: 'https://evil.example' }),
      await provider.sign({ ...good, iat: now - 400, exp: undefined }),
      await provider.sign({ ...good, iat: undefined }),
      await provider.sign({ ...good, exp: now - 60 }),
      await provider.sign({ ...LOGOUT }),
      await provider.sign(good, { typ: 'at+jwt' }),
      await stranger.provider.sign({ ...good, iss: provider.url }),
    ]) {
      const content = new URLSearchParams({ logout_token: token }).toString()
      const answer = await newBrowser().send('/auth/web/backchannel-logout', {}, 'POST', content)
      assert.equal(answer.status, 400, token)
    }
    const twice = `logout_token=${await provider.sign(good)}`
    assert.equal(
      (await newBrowser().send('/auth/web/backchannel-logout', {}, 'POST', `${twice}&${twice}`)).status,
      400,
    )
    assert.equal(
      (await newBrowser().send('/auth/web/backchannel-logout', {}, 'POST', 'x'.repeat(20_000))).status,
      400,
    )
    assert.equal((await browser.fetch('/')).status, 200)
  })

  it('by a page in a frame, ends the session of that name, and drives out nothing that it has said itself', async (t) => {
    const { provider, newBrowser, logIn } = await start(t, { maxEnded: 4 })
    const [browser, other] = [newBrowser(), newBrowser()]
    await logIn(browser)
    provider.idToken = { sid: 's2', sub: 'u2' }
    await logIn(other)
    const token = await provider.sign({ ...LOGOUT, sid: 's2' })
    await newBrowser().send('/auth/web/backchannel-logout', {}, 'POST', `logout_token=${token}`)
    const frame = (iss: string, sid: string): Promise<Answer> =>
      newBrowser().send(`/auth/web/frontchannel-logout?${new URLSearchParams({ iss, sid }).toString()}`, {})
    assert.equal((await frame('https://evil.example', 's1')).status, 400)
    assert.equal((await frame(provider.url, '')).status, 400)
    assert.equal((await browser.fetch('/')).status, 200)
    for (let index = 0; index < 20; index++) await frame(provider.url, `made-up-${index}`)
    const answer = await frame(provider.url, 's1')
    assert.deepEqual([answer.status, setCookies(answer)], [200, []])
    assert.equal((await browser.fetch('/')).status, 401)
    assert.equal((await other.fetch('/')).status, 401)
  })
})
