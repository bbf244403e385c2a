import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type IncomingMessage, request as httpRequest } from 'node:http'
import { createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, type TestContext, test } from 'node:test'
import { type Certificate, makeCertificate } from '../../../core/test/certificates.ts'
import { type Answer, ask, readAll } from './http-client.ts'
import { startService } from './origins.ts'
import { startGateway } from './start-gateway.ts'

let authority: Certificate
let shop: Certificate

before(() => {
  authority = makeCertificate({ names: ['authority.test'] })
  shop = makeCertificate({ names: ['shop.test', '127.0.0.1'], ca: authority })
})

/** A folder with these files in it, until the test is over; answers the path of a name in it. */
function folder(t: TestContext, files: Readonly<Record<string, string>> = {}): (name: string) => string {
  const path = mkdtempSync(join(tmpdir(), 'headgate-transports-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content)
  return (name) => join(path, name)
}

/** An origin that speaks TLS, and tells the name that it was asked for. */
async function startSecure(t: TestContext, { key, cert }: Certificate): Promise<string> {
  const server = createServer({ key, cert }, (incoming, response) => {
    const { servername } = incoming.socket as unknown as { servername: string | false }
    response.end(`secure, for ${servername || 'nobody'}`)
  })
  server.on('tlsClientError', () => {}) // a peer that does not trust us
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function askSecurely(url: string, options: { ca: string; servername: string }): Promise<Answer> {
  const sent = request(url, { agent: false, method: 'POST', ...options })
  sent.end('over TLS')
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return readAll(response)
}

test('a listener serves HTTPS, the origin learns of it, and a client that speaks no TLS harms nobody', async (t) => {
  const path = folder(t, { cert: shop.cert, key: shop.key })
  const service = await startService(t, (incoming, response) => {
    incoming.resume().on('end', () => response.end(String(incoming.headers['x-forwarded-proto'])))
  })
  const gateway = await startGateway(t, {
    listeners: [{ address: '127.0.0.1:0', tls: { cert: path('cert'), key: path('key') } }],
    routes: [{ upstream: service.url }],
  })
  assert.match(gateway.url, /^https:/)
  const plain = await gateway.connect()
  plain.send('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  await plain.end()
  assert.doesNotMatch(plain.text, /200/)
  const { status, content } = await askSecurely(gateway.url, { ca: authority.cert, servername: 'shop.test' })
  assert.deepEqual([status, content], [200, 'https'])
})

test('an origin over TLS is trusted by its own CA, by address or by the name that is configured', async (t) => {
  const path = folder(t, { ca: authority.cert })
  const url = await startSecure(t, shop)
  const gateway = await startGateway(t, {
    upstreams: {
      address: { endpoints: [{ url }], tls: { ca: path('ca') } },
      name: { endpoints: [{ url }], tls: { ca: path('ca'), servername: 'shop.test' } },
    },
    routes: [
      { match: { path: '/address' }, upstream: 'address' },
      { match: { path: '/name' }, upstream: 'name' },
    ],
  })
  assert.equal((await ask(`${gateway.url}/address`)).content, 'secure, for nobody')
  assert.equal((await ask(`${gateway.url}/name`)).content, 'secure, for shop.test')
})

test('an origin with another name, or of an unknown CA, is answered for with 502, which tells nothing of why', async (t) => {
  const path = folder(t, { ca: authority.cert })
  const url = await startSecure(t, shop)
  const stranger = await startSecure(t, makeCertificate({ names: ['127.0.0.1'] }))
  const gateway = await startGateway(t, {
    upstreams: {
      otherName: { endpoints: [{ url }], tls: { ca: path('ca'), servername: 'bank.test' } },
      unknown: { endpoints: [{ url }] },
      stranger: { endpoints: [{ url: stranger }], tls: { ca: path('ca') } },
      careless: { endpoints: [{ url: stranger }], tls: { verify: false } },
    },
    routes: ['otherName', 'unknown', 'stranger', 'careless'].map((upstream) => ({
      match: { path: `/${upstream}` },
      upstream,
    })),
  })
  for (const name of ['otherName', 'unknown', 'stranger']) {
    const { status, content } = await ask(`${gateway.url}/${name}`, { method: 'POST', content: 'secret' })
    assert.equal(status, 502, name)
    assert.doesNotMatch(content, /certificate|127\.0\.0\.1|shop|bank/i)
  }
  assert.deepEqual(
    gateway.log.map(({ error }) => error),
    ['tls_failed', 'tls_failed', 'tls_failed'],
  )
  assert.equal((await ask(`${gateway.url}/careless`)).status, 200)
})

test('an origin and a listener may be unix sockets', async (t) => {
  const path = folder(t)
  const server = createHttpServer((incoming, response) => {
    response.end(`${incoming.url} for ${String(incoming.headers['x-forwarded-for'])}`)
  })
  await once(server.listen(path('origin.sock')), 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const gateway = await startGateway(t, {
    listeners: [{ address: `unix:${path('gateway.sock')}` }],
    routes: [{ upstream: `unix:${path('origin.sock')}` }],
  })
  assert.equal(gateway.url, `unix:${path('gateway.sock')}`)
  for (let count = 0; count < 2; count++) {
    const sent = httpRequest({ socketPath: path('gateway.sock'), path: '/over/unix', agent: false }).end()
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    const { status, content } = await readAll(response)
    assert.deepEqual([status, content], [200, '/over/unix for undefined'])
  }
})

test('an origin behind a unix socket that nobody listens on is answered for with 502', async (t) => {
  const path = folder(t)
  const gateway = await startGateway(t, { routes: [{ upstream: `unix:${path('nobody.sock')}` }] })
  const { status, content } = await ask(gateway.url)
  assert.equal(status, 502)
  assert.doesNotMatch(content, /nobody\.sock/)
})
