import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { before, type TestContext, test } from 'node:test'
import { createServer, type Server, type TlsOptions as ServerOptions, type TLSSocket } from 'node:tls'
import { TrafficError } from '../../src/message/errors.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { connect } from '../../src/upstream/connect/connect.ts'
import { Resolver } from '../../src/upstream/connect/dns.ts'
import { pinOf } from '../../src/upstream/connect/pins.ts'
import { TlsOrigin, type TlsOptions } from '../../src/upstream/connect/tls.ts'
import { type Certificate, makeCertificate } from '../certificates.ts'

let ca: Certificate
let origin: Certificate
let alice: Certificate
let bob: Certificate
before(() => {
  ca = makeCertificate({ names: ['test-ca.example'] })
  origin = makeCertificate({ names: ['api.example'], ca })
  alice = makeCertificate({ names: ['alice.example'], ca })
  bob = makeCertificate({ names: ['bob.example'], ca })
})

/** A server that tells who connected. */
async function listen(t: TestContext, options: ServerOptions = {}): Promise<number> {
  const sockets = new Set<TLSSocket>()
  const server: Server = createServer({ ...origin, ca: ca.cert, ...options }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    const { subject } = socket.getPeerCertificate() as { subject?: { CN?: string } }
    socket.write(`${subject?.CN ?? 'nobody'} ${String(socket.getProtocol())}\n`)
  })
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as { port: number }).port
}

const asks: ServerOptions = { requestCert: true, rejectUnauthorized: true }

async function dial(port: number, tls: TlsOrigin, clock = new VirtualClock()): Promise<TLSSocket> {
  const lookup = async (): Promise<[{ address: string; family: 4 }]> => [{ address: '127.0.0.1', family: 4 }]
  const target = { kind: 'tcp', host: 'api.example', port, tls } as const
  const resolver = new Resolver({ clock, lookup })
  return (await connect(target, { clock, resolver, timeout: 5_000 })) as TLSSocket
}

function trusting(options: TlsOptions = {}): TlsOrigin {
  return new TlsOrigin('api.example', { ca: ca.cert, ...options })
}

async function seenBy(port: number, tls: TlsOrigin): Promise<string> {
  const socket = await dial(port, tls)
  const [chunk] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  await once(socket, 'close')
  return chunk.toString().trim()
}

async function failure(attempt: Promise<unknown>): Promise<TrafficError> {
  const error = await attempt.then(
    () => assert.fail('it must fail'),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof TrafficError)
  return error
}

const keyOf = ({ cert }: Certificate): string => pinOf(new X509Certificate(cert))
const OTHER = `sha256/${'A'.repeat(43)}=`

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`the peer that asks for a certificate gets it, with ${maxVersion}`, async (t) => {
    const port = await listen(t, { ...asks, maxVersion })
    assert.equal(await seenBy(port, trusting(alice)), `alice.example ${maxVersion}`)
  })
}

test('without a certificate the peer’s refusal is told with what to give', async (t) => {
  const port = await listen(t, { ...asks, maxVersion: 'TLSv1.2' })
  const error = await failure(dial(port, trusting()))
  assert.equal(error.code, 'tls_failed')
  assert.match(error.message, /client certificate .*tls\.cert and tls\.key/)
})

test('a key that is encrypted is opened with the passphrase', async (t) => {
  const key = execFileSync('openssl', ['pkcs8', '-topk8', '-passout', 'pass:sesame', '-v2', 'aes-256-cbc'], {
    input: alice.key,
    encoding: 'utf8',
  })
  const port = await listen(t, asks)
  assert.match(await seenBy(port, trusting({ cert: alice.cert, key, passphrase: 'sesame' })), /^alice/)
  for (const passphrase of ['wrong-word', undefined]) {
    assert.throws(
      () => trusting({ cert: alice.cert, key, passphrase }),
      (error: Error) =>
        error instanceof TypeError &&
        /the key is encrypted, and tls\.passphrase does not open it/.test(error.message) &&
        !/wrong-word|PRIVATE/.test(error.message),
    )
  }
})

test('functions are called for each new connection, and what they give now is who one is', async (t) => {
  const port = await listen(t, asks)
  let now = alice
  let calls = 0
  const tls = trusting({
    cert: async () => {
      calls++
      return Buffer.from(now.cert)
    },
    key: () => now.key,
  })
  assert.match(await seenBy(port, tls), /^alice/)
  // A session that is resumed would go on as alice.
  now = bob
  assert.match(await seenBy(port, tls), /^bob/)
  assert.match(await seenBy(port, tls), /^bob/)
  assert.equal(calls, 3)
})

test('what functions give anew but unchanged costs no new handshake: the session is resumed', async (t) => {
  const port = await listen(t, { ...asks, maxVersion: 'TLSv1.2' })
  const tls = trusting({
    cert: () => Buffer.from(alice.cert),
    key: () => alice.key,
    pins: async () => [keyOf(ca)],
  })
  await seenBy(port, tls)
  const second = await dial(port, tls)
  assert.equal(second.isSessionReused(), true)
  second.destroy()
})

test('a function that throws, or gives what cannot be used, is auth_failed: nothing was sent, nothing is tried again', async (t) => {
  const port = await listen(t)
  const bad: TlsOptions[] = [
    { cert: () => Promise.reject(new Error('vault is sealed')), key: alice.key },
    { cert: () => 'no certificate', key: alice.key },
    { cert: alice.cert, key: () => bob.key },
    { cert: alice.cert, key: async () => undefined as unknown as string },
    { ca: () => 'nothing' },
    { pins: () => [] },
  ]
  const messages = [
    /tls\.cert threw vault is sealed/,
    /tls\.cert holds no/,
    /not that of/,
    /give both/,
    /tls\.ca/,
    /tls\.pins/,
  ]
  for (const [index, options] of bad.entries()) {
    const error = await failure(dial(port, trusting(options)))
    assert.equal(error.code, 'auth_failed')
    assert.equal(error.source, 'local')
    assert.equal(error.phase, 'tls')
    assert.equal(error.replaySafe, 'unsent')
    assert.match(error.message, messages[index] as RegExp)
  }
})

test('a function that never gives anything ends with the time for connecting', async () => {
  const clock = new VirtualClock()
  const asked = Promise.withResolvers<void>()
  const key = (): Promise<string> => {
    asked.resolve()
    return new Promise(() => {})
  }
  const attempt = failure(dial(1, trusting({ cert: alice.cert, key }), clock))
  await asked.promise
  await clock.advance(5_000)
  const error = await attempt
  assert.equal(error.code, 'connect_timeout')
  assert.match(error.message, /what the functions of tls give .* was not there within 5000 ms/)
})

test('minVersion TLSv1.3 refuses a peer that speaks TLS 1.2', async (t) => {
  const old = await listen(t, { maxVersion: 'TLSv1.2' })
  const tls = trusting({ minVersion: 'TLSv1.3' })
  assert.equal((await failure(dial(old, tls))).code, 'tls_failed')
  assert.equal(await seenBy(await listen(t), tls), 'nobody TLSv1.3')
})

test('a pin of the peer’s key, or of the authority that signed it, lets the connection through', async (t) => {
  const port = await listen(t)
  for (const pins of [keyOf(origin), [OTHER, keyOf(origin)], [keyOf(ca)], async () => keyOf(ca)]) {
    assert.match(await seenBy(port, trusting({ pins })), /^nobody/)
    // TLS 1.3 resumes: the second handshake brings no certificate.
    assert.match(await seenBy(port, trusting({ pins })), /^nobody/)
  }
})

test('a peer without a pinned key is refused after its chain was verified, and told by its pins', async (t) => {
  const port = await listen(t)
  const tls = trusting({ pins: [OTHER] })
  for (let attempt = 0; attempt < 2; attempt++) {
    const error = await failure(dial(port, tls))
    assert.equal(error.code, 'pin_mismatch')
    assert.equal(error.source, 'local')
    assert.equal(error.replaySafe, 'unsent')
    assert.ok(error.message.includes(keyOf(origin)), error.message)
  }
})

test('a pinned key does not stand in for a chain that is not trusted', async (t) => {
  const own = makeCertificate({ names: ['api.example'] })
  const port = await listen(t, { ...own })
  assert.equal((await failure(dial(port, trusting({ pins: [keyOf(own)] })))).code, 'tls_failed')
})

test('without verification pins still hold', async (t) => {
  const own = makeCertificate({ names: ['elsewhere.example'] })
  const port = await listen(t, { ...own })
  assert.match(await seenBy(port, trusting({ verify: false, pins: [keyOf(own)] })), /^nobody/)
  assert.equal((await failure(dial(port, trusting({ verify: false, pins: [OTHER] })))).code, 'pin_mismatch')
})

test('a certificate that a peer only sends along meets no pin: it has signed nothing', async (t) => {
  // The attacker's certificate is of a trusted authority; beside it, one made by hand with that authority's name and the pinned key.
  const pinned = makeCertificate({ names: ['pinned.example'], commonName: 'test-ca.example' })
  const attacker = makeCertificate({ names: ['api.example'], ca })
  const port = await listen(t, { key: attacker.key, cert: `${attacker.cert}\n${pinned.cert}` })
  assert.equal((await failure(dial(port, trusting({ pins: [keyOf(pinned)] })))).code, 'pin_mismatch')
})

test('options that are not valid are told at once, by name and without their values', () => {
  const cases: [TlsOptions, RegExp][] = [
    [{ cert: alice.cert }, /tls\.cert and tls\.key belong together/],
    [{ key: alice.key }, /tls\.cert and tls\.key belong together/],
    [{ cert: alice.cert, key: bob.key }, /the key is not that of the certificate/],
    [{ cert: 'nonsense', key: alice.key }, /tls\.cert holds no certificate/],
    [{ cert: alice.cert, key: 'secret-nonsense' }, /tls\.cert, tls\.key or tls\.passphrase is not valid/],
    [{ ca: [ca.cert, 'nonsense'] }, /tls\.ca holds no certificate/],
    [{ ca: () => ca.cert, cert: 'nonsense', key: alice.key }, /tls\.cert holds no certificate/],
    [{ key: () => alice.key, cert: alice.cert, pins: ['sha1/abc'] }, /tls\.pins: "sha1\/abc" is no pin/],
    [{ pins: [] }, /tls\.pins is an empty list/],
    [{ pins: `sha256/${'A'.repeat(42)}==` }, /is no pin/],
    [{ minVersion: 'TLSv1.1' as 'TLSv1.2' }, /tls\.minVersion is "TLSv1\.1"/],
  ]
  for (const [options, message] of cases) {
    assert.throws(
      () => new TlsOrigin('api.example', options),
      (error: Error) => {
        assert.ok(error instanceof TypeError)
        assert.match(error.message, message)
        assert.ok(!/PRIVATE KEY-----\n|secret-nonsense/.test(error.message), error.message)
        return true
      },
    )
  }
})
