import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectHttp2 } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, type TestContext, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { promisify } from 'node:util'
import { DEFAULT_HTTP2_LIMITS, DEFAULT_SERVER_OPTIONS, HttpResponse } from '@headgate/core'
import { type Certificate, makeCertificate } from '../../../core/test/certificates.ts'
import { RawClient } from '../../../core/test/h2/raw-client.ts'
import type { ListenerInput } from '../../src/config/input/input.ts'
import { listen } from '../../src/listen/listen.ts'
import { startGateway, type StartedGateway } from '../survival/start-gateway.ts'

let certificate: Certificate

before(() => {
  certificate = makeCertificate({ names: ['localhost', '127.0.0.1'] })
})

function tlsFiles(t: TestContext): { readonly cert: string; readonly key: string } {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-http2-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  writeFileSync(files.cert, certificate.cert)
  writeFileSync(files.key, certificate.key)
  return files
}

const HELLO = { routes: [{ respond: { body: 'hello' } }] }

function start(t: TestContext, listener: Omit<ListenerInput, 'address'> = {}): Promise<StartedGateway> {
  return startGateway(t, { ...HELLO, listeners: [{ address: '127.0.0.1:0', ...listener }] })
}

/** What node:http2 gets. */
async function get(
  url: string,
  options: { readonly ca?: string } = {},
): Promise<{ status: number; body: string }> {
  const session = connectHttp2(url, options)
  session.on('error', () => {})
  try {
    const stream = session.request({ ':path': '/' })
    let body = ''
    let status = 0
    stream.setEncoding('utf8')
    stream.on('response', (headers) => (status = headers[':status'] ?? 0))
    stream.on('data', (text: string) => (body += text))
    await once(stream, 'end')
    return { status, body }
  } finally {
    session.destroy()
  }
}

test('a plain listener speaks HTTP/2 with whoever begins with its preface, and HTTP/1.1 with others', async (t) => {
  const gateway = await start(t)
  assert.deepEqual(await get(gateway.url), { status: 200, body: 'hello' })
  const client = await gateway.connect()
  client.send('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  assert.match(await client.receives('hello'), /^HTTP\/1\.1 200 OK\r\n/)
  await gateway.logged(2)
  assert.deepEqual(
    gateway.log.map((line) => (line as unknown as { version: string }).version),
    ['2', '1.1'],
  )
})

test('what a client speaks is found out byte by byte', async (t) => {
  const gateway = await start(t)
  const http2 = await gateway.connect()
  const raw = new RawClient(http2)
  for (const byte of Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')) {
    http2.send(Buffer.from([byte]))
    await new Promise(setImmediate)
  }
  raw.send(Buffer.from('000000040000000000', 'hex'), raw.head(1))
  await raw.until('DATA+END 1 hello')
  const http1 = await gateway.connect()
  for (const byte of Buffer.from('PROPFIND / HTTP/1.1\r\nhost: a\r\n\r\n')) {
    http1.send(Buffer.from([byte]))
    await new Promise(setImmediate)
  }
  await http1.receives('HTTP/1.1 200 OK')
})

test('a preface that goes wrong is no HTTP/2, and refused as HTTP/1.1', async (t) => {
  const gateway = await start(t)
  for (const bytes of ['PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n', 'PRI * HTTP/1.1\r\nhost: a\r\n\r\n']) {
    const client = await gateway.connect()
    client.send(bytes)
    assert.match(await client.receives(/^HTTP\/1\.1 \d+ /), /^HTTP\/1\.1 (400|404|405|505|200) /)
  }
})

/** Why a client was refused, as the last of so many lines of the access log tells. */
async function reasonIn(gateway: StartedGateway, lines: number): Promise<string> {
  await gateway.logged(lines)
  return String((gateway.log.at(-1) as { error_reason?: string } | undefined)?.error_reason)
}

test('a listener that speaks HTTP/1.1 alone answers the preface by 505, and one that speaks HTTP/2 alone ends what is none', async (t) => {
  const old = await start(t, { protocols: ['http/1.1'] })
  const client = await old.connect()
  client.send('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  await client.receives('HTTP/1.1 505 ')
  assert.match(
    await reasonIn(old, 1),
    /^the version is not HTTP\/1: it is the preface of HTTP\/2, and this listener speaks http\/1\.1 alone/,
  )
  const young = await start(t, { protocols: ['h2'] })
  assert.equal((await get(young.url)).body, 'hello')
  const raw = new RawClient(await young.connect())
  raw.send('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  await raw.until('GOAWAY 0 PROTOCOL_ERROR')
  assert.match(
    await reasonIn(young, 2),
    /^no preface of HTTP\/2 .* this listener speaks h2 alone \(protocols\)/,
  )
})

test('h2c by Upgrade is answered over HTTP/1.1 (RFC 9113 3.1)', async (t) => {
  const gateway = await start(t)
  const client = await gateway.connect()
  client.send(
    'GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n\r\n',
  )
  await client.receives(/^HTTP\/1\.1 200 OK\r\n[^]*hello$/)
})

/** What ALPN chooses; false if nothing was offered. */
async function chosen(port: number, offered: readonly string[] | undefined): Promise<string | false | null> {
  const socket = connectTls({
    port,
    host: '127.0.0.1',
    ca: certificate.cert,
    ...(offered && { ALPNProtocols: [...offered] }),
  })
  try {
    await once(socket, 'secureConnect')
    return socket.alpnProtocol
  } finally {
    socket.destroy()
  }
}

test('over TLS the protocol is chosen by ALPN: the listener’s most wanted, HTTP/1.1 where none is offered', async (t) => {
  const { port, url } = await start(t, { tls: tlsFiles(t) })
  assert.equal(await chosen(port, ['h2', 'http/1.1']), 'h2')
  assert.equal(await chosen(port, ['http/1.1', 'h2']), 'h2')
  assert.equal(await chosen(port, ['http/1.1']), 'http/1.1')
  assert.equal(await chosen(port, undefined), false)
  await assert.rejects(chosen(port, ['spdy/3']), /no application protocol/i)
  const secure = url.replace('http:', 'https:')
  assert.deepEqual(await get(secure, { ca: certificate.cert }), { status: 200, body: 'hello' })
})

test('a reload changes what a listener chooses', async (t) => {
  const config = {
    address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
    tls: {
      ...tlsFiles(t),
      unknownNames: 'default',
      preset: 'intermediate',
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.3',
      maxHandshakes: 9,
      handshakeTimeout: 10_000,
    },
    maxConnections: 9,
  } as const
  const connection = { ...DEFAULT_SERVER_OPTIONS, http2: DEFAULT_HTTP2_LIMITS }
  const listener = await listen(
    { ...config, protocols: ['h2', 'http/1.1'] },
    {
      connection,
      owner: { handler: async () => new HttpResponse(200), refusal: () => new HttpResponse(400) },
      reusePort: false,
      ticketKeys: undefined,
      onConnection() {},
      refused() {},
    },
  )
  t.after(() => listener.stop())
  const port = listener.port ?? 0
  assert.equal(await chosen(port, ['h2', 'http/1.1']), 'h2')
  listener.update({ ...config, protocols: ['http/1.1'] }, connection)()
  assert.equal(await chosen(port, ['h2', 'http/1.1']), 'http/1.1')
})

test('curl speaks HTTP/2 with prior knowledge and by ALPN', async (t) => {
  const plain = await start(t)
  const secure = await start(t, { tls: tlsFiles(t) })
  const curl = promisify(execFile)
  const options = ['-sS', '--max-time', '20', '-w', ' %{http_version}']
  const known = await curl('curl', [...options, '--http2-prior-knowledge', plain.url])
  assert.equal(known.stdout, 'hello 2')
  const chosenByAlpn = await curl('curl', [...options, '-k', `https://127.0.0.1:${secure.port}/`])
  assert.equal(chosenByAlpn.stdout, 'hello 2')
  // Without TLS it asks by `Upgrade: h2c` as well, which is not followed (RFC 9113 3.1): with content, too, and again on the same connection.
  const upgrade = await curl('curl', [...options, '--http2', '-d', 'content', plain.url, plain.url])
  assert.equal(upgrade.stdout, 'hello 1.1hello 1.1')
  const secured = await curl('curl', [...options, '--http2', '-k', `https://127.0.0.1:${secure.port}/`])
  assert.equal(secured.stdout, 'hello 2')
})

test('the settings of http2 are told to clients, and hold', async (t) => {
  const gateway = await startGateway(t, {
    ...HELLO,
    http2: { maxStreams: 7, connectionWindow: '128KiB' },
    limits: { head: '2KiB' },
  })
  const raw = new RawClient(await gateway.connect())
  raw.begin()
  assert.deepEqual((await raw.until('WINDOW_UPDATE')).slice(0, 2), [
    'SETTINGS 3=7 4=65535 6=2048 9=1 8=1',
    'WINDOW_UPDATE 0 65537',
  ])
})

test('a client that finds too many connections is told so over HTTP/2, too', async (t) => {
  const { port } = await start(t, { tls: tlsFiles(t), maxConnections: 1 })
  const options = { port, host: '127.0.0.1', ca: certificate.cert, ALPNProtocols: ['h2'] }
  const first = connectTls(options)
  await once(first, 'secureConnect')
  const second = connectTls(options)
  const [bytes] = (await once(second, 'data')) as [Buffer]
  first.destroy()
  second.destroy()
  assert.equal(bytes.toString('hex'), TOO_MANY_STREAMS)
})

/** SETTINGS, and GOAWAY of stream 0 with ENHANCE_YOUR_CALM. */
const TOO_MANY_STREAMS = '000000040000000000000008070000000000000000000000000b'

/** By what the listener speaks: what a client begins with, and in what it is told. */
const REFUSED: readonly (readonly [protocols: ListenerInput['protocols'], told: Record<string, string>])[] = [
  [
    undefined,
    {
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n': 'HTTP/2',
      'PRI ': 'HTTP/2',
      'GET / HTTP/1.1\r\n\r\n': 'HTTP/1.1 503',
      P: 'HTTP/1.1 503',
      // Nothing, for a second.
      '': 'HTTP/1.1 503',
    },
  ],
  [['h2'], { '': 'HTTP/2' }],
  [['http/1.1'], { '': 'HTTP/1.1 503' }],
]

test('a client without TLS that finds too many connections is told so in what it speaks', async (t) => {
  for (const [protocols, told] of REFUSED) {
    const gateway = await start(t, { maxConnections: 1, ...(protocols && { protocols }) })
    const first = await gateway.connect()
    for (const [sent, expected] of Object.entries(told)) {
      const refused = await gateway.connect()
      if (sent !== '') refused.send(sent)
      await refused.end()
      const isHttp2 = Buffer.from(refused.text, 'latin1').toString('hex') === TOO_MANY_STREAMS
      const answer = isHttp2 ? 'HTTP/2' : refused.text.slice(0, 12)
      assert.equal(answer, expected, `${String(protocols)}, ${JSON.stringify(sent)}`)
    }
    assert.equal(first.closed, false)
  }
})
