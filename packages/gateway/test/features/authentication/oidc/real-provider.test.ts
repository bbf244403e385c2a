import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { it, type TestContext } from 'node:test'
import { exportJWK, generateKeyPair } from 'jose'
import { eventually } from '../../../../../../scripts/testing/eventually.ts'
import { startService } from '../../../survival/origins.ts'
import { startGateway } from '../../../survival/start-gateway.ts'
import { Browser, locationOf } from './browser.ts'
import { KEY } from './start.ts'

/** oidc-provider, as far as it is used here: it comes without types. */
interface Library {
  callback(): RequestListener
  interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<Interaction>
  interactionFinished(request: IncomingMessage, response: ServerResponse, result: object): Promise<void>
  readonly Grant: new (of: { accountId: string; clientId: string }) => Grant
}

interface Interaction {
  readonly prompt: { readonly name: string }
  readonly params: { readonly client_id: string }
  readonly session?: { readonly accountId: string }
}

interface Grant {
  addOIDCScope(scope: string): void
  save(): Promise<string>
}

type MakeProvider = new (issuer: string, settings: object) => Library

/** Whoever comes is anna, and agrees to everything. */
async function interact(
  provider: Library,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { prompt, params, session } = await provider.interactionDetails(request, response)
  if (prompt.name === 'login')
    return provider.interactionFinished(request, response, { login: { accountId: 'anna' } })
  const grant = new provider.Grant({ accountId: session?.accountId ?? '', clientId: params.client_id })
  grant.addOIDCScope('openid profile offline_access')
  return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } })
}

interface Started {
  readonly gateway: Browser
  readonly provider: Browser
}

async function start(t: TestContext): Promise<Started> {
  let answer: RequestListener = () => {}
  const server = createServer((request, response) => answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { url: upstream } = await startService(t, (request, response) =>
    response.end(JSON.stringify(request.headers)),
  )
  const gateway = await startGateway(t, {
    authenticators: {
      web: {
        oidc: {
          issuer,
          clientId: 'gateway',
          clientSecret: 'the secret: of/the gateway+',
          keys: KEY,
          scopes: ['profile', 'offline_access'],
          parameters: { prompt: 'consent' },
          accessToken: true,
          afterLogout: '/bye',
        },
      },
    },
    routes: [
      { match: { path: '/bye' }, authentication: false, respond: { body: 'bye' } },
      {
        authentication: 'web',
        upstream,
        requestHeaders: { set: { 'x-caller': '${identity.name}', 'x-token': '${identity.accessToken}' } },
      },
    ],
  })
  const { default: Provider } = (await import(
    // @ts-expect-error -- it comes without types
    'oidc-provider'
  )) as { default: MakeProvider }
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'gateway',
        client_secret: 'the secret: of/the gateway+',
        redirect_uris: [`${gateway.url}/auth/web/callback`],
        post_logout_redirect_uris: [`${gateway.url}/bye`],
        backchannel_logout_uri: `${gateway.url}/auth/web/backchannel-logout`,
        backchannel_logout_session_required: true,
        grant_types: ['authorization_code', 'refresh_token'],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: 'one' }] },
    cookies: { keys: ['a key of the cookies of the provider'] },
    features: { devInteractions: { enabled: false }, backchannelLogout: { enabled: true } },
    claims: { profile: ['name'] },
    conformIdTokenClaims: false,
    rotateRefreshToken: true,
    // So short that the first request after the login renews the session.
    ttl: { AccessToken: 1, IdToken: 600, RefreshToken: 600, Session: 600, Grant: 600, Interaction: 600 },
    // It would ask no address of this machine.
    fetch: (url: string, { dispatcher: _, ...options }: { dispatcher?: unknown; method?: string }) =>
      fetch(url, options),
    interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    findAccount: (_: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id, name: 'Anna' }) }),
  })
  const usual = provider.callback()
  answer = (request, response) => {
    if (!request.url?.startsWith('/interaction/')) return usual(request, response)
    interact(provider, request, response).catch((error: unknown) =>
      response.writeHead(500).end(String(error)),
    )
  }
  return { gateway: new Browser(gateway.url), provider: new Browser(issuer) }
}

/** Follows an answer of the provider from one of its pages to the next, until it leads to the gateway. */
async function through(provider: Browser, place: string): Promise<string> {
  let next = place
  for (let steps = 0; steps < 10 && new URL(next, provider.origin).origin === provider.origin; steps++) {
    const answer = await provider.visit(next)
    assert.ok(answer.status < 400, `${next}: ${answer.status} ${answer.content}`)
    next = locationOf(answer)
  }
  return next
}

it('somebody logs in at oidc-provider, is known, has the session renewed, and logs out at both', async (t) => {
  const { gateway, provider } = await start(t)
  const sent = await gateway.visit('/orders')
  const callback = await through(provider, locationOf(sent))
  const back = await gateway.visit(callback)
  assert.deepEqual([back.status, locationOf(back)], [303, '/orders'], back.content)
  const before = new Map(gateway.cookies)
  let seen: Record<string, string> = {}
  await eventually(async () => {
    seen = JSON.parse((await gateway.fetch('/orders')).content)
    return gateway.cookies.get('headgate-web') !== before.get('headgate-web')
  }, 'the session is renewed')
  assert.equal(seen['x-caller'], 'Anna')
  assert.match(seen['x-token'] ?? '', /^[\w-]{20,}$/)
  const copied = new Map(gateway.cookies)
  // The same code again is for nobody.
  assert.equal((await new Browser(gateway.origin).visit(callback)).status, 400)
  const out = await gateway.visit('/auth/web/logout')
  assert.equal(gateway.cookies.size, 0)
  const form = await provider.visit(locationOf(out))
  const [, secret = ''] = /name="xsrf" value="([^"]+)"/.exec(form.content) ?? []
  const [, action = ''] = /action="([^"]+)"/.exec(form.content) ?? []
  const confirmed = await provider.send(
    action,
    { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html' },
    'POST',
    new URLSearchParams({ xsrf: secret, logout: 'yes' }).toString(),
  )
  const bye = locationOf(confirmed)
  assert.equal(bye, `${gateway.origin}/bye`, confirmed.content)
  assert.equal((await gateway.visit(bye)).content, 'bye')
  for (const [name, value] of copied) gateway.cookies.set(name, value)
  assert.equal((await gateway.fetch('/orders')).status, 401)
})

it('oidc-provider ends a session at the gateway when somebody logs out there', async (t) => {
  const { gateway, provider } = await start(t)
  const sent = await gateway.visit('/orders')
  await gateway.visit(await through(provider, locationOf(sent)))
  assert.equal((await gateway.fetch('/orders')).status, 200)
  const form = await provider.visit('/session/end')
  const [, secret = ''] = /name="xsrf" value="([^"]+)"/.exec(form.content) ?? []
  const [, action = ''] = /action="([^"]+)"/.exec(form.content) ?? []
  const content = new URLSearchParams({ xsrf: secret, logout: 'yes' }).toString()
  const fields = { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html' }
  await provider.send(action, fields, 'POST', content)
  await eventually(async () => (await gateway.fetch('/orders')).status === 401, 'the session is over')
})
