import assert from 'node:assert/strict'
import { before, test, type TestContext } from 'node:test'
import { type Certificate, makeCertificate } from '../../../../core/test/certificates.ts'
import type { GatewayConfigInput } from '../../../src/config/input/input.ts'
import { checkInput } from '../../../src/config/load.ts'
import { startGateway } from '../../survival/start-gateway.ts'
import { ask, type Asking } from '../../tls/clients.ts'

type Authenticator = NonNullable<GatewayConfigInput['authenticators']>[string]['clientCertificate']

const CLIENT = 'extendedKeyUsage=clientAuth'

let served: Certificate
let authority: Certificate
let orders: Certificate
let unnamed: Certificate
let foreign: Certificate

before(() => {
  served = makeCertificate({ names: ['shop.example'] })
  authority = makeCertificate({ names: ['authority.example'], commonName: 'Shop CA' })
  orders = makeCertificate({
    names: ['URI:spiffe://shop.example/ns/orders', 'Orders.internal', 'email:orders@shop.example'],
    commonName: 'orders',
    ca: authority,
    extensions: CLIENT,
  })
  unnamed = makeCertificate({ names: ['other.internal'], ca: authority, extensions: CLIENT })
  foreign = makeCertificate({ names: ['x'], commonName: 'orders', extensions: CLIENT })
})

/** The status that somebody gets, with a certificate or none, or the alert that ends the connection. */
async function start(
  t: TestContext,
  clientCertificate: Authenticator,
  more: { readonly anonymous?: boolean; readonly mode?: 'optional' | 'required' } = {},
): Promise<(asking?: Asking) => Promise<string>> {
  const { mode = 'optional', anonymous = false } = more
  const clientCertificates = { mode, ca: [authority.cert] }
  const { port } = await startGateway(t, {
    listeners: [{ address: '127.0.0.1:0', tls: { ...served, clientCertificates } }],
    authenticators: { machines: { clientCertificate } },
    routes: [
      {
        authentication: { anyOf: ['machines'], anonymous },
        authorization: { deny: { groups: ['banned'] } },
        respond: {},
      },
    ],
  })
  return async (asking) => {
    const said = await ask(port, asking)
    return /^HTTP\/1\.1 (\d+)/.exec(said)?.[1] ?? said
  }
}

test('the certificate of the connection says who asks, by the name that the configuration chooses', async (t) => {
  for (const [subject, expected] of [
    ['uri', 'spiffe://shop.example/ns/orders'],
    ['dns', 'orders.internal'],
    ['email', 'orders@shop.example'],
    ['cn', 'orders'],
  ] as const) {
    const send = await start(t, { subject })
    assert.equal(await send({ shows: orders }), '200')
    const named = await start(t, { subject, groups: { banned: [expected] } })
    assert.equal(await named({ shows: orders }), '403')
    const others = await start(t, { subject, groups: { banned: [`${expected}x`] } })
    assert.equal(await others({ shows: orders }), '200')
  }
})

test('who shows no certificate, or one without the name that is asked for, is refused', async (t) => {
  const send = await start(t, { subject: 'uri' })
  assert.equal(await send(), '401')
  assert.equal(await send({ shows: unnamed }), '401')
  assert.equal(await send({ shows: foreign }), 'alert unknown ca')
})

test('no field of a request stands for a certificate', async (t) => {
  const send = await start(t, { subject: 'cn' })
  const der = Buffer.from(orders.cert.replaceAll(/-----[A-Z ]+-----|\s/g, ''), 'base64').toString('base64')
  for (const headers of [
    { 'client-cert': `:${der}:` },
    { 'x-forwarded-client-cert': 'Subject="CN=orders";URI=spiffe://shop.example/ns/orders' },
    { 'x-ssl-client-cert': encodeURIComponent(orders.cert), 'ssl-client-verify': 'SUCCESS' },
  ])
    assert.equal(await send({ headers }), '401')
})

test('certificates that it is not for are none of its: who shows one has shown nothing', async (t) => {
  const match = { dns: '*.internal', issuer: 'CN=Shop CA' }
  const send = await start(t, { subject: 'dns', match: { ...match, fingerprint: '0'.repeat(64) } })
  assert.equal(await send({ shows: orders }), '401')
  const anonymous = await start(
    t,
    { subject: 'uri', match: { email: '*@shop.example' } },
    { anonymous: true },
  )
  assert.equal(await anonymous({ shows: unnamed }), '200')
  const taken = await start(t, { subject: 'dns', match })
  assert.equal(await taken({ shows: unnamed }), '200')
})

test('wildcards of groups reach no further than their part of the name', async (t) => {
  for (const [pattern, status] of [
    ['spiffe://shop.example/ns/*', '403'],
    ['spiffe://shop.example/**', '403'],
    ['spiffe://*/orders', '200'],
    ['spiffe://shop.example/*', '200'],
    ['*', '200'],
  ]) {
    const send = await start(t, { subject: 'uri', groups: { banned: [pattern ?? ''] } })
    assert.equal(await send({ shows: orders }), status, pattern)
  }
})

test('a check warns of an authenticator of certificates where no listener asks for any', async () => {
  const authenticators = { machines: { clientCertificate: { subject: 'cn' } } }
  const routes = [{ authentication: 'machines', respond: {} }]
  const parsed = await checkInput({ authenticators, routes }, '/')
  assert.ok(parsed.ok)
  const told = parsed.warnings().map(({ path, message }) => `${path}: ${message}`)
  assert.deepEqual(told, [
    'authenticators.machines.clientCertificate: knows nobody: no listener asks clients for certificates',
  ])
})
