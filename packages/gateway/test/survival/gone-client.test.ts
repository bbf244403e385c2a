import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, type TestContext, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { type Certificate, makeCertificate } from '../../../core/test/certificates.ts'
import { startScripted } from './origins.ts'
import { type StartedGateway, startGateway } from './start-gateway.ts'
import type { GatewayConfigInput } from '../../src/config/input/input.ts'
import { eventually } from '../../../../scripts/testing/eventually.ts'

const GET = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'
const POST_HEAD = 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n'
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

let certificate: Certificate

before(() => {
  certificate = makeCertificate({ names: ['127.0.0.1'] })
})

/** A gateway that serves HTTP or HTTPS, and how to connect to it. */
async function start(
  t: TestContext,
  encrypted: boolean,
  config: GatewayConfigInput,
): Promise<StartedGateway & { dial: () => Promise<Socket> }> {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-gone-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(certificate))
    writeFileSync(join(folder, name), content as string)
  const tls = { cert: join(folder, 'cert'), key: join(folder, 'key') }
  const gateway = await startGateway(t, {
    listeners: [{ address: '127.0.0.1:0', ...(encrypted && { tls }) }],
    ...config,
  })
  const dial = async (): Promise<Socket> => {
    const plain = connect({ host: '127.0.0.1', port: gateway.port, noDelay: true })
    const socket = encrypted ? connectTls({ socket: plain, rejectUnauthorized: false }) : plain
    await once(socket, encrypted ? 'secureConnect' : 'connect')
    socket.on('error', () => {}) // what becomes of a client that is gone
    t.after(() => plain.destroy())
    return socket
  }
  return { ...gateway, dial }
}

/** The ways in which clients leave; what a browser or curl does is the first, with `close` on the descriptor. */
const WAYS = [
  ['closes', (socket: Socket) => socket.destroy()],
  ['closes its side', (socket: Socket) => socket.end()],
  ['resets', (socket: Socket) => socket.resetAndDestroy()],
] as const

for (const encrypted of [false, true]) {
  const scheme = encrypted ? 'HTTPS' : 'HTTP'
  for (const [way, leave] of WAYS) {
    // A TLS socket cannot be reset by itself.
    if (encrypted && way === 'resets') continue

    test(`a client of ${scheme} that ${way} while the origin thinks has its request cancelled there, soon`, async (t) => {
      const origin = await startScripted(t)
      const gateway = await start(t, encrypted, { routes: [{ upstream: origin.url }] })
      for (const request of [GET, `${GET}GET`, POST_HEAD]) {
        const client = await gateway.dial()
        client.write(request)
        const connection = await origin.accept()
        await connection.receives('\r\n\r\n')
        if (request === POST_HEAD) {
          client.write('hello')
          await connection.receives('hello')
        }
        const before = performance.now()
        leave(client)
        await connection.end()
        // Half a second, or twice that where something was still taken; without the setting it was ten.
        assert.ok(performance.now() - before < 5_000, `${performance.now() - before} ms`)
      }
      const line = await gateway.logged(3)
      assert.deepEqual([line.status, line.error], [null, 'downstream_closed'])
    })

    test(`a client of ${scheme} that ${way} while it waits for a slot gives its place in the line up`, async (t) => {
      const origin = await startScripted(t)
      const gateway = await start(t, encrypted, {
        routes: [{ upstream: origin.url, concurrency: { limit: 1, queue: 1, queueTimeout: '20s' } }],
      })
      const first = await gateway.dial()
      first.write(GET)
      const connection = await origin.accept()
      await connection.receives('\r\n\r\n')
      const gone = (): number => gateway.log.filter(({ error }) => error === 'downstream_closed').length
      for (const [index, request] of [GET, POST_HEAD].entries()) {
        const waiting = await gateway.dial()
        waiting.write(request)
        if (request === POST_HEAD) {
          // Apart from its head, so that it is a stream.
          await new Promise((resolve) => setTimeout(resolve, 20))
          waiting.write('hello')
        }
        // In the line, when a further one finds no room in it.
        await turnedAway(gateway)
        leave(waiting)
        await eventually(() => gone() === index + 1, 'the connection is gone')
      }
      const patient = await gateway.dial()
      patient.write(GET)
      connection.send(OK)
      await connection.receives(/(GET \/ [\s\S]*\r\n\r\n){2}/)
      connection.send(OK)
      await once(patient, 'data')
      assert.equal(origin.connections.length, 1)
    })

    test(`a client of ${scheme} that ${way} in the middle of a response cancels the rest`, async (t) => {
      const origin = await startScripted(t)
      const gateway = await start(t, encrypted, { routes: [{ upstream: origin.url }] })
      const client = await gateway.dial()
      client.write(GET)
      const connection = await origin.accept()
      await connection.receives('\r\n\r\n')
      connection.send('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nsome')
      await once(client, 'data')
      leave(client)
      await connection.end()
      assert.equal((await gateway.logged(1)).error, 'downstream_closed')
    })
  }
}

/** Resolves when a request gets 503, since the line is full. */
async function turnedAway({ dial }: { dial: () => Promise<Socket> }): Promise<void> {
  for (;;) {
    const client = await dial()
    client.write(GET)
    const answered = once(client, 'data').then(([chunk]) => String(chunk))
    const none = new Promise<string>((resolve) => setTimeout(() => resolve(''), 200))
    const answer = await Promise.race([answered, none])
    answered.catch(() => {})
    if (answer.startsWith('HTTP/1.1 503')) return void client.destroy()
    throw new Error(`this one took the place in the line, before the one that was to: ${answer}`)
  }
}

test('the only probe of a breaker is given back by a client that leaves', async (t) => {
  const origin = await startScripted(t)
  const gateway = await start(t, false, {
    upstreams: {
      orders: {
        endpoints: [{ url: origin.url }],
        breaker: { consecutiveFailures: 1, openFor: '50ms', maxOpenFor: '50ms', probes: 1 },
      },
    },
    routes: [{ upstream: 'orders', retry: false }],
  })
  const first = await gateway.dial()
  first.write(GET)
  const failing = await origin.accept()
  await failing.receives('\r\n\r\n')
  failing.send('HTTP/1.1 500 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
  await once(first, 'data')
  await new Promise((resolve) => setTimeout(resolve, 100))
  const probing = await gateway.dial()
  probing.write(GET)
  const probed = await origin.accept()
  await probed.receives('\r\n\r\n')
  probing.destroy()
  await probed.end()
  await eventually(() => gateway.log.length >= 2, 'both lines are written')
  await new Promise((resolve) => setTimeout(resolve, 100))
  const next = await gateway.dial()
  next.write(GET)
  const again = await origin.accept()
  await again.receives('\r\n\r\n')
  again.send(OK)
  const [answer] = (await once(next, 'data')) as [Buffer]
  assert.match(String(answer), /^HTTP\/1\.1 200 /)
})

test('a client that closes its side by habit is answered where the origin is quick, or the setting allows it', async (t) => {
  const origin = await startScripted(t)
  const quick = await start(t, false, { routes: [{ upstream: origin.url }] })
  const patient = await start(t, false, {
    timeouts: { halfClosed: 'off' },
    routes: [{ upstream: origin.url }],
  })
  for (const [gateway, wait] of [
    [quick, 0],
    [patient, 1_500],
  ] as const) {
    const client = await gateway.connect()
    client.send(GET + GET)
    client.finish()
    const connection = await origin.accept()
    for (let count = 1; count <= 2; count++) {
      await connection.receives('\r\n\r\n')
      connection.forget()
      await new Promise((resolve) => setTimeout(resolve, wait))
      connection.send(OK)
    }
    assert.equal((await client.end()).match(/\r\n\r\nok/g)?.length, 2)
  }
})

test('where it is set to 0, a client that closes its side is given up at once', async (t) => {
  const origin = await startScripted(t)
  const gateway = await start(t, false, { timeouts: { halfClosed: 0 }, routes: [{ upstream: origin.url }] })
  const client = await gateway.connect()
  client.send(GET)
  const connection = await origin.accept()
  await connection.receives('\r\n\r\n')
  client.finish()
  await connection.end()
  assert.equal((await gateway.logged(1)).error, 'downstream_closed')
})
