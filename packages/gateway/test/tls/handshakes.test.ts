import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { VirtualClock } from '@headgate/core/testing'
import { makeCertificate } from '../../../core/test/certificates.ts'
import { cpuTimeOf } from '../../../../scripts/testing/cpu-time.ts'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import type { ListenerTlsInput } from '../../src/config/input/input.ts'
import { readFirstBytes } from '../../src/listen/client-hello.ts'
import { TlsDoor } from '../../src/listen/tls-door.ts'
import { type LogLine, startGateway, type StartedGateway } from '../survival/start-gateway.ts'
import { ask } from './clients.ts'

const certificate = makeCertificate({ names: ['shop.example'] })
const routes = [{ respond: { body: 'hello' } }]

/** How many peers hold half a handshake; `HEADGATE_PEERS=5000` is the long form. */
const PEERS = Number(process.env['HEADGATE_PEERS'] ?? 60)

function serve(
  t: TestContext,
  clock?: VirtualClock,
  tls: Partial<ListenerTlsInput> = {},
): Promise<StartedGateway> {
  const listeners = [{ address: '127.0.0.1:0', tls: { ...certificate, ...tls } }]
  return startGateway(t, { listeners, routes }, { ...(clock && { clock }) })
}

/** The beginning of a record that says it holds a ClientHello, and goes on. */
const HALF = Buffer.from('16030102000100', 'hex')

/** Peers that begin a handshake and say no more; those that the gateway closes leave the set. */
async function hold(t: TestContext, port: number, count: number): Promise<Set<Socket>> {
  const held = new Set<Socket>()
  t.after(() => {
    for (const each of held) each.destroy()
  })
  for (let begun = 0; begun < count; begun++) {
    const peer = connect(port, '127.0.0.1')
    held.add(peer)
    peer.on('error', () => {}).on('close', () => held.delete(peer))
    peer.resume()
    await once(peer, 'connect')
    peer.write(HALF)
  }
  return held
}

/** When it is, by a reset, too. */
const closed = (peer: Socket): Promise<unknown> => new Promise((resolve) => peer.on('close', resolve))

const reasons = (log: readonly LogLine[]): (string | undefined)[] => log.map(({ error }) => error)

test('handshakes that are held take no more places than maxHandshakes, and each for a second where others want it', async (t) => {
  const clock = new VirtualClock()
  const places = Math.ceil(PEERS / 3)
  const gateway = await serve(t, clock, { maxHandshakes: places, handshakeTimeout: '10s' })
  const before = process.memoryUsage().rss
  const held = await hold(t, gateway.port, PEERS)
  await eventually(() => held.size === places, 'those beyond are closed')
  const megabytes = Math.round((process.memoryUsage().rss - before) / 2 ** 20)
  t.diagnostic(`${PEERS} peers, ${places} places: ${megabytes} MiB more, those of the peers in it`)
  // Who has just begun stays, and who comes then is closed.
  assert.match(await ask(gateway.port), /^(closed|ECONNRESET)$/)
  assert.deepEqual(new Set(reasons(gateway.log)), new Set(['too_many_connections']))
  assert.equal(gateway.log.length, PEERS - places + 1)
  await clock.advance(1_000)
  // From now on, each of those gives its place to one that comes.
  for (let count = 1; count <= 3; count++) {
    assert.match(await ask(gateway.port), /^HTTP\/1\.1 200/)
    await eventually(() => held.size === places - 1, 'the first has gone')
  }
  // And in the end all of them are gone by themselves.
  await clock.advance(10_000)
  await eventually(() => held.size === 0, 'their time is over')
  assert.match(await ask(gateway.port), /^HTTP\/1\.1 200/)
})

test('renegotiation of TLS 1.2 is refused', async (t) => {
  const { port } = await serve(t)
  const client = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-tls1_2'], {
    timeout: 20_000,
  })
  let said = ''
  client.stdin.on('error', () => {})
  client.stderr.on('data', (piece: Buffer) => (said += piece.toString()))
  client.stdout.on('data', (piece: Buffer) => {
    said += piece.toString()
    // What openssl takes for the order to do so, once it is connected.
    if (/^---\n$/m.test(piece.toString()) && !said.includes('RENEGOTIATING')) client.stdin.write('R\n')
  })
  await once(client, 'close')
  assert.match(said, /RENEGOTIATING[^]*no renegotiation/)
})

test('records that are larger than any may be end their connection, and no other', async (t) => {
  const { port } = await serve(t)
  // A record of a handshake, one of application data, and a ClientHello of 16 MiB in a record that is allowed.
  for (const start of ['160303ffff0100fffb', '170303ffff', '16030140000100000f']) {
    const peer = connect(port, '127.0.0.1')
    peer.on('error', () => {}).resume()
    peer.write(Buffer.concat([Buffer.from(start, 'hex'), Buffer.alloc(70_000, 1)]))
    await closed(peer)
  }
  const huge = connect(port, '127.0.0.1')
  huge.on('error', () => {}).resume()
  huge.write(Buffer.concat([Buffer.from('160301400001ffffff', 'hex'), Buffer.alloc(70_000, 1)]))
  await closed(huge)
  assert.match(await ask(port), /^HTTP\/1\.1 200/)
})

/** A ClientHello of TLS 1.2 that asks for this name, and has nothing else in it. */
function helloFor(name: Buffer): Buffer {
  const size = (bytes: number, length: number): Buffer => {
    const written = Buffer.alloc(bytes)
    written.writeUIntBE(length, 0, bytes)
    return written
  }
  const sized = (bytes: number, content: Buffer): Buffer =>
    Buffer.concat([size(bytes, content.length), content])
  const list = sized(2, Buffer.concat([Buffer.from([0]), sized(2, name)]))
  const extensions = sized(2, Buffer.concat([Buffer.from([0, 0]), sized(2, list)]))
  const start = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 7),
    Buffer.from([0, 0, 2, 0xc0, 0x2b, 1, 0]),
  ])
  const message = Buffer.concat([Buffer.from([1]), sized(3, Buffer.concat([start, extensions]))])
  return Buffer.concat([Buffer.from([22, 3, 1]), sized(2, message)])
}

test('names that no host can have are those of nobody, however long they are', async (t) => {
  const { port } = await serve(t, undefined, { unknownNames: 'refuse' })
  const names = [
    Buffer.alloc(16_000, 'a'),
    Buffer.from('a.'.repeat(7_000)),
    Buffer.from('shop.example\0.other.example', 'latin1'),
    Buffer.from('shop.example.other', 'latin1'),
    Buffer.from('', 'latin1'),
    Buffer.from([0xff, 0xfe, 0xfd]),
    Buffer.from('[::1]'),
    Buffer.from('constructor'),
    Buffer.from('__proto__'),
  ]
  for (const name of names) {
    const peer = connect(port, '127.0.0.1')
    peer.on('error', () => {})
    peer.write(helloFor(name))
    const pieces: Buffer[] = []
    peer.on('data', (piece: Buffer) => pieces.push(piece))
    await closed(peer)
    // A fatal alert and nothing else: unrecognized_name, or decode_error for the one without a letter.
    assert.match(
      Buffer.concat(pieces).toString('hex'),
      /^1503..000202(70|32|6d)$/,
      name.toString('latin1', 0, 20),
    )
  }
  assert.match(await ask(port), /^HTTP\/1\.1 200/)
})

test('a ClientHello that comes byte by byte costs little more than one in a piece', async () => {
  const bytes = helloFor(Buffer.alloc(16_000, 'a'))
  assert.equal(readFirstBytes(bytes).kind, 'hello')
  const unused = (): never => assert.fail('nothing is served')
  const door = new TlsDoor(
    {
      clock: new VirtualClock(),
      ticketKeys: () => [],
      protocols: () => [],
      challenges: unused,
      accept: unused,
      refused: unused,
      crowded: unused,
    },
    { certificates: { choose: unused }, clients: { of: unused } } as unknown as ConstructorParameters<
      typeof TlsDoor
    >[1],
    { handshakeTimeout: 1_000, maxHandshakes: 1 } as ConstructorParameters<typeof TlsDoor>[2],
  )
  const socket = new EventEmitter()
  door.receive(socket as unknown as Socket)
  // Of a machine ten times slower; it was half a minute when each byte had all pieces joined anew.
  const took = cpuTimeOf(() => {
    for (let at = 0; at < bytes.length - 1; at++) socket.emit('data', bytes.subarray(at, at + 1))
  })
  assert.ok(took < 5_000, `${took} ms`)
})
