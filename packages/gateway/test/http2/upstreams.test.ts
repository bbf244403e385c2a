import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  constants,
  createSecureServer,
  createServer,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import {
  type IncomingMessage,
  request as httpRequest,
  type RequestListener,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { makeCertificate } from '../../../core/test/certificates.ts'
import { startGateway } from '../survival/start-gateway.ts'

type Handle = (stream: ServerHttp2Stream, headers: Readonly<Record<string, unknown>>) => void

interface H2Origin {
  readonly port: number
  readonly url: string
  readonly sessions: ServerHttp2Session[]
  /** Paths that were asked for, in their order. */
  readonly asked: string[]
}

/** An origin of node:http2. */
async function http2Origin(
  t: TestContext,
  handle: Handle,
  tls = false,
  http1?: RequestListener,
): Promise<H2Origin> {
  const { key, cert } = makeCertificate({ names: ['127.0.0.1'] })
  const server = tls ? createSecureServer({ key, cert, allowHTTP1: true }) : createServer()
  const sessions: ServerHttp2Session[] = []
  const asked: string[] = []
  ;(server as Http2Server).on('session', (session) => {
    session.on('error', () => {})
    sessions.push(session)
  })
  ;(server as Http2Server).on('stream', (stream, headers) => {
    stream.on('error', () => {})
    asked.push(String(headers[':path']))
    handle(stream, headers)
  })
  if (http1 !== undefined)
    server.on('request', (request, response) => {
      if (request.httpVersion === '1.1')
        http1(request as unknown as IncomingMessage, response as unknown as ServerResponse)
    })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const session of sessions) session.destroy()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { port, url: `${tls ? 'https' : 'h2c'}://127.0.0.1:${port}`, sessions, asked }
}

const echo: Handle = (stream, headers) => {
  const parts: Buffer[] = []
  stream.on('data', (part: Buffer) => parts.push(part))
  stream.on('end', () => {
    stream.respond({
      ':status': 200,
      'x-method': String(headers[':method']),
      'x-via': String(headers['via']),
    })
    stream.end(Buffer.concat(parts))
  })
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
  readonly trailers: Readonly<Record<string, unknown>>
}

/** Asks over HTTP/1.1. */
function ask(url: string, options: object = {}, body?: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { agent: false, ...options }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(parts).toString('latin1'),
          trailers: response.trailers,
        }),
      )
    })
    request.on('error', reject)
    request.end(body)
  })
}

interface UpstreamLine {
  readonly attempts: number
  readonly upstream_version?: string
  readonly error?: string
}

test('a client of HTTP/1.1 is served by an upstream of h2c: content both ways, fields, and what the log says', async (t) => {
  const origin = await http2Origin(t, echo)
  const gateway = await startGateway(t, { routes: [{ upstream: origin.url }] })
  const small = await ask(`${gateway.url}/a?b=1`, { method: 'POST' }, Buffer.from('hello'))
  assert.deepEqual([small.status, small.body, small.headers['x-method']], [200, 'hello', 'POST'])
  assert.match(String(small.headers['via']), /2(?:\.0)? headgate/)
  const many = await Promise.all(Array.from({ length: 50 }, () => ask(gateway.url)))
  assert.deepEqual(new Set(many.map(({ status }) => status)), new Set([200]))
  assert.equal(origin.sessions.length, 1)
  const large = Buffer.alloc(1024 * 1024, 'x')
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => ask(`${gateway.url}/large`, { method: 'PUT' }, large)),
  )
  for (const { body } of answers) assert.equal(body.length, large.length)
  assert.equal(((await gateway.logged(1)) as unknown as UpstreamLine).upstream_version, '2')
})

test('trailers and hints of an upstream of h2c reach a client of HTTP/1.1', async (t) => {
  const origin = await http2Origin(t, (stream) => {
    stream.additionalHeaders({ ':status': 103, link: '</a.css>' })
    stream.respond({ ':status': 200 }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '3' }))
    stream.end('abc')
  })
  const gateway = await startGateway(t, { routes: [{ upstream: origin.url }] })
  const client = await gateway.connect()
  client.send('GET / HTTP/1.1\r\nhost: a\r\nte: trailers\r\nconnection: te\r\n\r\n')
  const text = await client.receives(/x-sum: 3\r\n\r\n/i)
  assert.match(text, /^HTTP\/1\.1 103 [^]*link: <\/a\.css>[^]*HTTP\/1\.1 200 OK[^]*\r\nabc\r\n/i)
})

test('what the upstream refuses by REFUSED_STREAM or GOAWAY is tried again, whatever the method', async (t) => {
  let count = 0
  const origin = await http2Origin(t, (stream, headers) => {
    count++
    if (count === 1) return stream.close(constants.NGHTTP2_REFUSED_STREAM)
    return echo(stream, headers)
  })
  const gateway = await startGateway(t, {
    routes: [{ upstream: origin.url, retry: { backoff: { base: '1ms' } } }],
  })
  const refused = await ask(gateway.url, { method: 'POST' }, Buffer.from('once'))
  assert.deepEqual([refused.status, refused.body], [200, 'once'])
  assert.equal((await gateway.logged(1)).attempts, 2)
  count = 1
  origin.sessions[0]?.goaway(0, 0)
  const again = await ask(gateway.url, { method: 'POST' }, Buffer.from('twice'))
  assert.deepEqual([again.status, again.body], [200, 'twice'])
})

test('what may have been handled is not tried again unless its method is idempotent', async (t) => {
  let count = 0
  const origin = await http2Origin(t, (stream, headers) => {
    count++
    if (count % 2 === 1) return stream.close(constants.NGHTTP2_INTERNAL_ERROR)
    return echo(stream, headers)
  })
  const gateway = await startGateway(t, {
    routes: [{ upstream: origin.url, retry: { backoff: { base: '1ms' } } }],
  })
  assert.equal((await ask(gateway.url, { method: 'POST' }, Buffer.from('x'))).status, 502)
  assert.equal(count, 1)
  count = 0
  assert.equal((await ask(gateway.url)).status, 200)
  assert.equal(count, 2)
})

test('each policy has its say over HTTP/2 as over HTTP/1.1: hedge, mirror, deadline, breaker, fallback, limits', async (t) => {
  let late = 0
  const origin = await http2Origin(t, (stream, headers) => {
    const path = String(headers[':path'])
    if (path === '/late' && late++ === 0) return
    if (path === '/never') return
    if (path === '/broken') return stream.close(constants.NGHTTP2_INTERNAL_ERROR)
    echo(stream, headers)
  })
  const mirrored = await http2Origin(t, echo)
  const gateway = await startGateway(t, {
    upstreams: {
      main: {
        endpoints: [{ url: origin.url }],
        outliers: false,
        breaker: { consecutiveFailures: 3, openFor: '1m' },
        concurrency: { limit: 50 },
      },
    },
    routes: [
      { match: { path: '/late' }, upstream: 'main', retry: {}, hedge: { delay: '30ms' } },
      { match: { path: '/never' }, upstream: 'main', timeout: '100ms' },
      {
        match: { path: '/broken' },
        upstream: 'main',
        retry: false,
        fallback: { respond: { body: 'sorry' } },
      },
      { upstream: 'main', mirror: { upstream: mirrored.url } },
    ],
  })
  assert.equal((await ask(`${gateway.url}/late`)).status, 200)
  assert.equal((await ask(`${gateway.url}/never`)).status, 504)
  await eventually(() => origin.asked.filter((path) => path === '/late').length === 2, 'a hedge was sent')
  assert.equal((await ask(`${gateway.url}/mirrored`, { method: 'POST' }, Buffer.from('copy'))).body, 'copy')
  await eventually(() => mirrored.asked.includes('/mirrored'), 'the copy arrives')
  for (let count = 0; count < 4; count++) assert.equal((await ask(`${gateway.url}/broken`)).body, 'sorry')
  assert.equal(origin.asked.filter((path) => path === '/broken').length, 3)
  assert.equal(origin.sessions.length, 1)
})

test('a client that leaves cancels its stream, and no other', async (t) => {
  const closed: number[] = []
  const origin = await http2Origin(t, (stream, headers) => {
    if (headers[':path'] !== '/slow') return echo(stream, headers)
    stream.on('close', () => closed.push(stream.rstCode))
  })
  const gateway = await startGateway(t, { routes: [{ upstream: origin.url }] })
  const client = await gateway.connect()
  client.send('GET /slow HTTP/1.1\r\nhost: a\r\n\r\n')
  await eventually(() => origin.asked.length === 1, 'it is asked for')
  client.reset()
  await eventually(() => closed.length === 1, 'the stream is reset')
  assert.deepEqual(closed, [constants.NGHTTP2_CANCEL])
  assert.equal((await ask(gateway.url)).status, 200)
  assert.equal(origin.sessions.length, 1)
})

test('active checks ask over HTTP/2, and see an endpoint come back', async (t) => {
  let isWell = true
  const origin = await http2Origin(t, (stream) => {
    stream.respond({ ':status': isWell ? 200 : 500 })
    stream.end()
  })
  const gateway = await startGateway(t, {
    upstreams: {
      main: {
        endpoints: [{ url: origin.url }],
        health: { path: '/healthz', interval: '50ms', unhealthyThreshold: 1, healthyThreshold: 1 },
        outliers: false,
      },
    },
    routes: [{ upstream: 'main', retry: false }],
  })
  await eventually(() => origin.asked.includes('/healthz'), 'it is checked')
  const becomes = async (status: number): Promise<void> => {
    let last = 0
    for (let count = 0; count < 200 && last !== status; count++) {
      last = (await ask(gateway.url)).status
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    assert.equal(last, status)
  }
  await becomes(200)
  isWell = false
  await becomes(503)
  isWell = true
  await becomes(200)
})

test('the settings of http2 of an upstream are told to its endpoints, and hold', async (t) => {
  const release = Promise.withResolvers<void>()
  const origin = await http2Origin(t, (stream) => {
    void release.promise.then(() => {
      stream.respond()
      stream.end('done')
    })
  })
  const gateway = await startGateway(t, {
    upstreams: {
      api: {
        endpoints: [{ url: origin.url }],
        http2: { maxStreams: 2, streamWindow: '128KiB', pingInterval: 'off' },
      },
    },
    routes: [{ upstream: 'api' }],
  })
  const asked = Array.from({ length: 5 }, () => ask(gateway.url))
  await eventually(() => origin.asked.length === 5, 'all are asked')
  assert.equal(origin.sessions.length, 3)
  for (const session of origin.sessions) assert.equal(session.remoteSettings.initialWindowSize, 131_072)
  release.resolve()
  for (const { body } of await Promise.all(asked)) assert.equal(body, 'done')
})

test('an upstream that asks for HTTP/1.1 gets that: the request is tried again, and others go there at once', async (t) => {
  const origin = await http2Origin(
    t,
    (stream) => stream.close(constants.NGHTTP2_HTTP_1_1_REQUIRED),
    true,
    (request, response) => response.end(`over ${request.httpVersion}`),
  )
  const gateway = await startGateway(t, {
    upstreams: {
      api: { endpoints: [{ url: origin.url }], protocols: ['h2', 'http/1.1'], tls: { verify: false } },
    },
    routes: [{ upstream: 'api', retry: { attempts: 2 } }],
  })
  for (const attempts of [2, 1]) {
    const { status, body } = await ask(gateway.url, { method: 'POST' }, Buffer.from('x'))
    assert.deepEqual([status, body], [200, 'over 1.1'])
    const line = (await gateway.logged(3 - attempts)) as unknown as UpstreamLine
    assert.deepEqual([line.attempts, line.upstream_version], [attempts, '1.1'])
  }
  assert.equal(origin.asked.length, 1)
})

test('an https upstream is spoken to in HTTP/2 where it is allowed, and else in HTTP/1.1', async (t) => {
  const origin = await http2Origin(t, echo, true)
  const tls = { verify: false }
  const upstream = { endpoints: [{ url: origin.url }], tls }
  const gateway = await startGateway(t, {
    upstreams: { new: { ...upstream, protocols: ['h2', 'http/1.1'] }, old: upstream },
    routes: [{ match: { path: '/new' }, upstream: 'new' }, { upstream: 'old' }],
  })
  assert.equal((await ask(`${gateway.url}/new`)).status, 200)
  assert.deepEqual(origin.asked, ['/new'])
  // Nobody answers over HTTP/1.1 there: it is the protocol that is looked at.
  void ask(`${gateway.url}/old`, { timeout: 100 }).catch(() => {})
  await eventually(() => origin.sessions.length === 1, 'one session')
  assert.equal(((await gateway.logged(1)) as unknown as UpstreamLine).upstream_version, '2')
})
