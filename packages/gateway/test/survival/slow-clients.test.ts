import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { test } from 'node:test'
import { ScriptedConnection } from '@headgate/core/testing'
import { ask, keepAlive } from './http-client.ts'
import { forkGateway } from './gateway-process.ts'
import { startService } from './origins.ts'

const SLOW = 1000
const FAST_CONNECTIONS = 16
const FAST_REQUESTS = 3000
/** What each slow client has to say in all, at one byte a time. */
const DRIP = 'drip'.repeat(8)

/** A client that has sent the beginning of its request, and goes on byte by byte. */
class SlowClient {
  private readonly connection: ScriptedConnection
  private readonly end: string
  private sent = 0

  private constructor(connection: ScriptedConnection, start: string, end: string) {
    this.connection = connection
    this.end = end
    connection.send(start)
  }

  static async open(port: number, part: 'head' | 'body'): Promise<SlowClient> {
    const connection = await ScriptedConnection.to(port)
    if (part === 'head') {
      return new SlowClient(
        connection,
        'GET /slow HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx-slow: ',
        '\r\n\r\n',
      )
    }
    const head = `POST /slow HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: ${DRIP.length}\r\n\r\n`
    return new SlowClient(connection, head, '')
  }

  drip(): void {
    if (this.sent < DRIP.length - 1) this.connection.send(DRIP.charAt(this.sent++))
  }

  /** The rest at once; resolves with all that came back. */
  finish(): Promise<string> {
    this.connection.send(DRIP.slice(this.sent) + this.end)
    return this.connection.end()
  }

  close(): void {
    this.connection.socket.destroy()
  }
}

test('a thousand slow clients, half of them amid a head and half amid a body, do not hold up the others', async (t) => {
  const uploads = new EventEmitter()
  let begun = 0
  const service = await startService(t, (request, response) => {
    if (request.method === 'POST' && ++begun === SLOW / 2) uploads.emit('begun')
    let content = ''
    request.on('data', (chunk: Buffer) => (content += chunk.toString()))
    request.on('end', () => response.end(content === '' ? (request.headers['x-slow'] ?? 'fast') : content))
  })
  const gateway = await forkGateway(t, {
    // An upload holds a connection to its origin for as long as it takes.
    upstreams: { all: { endpoints: [{ url: service.url }], pool: { maxConnections: SLOW } } },
    routes: [{ upstream: 'all' }],
    // However slow this machine is, none of them is to be cut off.
    timeouts: { requestHead: '2m', responseHead: '2m', bodyIdle: '2m' },
    minimumByteRate: { rate: 0 },
  })
  const agent = keepAlive(FAST_CONNECTIONS)
  t.after(() => agent.destroy())

  /** Fast requests, and a drop from a slow client after every other; answers the gateway's processor time for them. */
  async function serveFast(drip: () => void): Promise<number> {
    const { cpu } = await gateway.usage()
    let left = FAST_REQUESTS
    const loop = async (): Promise<void> => {
      while (left-- > 0) {
        const { status, content } = await ask(`${gateway.url}/fast`, { agent })
        assert.deepEqual([status, content], [200, 'fast'])
        if (left % 2 === 0) drip()
      }
    }
    await Promise.all(Array.from({ length: FAST_CONNECTIONS }, loop))
    return (await gateway.usage()).cpu - cpu
  }

  await serveFast(() => {}) // until the code is compiled
  const before = await serveFast(() => {})
  const begin = once(uploads, 'begun')
  const slow = await Promise.all(
    Array.from({ length: SLOW }, (_, index) =>
      SlowClient.open(gateway.port, index % 2 === 0 ? 'head' : 'body'),
    ),
  )
  t.after(() => slow.forEach((client) => client.close()))
  await begin
  let next = 0
  const during = await serveFast(() => slow[next++ % SLOW]?.drip())

  t.diagnostic(
    `processor time per request: ${before / FAST_REQUESTS} ms before, ${during / FAST_REQUESTS} ms among slow clients`,
  )
  assert.ok(during < before * 2.5, `${during} ms of processor time among slow clients, ${before} ms before`)
  for (const text of await Promise.all(slow.map((client) => client.finish()))) {
    assert.match(text, new RegExp(`^HTTP/1\\.1 200 OK\\r\\n[^]*\\r\\n\\r\\n${DRIP}$`))
  }
})
