import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { it, type TestContext } from 'node:test'
import { VirtualClock } from '@headgate/core/testing'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { parseConfig } from '../../src/config/parse.ts'
import type { GatewayConfigInput } from '../../src/config/input/input.ts'
import { startMetered } from '../features/metered-gateway.ts'
import { startOrigin } from '../origin.ts'

interface Answer {
  readonly status: number
  readonly text: string
  readonly cache: string
}

/** The whole answer; status 0 where the connection broke within it. */
async function ask(url: string): Promise<Answer> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(60_000) })
    const cache = response.headers.get('cache-status') ?? ''
    const text = await response.text().catch(() => undefined)
    return text === undefined
      ? { status: 0, text: '', cache }
      : { status: response.status, text, cache: cache.replace(/^headgate; /, '').replace(/; ttl=-?\d+/, '') }
  } catch {
    return { status: 0, text: '', cache: '' }
  }
}

/** An origin that answers each connection with these bytes, and does then what is told. */
async function rawOrigin(t: TestContext, answer: (socket: Socket, count: number) => void): Promise<string> {
  let count = 0
  const { createServer: listen } = await import('node:net')
  const sockets = new Set<Socket>()
  const server = listen((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', () => answer(socket, ++count))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}` // it listens on TCP
}

const STORED = 'HTTP/1.1 200 OK\r\ncache-control: max-age=60\r\n'

for (const [what, bytes] of [
  ['cut in its body', `${STORED}content-length: 1000\r\n\r\nhalf`],
  ['cut in a chunk', `${STORED}transfer-encoding: chunked\r\n\r\n10\r\nhalf`],
  ['cut between chunks', `${STORED}transfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n`],
] as const)
  it(`a response that is ${what} is stored for nobody, and the next one is`, async (t) => {
    const upstream = await rawOrigin(t, (socket, count) => {
      if (count === 1) socket.end(bytes)
      else socket.end(`${STORED}content-length: 5\r\nconnection: close\r\n\r\nwhole`)
    })
    const { url, gateway } = await startMetered(t, { routes: [{ upstream, retry: false, cache: true }] })
    const broken = await ask(`${url}/a`)
    assert.ok(broken.status === 0 || broken.status === 502, String(broken.status))
    assert.equal(gateway.cache?.store.stats().entries, 0)
    assert.deepEqual(await ask(`${url}/a`), { status: 200, text: 'whole', cache: 'fwd=uri-miss; stored' })
    assert.deepEqual(await ask(`${url}/a`), { status: 200, text: 'whole', cache: 'hit' })
  })

it('bytes beyond the length of a response are in no stored one, nor in the next', async (t) => {
  const upstream = await rawOrigin(t, (socket) => {
    socket.write(`${STORED}content-length: 5\r\n\r\nwhole and more`)
  })
  const { url } = await startMetered(t, { routes: [{ upstream, retry: false, cache: true }] })
  for (const path of ['/a', '/a', '/b', '/b']) assert.equal((await ask(`${url}${path}`)).text, 'whole')
})

it('a response that never ends takes no more than the cache allows, and is given up with its client', async (t) => {
  let sent = 0
  let gone = false
  const upstream = await rawOrigin(t, (socket) => {
    const piece = Buffer.alloc(64 * 1024, 'x')
    socket.write(`${STORED}transfer-encoding: chunked\r\n\r\n`)
    const pour = (): void => {
      while (!socket.destroyed && socket.write(`10000\r\n${piece.toString('latin1')}\r\n`))
        sent += piece.length
      sent += piece.length
    }
    socket.on('drain', pour).on('close', () => (gone = true))
    pour()
  })
  const { url, gateway } = await startMetered(t, {
    cache: { memory: '1MiB' },
    routes: [{ upstream, retry: false, cache: true }],
  })
  const { port } = new URL(url)
  const client = connect(Number(port), '127.0.0.1')
  client.write('GET /endless HTTP/1.1\r\nhost: a\r\n\r\n')
  let read = 0
  client.on('data', (chunk) => (read += chunk.length))
  await eventually(() => read > 16 * 1024 * 1024, 'the client has sixteen times the cache')
  const { entries, bytes, capacity } = gateway.cache?.store.stats() ?? assert.fail()
  assert.equal(entries, 0)
  assert.ok(bytes <= capacity)
  client.destroy()
  await eventually(() => gone, 'the origin is let go')
  assert.ok(sent > 0)
})

it('an origin that answers slowly is asked once by all who wait, and a client that leaves takes nobody with it', async (t) => {
  const waiting: Parameters<RequestListener>[1][] = []
  const origin = await startOrigin((_, response) => void waiting.push(response))
  const { url } = await startMetered(t, { routes: [{ upstream: origin.url, cache: { ttl: '1m' } }] })
  const leaving = new AbortController()
  const first = fetch(`${url}/a`, { signal: leaving.signal }).catch(() => 'left')
  await eventually(() => waiting.length === 1, 'the origin is asked')
  const others = Array.from({ length: 20 }, () => ask(`${url}/a`))
  leaving.abort()
  assert.equal(await first, 'left')
  waiting[0]?.end('slow')
  for (const { status, text } of await Promise.all(others)) assert.deepEqual([status, text], [200, 'slow'])
  assert.equal(origin.requests, 1)
})

it('while everything is purged again and again, each answer is one that the origin gave after the last purge before it was asked', async (t) => {
  let version = 0
  const origin = await startOrigin((_, response) =>
    response.writeHead(200, { 'cache-control': 'max-age=60', 'cache-tag': 'all' }).end(String(version)),
  )
  const { url, gateway } = await startMetered(t, { routes: [{ upstream: origin.url, cache: true }] })
  const store = gateway.cache?.store ?? assert.fail()
  const selections = [
    { by: 'all' },
    { by: 'tag', value: 'all' },
    { by: 'prefix', value: origin.url },
  ] as const
  const storming = { over: false }
  let answered = 0
  const clients = Array.from({ length: 8 }, async (_, client) => {
    while (!storming.over || answered < 500) {
      const least = version
      const { status, text } = await ask(`${url}/${client % 3}`)
      assert.equal(status, 200)
      assert.ok(Number(text) >= least, `${text} was answered after the purge of ${least}`)
      answered++
    }
  })
  const storm = async (): Promise<void> => {
    for (let round = 0; round < 200; round++) {
      // What the origin says from now on is in effect when the purge has gone through, and not before.
      const next = version + 1
      const selection = selections[round % 3] ?? { by: 'all' }
      await store.purge(selection, 'hard', Date.now())
      version = next
      await store.purge(selection, 'hard', Date.now())
      await new Promise((resolve) => setImmediate(resolve))
    }
    storming.over = true
  }
  await Promise.all([...clients, storm()])
})

it('a reload of other lifetimes keeps what is stored, and one of another key finds nothing and brings nothing of before back', async (t) => {
  const origin = await startOrigin((_, response) => response.end('ok'))
  const clock = new VirtualClock()
  const config = (cache: object, memory = '4MiB'): GatewayConfigInput =>
    ({ cache: { memory }, routes: [{ name: 'r', upstream: origin.url, cache }] }) as GatewayConfigInput
  const { url, gateway } = await startMetered(t, config({ ttl: '60s' }), clock)
  const reload = async (input: GatewayConfigInput): Promise<void> => {
    const parsed = parseConfig({ listeners: [{ address: '127.0.0.1:0' }], ...input })
    assert.ok(parsed.ok)
    const prepared = await gateway.prepare({
      config: { ...parsed.config, listeners: gateway.snapshot.config.listeners },
    })
    prepared.commit()
  }
  assert.equal((await ask(`${url}/a`)).cache, 'fwd=uri-miss; stored')
  await reload(config({ ttl: '5m', tags: ['shop'] }))
  assert.equal((await ask(`${url}/a`)).cache, 'hit')
  await reload(config({ ttl: '5m', key: { headers: ['x-tenant'] } }))
  assert.equal((await ask(`${url}/a`)).cache, 'fwd=uri-miss; stored')
  await reload(config({ ttl: '60s' }))
  assert.equal((await ask(`${url}/a`)).cache, 'hit', 'the key is what it was')
  await reload({ routes: [{ name: 'r', upstream: origin.url }] })
  assert.equal((await ask(`${url}/a`)).cache, '')
  assert.equal(gateway.cache, undefined)
  await reload(config({ ttl: '60s' }))
  assert.equal((await ask(`${url}/a`)).cache, 'fwd=uri-miss; stored', 'a memory that nobody uses is not kept')
})

it('a client that reads a byte at a time holds up none of those who share its response', async (t) => {
  const size = 4 * 1024 * 1024
  const server = createServer((_, response) => {
    response.writeHead(200, { 'cache-control': 'max-age=60', 'content-length': size })
    response.end(Buffer.alloc(size, 'x'))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}` // it listens on TCP
  const { url } = await startMetered(t, { routes: [{ upstream, cache: true }] })
  const slow = connect({ port: Number(new URL(url).port), host: '127.0.0.1' })
  slow.write('GET /a HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
  // One byte of it, and no more until the others are done.
  await once(slow, 'readable')
  assert.equal((slow.read(1) as Buffer | null)?.length, 1)
  const others = await Promise.all(Array.from({ length: 10 }, () => ask(`${url}/a`)))
  for (const { status, text } of others) assert.deepEqual([status, text.length], [200, size])
  let rest = 1
  slow.on('data', (chunk: Buffer) => (rest += chunk.length))
  await once(slow, 'end')
  assert.ok(rest > size, `${rest} bytes`)
})
