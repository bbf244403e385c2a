import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { before, test, type TestContext } from 'node:test'
import type { TLSSocket, TlsOptions as ServerOptions } from 'node:tls'
import { createClient } from '@headgate/client'
import { MetricRegistry, systemClock, type TlsOptions } from '@headgate/core'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { freePort } from '../../../../scripts/testing/free-port.ts'
import { type Certificate, makeCertificate } from '../../../core/test/certificates.ts'
import { pinOf } from '../../../core/src/upstream/connect/pins.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { JsonAccessLog } from '../../src/features/access-log/access-log.ts'
import { received } from '../../src/embedding/embedded.ts'
import { loadCertificates } from '../../src/features/tls/certificates.ts'
import { Gateway } from '../../src/gateway.ts'
import { folderWith } from './peers.ts'

let ca: Certificate
let origin: Certificate
let alice: Certificate
let bob: Certificate
let stranger: Certificate
before(() => {
  ca = makeCertificate({ names: ['test-ca.example'] })
  origin = makeCertificate({ names: ['orders.internal'], ca })
  alice = makeCertificate({ names: ['alice.example'], ca })
  bob = makeCertificate({ names: ['bob.example'], ca })
  stranger = makeCertificate({ names: ['stranger.example'] })
})

/** What a face is asked for: as much as both have, with values that both can be given. */
interface Asked {
  readonly shown?: Certificate
  readonly pins?: readonly string[]
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3'
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3'
  readonly servername?: string
  readonly trusted?: Certificate
  readonly verify?: boolean
}

interface Answer {
  /** Of the response; undefined where there was none. */
  readonly body?: string
  readonly error?: string
  readonly reason?: string
  readonly attempts?: number
}

/** What is looked at in a line of the access log. */
interface Logged {
  readonly error: string
  readonly error_reason: string
  readonly attempts: number
}

interface Face {
  get(path?: string): Promise<Answer>
  /** Has another certificate for the connections to come. */
  rotate(shown: Certificate): void
}

type MakeFace = (t: TestContext, url: string, asked: Asked) => Face

const RETRIES = { attempts: 3, backoff: { base: 1, max: 1 } } as const

const client: MakeFace = (t, url, asked) => {
  let now = asked.shown
  const { pins, minVersion, maxVersion, servername = 'orders.internal', trusted = ca, verify } = asked
  const shown: TlsOptions = { cert: () => now?.cert ?? '', key: () => now?.key ?? '' }
  const tls = { ca: trusted.cert, pins, minVersion, maxVersion, servername, verify, ...(now && shown) }
  const made = createClient({ baseUrl: url, tls, retry: RETRIES })
  t.after(() => made.close({ grace: 0 }))
  return {
    async get(path = '/') {
      const { error, value } = await made.attempt(path)
      if (error === undefined) return { body: await value.text() }
      return { error: error.code, reason: error.message, attempts: error.attempts }
    },
    rotate: (other) => (now = other),
  }
}

const gateway: MakeFace = (t, url, asked) => {
  const { shown, trusted = ca, servername = 'orders.internal', ...others } = asked
  const folder = folderWith(t, { 'ca.pem': trusted.cert, 'cert.pem': '', 'key.pem': '' })
  const file = (name: string): string => join(folder, name)
  const put = ({ cert, key }: Certificate): void => {
    writeFileSync(file('cert.pem'), cert)
    writeFileSync(file('key.pem'), key)
  }
  if (shown !== undefined) put(shown)
  const pair = shown && { cert: file('cert.pem'), key: file('key.pem') }
  const tls = { ca: file('ca.pem'), servername, ...pair, ...others }
  const result = parseConfig({
    upstreams: { orders: { endpoints: [{ url }], outliers: false, tls: JSON.parse(JSON.stringify(tls)) } },
    routes: [{ upstream: 'orders', retry: { attempts: 3, backoff: { base: '1ms', max: '1ms' } } }],
  })
  assert.ok(result.ok, JSON.stringify(result))
  const { config } = result
  const lines: string[] = []
  const accessLog = new JsonAccessLog({ write: (line) => void lines.push(line) }, systemClock, [])
  const made = new Gateway(config, { accessLog, metrics })
  t.after(() => made.close(0))
  const transport = received(made.handler)
  const asking = createClient({
    baseUrl: 'http://shop.example',
    transport,
    retry: false,
    throwOnStatus: false,
  })
  return {
    async get(path = '/') {
      const response = await asking.get(path)
      const body = await response.text()
      if (response.status === 200) return { body }
      const line = await eventually(() => lines.at(-1), 'the exchange is logged')
      const { error, error_reason: reason, attempts } = JSON.parse(String(line)) as Logged
      return { error, reason, attempts }
    },
    rotate(other) {
      put(other)
      made.useMaterial({ certificates: loadCertificates(config), authorities: new Map() })
    },
  }
}

/** Where the gateways of the tests count. */
const metrics = new MetricRegistry()

interface Peer {
  readonly url: string
  /** TLS handshakes that were begun. */
  readonly connections: number
  /** Exchanges that wait for `release`. */
  readonly waiting: number
  /** Lets the answers go that `/slow` waits for. */
  readonly release: () => void
}

/** An origin that answers with who asked, and over which version. */
async function peer(t: TestContext, options: ServerOptions = {}): Promise<Peer> {
  let connections = 0
  const waiting: (() => void)[] = []
  const server = createServer({ ...origin, ca: ca.cert, ...options }, (request, response) => {
    const socket = request.socket as TLSSocket
    const { subject } = socket.getPeerCertificate() as { subject?: { CN?: string } }
    const resumed = socket.isSessionReused() ? ' resumed' : ''
    const answer = (): void =>
      void response.end(`${subject?.CN ?? 'nobody'} ${socket.getProtocol()}${resumed}`)
    if (request.url === '/last') response.setHeader('connection', 'close')
    if (request.url === '/slow') waiting.push(answer)
    else answer()
  })
  server.keepAliveTimeout = 600_000
  server.on('connection', () => connections++)
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return connections
    },
    get waiting() {
      return waiting.length
    },
    release: () => waiting.splice(0).forEach((answer) => answer()),
  }
}

/** OpenSSL, which tells clients by an alert that it does not take their certificate: node:tls just goes. */
async function strict(t: TestContext, version: string): Promise<string> {
  const folder = folderWith(t, { 'ca.pem': ca.cert, 'cert.pem': origin.cert, 'key.pem': origin.key })
  const port = await freePort()
  const files = ['-cert', 'cert.pem', '-key', 'key.pem', '-CAfile', 'ca.pem']
  const words = ['s_server', '-accept', `127.0.0.1:${port}`, ...files, '-Verify', '1', '-verify_return_error']
  const child = spawn('openssl', [...words, version, '-www'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  t.after(() => child.kill())
  for await (const said of child.stdout) if (String(said).includes('ACCEPT')) break
  return `https://127.0.0.1:${port}`
}

const ASKS: ServerOptions = { requestCert: true, rejectUnauthorized: true }
const OTHER = `sha256/${'A'.repeat(43)}=`
const keyOf = ({ cert }: Certificate): string => pinOf(new X509Certificate(cert))

const FACES: Readonly<Record<string, MakeFace>> = { client, gateway }
for (const [name, face] of Object.entries(FACES)) {
  test(`${name}: the origin is shown the certificate, and another one by the connections that follow a rotation`, async (t) => {
    const { url } = await peer(t, ASKS)
    const made = face(t, url, { shown: alice })
    assert.equal((await made.get('/last')).body, 'alice.example TLSv1.3')
    made.rotate(bob)
    // A session of before would go on as alice.
    assert.equal((await made.get('/last')).body, 'bob.example TLSv1.3')
    assert.equal((await made.get('/last')).body, 'bob.example TLSv1.3 resumed')
  })

  test(`${name}: versions of TLS are those that are allowed`, async (t) => {
    const both = await peer(t)
    assert.equal((await face(t, both.url, { maxVersion: 'TLSv1.2' }).get()).body, 'nobody TLSv1.2')
    const old = await peer(t, { maxVersion: 'TLSv1.2' })
    const { error, reason } = await face(t, old.url, { minVersion: 'TLSv1.3' }).get()
    assert.equal(error, 'tls_failed')
    assert.match(reason ?? '', /tls\.minVersion/)
  })

  test(`${name}: one of the pinned keys must be in the chain, whoever signed it`, async (t) => {
    const { url } = await peer(t)
    assert.equal((await face(t, url, { pins: [OTHER, keyOf(ca)] }).get()).body, 'nobody TLSv1.3')
    const { error, attempts } = await face(t, url, { pins: [OTHER] }).get()
    assert.deepEqual([error, attempts], ['pin_mismatch', 1])
  })

  for (const [what, asked, told, options] of [
    [
      'for another name',
      () => ({ servername: 'users.internal' }),
      /not for users\.internal.*set tls\.servername/,
    ],
    [
      'of an authority that is not trusted',
      () => ({ trusted: stranger }),
      /not trusted; give that CA as tls\.ca/,
    ],
    [
      'that has expired',
      () => ({}),
      /has expired; it must be renewed there/,
      () => makeCertificate({ names: ['orders.internal'], ca, days: -1 }),
    ],
  ] as const) {
    test(`${name}: a certificate ${what} is told with the remedy, and not tried again`, async (t) => {
      const origin = await peer(t, options?.())
      const { error, reason, attempts } = await face(t, origin.url, asked()).get()
      assert.equal(error, 'tls_failed')
      assert.match(reason ?? '', told)
      assert.deepEqual([attempts, origin.connections], [1, 1])
    })
  }

  for (const version of ['-tls1_2', '-tls1_3']) {
    test(`${name}: an origin that refuses our certificate is not asked again, with ${version.slice(1)}`, async (t) => {
      const url = await strict(t, version)
      const { reason, attempts } = await face(t, url, { shown: stranger }).get()
      assert.match(
        reason ?? '',
        /does not trust the authority of our certificate|refused our TLS.*UNKNOWN_CA/,
      )
      assert.equal(attempts, 1)
    })
  }
}

test('after a rotation connections of before take no more exchanges, and those under way on them finish', async (t) => {
  const origin = await peer(t, ASKS)
  const made = gateway(t, origin.url, { shown: alice })
  assert.equal((await made.get()).body, 'alice.example TLSv1.3')
  const slow = made.get('/slow')
  await eventually(() => origin.waiting === 1, 'the exchange is under way')
  assert.equal(origin.connections, 1)
  made.rotate(bob)
  assert.match((await made.get()).body ?? '', /^bob/)
  assert.equal(origin.connections, 2)
  origin.release()
  assert.match((await slow).body ?? '', /^alice/)
  assert.match((await made.get()).body ?? '', /^bob/)
  assert.equal(origin.connections, 2)
})

test('what is not changed by a rotation keeps its connections', async (t) => {
  const origin = await peer(t, ASKS)
  const made = gateway(t, origin.url, { shown: alice })
  await made.get()
  made.rotate(alice)
  await made.get()
  assert.equal(origin.connections, 1)
})

test('handshakes are counted: full ones, those that resume a session, and failures by their reason', () => {
  const page = metrics.render()
  const count = (name: string, label: string): number =>
    Number(
      new RegExp(`^headgate_upstream_tls_${name}\\{upstream="orders",${label}\\} (\\d+)$`, 'm').exec(
        page,
      )?.[1],
    )
  assert.ok(count('handshakes_total', 'kind="full"') > 5)
  assert.equal(count('handshakes_total', 'kind="resumed"'), 1)
  for (const [reason, times] of Object.entries({
    wrong_name: 1,
    untrusted: 1,
    expired: 1,
    pin_mismatch: 1,
    client_certificate: 2,
    // The one that is tried again: another endpoint may have it.
    protocol: 3,
  }))
    assert.equal(count('failures_total', `reason="${reason}"`), times, reason)
  assert.doesNotMatch(page, /reason="other"/)
})
