import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { collect } from '../../src/message/body.ts'
import { TrafficError } from '../../src/message/errors.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { HttpRequest } from '../../src/message/request.ts'
import type { HttpResponse } from '../../src/message/response.ts'
import { systemClock } from '../../src/time/clock.ts'
import { Upstream, type UpstreamOptions } from '../../src/upstream/upstream.ts'
import { makeCertificate } from '../certificates.ts'
import { listening } from './origin.ts'
import { PlainConnection } from './pool-bench.ts'
import { eventually } from '../../../../scripts/testing/eventually.ts'

interface Origin {
  readonly url: string
  readonly name: string
  readonly sockets: Socket[]
}

async function listen(t: TestContext, server: Server | SecureServer, scheme = 'http'): Promise<Origin> {
  const sockets: Socket[] = []
  server.on('connection', (socket: Socket) => sockets.push(socket))
  const name = await listening(t, server)
  return { url: `${scheme}://${name}`, name, sockets }
}

/** An origin that answers with its name. */
function origin(t: TestContext, name: string): Promise<Origin> {
  return listen(
    t,
    createServer((_request, response) => response.end(name)),
  )
}

function upstream(t: TestContext, options: Omit<UpstreamOptions, 'name'>): Upstream {
  const made = new Upstream({ name: 'orders', ...options })
  t.after(() => made.destroy())
  return made
}

function exchange(): Exchange {
  return new Exchange(
    HttpRequest.to('http://orders.example/', { headers: { host: 'orders.example' } }),
    systemClock,
  )
}

async function text(response: HttpResponse): Promise<string> {
  return (await collect(response.body)).toString()
}

test('an exchange goes to an endpoint, and carries its name and the number of the attempt from then on', async (t) => {
  const { url, name } = await origin(t, 'a')
  const { handler } = upstream(t, { endpoints: [{ url }] })
  const sent = exchange()
  const response = await handler(sent)
  assert.equal(response.status, 200)
  assert.equal(await text(response), 'a')
  assert.equal(sent.endpoint, name)
  assert.equal(sent.attempts, 1)
})

test('exchanges one after the other use one connection', async (t) => {
  const { url, sockets } = await origin(t, 'a')
  const orders = upstream(t, { endpoints: [{ url }] })
  for (let count = 0; count < 5; count++) await text(await orders.handler(exchange()))
  assert.equal(sockets.length, 1)
  const [stats] = orders.stats()
  assert.deepEqual([stats?.opened, stats?.reused, stats?.idle, stats?.active], [1, 4, 1, 0])
})

test('endpoints share the exchanges by weight', async (t) => {
  const [a, b] = [await origin(t, 'a'), await origin(t, 'b')]
  const { handler } = upstream(t, { endpoints: [{ url: a.url, weight: 3 }, { url: b.url }] })
  let answers = ''
  for (let count = 0; count < 8; count++) answers += await text(await handler(exchange()))
  assert.equal(answers, 'aabaaaba')
})

test('a further attempt goes to another endpoint than the last', async (t) => {
  const [a, b] = [await origin(t, 'a'), await origin(t, 'b')]
  const { handler } = upstream(t, { endpoints: [{ url: a.url, weight: 100 }, { url: b.url }] })
  const sent = exchange()
  await text(await handler(sent))
  for (const expected of ['b', 'a', 'b']) {
    sent.attempts++
    assert.equal(await text(await handler(sent)), expected)
  }
})

test('a further attempt goes to the same endpoint where there is only one, or the last was of another upstream', async (t) => {
  const a = await origin(t, 'a')
  const { handler } = upstream(t, { endpoints: [{ url: a.url }, { url: 'http://127.0.0.1:1', weight: 0 }] })
  const sent = exchange()
  sent.endpoint = 'elsewhere:80'
  for (sent.attempts = 2; sent.attempts < 5; sent.attempts++)
    assert.equal(await text(await handler(sent)), 'a')
})

test('where a connection is idle, the request is sent before the handler returns', async (t) => {
  const sent: PlainConnection[] = []
  class Noting extends PlainConnection {
    override send(): Promise<HttpResponse> {
      sent.push(this)
      return super.send()
    }
  }
  let made = 0
  const { handler } = upstream(t, {
    endpoints: [{ url: 'http://127.0.0.1:1' }],
    open: () => Promise.resolve(new Noting(made++)),
  })
  await handler(exchange())
  sent[0]?.release()
  void handler(exchange())
  assert.equal(sent.length, 2)
  assert.equal(made, 1)
})

test('an exchange given up in the moment it gets its connection does not send, and the connection is not lost', async (t) => {
  const connection = new PlainConnection(0)
  const open = (): Promise<PlainConnection> => Promise.resolve(connection)
  const orders = upstream(t, {
    endpoints: [{ url: 'http://127.0.0.1:1' }],
    open,
    pool: { maxConnections: 1 },
  })
  await orders.handler(exchange())
  const waiting = exchange()
  const answer = orders.handler(waiting)
  const reason = new TrafficError('downstream_closed', 'the client left')
  connection.release()
  waiting.cancel(reason)
  await assert.rejects(answer, reason)
  assert.deepEqual([orders.stats()[0]?.idle, orders.stats()[0]?.active], [1, 0])
})

test('a connection that ends in the moment an exchange gets it is not used: the exchange gets another', async (t) => {
  const connections = [new PlainConnection(0), new PlainConnection(1)]
  let opened = 0
  const open = (): Promise<PlainConnection> =>
    Promise.resolve(connections[opened++] ?? assert.fail('one too many'))
  const orders = upstream(t, {
    endpoints: [{ url: 'http://127.0.0.1:1' }],
    open,
    pool: { maxConnections: 1 },
  })
  await orders.handler(exchange())
  const answer = orders.handler(exchange())
  connections[0]?.release()
  connections[0]?.destroy()
  assert.equal((await answer).status, 204)
  assert.equal(opened, 2)
})

test('a connection that the origin closed while it was idle is not used: the next exchange opens another', async (t) => {
  const { url, sockets } = await origin(t, 'a')
  const orders = upstream(t, { endpoints: [{ url }] })
  await text(await orders.handler(exchange()))
  sockets[0]?.destroy()
  await eventually(() => orders.stats()[0]?.idle === 0, 'the connection is known to be closed')
  assert.equal(await text(await orders.handler(exchange())), 'a')
  assert.equal(sockets.length, 2)
})

test('an endpoint where nobody listens: connect_failed, and it is counted', async (t) => {
  const gone = await listen(t, createServer())
  const orders = upstream(t, { endpoints: [{ url: 'http://127.0.0.1:1' }, { url: gone.url, weight: 0 }] })
  const sent = exchange()
  await assert.rejects(orders.handler(sent), {
    code: 'connect_failed',
    phase: 'connect',
    replaySafe: 'unsent',
  })
  assert.equal(orders.stats()[0]?.failed, 1)
  assert.equal(sent.endpoint, '127.0.0.1:1')
})

test('an exchange cancelled while it waits for its response leaves no connection behind', async (t) => {
  const reached = Promise.withResolvers<void>()
  const { url } = await listen(
    t,
    createServer(() => reached.resolve()),
  )
  const orders = upstream(t, { endpoints: [{ url }] })
  const sent = exchange()
  const answer = orders.handler(sent)
  await reached.promise
  const reason = new TrafficError('downstream_closed', 'the client left')
  sent.cancel(reason)
  await assert.rejects(answer, reason)
  assert.deepEqual([orders.stats()[0]?.active, orders.stats()[0]?.idle], [0, 0])
})

test('more exchanges than connections: all are answered, on no more than maxConnections', async (t) => {
  const { url, sockets } = await origin(t, 'a')
  const orders = upstream(t, { endpoints: [{ url }], pool: { maxConnections: 4 } })
  const answers = await Promise.all(
    Array.from({ length: 100 }, async () => text(await orders.handler(exchange()))),
  )
  assert.equal(answers.join(''), 'a'.repeat(100))
  assert.ok(sockets.length <= 4, `${sockets.length} connections`)
  assert.equal(orders.stats()[0]?.pending, 0)
})

test('draining lets the exchange in flight finish, and refuses new ones', async (t) => {
  const reached = Promise.withResolvers<Parameters<RequestListener>[1]>()
  const { url } = await listen(
    t,
    createServer((_request, response) => reached.resolve(response)),
  )
  const orders = upstream(t, { endpoints: [{ url }] })
  const answer = orders.handler(exchange())
  const response = await reached.promise
  let drained = false
  const draining = orders.drain().then(() => (drained = true))
  await assert.rejects(orders.handler(exchange()), { code: 'shutting_down', replaySafe: 'unsent' })
  assert.equal(drained, false)
  response.end('late')
  assert.equal(await text(await answer), 'late')
  await draining
})

test('an endpoint of https is verified against tls.ca', async (t) => {
  const certificate = makeCertificate({ names: ['127.0.0.1'] })
  const server = createSecureServer(
    { key: certificate.key, cert: certificate.cert },
    (_request, response) => {
      response.end('secure')
    },
  )
  const { url } = await listen(t, server, 'https')
  const { handler } = upstream(t, { endpoints: [{ url }], tls: { verify: true, ca: certificate.cert } })
  assert.equal(await text(await handler(exchange())), 'secure')
  const distrustful = upstream(t, { endpoints: [{ url }] })
  await assert.rejects(distrustful.handler(exchange()), { code: 'tls_failed' })
})

test('an endpoint may be a unix socket', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-upstream-'))
  const path = join(folder, 'app.sock')
  const server = createServer((_request, response) => response.end('local'))
  server.listen(path)
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const { handler } = upstream(t, { endpoints: [{ url: `unix:${path}` }] })
  const sent = exchange()
  assert.equal(await text(await handler(sent)), 'local')
  assert.equal(sent.endpoint, `unix:${path}`)
})

test('an upstream without an endpoint to pick is refused', () => {
  const endpoints = [{ url: 'http://127.0.0.1:1', weight: 0 }]
  assert.throws(() => new Upstream({ name: 'orders', endpoints }), {
    name: 'TypeError',
    message: 'upstream orders needs at least one endpoint with a weight above 0',
  })
})

test('an exchange that was given up before it gets here is not sent, though a connection is idle', async (t) => {
  const { url } = await origin(t, 'a')
  const { handler } = upstream(t, { endpoints: [{ url }] })
  await text(await handler(exchange()))
  const given = exchange()
  given.cancel(new TrafficError('cancelled', 'enough'))
  await assert.rejects(handler(given), { code: 'cancelled' })
  assert.equal(given.attempts, 0)
})
