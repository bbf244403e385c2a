import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { before, test, type TestContext } from 'node:test'
import { type Certificate, makeCertificate, makeRevocationList } from '../../../core/test/certificates.ts'
import type { ClientCertificatesInput, GatewayConfigInput } from '../../src/config/input/input.ts'
import { loadConfig } from '../../src/config/load.ts'
import { type StartedGateway, startGateway } from '../survival/start-gateway.ts'
import { ask, connected, requestOf, statusesOverHttp2 } from './clients.ts'
import { folderWith, openssl } from './peers.ts'

const NAMES = ['shop.example', 'www.shop.example', 'pay.shop.example', 'admin.example']
const CLIENT = 'extendedKeyUsage=clientAuth'

let served: Certificate
let authority: Certificate
let other: Certificate
let between: Certificate
let orders: Certificate
let behind: Certificate
let foreign: Certificate
const chained = (...all: Certificate[]): Certificate => ({
  key: all[0]?.key ?? '',
  cert: all.map(({ cert }) => cert).join(''),
})

before(() => {
  served = makeCertificate({ names: NAMES })
  authority = makeCertificate({ names: ['authority.example'], commonName: 'Shop CA' })
  other = makeCertificate({ names: ['other.example'], commonName: 'Other CA' })
  between = makeCertificate({ names: ['x'], commonName: 'Team CA', ca: authority, isAuthority: true })
  orders = makeCertificate({
    names: ['URI:spiffe://shop.example/ns/orders', 'orders.internal', 'email:orders@shop.example'],
    commonName: 'orders',
    ca: authority,
    extensions: CLIENT,
  })
  behind = makeCertificate({ names: ['behind.internal'], ca: between, extensions: CLIENT })
  foreign = makeCertificate({ names: ['orders.internal'], ca: other, extensions: CLIENT })
})

function serve(
  t: TestContext,
  clientCertificates: ClientCertificatesInput,
  routes: GatewayConfigInput['routes'] = [{ respond: { body: 'hello' } }],
): Promise<StartedGateway> {
  return startGateway(t, {
    listeners: [{ address: '127.0.0.1:0', tls: { ...served, clientCertificates } }],
    routes,
  })
}

test('where certificates are required, a handshake without a good one ends, and the client is told why', async (t) => {
  const { port, log } = await serve(t, { ca: [authority.cert] })
  const expired = makeCertificate({ names: ['x'], ca: authority, days: -1, extensions: CLIENT })
  const ofServer = makeCertificate({ names: ['x'], ca: authority, extensions: 'extendedKeyUsage=serverAuth' })
  const selfSigned = makeCertificate({ names: ['orders.internal'], commonName: 'orders' })
  const said = await Promise.all(
    [undefined, foreign, selfSigned, expired, ofServer, orders].map((shows) => ask(port, { shows })),
  )
  assert.deepEqual(said.slice(0, -1), [
    'alert certificate required',
    'alert unknown ca',
    'alert unknown ca',
    'alert certificate expired',
    'alert certificate unknown',
  ])
  assert.match(said.at(-1) ?? '', /^HTTP\/1\.1 200 [^]*hello$/)
  const errors = log.map(({ error }) => error)
  assert.equal(errors.filter((each) => each === 'client_certificate_refused').length, 5)
})

test('each cipher suite of TLS 1.3 carries the alert', async (t) => {
  const { port } = await serve(t, { ca: [authority.cert] })
  for (const suite of ['AES_128_GCM_SHA256', 'AES_256_GCM_SHA384', 'CHACHA20_POLY1305_SHA256'])
    assert.equal(await ask(port, { ciphers: `TLS_${suite}` }), 'alert certificate required', suite)
})

test('over TLS 1.2 a refused client gets nothing either', async (t) => {
  const { port } = await serve(t, { ca: [authority.cert] })
  const maxVersion = 'TLSv1.2'
  for (const shows of [undefined, foreign])
    assert.match(await ask(port, { shows, maxVersion }), /^(?:closed|ECONNRESET)$/)
  assert.match(await ask(port, { shows: orders, maxVersion }), /^HTTP\/1\.1 200/)
})

test('where certificates are optional, a client may show none, and one that is not good is refused all the same', async (t) => {
  const { port } = await serve(t, { mode: 'optional', ca: [authority.cert] }, [
    { match: { clientCertificate: {} }, respond: { body: 'known' } },
    { respond: { body: 'anybody' } },
  ])
  assert.match(await ask(port), /anybody$/)
  assert.match(await ask(port, { shows: orders }), /known$/)
  assert.equal(await ask(port, { shows: foreign }), 'alert unknown ca')
})

test('several authorities are trusted, each for its own clients', async (t) => {
  const { port } = await serve(t, { ca: [authority.cert, other.cert] })
  for (const shows of [orders, foreign]) assert.match(await ask(port, { shows }), /^HTTP\/1\.1 200/)
})

test('depth says how many certificates may stand between that of a client and the authority', async (t) => {
  const shows = chained(behind, between)
  const none = await serve(t, { ca: [authority.cert], depth: 0 })
  assert.equal(await ask(none.port, { shows }), 'alert unknown ca')
  assert.match(await ask(none.port, { shows: orders }), /^HTTP\/1\.1 200/)
  const one = await serve(t, { ca: [authority.cert], depth: 1 })
  assert.match(await ask(one.port, { shows }), /^HTTP\/1\.1 200/)
  // Without the one in between nobody knows whose it is.
  assert.equal(await ask(one.port, { shows: behind }), 'alert unknown ca')
})

test('routes are chosen by the names of the certificate, its subject, issuer and fingerprint', async (t) => {
  const { fingerprint256: fingerprint } = new X509Certificate(orders.cert)
  const matches = {
    uri: 'spiffe://shop.example/ns/*',
    rest: 'spiffe://shop.example/**',
    dns: '*.internal',
    email: '*@shop.example',
    subject: 'CN=orders',
    issuer: 'CN=Shop CA',
    fingerprint,
  }
  const routes = Object.entries(matches).flatMap(([key, value]) => {
    const name = key === 'rest' ? 'uri' : key
    return [
      { match: { path: `/${key}`, clientCertificate: { [name]: value } }, respond: { body: 'it is' } },
      { match: { path: `/${key}` }, respond: { body: 'it is not' } },
    ]
  })
  const { port } = await serve(t, { mode: 'optional', ca: [authority.cert] }, routes)
  const deeper = makeCertificate({
    names: [
      'URI:spiffe://shop.example.evil/ns/orders',
      'a.orders.internal',
      'email:orders@evil@shop.example',
    ],
    commonName: 'orders, CN=Shop CA',
    ca: authority,
  })
  for (const key of Object.keys(matches)) {
    assert.match(await ask(port, { shows: orders, path: `/${key}` }), /it is$/, key)
    assert.match(await ask(port, { path: `/${key}` }), /it is not$/, key)
    if (key !== 'issuer') assert.match(await ask(port, { shows: deeper, path: `/${key}` }), /it is not$/, key)
  }
})

test('the certificate is told in the log, in templates, and apart in rate limits', async (t) => {
  const gateway = await serve(t, { mode: 'optional', ca: [authority.cert] }, [
    {
      respond: { body: 'hello' },
      responseHeaders: { set: { 'x-who': '${client.certificate.name} ${client.certificate.subject}' } },
      rateLimit: { rate: '1/h', key: 'client-certificate', fields: false },
    },
  ])
  const twin = makeCertificate({
    names: ['URI:spiffe://shop.example/ns/orders'],
    commonName: 'twin',
    ca: authority,
  })
  const billing = makeCertificate({ names: ['billing.internal'], commonName: 'billing', ca: authority })
  assert.match(
    await ask(gateway.port, { shows: orders }),
    /x-who: spiffe:\/\/shop\.example\/ns\/orders CN=orders\r/i,
  )
  assert.match(await ask(gateway.port, { shows: twin }), /^HTTP\/1\.1 429/)
  assert.match(await ask(gateway.port, { shows: billing }), /^HTTP\/1\.1 200/)
  assert.match(await ask(gateway.port), /^HTTP\/1\.1 200/)
  const line = await gateway.logged(1)
  const { fingerprint256 } = new X509Certificate(orders.cert)
  assert.deepEqual(
    Object.entries(line).filter(([name]) => name.startsWith('client_')),
    [
      ['client_certificate', 'spiffe://shop.example/ns/orders'],
      ['client_certificate_sha256', fingerprint256.replaceAll(':', '').toLowerCase()],
    ],
  )
})

test('a request for a host of whose clients something else is asked is misdirected, over HTTP/1.1 and HTTP/2', async (t) => {
  const gateway = await serve(t, {
    mode: 'none',
    ca: [authority.cert],
    names: {
      'pay.shop.example': { mode: 'required' },
      'admin.example': { mode: 'required', ca: [other.cert] },
    },
  })
  assert.match(await ask(gateway.port, { servername: 'www.shop.example' }), /^HTTP\/1\.1 200/)
  // By the name of a host that asks for nothing, or for another certificate.
  for (const host of ['pay.shop.example', 'PAY.shop.example.', 'pay.shop.example:443'])
    assert.match(
      await ask(gateway.port, { servername: 'www.shop.example', host }),
      /^HTTP\/1\.1 421 Misdirected/,
      host,
    )
  assert.equal((await gateway.logged(2)).error, 'misdirected')
  assert.equal(await ask(gateway.port, { servername: 'PAY.shop.example' }), 'alert certificate required')
  const asking = { servername: 'pay.shop.example', shows: orders }
  assert.match(await ask(gateway.port, asking), /^HTTP\/1\.1 200/)
  assert.match(await ask(gateway.port, { ...asking, host: 'admin.example' }), /^HTTP\/1\.1 421/)
  // The certificate says nothing of who asks elsewhere, either.
  assert.match(await ask(gateway.port, { ...asking, host: 'shop.example' }), /^HTTP\/1\.1 421/)
  // As browsers do that find two names in one certificate.
  const hosts = ['shop.example', 'pay.shop.example', 'www.shop.example', 'admin.example']
  assert.deepEqual(
    await statusesOverHttp2(gateway.port, hosts, { servername: 'www.shop.example' }),
    [200, 421, 200, 421],
  )
  assert.deepEqual(await statusesOverHttp2(gateway.port, hosts, asking), [421, 200, 421, 421])
})

test('names with the same demand share connections, and *.suffix is for all names below one', async (t) => {
  const { port } = await serve(t, {
    mode: 'none',
    ca: [authority.cert],
    names: { '*.shop.example': { mode: 'required' } },
  })
  assert.equal(await ask(port, { servername: 'a.b.shop.example' }), 'alert certificate required')
  const asking = { servername: 'pay.shop.example', shows: orders }
  assert.deepEqual(
    await statusesOverHttp2(port, ['pay.shop.example', 'www.shop.example', 'shop.example'], asking),
    [200, 200, 421],
  )
})

test('who asks for no name, or for none that a host may have, meets what is asked of all', async (t) => {
  const { port } = await serve(t, { ca: [authority.cert], names: { 'shop.example': { mode: 'none' } } })
  assert.match(await ask(port, { servername: 'shop.example' }), /^HTTP\/1\.1 200/)
  for (const name of ['shop.example:443', 'other.example', 'bücher.example'])
    assert.match(
      await openssl(port, '-servername', name),
      /Acceptable client certificate CA names\n(?:CN=|CN = )Shop CA/,
      name,
    )
  assert.match(await openssl(port, '-noservername'), /Acceptable client certificate CA names/)
})

test('a certificate on a list of revoked ones is refused, and so is everybody once the list has expired', async (t) => {
  const billing = makeCertificate({ names: ['billing.internal'], ca: authority, extensions: CLIENT })
  const list = makeRevocationList(authority, [billing])
  const { port } = await serve(t, { ca: [authority.cert], crl: [list] })
  assert.match(await ask(port, { shows: orders }), /^HTTP\/1\.1 200/)
  assert.equal(await ask(port, { shows: billing }), 'alert certificate revoked')
  // The list of the authority in between is missing.
  assert.equal(await ask(port, { shows: chained(behind, between) }), 'alert unknown ca')
  const old = await serve(t, { ca: [authority.cert], crl: [makeRevocationList(authority, [], { days: -1 })] })
  assert.equal(await ask(old.port, { shows: orders }), 'alert certificate expired')
})

test('a connection may be used again and again, and tells each exchange the certificate', async (t) => {
  const { port } = await serve(t, { ca: [authority.cert] }, [
    { match: { clientCertificate: { dns: 'orders.internal' } }, respond: { body: 'known' } },
    { respond: { body: 'unknown' } },
  ])
  const socket = await connected(port, { shows: orders })
  t.after(() => socket.destroy())
  for (let turn = 0; turn < 3; turn++) {
    socket.write(requestOf({ headers: { connection: 'keep-alive' } }))
    const [piece] = (await new Promise((resolve) => socket.once('data', (data) => resolve([data])))) as [
      Buffer,
    ]
    assert.match(piece.toString(), /known$/)
  }
})

/** An origin that answers with the fields of the request that are about certificates. */
async function origin(t: TestContext): Promise<string> {
  const server = createServer((request, response) => {
    const names = Object.keys(request.headers).filter((name) => /cert/.test(name))
    response.end(JSON.stringify(Object.fromEntries(names.map((name) => [name, request.headers[name]]))))
  })
  server.on('upgrade', (request, socket) => {
    const own = String(request.headers['client-cert']).slice(0, 5)
    socket.end(
      `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nx-told: ${own}\r\n\r\n`,
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const told = (response: string): unknown => JSON.parse(response.slice(response.indexOf('\r\n\r\n') + 4))
const sequence = ({ cert }: Certificate): string => `:${new X509Certificate(cert).raw.toString('base64')}:`

test('the upstream is told the certificate as RFC 9440 says, and nothing that a client says of one', async (t) => {
  const upstream = await origin(t)
  const { port } = await serve(t, { mode: 'optional', ca: [authority.cert] }, [
    { match: { path: '/own' }, upstream, forwardClientCertificate: 'certificate' },
    { match: { path: '/chain' }, upstream, forwardClientCertificate: 'chain' },
    { match: { path: '/silent' }, upstream },
  ])
  const forged = {
    'client-cert': ':AAAA:',
    'Client-Cert-Chain': ':AAAA:',
    client_cert: ':AAAA:',
    'client.cert': ':AAAA:',
    Client_Cert_Chain: ':AAAA:',
    'x-ssl-client-cert': 'forged',
    connection: 'close, client-cert',
  }
  const shows = chained(behind, between)
  const own = sequence(behind)
  const ask2 = async (path: string, shown?: Certificate): Promise<unknown> =>
    told(await ask(port, { path, headers: forged, shows: shown }))
  assert.deepEqual(await ask2('/own', shows), { 'client-cert': own })
  assert.deepEqual(await ask2('/chain', shows), {
    'client-cert': own,
    'client-cert-chain': sequence(between),
  })
  // There is none between it and the authority.
  assert.deepEqual(await ask2('/chain', orders), { 'client-cert': sequence(orders) })
  for (const path of ['/own', '/chain', '/silent']) assert.deepEqual(await ask2(path), {}, path)
  assert.deepEqual(await ask2('/silent', shows), {})
})

test('a WebSocket tells the certificate, too', async (t) => {
  const upstream = await origin(t)
  const { port } = await serve(t, { ca: [authority.cert] }, [
    { upstream, forwardClientCertificate: 'certificate' },
  ])
  const headers = {
    connection: 'upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  }
  assert.match(await ask(port, { shows: orders, headers }), /^HTTP\/1\.1 101 [^]*x-told: :MII/)
})

test('what cannot be meant is told with its place, and an expired list with what becomes of it', async (t) => {
  const problemsOf = async (clientCertificates: ClientCertificatesInput): Promise<string> => {
    const listeners = [{ address: ':8443', tls: { ...served, clientCertificates } }]
    const text = JSON.stringify({ listeners, routes: [{ respond: {} }] })
    const folder = folderWith(t, { 'headgate.json': text })
    const result = await loadConfig(join(folder, 'headgate.json'))
    const found = result.ok ? result.warnings() : result.problems
    return found.map(({ path, message }) => `${path}: ${message}`).join('\n')
  }
  const listOfOne = makeRevocationList(authority, [])
  const cases: [written: ClientCertificatesInput, told: RegExp][] = [
    [{}, /: "clientCertificates" names no authority/],
    [{ mode: 'none', names: { 'pay.example': { mode: 'required' } } }, /: "pay.example" names no authority/],
    [{ ca: 'nowhere.pem' }, /\.ca: .*cannot be read/],
    [{ ca: served.key }, /\.ca: .*cannot be used: it holds no certificate/],
    [
      { ca: [between.cert] },
      /\.ca\[0\]: .*cannot be used: CN=Team CA was signed by CN=Shop CA, which is not among/,
    ],
    [{ ca: authority.cert, crl: authority.cert }, /\.crl: .*cannot be used: it holds no list/],
    [{ ca: [authority.cert, other.cert], crl: listOfOne }, /\.crl: .*there is no list of CN=Other CA/],
    [
      { ca: authority.cert, names: { 'a.example': { crl: 'nowhere.pem' } } },
      /a\.example"\]\.crl: .*cannot be read/,
    ],
    [
      { ca: authority.cert, crl: makeRevocationList(authority, [], { days: -1 }) },
      /\.crl: .* has expired on .*nobody is let in/,
    ],
    [{ ca: [authority.cert, between.cert] }, /^$/],
    [{ ca: authority.cert, crl: listOfOne }, /^$/],
  ]
  for (const [written, expected] of cases) {
    // That of the listener itself expires soon.
    const found = (await problemsOf(written)).replaceAll(/^.*expires in .*$/gm, '').trim()
    assert.match(found, expected)
    assert.doesNotMatch(found, /PRIVATE KEY/)
  }
})
