import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { connect as connectPlain } from 'node:net'
import { once } from 'node:events'
import { connect } from 'node:tls'
import { makeCertificate } from '../../../core/test/certificates.ts'
import { parseConfig } from '../../src/config/parse.ts'
import type { GatewayConfigInput } from '../../src/config/input/input.ts'
import { createGateway } from '../../src/embedding/create-gateway.ts'
import { folderWith } from '../tls/peers.ts'

type Ask = (secure: boolean, target: string, fields?: string) => Promise<string>

/** A gateway with one listener for each, and what it answers to a POST with these fields. */
async function gatewayOf(t: TestContext, config: GatewayConfigInput): Promise<Ask> {
  const { cert, key } = makeCertificate({ names: ['shop.example'] })
  const folder = folderWith(t, { cert, key })
  const tls = { cert: `${folder}/cert`, key: `${folder}/key` }
  const listeners = [{ address: '127.0.0.1:0' }, { address: '127.0.0.1:0', tls }]
  const gateway = await createGateway({ listeners, ...config })
  t.after(() => gateway.close(0))
  const [plain, secured] = await gateway.listen()
  return async (secure, target, fields = '') => {
    const port = Number((secure ? secured : plain)?.port)
    const socket = secure
      ? connect({ port, host: '127.0.0.1', ca: cert, servername: 'shop.example' })
      : connectPlain(port, '127.0.0.1')
    let text = ''
    socket.setEncoding('latin1').on('data', (more: string) => (text += more))
    const end = 'connection: close\r\ncontent-length: 0\r\n\r\n'
    socket.write(`POST ${target} HTTP/1.1\r\nhost: shop.example:8080\r\n${fields}${end}`)
    await once(socket, 'close')
    return text
  }
}

const LOCATION = /^HTTP\/1\.1 (\d+) [^]*\r\nlocation: (\S+)\r\n/

test('redirectToHttps sends clients of plain HTTP to the same host and target over TLS, and no others', async (t) => {
  const ask = await gatewayOf(t, {
    defaults: { redirectToHttps: true },
    routes: [
      { match: { path: '/here/**' }, respond: {} },
      { match: { path: '/else' }, respond: {}, redirectToHttps: { status: 301, port: 8443 } },
      { match: { path: '/plain' }, respond: {}, redirectToHttps: false },
    ],
  })
  assert.deepEqual(LOCATION.exec(await ask(false, '/here/a%20b/../c?d=e&f=%2F'))?.slice(1), [
    '308',
    'https://shop.example/here/c?d=e&f=%2F',
  ])
  assert.deepEqual(LOCATION.exec(await ask(false, '/else'))?.slice(1), [
    '301',
    'https://shop.example:8443/else',
  ])
  assert.match(await ask(false, '/plain'), /^HTTP\/1\.1 200 /)
  assert.match(await ask(true, '/here/c'), /^HTTP\/1\.1 200 /)
})

test('behind a trusted proxy it is the proxy that says how the client came', async (t) => {
  const ask = await gatewayOf(t, {
    trustedProxies: ['127.0.0.1'],
    routes: [{ respond: {}, redirectToHttps: true, hsts: {} }],
  })
  assert.match(
    await ask(false, '/', 'x-forwarded-proto: https\r\n'),
    /^HTTP\/1\.1 200 [^]*strict-transport-security/,
  )
  assert.match(await ask(true, '/', 'x-forwarded-proto: http\r\n'), /^HTTP\/1\.1 308 /)
})

test('hsts is told over TLS alone, once, on errors and answers of upstreams too', async (t) => {
  const upstream = await createGateway({
    listeners: [{ address: '127.0.0.1:0' }],
    routes: [{ respond: { headers: { 'strict-transport-security': 'max-age=1' } } }],
  })
  t.after(() => upstream.close(0))
  const [{ url } = { url: '' }] = await upstream.listen()
  const ask = await gatewayOf(t, {
    defaults: { hsts: { maxAgeDays: 730, includeSubDomains: true, preload: true } },
    routes: [
      { match: { path: '/up' }, upstream: url },
      { match: { path: '/down' }, upstream: 'http://127.0.0.1:1', retry: false, hsts: { maxAgeDays: 0 } },
    ],
  })
  const told = (text: string): string[] => text.match(/^strict-transport-security: .*$/gm) ?? []
  assert.deepEqual(told(await ask(true, '/up')), [
    'strict-transport-security: max-age=63072000; includeSubDomains; preload',
  ])
  assert.deepEqual(told(await ask(true, '/down')), ['strict-transport-security: max-age=0'])
  assert.deepEqual(told(await ask(false, '/down')), [])
})

test('a preset of security headers tells hsts, too, unless the route says otherwise', async (t) => {
  const ask = await gatewayOf(t, {
    defaults: { securityHeaders: 'recommended' },
    routes: [
      { match: { path: '/preset' }, respond: {} },
      { match: { path: '/own' }, respond: {}, hsts: { maxAgeDays: 1 } },
      { match: { path: '/none' }, respond: {}, hsts: false },
      { match: { path: '/single' }, respond: {}, securityHeaders: { preset: 'none' } },
    ],
  })
  const told = async (path: string): Promise<string | undefined> =>
    /^strict-transport-security: (.*)\r$/m.exec(await ask(true, path))?.[1]
  assert.equal(await told('/preset'), 'max-age=31536000')
  assert.equal(await told('/own'), 'max-age=86400')
  assert.equal(await told('/none'), undefined)
  assert.equal(await told('/single'), undefined)
  assert.equal(await told('/where-no-route-is'), 'max-age=31536000')
})

test('a host can only be on the lists of browsers with the names below it', () => {
  const result = parseConfig({ routes: [{ respond: {}, hsts: { preload: true } }] })
  assert.ok(!result.ok)
  assert.match(JSON.stringify(result.problems), /hsts\.preload[^]*includeSubDomains: true/)
})
