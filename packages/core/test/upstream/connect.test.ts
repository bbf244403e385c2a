import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { TrafficError } from '../../src/message/errors.ts'
import type { Cancellable } from '../../src/message/exchange.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { type ConnectOptions, connect, targetName } from '../../src/upstream/connect/connect.ts'
import { type ResolvedAddress, Resolver } from '../../src/upstream/connect/dns.ts'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { freePort } from '../../../../scripts/testing/free-port.ts'

/** Starts a server that keeps its sockets for the test, and answers its port. */
async function listen(
  t: TestContext,
  server: Server,
  path?: string,
): Promise<{ port: number; sockets: Socket[] }> {
  const sockets: Socket[] = []
  server.on('connection', (socket: Socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
  })
  if (path === undefined) server.listen(0, '127.0.0.1')
  else server.listen(path)
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  return { port: typeof address === 'object' && address !== null ? address.port : 0, sockets }
}

function setUp(addresses?: readonly string[]): { clock: VirtualClock; options: ConnectOptions } {
  const clock = new VirtualClock()
  const resolved = addresses?.map(
    (text): ResolvedAddress => ({ address: text, family: text.includes(':') ? 6 : 4 }),
  )
  const lookup = (): Promise<readonly ResolvedAddress[]> =>
    resolved ? Promise.resolve(resolved) : new Promise(() => {})
  return { clock, options: { clock, resolver: new Resolver({ clock, lookup }), timeout: 5_000 } }
}

async function failure(attempt: Promise<Socket>): Promise<TrafficError> {
  const outcome = await attempt.catch((error: unknown) => error)
  assert.ok(outcome instanceof TrafficError, 'it must fail with a TrafficError')
  assert.equal(outcome.replaySafe, 'unsent')
  assert.equal(outcome.bytesSent, 0)
  return outcome
}

test('a TCP connection can be written to and read from, and stays open for writing after the peer has ended', async (t) => {
  const { port, sockets } = await listen(t, createServer({ allowHalfOpen: true }))
  const socket = await connect({ kind: 'tcp', host: '127.0.0.1', port }, setUp().options)
  t.after(() => socket.destroy())
  socket.write('ping')
  const [peer] = sockets
  assert.ok(peer)
  const [received] = (await once(peer, 'data')) as [Buffer]
  assert.equal(received.toString(), 'ping')
  peer.end('last')
  socket.resume()
  await once(socket, 'end')
  socket.write('after')
  const [more] = (await once(peer, 'data')) as [Buffer]
  assert.equal(more.toString(), 'after')
})

test('a unix socket is connected to by its path', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-connect-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'app.sock')
  const { sockets } = await listen(t, createServer(), path)
  const socket = await connect({ kind: 'unix', path }, setUp().options)
  t.after(() => socket.destroy())
  socket.write('ping')
  if (sockets.length === 0) await once(socket, 'drain').catch(() => {})
  const [peer] = sockets
  assert.ok(peer)
  const [received] = (await once(peer, 'data')) as [Buffer]
  assert.equal(received.toString(), 'ping')
})

test('a unix socket that is not there: connect_failed names its path', async () => {
  const error = await failure(connect({ kind: 'unix', path: '/nonexistent/app.sock' }, setUp().options))
  assert.equal(error.code, 'connect_failed')
  assert.match(error.message, /unix:\/nonexistent\/app\.sock: ENOENT, the socket does not exist/)
})

test('onread: reads go into the buffer that was given', async (t) => {
  const { port, sockets } = await listen(t, createServer())
  const buffer = Buffer.alloc(1024)
  const reads: string[] = []
  const read = new Promise<void>((resolve) => {
    const callback = (size: number, bytes: Uint8Array): boolean => {
      assert.equal(bytes.buffer, buffer.buffer)
      reads.push(Buffer.from(bytes.subarray(0, size)).toString())
      if (reads.join('').length === 5) resolve()
      return true
    }
    const onread = { buffer, callback }
    void connect({ kind: 'tcp', host: '127.0.0.1', port }, { ...setUp().options, onread }).then((socket) => {
      t.after(() => socket.destroy())
      socket.write('?')
    })
  })
  const socket = await eventually(() => sockets[0], 'a connection is accepted')
  assert.ok(socket)
  await once(socket, 'data')
  socket.write('hello')
  await read
  assert.equal(reads.join(''), 'hello')
})

test('one family that refuses does not hinder the other', async (t) => {
  const { port } = await listen(t, createServer())
  for (const addresses of [
    ['::1', '127.0.0.1'],
    ['127.0.0.1', '::1'],
  ]) {
    const socket = await connect({ kind: 'tcp', host: 'api.example', port }, setUp(addresses).options)
    assert.equal(socket.remoteAddress, '127.0.0.1')
    socket.destroy()
  }
})

test('nobody listens: connect_failed names host, port and every address tried, and what to look at', async () => {
  const port = await freePort()
  const error = await failure(
    connect({ kind: 'tcp', host: 'api.example', port }, setUp(['::1', '127.0.0.1']).options),
  )
  assert.equal(error.code, 'connect_failed')
  assert.equal(error.phase, 'connect')
  assert.ok(error.message.startsWith(`could not connect to api.example:${port}: ::1: `), error.message)
  assert.match(
    error.message,
    /127\.0\.0\.1: ECONNREFUSED, nothing listens there; is it running, and is the port right\?$/,
  )
  assert.ok(error.cause instanceof AggregateError)
})

test('a port that cannot exist fails like any other, and does not throw', async () => {
  const error = await failure(connect({ kind: 'tcp', host: '127.0.0.1', port: 70_000 }, setUp().options))
  assert.equal(error.code, 'connect_failed')
  assert.match(error.message, /cannot connect to 127\.0\.0\.1:70000/)
})

test('the time limit covers name resolution, too', async () => {
  const { clock, options } = setUp()
  const attempt = failure(connect({ kind: 'tcp', host: 'api.example', port: 80 }, options))
  await clock.advance(5_000)
  const error = await attempt
  assert.equal(error.code, 'connect_timeout')
  assert.equal(error.phase, 'dns')
  assert.match(error.message, /^the name of api\.example:80 was not resolved within 5000 ms; check/)
})

test('a name that is not found: dns_failed', async () => {
  const { clock, options } = setUp()
  const resolver = new Resolver({ clock, lookup: () => Promise.reject(new Error('no such name')) })
  const error = await failure(
    connect({ kind: 'tcp', host: 'api.example', port: 80 }, { ...options, resolver }),
  )
  assert.equal(error.code, 'dns_failed')
})

test('a cancellation ends the attempt at once, and leaves nothing armed and nobody listening', async () => {
  const { clock, options } = setUp()
  const workers = new Set<Cancellable>()
  const scope = {
    cancellation: undefined,
    occupy: (worker: Cancellable) => void workers.add(worker),
    release: (worker: Cancellable) => void workers.delete(worker),
  }
  const attempt = connect({ kind: 'tcp', host: 'api.example', port: 80 }, { ...options, scope })
  assert.equal(workers.size, 1)
  const reason = new TrafficError('downstream_closed', 'the client left')
  for (const worker of workers) worker.cancelled(reason)
  await assert.rejects(attempt, reason)
  assert.equal(workers.size, 0)
  assert.equal(clock.pending, 0)
})

test('a cancellation while the socket is connecting closes the socket', async (t) => {
  const { port, sockets } = await listen(t, createServer())
  const { options } = setUp()
  const target = { kind: 'tcp', host: '127.0.0.1', port } as const
  const occupied = Promise.withResolvers<Cancellable>()
  const scope = { cancellation: undefined, occupy: occupied.resolve, release: () => {} }
  const attempt = connect(target, { ...options, scope })
  const worker = await occupied.promise
  // An address is resolved within these steps, a TCP connection takes a turn of the event loop.
  for (let step = 0; step < 10; step++) await Promise.resolve()
  const reason = new TrafficError('downstream_closed', 'the client left')
  worker.cancelled(reason)
  await assert.rejects(attempt, reason)
  const later = await connect(target, options)
  t.after(() => later.destroy())
  await eventually(
    () => sockets.some(({ remotePort }) => remotePort === later.localPort),
    'the later connection is accepted',
  )
  for (const socket of sockets) {
    if (socket.remotePort === later.localPort || socket.destroyed) continue
    socket.resume()
    await once(socket, 'close')
  }
})

test('an attempt for what is cancelled already does not begin', async () => {
  const reason = new TrafficError('downstream_closed', 'the client left')
  const scope = { cancellation: reason, occupy: () => assert.fail(), release: () => assert.fail() }
  const { options } = setUp()
  await assert.rejects(connect({ kind: 'tcp', host: 'api.example', port: 80 }, { ...options, scope }), reason)
})

test('a finished attempt leaves nothing armed', async (t) => {
  const { port } = await listen(t, createServer())
  const { clock, options } = setUp(['127.0.0.1', '::1'])
  const socket = await connect({ kind: 'tcp', host: 'api.example', port }, options)
  socket.destroy()
  assert.equal(clock.pending, 0)
})

test('targets are named as in logs', () => {
  assert.equal(targetName({ kind: 'tcp', host: 'api.example', port: 80 }), 'api.example:80')
  assert.equal(targetName({ kind: 'tcp', host: '::1', port: 80 }), '[::1]:80')
  assert.equal(targetName({ kind: 'unix', path: '/run/app.sock' }), 'unix:/run/app.sock')
})
