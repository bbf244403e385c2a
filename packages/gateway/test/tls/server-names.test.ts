import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, test, type TestContext } from 'node:test'
import { connect } from 'node:tls'
import { type Certificate, makeCertificate } from '../../../core/test/certificates.ts'
import type { ListenerTlsInput } from '../../src/config/input/input.ts'
import { startGateway } from '../survival/start-gateway.ts'
import { folderWith, openssl, servedTo } from './peers.ts'

const made: Record<string, Certificate> = {}

before(() => {
  made['exact'] = makeCertificate({ commonName: 'exact', names: ['shop.example', 'xn--bcher-kva.example'] })
  made['wild'] = makeCertificate({ commonName: 'wild', names: ['*.shop.example'] })
  made['pay'] = makeCertificate({ commonName: 'pay', names: ['pay.shop.example'] })
  made['rsa'] = makeCertificate({ commonName: 'rsa', names: ['shop.example'], key: 'rsa' })
})

async function serve(t: TestContext, names: readonly string[], tls: ListenerTlsInput = {}): Promise<number> {
  const files = Object.entries(made).flatMap(([name, { cert, key }]) => [
    [`${name}.pem`, cert],
    [`${name}.key`, key],
  ])
  const folder = folderWith(t, Object.fromEntries(files))
  const certificates = names.map((name) => ({
    cert: join(folder, `${name}.pem`),
    key: join(folder, `${name}.key`),
  }))
  const { port } = await startGateway(t, {
    listeners: [{ address: '127.0.0.1:0', tls: { certificates, ...tls } }],
    routes: [{ respond: { body: 'hello' } }],
  })
  return port
}

const asked: [name: string, served: string][] = [
  ['shop.example', 'exact'],
  ['SHOP.Example', 'exact'],
  ['shop.example.', 'exact'],
  ['xn--bcher-kva.example', 'exact'],
  ['a.shop.example', 'wild'],
  ['PAY.shop.example', 'pay'],
  // A wildcard is for one label (RFC 9525 6.3).
  ['a.b.shop.example', 'exact'],
  ['shop.example:443', 'exact'],
  ['bücher.example', 'exact'],
  ['other.example', 'exact'],
]

test('the certificate is chosen by the name that a client asks for, and the first one is for all others', async (t) => {
  const port = await serve(t, ['exact', 'wild', 'pay'])
  const said = await Promise.all(asked.map(([name]) => openssl(port, '-servername', name)))
  assert.deepEqual(
    said.map((each, index) => [asked[index]?.[0], servedTo(each)]),
    asked,
  )
  assert.equal(servedTo(await openssl(port, '-noservername')), 'exact')
})

test('with unknownNames: refuse, nobody is served a certificate for another name', async (t) => {
  const port = await serve(t, ['exact', 'wild'], { unknownNames: 'refuse' })
  assert.equal(servedTo(await openssl(port, '-servername', 'Shop.example.')), 'exact')
  for (const name of ['other.example', 'a.b.shop.example', 'shop.example:443', '.shop.example', 'example']) {
    const said = await openssl(port, '-servername', name)
    assert.equal(servedTo(said), undefined, name)
    assert.match(said, /unrecognized name/, name)
  }
  // RFC 8446 9.2
  assert.match(await openssl(port, '-noservername'), /missing extension|alert number 109/)
})

test('of one name there is a certificate for RSA and one for ECDSA, and the client says which it can', async (t) => {
  const port = await serve(t, ['exact', 'rsa'])
  const [ecdsa, rsa, oldRsa] = await Promise.all([
    openssl(port, '-servername', 'shop.example', '-sigalgs', 'ECDSA+SHA256'),
    openssl(port, '-servername', 'shop.example', '-sigalgs', 'RSA-PSS+SHA256'),
    openssl(port, '-servername', 'shop.example', '-tls1_2', '-cipher', 'ECDHE-RSA-AES128-GCM-SHA256'),
  ])
  assert.deepEqual([ecdsa, rsa, oldRsa].map(servedTo), ['exact', 'rsa', 'rsa'])
})

test('a ticket is good for the names of its certificate, and not for those of another one', async (t) => {
  const port = await serve(t, ['exact', 'pay'])
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const options = { port, host: '127.0.0.1', rejectUnauthorized: false, maxVersion }
    const shake = (servername: string, session?: Buffer): Promise<{ resumed: boolean; session: Buffer }> =>
      new Promise((resolve, reject) => {
        let resumed = false
        const socket = connect({ ...options, servername, ...(session && { session }) }, () => {
          resumed = socket.isSessionReused()
          socket.write('GET / HTTP/1.1\r\nhost: shop.example\r\nconnection: close\r\n\r\n')
        })
        let ticket = session
        socket.on('session', (given) => (ticket = given))
        socket.on('error', reject).resume()
        socket.on('close', () => {
          assert.ok(ticket)
          resolve({ resumed, session: ticket })
        })
      })
    const { session } = await shake('shop.example')
    assert.equal((await shake('shop.example', session)).resumed, true, maxVersion)
    assert.equal((await shake('pay.shop.example', session)).resumed, false, maxVersion)
  }
})
