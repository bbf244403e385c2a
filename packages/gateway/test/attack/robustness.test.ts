import assert from 'node:assert/strict'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { makeCertificate } from '../../../core/test/certificates.ts'
import { folder, runGateway } from '../headgate-process.ts'
import { startOrigin } from '../origin.ts'
import { fc } from '../../../../scripts/testing/property.ts'

const SEED = 20_260
const CASES = 250
/** How many at a time. */
const TOGETHER = 25

/** Pieces that lead a parser astray, and bytes that no parser wants. */
const piece = fc.oneof(
  fc.constantFrom(
    'GET / HTTP/1.1\r\n',
    'POST /a HTTP/1.1\r\n',
    'host: a\r\n',
    'content-length: 5\r\n',
    'transfer-encoding: chunked\r\n',
    'connection: upgrade\r\nupgrade: websocket\r\n',
    'expect: 100-continue\r\n',
    '\r\n',
    '5\r\nhello\r\n',
    '0\r\n\r\n',
    'HTTP/1.1 200 OK\r\n',
    'HTTP/1.1 101 Switching Protocols\r\n',
    'HTTP/1.1 100 Continue\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    '\x16\x03\x01\x00\x05hello',
  ),
  fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
)
/** What is sent, write by write, and how it ends. */
const assault = fc.record({
  pieces: fc.array(piece, { minLength: 1, maxLength: 8 }),
  ending: fc.constantFrom('end', 'reset', 'destroy'),
})
type Assault = typeof assault extends fc.Arbitrary<infer Value> ? Value : never

const ASSAULTS: readonly Assault[] = fc.sample(assault, { seed: SEED, numRuns: CASES })

function end(socket: Socket, ending: string): void {
  if (ending === 'end') socket.end()
  else if (ending === 'reset') socket.resetAndDestroy()
  else socket.destroy()
}

async function attack(port: number, { pieces, ending }: Assault): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  socket.on('error', () => {})
  // What never comes to an end by itself is cut off: only the gateway's survival matters here.
  socket.setTimeout(500, () => socket.destroy())
  socket.resume()
  const closed = new Promise((resolve) => socket.on('close', resolve))
  for (const bytes of pieces) {
    socket.write(bytes, 'latin1')
    await new Promise(setImmediate)
  }
  end(socket, ending)
  await closed
}

async function attackAll(port: number): Promise<void> {
  for (let start = 0; start < ASSAULTS.length; start += TOGETHER)
    await Promise.all(ASSAULTS.slice(start, start + TOGETHER).map((each) => attack(port, each)))
}

/** An origin that answers each request with the next assault. */
async function startAttacker(): Promise<string> {
  let count = 0
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => {
      const { pieces, ending } = ASSAULTS[count++ % CASES] as Assault // within bounds
      for (const bytes of pieces) socket.write(bytes, 'latin1')
      end(socket, ending)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}` // it listens on TCP
}

test('no bytes on any socket end the process or a worker', { timeout: 60_000 }, async () => {
  const origin = await startOrigin()
  const { key, cert } = makeCertificate({ names: ['127.0.0.1'] })
  const files = folder({ 'cert.pem': cert, 'key.pem': key })
  const tls = { cert: join(files, 'cert.pem'), key: join(files, 'key.pem') }
  const gateway = await runGateway({
    workers: 2,
    listeners: [{ address: '127.0.0.1:0' }, { address: '127.0.0.1:0', tls }],
    admin: { address: '127.0.0.1:0' },
    accessLog: { path: join(files, 'access.log') },
    routes: [
      { match: { path: '/attacker/**' }, upstream: await startAttacker(), retry: false, timeout: '500ms' },
      { upstream: origin.url },
    ],
  })
  const [, encrypted] = await gateway.process.print(/"url":"https:[^"]+:(\d+)"/)
  await attackAll(Number(new URL(gateway.url).port))
  await attackAll(Number(encrypted))
  await attackAll(Number(new URL(gateway.admin).port))
  for (let start = 0; start < CASES; start += TOGETHER) {
    const asked = Array.from({ length: TOGETHER }, async () => {
      const response = await fetch(`${gateway.url}/attacker/`, { headers: { connection: 'close' } })
      await response.text()
    })
    await Promise.allSettled(asked)
  }
  assert.equal(await (await fetch(gateway.url)).text(), 'ok\n')
  const page = await (await fetch(`${gateway.admin}/metrics`)).text()
  assert.match(page, /^headgate_worker_crashes_total 0$/m)
  assert.doesNotMatch(gateway.process.stderr, /nobody caught|threw/)
  gateway.process.child.kill('SIGTERM')
  assert.equal((await gateway.process.finished).code, 0)
})
