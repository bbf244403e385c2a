import assert from 'node:assert/strict'
import { connect, createServer, type AddressInfo } from 'node:net'
import { after, describe, it } from 'node:test'
import { parseConfig } from '../../src/config/parse.ts'
import { Gateway } from '../../src/gateway.ts'
import { headgate } from '../headgate-command.ts'
import { folder } from '../headgate-process.ts'

/** The heads that came to an origin, as they were written. */
async function startRawOrigin(): Promise<{ url: string; head: () => Promise<string> }> {
  let came = Promise.withResolvers<string>()
  const server = createServer((socket) => {
    let text = ''
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1')
      if (!text.includes('\r\n\r\n')) return
      came.resolve(text.slice(0, text.indexOf('\r\n\r\n')))
      text = ''
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  after(() => server.close())
  const head = async (): Promise<string> => {
    const text = await came.promise
    came = Promise.withResolvers<string>()
    return text
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, head }
}

interface Case {
  readonly config?: object
  readonly route?: object
  readonly line?: string
  readonly fields?: readonly string[]
  readonly body?: string
}

const CASES: Readonly<Record<string, Case>> = {
  'no settings': {},
  'fields of the client': {
    fields: ['accept: text/html', 'x-a: 1', 'cookie: a=b', 'te: trailers', 'via: 1.0 old'],
  },
  'no forwarding fields': { config: { forwarding: { forwarded: false, xForwarded: false, via: false } } },
  'a trusted proxy': {
    config: { trustedProxies: ['127.0.0.1'] },
    fields: ['x-forwarded-for: 192.0.2.1', 'x-forwarded-proto: https', 'forwarded: for=192.0.2.1'],
  },
  'an untrusted client': {
    fields: ['x-forwarded-for: 192.0.2.1', 'x-real-ip: 192.0.2.1', 'cdn-loop: other'],
  },
  content: { line: 'POST /a', body: '{"a":1}', fields: ['content-type: application/json'] },
  'no content where some is expected': { line: 'PUT /a' },
  'an upgrade': {
    fields: [
      'connection: upgrade',
      'upgrade: websocket',
      'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
      'sec-websocket-version: 13',
    ],
  },
  'fields that Connection names': { fields: ['connection: x-a', 'x-a: 1', 'x-b: 2'] },
  'changed fields': {
    route: {
      requestHeaders: { set: { 'x-tenant': '${request.host}' }, add: { 'x-a': '2' }, remove: ['accept'] },
    },
    fields: ['accept: a/b', 'x-a: 1'],
  },
  'another host and path': {
    route: {
      rewrite: { host: 'orders.internal', stripPrefix: '/api', query: { set: { a: 'b c' } } },
      match: { path: '/api/**' },
    },
    line: 'GET /api/x?q=1',
  },
  'a cookie of sticky sessions': {
    config: { upstreams: { app: { endpoints: [], sticky: {} } } },
    route: { upstream: 'app' },
    fields: ['cookie: headgate-endpoint=x; a=b'],
  },
  'a version in the path': {
    route: { match: { path: '/:v/**' }, apiVersions: { path: 'v', stripPath: true, versions: { 1: {} } } },
    line: 'GET /v1/x',
  },
}

/** What differs from request to request: ids and marks are random. */
function plain(name: string, value: string): string {
  if (name === 'x-request-id') return `${name}: (random)`
  return `${name}: ${name === 'cdn-loop' ? value.replace(/headgate;id=\S+$/, 'headgate;id=(random)') : value}`
}

describe('what "explain" says the upstream gets is what it gets', () => {
  for (const [what, { config = {}, route = {}, line = 'GET /', fields = [], body }] of Object.entries(
    CASES,
  )) {
    it(`with ${what}`, async () => {
      const origin = await startRawOrigin()
      const written = {
        listeners: [{ address: '127.0.0.1:0' }],
        admin: false,
        accessLog: false,
        ...config,
        ...('upstreams' in config && {
          upstreams: { app: { endpoints: [{ url: origin.url }], sticky: {} } },
        }),
        routes: [{ name: 'r', upstream: origin.url, ...route }],
      }
      const result = parseConfig(written)
      assert.ok(result.ok, JSON.stringify(result))
      const gateway = new Gateway(result.config)
      after(() => gateway.close(0))
      const [listener] = await gateway.listen()
      const socket = connect(Number(listener?.port), '127.0.0.1')
      socket.on('error', () => {}).resume()
      const length =
        body === undefined
          ? line.startsWith('PUT')
            ? ['content-length: 0']
            : []
          : [`content-length: ${body.length}`]
      socket.write(
        [`${line} HTTP/1.1`, 'host: shop.example', ...fields, ...length, '', body ?? ''].join('\r\n'),
      )
      const [requestLine = '', ...came] = (await origin.head()).split('\r\n')
      socket.destroy()

      const [method = '', target = ''] = line.split(' ')
      const given = [...fields, 'host: shop.example'].flatMap((field) => ['-H', field])
      const { stdout } = await headgate(
        ['explain', method, target, ...given, ...(body === undefined ? [] : ['-d', body]), '--json'],
        { cwd: folder({ 'headgate.json': JSON.stringify(written) }) },
      )
      const { sent } = JSON.parse(stdout).route as {
        sent: { method: string; path: string; host: string; headers: [string, string][] }
      }
      assert.equal(`${sent.method} ${sent.path} HTTP/1.1`, requestLine)
      const shown = [['host', sent.host] as const, ...sent.headers].map(([name, value]) => plain(name, value))
      const seen = came.map((each) =>
        plain(each.slice(0, each.indexOf(':')), each.slice(each.indexOf(':') + 1).trim()),
      )
      assert.deepEqual(shown, seen)
      if (!/cdn-loop/.test(seen.join())) assert.fail('the gateway marks what it sends')
    })
  }
})
