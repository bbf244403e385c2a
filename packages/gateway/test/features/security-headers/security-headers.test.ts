import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { GatewayConfigInput } from '../../../src/config/input/input.ts'
import { type Answer, ask } from '../../survival/http-client.ts'
import { startService } from '../../survival/origins.ts'
import { startGateway } from '../../survival/start-gateway.ts'
import { assertRefused } from '../refused-route.ts'

type Route = GatewayConfigInput['routes'][number]

interface Asked {
  readonly nonces: (string | undefined)[]
  readonly names: string[]
}

/** What a route says, of an upstream that answers with these fields. */
async function start(
  t: TestContext,
  route: Omit<Route, 'upstream'>,
  fields: Readonly<Record<string, string | string[]>> = {},
  status = 200,
): Promise<{ send: (headers?: Record<string, string>, path?: string) => Promise<Answer>; asked: Asked }> {
  const asked: Asked = { nonces: [], names: [] }
  const { url: upstream } = await startService(t, (request, response) => {
    asked.nonces.push(request.headers['x-csp-nonce'] as string | undefined)
    asked.names.push(...Object.keys(request.headers))
    response.writeHead(status, fields).end()
  })
  const gateway = await startGateway(t, {
    defaults: { securityHeaders: route.securityHeaders },
    routes: [
      { match: { path: '/up' }, upstream, ...route },
      { match: { path: '/down' }, upstream: 'http://127.0.0.1:1', retry: false },
    ],
  })
  return { asked, send: (headers = {}, path = '/up') => ask(`${gateway.url}${path}`, { headers }) }
}

const POLICY = 'content-security-policy'

test('a preset is told on responses of upstreams, on failures and where no route is, and takes away what upstreams run on', async (t) => {
  const { send } = await start(
    t,
    { securityHeaders: 'recommended' },
    { server: 'old/1.0', 'x-powered-by': 'PHP/5' },
  )
  for (const [path, status] of [
    ['/up', 200],
    ['/down', 502],
    ['/none', 404],
  ] as const) {
    const { headers, status: answered } = await send({}, path)
    assert.equal(answered, status)
    assert.equal(headers[POLICY], "base-uri 'self'; object-src 'none'; frame-ancestors 'self'", path)
    assert.equal(headers['x-frame-options'], 'SAMEORIGIN')
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['referrer-policy'], 'strict-origin-when-cross-origin')
    assert.equal(headers['server'] ?? headers['x-powered-by'], undefined)
    // Anybody could say it over plain HTTP.
    assert.equal(headers['strict-transport-security'], undefined)
  }
})

test('each response has a nonce of its own, which the upstream gets in place of what the client sent', async (t) => {
  const { send, asked } = await start(t, {
    securityHeaders: { preset: 'strict', contentSecurityPolicy: "script-src 'nonce'; style-src 'nonce'" },
  })
  const nonces = new Set<string>()
  for (let round = 0; round < 20; round++) {
    const { headers } = await send({ 'X-CSP-Nonce': 'mine', x_csp_nonce: 'mine', 'x.csp.nonce': 'mine' })
    const [, nonce = ''] =
      /^script-src 'nonce-([A-Za-z0-9+/]{22}==)'; style-src 'nonce-\1'; frame-ancestors 'none'$/.exec(
        String(headers[POLICY]),
      ) ?? []
    assert.equal(asked.nonces.at(-1), nonce)
    nonces.add(nonce)
  }
  assert.equal(nonces.size, 20)
  assert.ok(!asked.names.some((name) => /x[_.]csp/.test(name)))
})

test('what says that a stored page still holds has no policy with another nonce', async (t) => {
  const policy = { contentSecurityPolicy: "script-src 'nonce'" }
  const { send } = await start(t, { securityHeaders: policy }, { [POLICY]: "default-src 'none'" }, 304)
  const { headers } = await send()
  assert.equal(headers[POLICY], undefined)
  assert.equal(headers['x-content-type-options'], 'nosniff')
})

test('a field that the upstream sends, too, is replaced or kept, and never there twice', async (t) => {
  const fields = {
    [POLICY]: ["default-src 'self'", "img-src 'self'"],
    'x-frame-options': 'DENY',
    'referrer-policy': 'unsafe-url',
    server: 'mine',
  }
  const byDefault = await start(t, { securityHeaders: 'recommended' }, fields)
  assert.equal((await byDefault.send()).headers[POLICY], "default-src 'self', img-src 'self'")
  assert.equal((await byDefault.send()).headers['x-frame-options'], 'SAMEORIGIN')
  const own = {
    contentSecurityPolicy: "default-src 'none'",
    keep: ['X-Frame-Options', 'referrer-policy'],
    remove: [],
  }
  const chosen = (await (await start(t, { securityHeaders: own }, fields)).send()).headers
  assert.equal(chosen[POLICY], "default-src 'none'; frame-ancestors 'self'")
  assert.equal(chosen['x-frame-options'], 'DENY')
  assert.equal(chosen['referrer-policy'], 'unsafe-url')
  assert.equal(chosen['server'], 'mine')
})

test('single fields are told without a preset, and left out of one', async (t) => {
  const securityHeaders: Route['securityHeaders'] = {
    preset: 'none',
    frames: ['https://a.example'],
    permissionsPolicy: 'camera=(self)',
  }
  const { headers } = await (await start(t, { securityHeaders })).send()
  assert.equal(headers[POLICY], 'frame-ancestors https://a.example')
  assert.equal(headers['permissions-policy'], 'camera=(self)')
  assert.equal(
    headers['x-frame-options'] ?? headers['referrer-policy'] ?? headers['x-content-type-options'],
    undefined,
  )
  const less = { preset: 'strict', frames: false, crossOriginEmbedderPolicy: false } as const
  const strict = (await (await start(t, { securityHeaders: less })).send()).headers
  assert.equal(strict['x-frame-options'] ?? strict['cross-origin-embedder-policy'], undefined)
  assert.equal(strict['cross-origin-opener-policy'], 'same-origin')
})

test('policies that browsers would pass over in part are refused, and a nonce that a cache would repeat', () => {
  const policy = (contentSecurityPolicy: string, more = {}) => ({
    securityHeaders: { contentSecurityPolicy, ...more },
  })
  assertRefused(policy('default-src self'), /self without quotes[^]*/)
  assertRefused(policy("default-src 'self', img-src *"), /comma/)
  assertRefused(policy("img-src *; IMG-SRC 'none'"), /says img-src twice/)
  assertRefused(policy('"default-src"'), /begins a directive with/)
  assertRefused(
    policy("frame-ancestors 'none'", { frames: 'self' }),
    /says what frame-ancestors of the policy says/,
  )
  assertRefused({ ...policy("script-src 'nonce'"), cache: true }, /nonce of another response/)
  assertRefused({ securityHeaders: { permissionsPolicy: "camera 'none'" } }, /is not a list of features/)
})
