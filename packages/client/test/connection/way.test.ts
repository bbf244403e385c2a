import assert from 'node:assert/strict'
import { promises as dns, lookup as systemLookup } from 'node:dns'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { makeCertificate } from '../../../core/test/certificates.ts'
import { createClient, type ClientOptions, type HostLookup } from '../../src/index.ts'
import { clientOf, originOf } from '../origin.ts'

/** A service behind a unix socket, which tells the name that it was asked by. */
async function service(t: TestContext, name: string, tls?: { key: string; cert: string }): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-socket-'))
  const path = join(folder, `${name}.sock`)
  const server = tls === undefined ? createServer() : createTlsServer(tls)
  server.on('request', ({ headers, url }, response) => {
    if (url === '/away') response.writeHead(302, { location: 'http://elsewhere.example/here' })
    response.end(`${name} ${headers.host} ${url}`)
  })
  server.listen(path)
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return path
}

test('socketPath has all requests go to a unix socket, and Host is what the URL says', async (t) => {
  const path = await service(t, 'docker')
  const client = clientOf(t, { socketPath: path })
  assert.equal(await client.get('http://docker.internal/v1/info').text(), 'docker docker.internal /v1/info')
  assert.equal(await (await client.fetch('http://localhost:8080/x')).text(), 'docker localhost:8080 /x')
  assert.equal(await client.get('http://docker.internal/away').text(), 'docker elsewhere.example /here')
})

test('TLS through a unix socket goes by the URL', async (t) => {
  const certificate = makeCertificate({ names: ['api.example'] })
  const path = await service(t, 'secure', certificate)
  const client = clientOf(t, { socketPath: { path }, tls: { ca: certificate.cert }, retry: false })
  assert.equal(await client.get('https://api.example/').text(), 'secure api.example /')
  assert.equal((await client.attempt('https://other.example/')).error?.code, 'tls_failed')
})

test('a call names a socket only where its client allows it, by exactly that path', async (t) => {
  const [one, two] = [await service(t, 'one'), await service(t, 'two')]
  const url = 'http://host.example/'
  const client = clientOf(t, { socketPath: { path: one, allow: [two] }, retry: false })
  assert.match(await client.get(url).text(), /^one/)
  assert.match(await client.get(url, { socketPath: two }).text(), /^two/)
  assert.match(await (await client.fetch(url, { headgate: { socketPath: two } })).text(), /^two/)
  assert.match(await client.get(url).text(), /^one/)
  const refused = /option socketPath of a call is ".*", which this client does not allow: name it/
  await assert.rejects(client.get(url, { socketPath: one }), { name: 'TypeError', message: refused })
  await assert.rejects(client.get(url, { socketPath: `${two}x` }), { name: 'TypeError', message: refused })
  for (const options of [{}, { socketPath: one }, { socketPath: { allow: [] } }] satisfies ClientOptions[])
    await assert.rejects(clientOf(t, options).get(url, { socketPath: two }), { message: refused })
  for (const path of ['relative', '', '/a/../b', '/a/./b', '/a//b', '/a\0b', '/', `/${'a'.repeat(200)}`]) {
    await assert.rejects(
      client.get(url, { socketPath: path }),
      /option socketPath of a call is .*absolute path/,
    )
    assert.throws(() => createClient({ socketPath: path }), /option socketPath is/)
    assert.throws(
      () => createClient({ socketPath: { allow: [path] } }),
      /option socketPath is|socketPath\.allow/,
    )
  }
})

test('a client that has met very many origins still knows the one it asked last, whatever goes to sockets', async (t) => {
  const path = await service(t, 'many')
  const url = await originOf(t, (_, response) => void response.end('ok'))
  const client = clientOf(t, { socketPath: { allow: [path] } })
  await client.get(url).text()
  for (let host = 0; host < 260; host++)
    await client.get(`http://host-${host}.example/`, { socketPath: path }).text()
  assert.equal(await client.get(url).text(), 'ok')
})

test('a guard lets nothing go to a unix socket, and the client is told when it is made', async (t) => {
  const path = await service(t, 'inner')
  const client = clientOf(t, {
    preset: 'untrusted',
    socketPath: { path, allow: [path] },
    retry: false,
    lint: false,
  })
  for (const call of [{}, { socketPath: path }])
    assert.equal((await client.attempt('http://host.example/', call)).error?.code, 'address_refused')
  assert.ok(client.explain('http://host.example/').findings.some(({ option }) => option === 'socketPath'))
})

test('a socket that is not there is told by its path', async (t) => {
  const { error } = await clientOf(t, { socketPath: '/nowhere/a.sock', retry: false }).attempt(
    'http://x.example/',
  )
  assert.equal(error?.code, 'connect_failed')
  assert.match(error?.message ?? '', /unix:\/nowhere\/a\.sock: ENOENT, the socket does not exist/)
})

test('localAddress is where connections come from, and only its family is connected to', async (t) => {
  const url = await originOf(t, ({ socket }, response) => void response.end(socket.remoteAddress))
  assert.equal(await clientOf(t, { localAddress: '127.0.0.2' }).get(url).text(), '127.0.0.2')
  const lookup = (): string[] => ['::1', '127.0.0.1']
  const { port } = new URL(url)
  const both = clientOf(t, { localAddress: '127.0.0.3', lookup })
  assert.equal(await both.get(`http://both.example:${port}/`).text(), '127.0.0.3')
  const { error } = await clientOf(t, { localAddress: '::1', retry: false }).attempt(url)
  assert.equal(error?.code, 'connect_failed')
  assert.match(error?.message ?? '', /from localAddress ::1: it has no address of the same family \(IPv6\)/)
  assert.throws(() => createClient({ localAddress: 'eth0' }), /option localAddress is "eth0"; allowed: an IP/)
})

test('a lookup of one’s own: every form that it may have', async (t) => {
  const url = await originOf(t, (_, response) => void response.end('ok'))
  const { port } = new URL(url)
  const forms: HostLookup[] = [
    () => '127.0.0.1',
    async () => ['127.0.0.1'],
    () => ({ address: '127.0.0.1', family: 4 }),
    async () => [{ address: '127.0.0.1' }],
    (_host, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]),
    (_host, options, callback) => systemLookup('127.0.0.1', options, callback),
    (_host, options) => dns.lookup('127.0.0.1', options),
  ]
  for (const lookup of forms)
    assert.equal(
      await clientOf(t, { lookup, retry: false }).get(`http://a.example:${port}/`).text(),
      'ok',
      String(lookup),
    )
})

test('a lookup that fails, or gives what is no address, is dns_failed and leads nowhere', async (t) => {
  const forms: [HostLookup, RegExp][] = [
    [() => Promise.reject(new Error('no such host here')), /no such host here/],
    [(_host, _options, callback) => callback(new Error('refused by policy'), ''), /refused by policy/],
    [() => [], /holds no address/],
    [() => 'localhost', /gave "localhost", which is no IP address/],
    [() => undefined, /holds no address/],
    [() => [undefined as never], /gave undefined/],
    [() => null as never, /gave null, which is no IP address/],
    [() => 2_130_706_433 as never, /gave 2130706433, which is no IP address/],
    [() => ({}) as never, /gave an object without an address, which/],
    [() => [['127.0.0.1']] as never, /gave a list, which is no IP address/],
  ]
  for (const [lookup, message] of forms) {
    const { error } = await clientOf(t, { lookup, retry: false }).attempt('http://a.example/')
    assert.equal(error?.code, 'dns_failed')
    assert.match(error?.message ?? '', message)
  }
})

test('the guard judges every address that a lookup gives', async (t) => {
  const answers = new Map([
    ['inner.example', ['127.0.0.1']],
    ['mixed.example', ['93.184.216.34', '10.0.0.1']],
    ['mapped.example', ['::ffff:169.254.169.254']],
  ])
  const client = clientOf(t, { guard: true, lookup: (host) => answers.get(host) ?? [], retry: false })
  for (const host of answers.keys())
    assert.equal((await client.attempt(`http://${host}/`)).error?.code, 'address_refused', host)
})

test('dns says for how long an answer is kept', async (t) => {
  const url = await originOf(t, (_, response) => void response.setHeader('connection', 'close').end('ok'))
  const { port } = new URL(url)
  for (const [timeToLive, expected] of [
    [0, 3],
    [60_000, 1],
  ] as const) {
    let asked = 0
    const client = clientOf(t, { dns: { timeToLive }, lookup: () => (asked++, '127.0.0.1') })
    for (let call = 0; call < 3; call++) await client.get(`http://a.example:${port}/`).text()
    assert.equal(asked, expected)
  }
  assert.throws(
    () => createClient({ dns: { timeToLife: 1 } as never }),
    /dns\.timeToLife is not known: did you mean timeToLive/,
  )
  assert.throws(() => createClient({ dns: { servers: ['ns.example'] } }), /option dns: servers: /)
  assert.throws(
    () => createClient({ dns: { servers: ['127.0.0.1'] }, lookup: () => '127.0.0.1' }),
    /option dns\.servers: /,
  )
})

test('what hinders a unix socket is told as of one', async (t) => {
  const folder = import.meta.dirname
  const told: [options: ClientOptions, message: string][] = [
    [
      { socketPath: folder },
      `could not connect to unix:${folder}: ECONNREFUSED, nothing listens on it; is it a socket, and is its service running?`,
    ],
    [
      { socketPath: folder, guard: { allowHosts: ['a.example'] }, lint: false },
      `the address guard refused unix:${folder}: a unix socket is never public; if it may be reached, reach it without a guard`,
    ],
  ]
  for (const [options, message] of told)
    assert.equal(
      (await clientOf(t, { ...options, retry: false }).attempt('http://a.example/')).error?.message,
      message,
    )
})
