import assert from 'node:assert/strict'
import { type RequestListener } from 'node:http'
import { connect } from 'node:net'
import { it } from 'node:test'
import type { GatewayConfigInput } from '../../src/config/input/input.ts'
import { startMetered } from '../features/metered-gateway.ts'
import { startOrigin } from '../origin.ts'

/** Sends a request as it is written, and returns what comes until the connection ends. */
function send(
  url: string,
  target: string,
  fields: readonly string[] = [],
  host = 'shop.example',
): Promise<string> {
  const { port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1')
    let text = ''
    socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
    socket.on('end', () => resolve(text)).on('error', reject)
    const lines = [`GET ${target} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...fields, '', '']
    socket.write(lines.join('\r\n'), 'latin1')
  })
}

/** Of a response in one piece. */
const bodyOf = (text: string): string => text.slice(text.indexOf('\r\n\r\n') + 4)

const saying =
  (names: readonly string[], name = ''): RequestListener =>
  ({ url, headers }, response) => {
    const text = [name, url, ...names.map((each) => headers[each] ?? '-')].join(' ').trim()
    response.writeHead(200, { 'cache-control': 'max-age=60', 'content-length': text.length })
    response.end(text)
  }

type Routes = NonNullable<GatewayConfigInput['routes']>

it('another version of an API is not answered from the cache of the first', async (t) => {
  const one = await startOrigin(saying([], 'one'))
  const two = await startOrigin(saying([], 'two'))
  const versions = { 1: { upstream: one.url }, 2: { upstream: two.url } }
  const routes: Routes = [
    { match: { path: '/h/**' }, cache: true, apiVersions: { header: 'x-version', versions, default: '1' } },
    { match: { path: '/:v/**' }, cache: true, apiVersions: { path: 'v', stripPath: true, versions } },
  ]
  const { url } = await startMetered(t, { routes, forwarding: { xForwarded: false } })
  assert.equal(bodyOf(await send(url, '/h/a', ['X-Version: 1'])), 'one /h/a')
  assert.equal(bodyOf(await send(url, '/h/a', ['X-Version: 2'])), 'two /h/a')
  assert.equal(bodyOf(await send(url, '/v1/a')), 'one /a')
  assert.equal(bodyOf(await send(url, '/v2/a')), 'two /a')
})

it('rewrite.host: what the upstream is told of the host that was asked for is part of the key', async (t) => {
  const origin = await startOrigin(saying(['x-forwarded-host', 'host', 'forwarded']))
  const routes: Routes = [{ upstream: origin.url, cache: true, rewrite: { host: 'inner.example' } }]
  const { url } = await startMetered(t, { routes })
  await send(url, '/', [], 'evil.example')
  assert.match(bodyOf(await send(url, '/')), /^\/ shop\.example inner\.example [^ ]*host=shop\.example/)
})

it('what a trusted proxy says of scheme and host is part of the key', async (t) => {
  const origin = await startOrigin(
    saying(['x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-prefix', 'x-original-url']),
  )
  const routes: Routes = [{ upstream: origin.url, cache: true }]
  const { url } = await startMetered(t, { routes, trustedProxies: ['127.0.0.1'] })
  await send(url, '/', [
    'X-Forwarded-Proto: http',
    'X-Forwarded-Host: evil.example',
    'X-Forwarded-Prefix: /evil',
    'X-Original-URL: /evil',
  ])
  assert.equal(bodyOf(await send(url, '/', ['X-Forwarded-Proto: https'])), '/ https shop.example - -')
})

it('what was cut off the path is not that of another request', async (t) => {
  const origin = await startOrigin(saying(['x-forwarded-prefix']))
  const routes: Routes = [{ upstream: origin.url, cache: true, rewrite: { stripPrefix: '/api' } }]
  const { url } = await startMetered(t, { routes })
  await send(url, '/api/a')
  assert.equal(bodyOf(await send(url, '/a')), '/a -')
})

it('links of a cached response begin with what this request had cut off', async (t) => {
  const origin = await startOrigin((_, response) => {
    response.writeHead(301, { 'cache-control': 'max-age=60', location: '/b' })
    response.end()
  })
  const routes: Routes = [{ upstream: origin.url, cache: true, rewrite: { stripPrefix: '/api' } }]
  const { url } = await startMetered(t, { routes, forwarding: { xForwarded: false } })
  assert.match(await send(url, '/api/a'), /location: \/api\/b\r/i)
  assert.match(await send(url, '/a'), /location: \/b\r/i)
})

it('a field of the key in a spelling that CGI takes for it is no way past the key', async (t) => {
  const origin = await startOrigin(saying(['x-tenant', 'x_tenant', 'x.tenant']))
  const routes: Routes = [{ upstream: origin.url, cache: { key: { headers: ['x-tenant'] } } }]
  const { url } = await startMetered(t, { routes })
  await send(url, '/', ['X_Tenant: evil', 'X.Tenant: evil'])
  assert.equal(bodyOf(await send(url, '/')), '/ - - -')
})

it('the cookie by which a split, or an upstream, knows a client is given to nobody else', async (t) => {
  const origin = await startOrigin((_, response) => {
    response.writeHead(200, { 'cache-control': 'public, max-age=60' })
    response.end()
  })
  const parts = [{ upstream: 'plain', weight: 1 }]
  const routes: Routes = [
    { match: { path: '/split' }, split: { upstreams: parts, sticky: { cookie: 'who' } }, cache: true },
    { match: { path: '/sticky' }, upstream: 'sticky', cache: true },
  ]
  const endpoints = [{ url: origin.url }]
  const upstreams = { plain: { endpoints }, sticky: { endpoints, sticky: { cookie: 'who' } } }
  const { url } = await startMetered(t, { routes, upstreams })
  for (const path of ['/split', '/sticky']) {
    assert.match(await send(url, path), /\r\nset-cookie: who=/)
    const second = await send(url, path)
    assert.match(second, /cache-status: headgate; hit/)
    assert.doesNotMatch(second, /who=/)
  }
})
