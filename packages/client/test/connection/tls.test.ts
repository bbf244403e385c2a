import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:https'
import { type AddressInfo, connect, type Server } from 'node:net'
import { before, type TestContext, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { type Certificate, makeCertificate } from '../../../core/test/certificates.ts'
import { pinOf } from '../../../core/src/upstream/connect/pins.ts'
import { createClient, StatusError, TrafficError } from '../../src/index.ts'
import { clientOf } from '../origin.ts'

let ca: Certificate
let origin: Certificate
let alice: Certificate
let bob: Certificate
before(() => {
  ca = makeCertificate({ names: ['test-ca.example'] })
  origin = makeCertificate({ names: ['127.0.0.1'], ca })
  alice = makeCertificate({ names: ['alice.example'], ca })
  bob = makeCertificate({ names: ['bob.example'], ca })
})

interface Peer {
  readonly url: string
  readonly port: number
  /** TLS handshakes that were begun. */
  readonly connections: number
}

async function started(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

/** An origin that asks for a certificate, and answers with whose it was. */
async function peer(t: TestContext, required = true): Promise<Peer> {
  let connections = 0
  const asks = { requestCert: true, rejectUnauthorized: required, ca: ca.cert }
  const server = createServer({ ...origin, ...asks }, (request, response) => {
    const { subject } = (request.socket as TLSSocket).getPeerCertificate() as { subject?: { CN?: string } }
    response.setHeader('connection', 'close')
    response.end(subject?.CN ?? 'nobody')
  })
  server.on('connection', () => connections++)
  const port = await started(t, server)
  t.after(() => server.closeAllConnections())
  return {
    url: `https://127.0.0.1:${port}`,
    port,
    get connections() {
      return connections
    },
  }
}

const OTHER = `sha256/${'A'.repeat(43)}=`
const keyOf = ({ cert }: Certificate): string => pinOf(new X509Certificate(cert))

test('a client shows its certificate, and the one that its functions give for each new connection', async (t) => {
  const { url } = await peer(t)
  const fixed = clientOf(t, { tls: { ca: ca.cert, cert: alice.cert, key: alice.key } })
  assert.equal(await fixed.get(url).text(), 'alice.example')
  let now = alice
  const renewed = clientOf(t, { tls: { ca: [ca.cert], cert: async () => now.cert, key: () => now.key } })
  assert.equal(await renewed.get(url).text(), 'alice.example')
  now = bob
  assert.equal(await (await renewed.fetch(url)).text(), 'bob.example')
})

test('an origin that wants a certificate says so, where there is none', async (t) => {
  const { url } = await peer(t)
  const { error } = await clientOf(t, { tls: { ca: ca.cert }, retry: false }).attempt(url)
  assert.ok(error instanceof TrafficError && !(error instanceof StatusError))
  assert.match(error.message, /client certificate; give tls\.cert and tls\.key|closed the connection/)
})

test('a peer without a pinned key is asked once, and never for a request', async (t) => {
  const origin = await peer(t, false)
  const client = clientOf(t, {
    tls: { ca: ca.cert, pins: [OTHER] },
    retry: { attempts: 3, backoff: { base: 1, max: 1 } },
  })
  const { error } = await client.attempt(origin.url)
  assert.equal(error?.code, 'pin_mismatch')
  assert.equal(error?.attempts, 1)
  assert.equal(origin.connections, 1)
  await assert.rejects(
    client.fetch(origin.url),
    ({ cause }: Error) => (cause as TrafficError).code === 'pin_mismatch',
  )
  const pinned = clientOf(t, { tls: { ca: ca.cert, pins: keyOf(ca) } })
  assert.equal(await pinned.get(origin.url).text(), 'nobody')
})

test('through a tunnel, the peer behind the proxy is the one that certificates and pins are about', async (t) => {
  const { url } = await peer(t)
  const proxy = createHttpServer()
  proxy.on('connect', (request, socket) => {
    const [host, port] = (request.url ?? '').split(':')
    const onward = connect(Number(port), host, () => socket.write('HTTP/1.1 200 OK\r\n\r\n'))
    for (const each of [socket, onward]) each.on('error', () => {})
    socket.pipe(onward).pipe(socket)
  })
  const through = `http://127.0.0.1:${await started(t, proxy)}`
  let now = alice
  const tls = { ca: ca.cert, cert: () => now.cert, key: () => now.key, pins: async () => [keyOf(origin)] }
  const client = clientOf(t, { proxy: through, tls })
  assert.equal(await client.get(url).text(), 'alice.example')
  now = bob
  assert.equal(await client.get(url).text(), 'bob.example')
  const wrong = clientOf(t, { proxy: through, tls: { ...tls, pins: OTHER } })
  assert.equal((await wrong.attempt(url)).error?.code, 'pin_mismatch')
  const broken = clientOf(t, {
    proxy: through,
    tls: { ...tls, key: () => Promise.reject(new Error('sealed')) },
  })
  assert.equal((await broken.attempt(url)).error?.code, 'auth_failed')
})

test('what is wrong with tls is told when the client is made', () => {
  assert.throws(
    () => createClient({ tls: { cert: alice.cert } }),
    /option tls: tls\.cert and tls\.key belong/,
  )
  assert.throws(() => createClient({ tls: { pins: ['x'] } }), /option tls: tls\.pins: "x" is no pin/)
  assert.throws(
    () => createClient({ tls: { minVersion: 'TLSv1' as never } }),
    /option tls\.minVersion is "TLSv1"/,
  )
  assert.throws(() => createClient({ tls: { passphrase: 5 as never } }), /option tls\.passphrase is 5/)
})

test('functions that give what is no key, passphrase or pin, or an empty list, are told, and nobody is trusted', async (t) => {
  const { url } = await peer(t)
  const tls = { ca: ca.cert, cert: alice.cert, key: alice.key }
  const given: readonly [wrong: object, message: RegExp][] = [
    [{ ca: () => [] }, /tls\.ca is an empty list/],
    [{ cert: () => [] }, /tls\.cert is an empty list/],
    [{ key: () => [] }, /tls\.key cannot be of type list/],
    [{ key: () => null }, /tls\.key cannot be of type null/],
    [{ passphrase: () => 5 }, /tls\.passphrase cannot be of type number/],
    [{ pins: () => 7 }, /tls\.pins cannot be of type number; allowed: a pin, or a list of pins/],
    [{ pins: () => [] }, /tls\.pins is an empty list/],
  ]
  for (const [wrong, message] of given) {
    const { error } = await clientOf(t, { tls: { ...tls, ...wrong }, retry: false }).attempt(url)
    assert.equal(error?.code, 'auth_failed', String(message))
    assert.match(error.message, message)
  }
})

test('functions that hang end with the limit for connecting, which is not told as one of the peer', async (t) => {
  const { url, port } = await peer(t)
  const tls = { ca: ca.cert, pins: () => new Promise<string>(() => {}) }
  const { error } = await clientOf(t, { tls, retry: false, timeout: { connect: 30 } }).attempt(url)
  assert.equal(error?.code, 'connect_timeout')
  assert.equal(
    error.message,
    `what the functions of tls give for 127.0.0.1:${port} was not there within 30 ms; see what they wait for, or raise the connect timeout`,
  )
})
