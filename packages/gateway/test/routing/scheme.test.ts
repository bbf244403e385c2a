import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request as requestSecurely } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, type TestContext, test } from 'node:test'
import { type Certificate, makeCertificate } from '../../../core/test/certificates.ts'
import type { GatewayConfigInput, RouteInput } from '../../src/config/input/input.ts'
import { type Answer, ask, readAll } from '../survival/http-client.ts'
import { startService } from '../survival/origins.ts'
import { startGateway } from '../survival/start-gateway.ts'

let certificate: Certificate

before(() => {
  certificate = makeCertificate({ names: ['127.0.0.1'] })
})

const routes: RouteInput[] = [
  {
    name: 'to-https',
    match: { scheme: 'http' },
    priority: 1,
    redirect: { location: 'https://${request.host}${request.path}${request.query}' },
  },
  { name: 'shop', respond: { body: 'the shop', headers: { 'x-scheme': '${request.scheme}' } } },
]

type Fields = Readonly<Record<string, string>>

/** Asks a gateway with one listener, as one path with a query of shop.example. */
async function asked(
  t: TestContext,
  listener: 'http' | 'https',
  config: GatewayConfigInput,
): Promise<(fields?: Fields) => Promise<Answer>> {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-scheme-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  writeFileSync(cert, certificate.cert)
  writeFileSync(key, certificate.key)
  const tls = listener === 'https' ? { tls: { cert, key } } : {}
  const { url } = await startGateway(t, { listeners: [{ address: '127.0.0.1:0', ...tls }], ...config })
  return (fields = {}) => {
    const headers = { host: 'shop.example', ...fields }
    if (listener === 'http') return ask(`${url}/a?b=c`, { headers })
    return new Promise((resolve, reject) => {
      const options = { agent: false, ca: certificate.cert, servername: '', headers }
      const sent = requestSecurely(`${url}/a?b=c`, options, (response) => resolve(readAll(response)))
      sent.on('error', reject)
      sent.end()
    })
  }
}

/** Where the answer came from. */
function told({ status, headers, content }: Answer): string {
  return status === 308 ? `to ${String(headers['location'])}` : `${content}, ${String(headers['x-scheme'])}`
}

const REDIRECTED = 'to https://shop.example/a?b=c'
const SERVED = 'the shop, https'

test('one route redirects from HTTP to HTTPS, with two listeners', async (t) => {
  assert.equal(told(await (await asked(t, 'http', { routes }))()), REDIRECTED)
  assert.equal(told(await (await asked(t, 'https', { routes }))()), SERVED)
})

test('behind a trusted proxy the scheme is that of the connection to the proxy, in whichever field it says so', async (t) => {
  const config = { routes, trustedProxies: ['127.0.0.1', '10.0.0.0/8'] }
  const plain = await asked(t, 'http', config)
  const secure = await asked(t, 'https', config)
  for (const [fields, expected] of [
    [{ 'x-forwarded-proto': 'https' }, SERVED],
    [{ 'x-forwarded-proto': 'http' }, REDIRECTED],
    [{ forwarded: 'for=192.0.2.1;proto=https' }, SERVED],
    [{ forwarded: 'for=192.0.2.1;proto=https, for=10.0.0.1;proto=http' }, SERVED],
    [{ 'x-forwarded-for': '192.0.2.1, 10.0.0.1', 'x-forwarded-proto': 'https, http' }, SERVED],
    // What stands in front was sent by a client that nobody vouches for.
    [{ 'x-forwarded-for': '192.0.2.9, 192.0.2.1', 'x-forwarded-proto': 'https, http' }, REDIRECTED],
    [{ forwarded: 'for=192.0.2.9;proto=https, for=192.0.2.1;proto=http' }, REDIRECTED],
  ] as [Fields, string][]) {
    assert.equal(told(await plain(fields)), expected, JSON.stringify(fields))
    assert.equal(told(await secure(fields)), expected, `over TLS: ${JSON.stringify(fields)}`)
  }
  for (const fields of [
    {},
    { 'x-forwarded-proto': 'gopher' },
    { forwarded: 'for=192.0.2.1' },
    { forwarded: ';;=' },
  ]) {
    assert.equal(told(await plain(fields)), REDIRECTED, JSON.stringify(fields))
    assert.equal(told(await secure(fields)), SERVED, JSON.stringify(fields))
  }
})

test('what anybody else says of the scheme counts for nothing', async (t) => {
  for (const trustedProxies of [[], ['10.0.0.0/8']]) {
    const plain = await asked(t, 'http', { routes, trustedProxies })
    for (const fields of [{ 'x-forwarded-proto': 'https' }, { forwarded: 'for=10.0.0.1;proto=https' }])
      assert.equal(told(await plain(fields)), REDIRECTED, JSON.stringify(fields))
    const secure = await asked(t, 'https', { routes, trustedProxies })
    assert.equal(told(await secure({ 'x-forwarded-proto': 'http' })), SERVED)
  }
})

test('the upstream, and fields of answers, are told the scheme that routes go by', async (t) => {
  const origin = await startService(t, (incoming, response) => {
    response.end(String(incoming.headers['x-forwarded-proto']))
  })
  const plain = await asked(t, 'http', {
    trustedProxies: ['127.0.0.1'],
    routes: [{ upstream: origin.url, responseHeaders: { set: { 'x-scheme': '${request.scheme}' } } }],
  })
  assert.equal(told(await plain({ forwarded: 'for=192.0.2.1;proto=https' })), 'https, https')
  assert.equal(told(await plain()), 'http, http')
})

for (const [name, more] of [
  ['a split', { split: { sticky: { cookie: 'held' } } }],
  ['an upstream', { sticky: { cookie: 'held' } }],
] as const) {
  test(`the cookie of ${name} is for TLS only where the client came by TLS, to us or to a trusted proxy`, async (t) => {
    const { url } = await startService(t, (_, response) => response.end('ok'))
    const endpoints = [{ url }]
    const config: GatewayConfigInput =
      'split' in more
        ? {
            upstreams: { a: { endpoints } },
            routes: [{ split: { ...more.split, upstreams: [{ upstream: 'a' }] } }],
          }
        : { upstreams: { a: { endpoints, ...more } }, routes: [{ upstream: 'a' }] }
    const trusting = { ...config, trustedProxies: ['127.0.0.1'] }
    const cookieOf = ({ headers }: Answer): string => String(headers['set-cookie'])
    const always = /^held=[\w-]+; Path=\/; HttpOnly; SameSite=Lax(?:; Secure)?$/
    for (const [listener, given, fields, isSecure] of [
      ['http', config, {}, false],
      ['http', config, { 'x-forwarded-proto': 'https' }, false],
      ['https', config, {}, true],
      ['https', config, { 'x-forwarded-proto': 'http' }, true],
      ['http', trusting, { 'x-forwarded-proto': 'https' }, true],
      ['http', trusting, { forwarded: 'for=192.0.2.1;proto=https' }, true],
      ['http', trusting, {}, false],
      // A browser would not take a cookie for TLS on its plain connection to the proxy.
      ['https', trusting, { 'x-forwarded-proto': 'http' }, false],
    ] as ['http' | 'https', GatewayConfigInput, Fields, boolean][]) {
      const cookie = cookieOf(await (await asked(t, listener, given))(fields))
      assert.match(cookie, always)
      assert.equal(cookie.endsWith('; Secure'), isSecure, `${listener} ${JSON.stringify(fields)}`)
    }
  })
}

test('the log names the client behind a trusted proxy, also of what no route takes', async (t) => {
  const nowhere = [{ name: 'other', match: { path: '/other' }, respond: {} }]
  const gateway = await startGateway(t, { routes: nowhere, trustedProxies: ['127.0.0.1'] })
  const headers = { 'x-forwarded-for': '203.0.113.7', 'x-forwarded-proto': 'https' }
  assert.equal((await ask(`${gateway.url}/a`, { headers })).status, 404)
  const { client, peer, scheme } = (await gateway.logged(1)) as unknown as Record<string, unknown>
  assert.deepEqual({ client, peer, scheme }, { client: '203.0.113.7', peer: '127.0.0.1', scheme: 'https' })
})
