import assert from 'node:assert/strict'
import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { after, describe, it } from 'node:test'
import type { GatewayConfig } from '../../src/config/schema/schema.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { StartError } from '../../src/workers/start-failure.ts'
import { Supervisor } from '../../src/workers/supervisor.ts'
import { becomes } from '../becomes.ts'
import { KeepAliveClient } from '../keep-alive-client.ts'
import { startOrigin } from '../origin.ts'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { freePort } from '../../../../scripts/testing/free-port.ts'

function config(input: Record<string, unknown>): GatewayConfig {
  const common = {
    workers: 2,
    listeners: [{ address: '127.0.0.1:0' }],
    accessLog: false,
    drain: { timeout: '5s' },
  }
  const result = parseConfig({ ...common, ...input })
  assert.ok(result.ok, JSON.stringify(result))
  return result.config
}

async function supervise(input: Record<string, unknown>): Promise<{ supervisor: Supervisor; port: number }> {
  const supervisor = new Supervisor(config(input))
  after(() => supervisor.stop())
  const [listener] = await supervisor.start()
  return { supervisor, port: listener?.port ?? 0 }
}

async function get(port: number, path = '/'): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } })
  return response.text()
}

/** A service that counts its connections. */
async function countingOrigin(
  listener: RequestListener,
): Promise<{ url: string; server: Server; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>()
  const server = createServer(listener)
  server.on('connection', (socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, sockets }
}

function metric(supervisor: Supervisor, series: string): number {
  const line = supervisor
    .renderMetrics()
    .split('\n')
    .find((each) => each.startsWith(`${series} `))
  return Number(line?.split(' ').at(-1) ?? Number.NaN)
}

/** The total of a counter over all its series. */
function total(supervisor: Supervisor, name: string): number {
  const lines = supervisor
    .renderMetrics()
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`))
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}

describe('a reload', () => {
  it('under load loses no request, and no count', async () => {
    const [one, two] = [await startOrigin(), await startOrigin()]
    const routes = (url: string, count: number) => ({
      routes: [
        { name: 'all', upstream: url },
        ...Array.from({ length: count }, (_, index) => ({
          name: `r${index}`,
          match: { path: `/r${index}` },
          upstream: url,
        })),
      ],
    })
    const { supervisor, port } = await supervise(routes(one.url, 0))
    const clients = Array.from({ length: 16 }, () => new KeepAliveClient(port))
    let last = 0
    for (let round = 1; round <= 20; round++) {
      await supervisor.apply(config(routes(round % 2 === 0 ? one.url : two.url, round)))
      assert.equal(supervisor.config.routes.length, round + 1)
      const now = total(supervisor, 'headgate_requests_total')
      assert.ok(now >= last, 'a total never falls')
      last = now
    }
    const seen = two.requests
    await eventually(() => two.requests > seen || one.requests > 0, 'an origin is asked again')
    for (const client of clients) client.stop()
    const reports = await Promise.all(clients.map(({ ended }) => ended))
    assert.ok(reports.every(({ lost }) => !lost))
    const responses = reports.reduce((sum, { responses: each }) => sum + each, 0)
    assert.equal(await becomes(() => total(supervisor, 'headgate_requests_total'), responses), responses)
    assert.equal(one.requests + two.requests, responses)
    assert.ok(two.requests > 0)
  })

  it('keeps the sockets of an upstream that did not change, and those of a changed one end when they are done', async () => {
    const held: (() => void)[] = []
    const kept = await countingOrigin((_, response) => response.end('kept'))
    const left = await countingOrigin((_, response) => held.push(() => response.end('left')))
    const input = (more: Record<string, unknown>) => ({
      workers: 1,
      upstreams: { kept: { endpoints: [{ url: kept.url }] } },
      routes: [{ name: 'kept', match: { path: '/kept' }, upstream: 'kept' }],
      ...more,
    })
    const { supervisor, port } = await supervise(
      input({
        routes: [
          { name: 'kept', match: { path: '/kept' }, upstream: 'kept' },
          { name: 'left', match: { path: '/left' }, upstream: left.url },
        ],
      }),
    )
    await get(port, '/kept')
    const underWay = get(port, '/left')
    await eventually(() => held.length > 0, 'a request is under way')
    await supervisor.apply(config(input({ timeouts: { exchange: '20s' } })))
    assert.equal(await get(port, '/kept'), 'kept')
    assert.equal(kept.sockets.size, 1, 'though the route around it was compiled anew')
    assert.match(await get(port, '/left'), /route_not_found/)
    held[0]?.()
    assert.equal(await underWay, 'left', 'an exchange goes on with what it began with')
    assert.equal(await becomes(() => [...left.sockets].every((socket) => socket.destroyed), true), true)
    const opened = `headgate_upstream_connections_opened_total{upstream="${left.url}",endpoint="${new URL(left.url).host}"}`
    assert.equal(await becomes(() => metric(supervisor, opened), 1), 1, 'counted though it is gone')
  })

  it('leaves a WebSocket alone, whatever becomes of its route', async () => {
    const server = createServer()
    server.on('upgrade', (_, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n')
      socket.on('data', (bytes) => socket.write(bytes))
      socket.on('end', () => socket.end())
      socket.on('error', () => {})
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    after(() => server.close())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const other = await startOrigin()
    const { supervisor, port } = await supervise({ routes: [{ name: 'ws', upstream: url }] })
    const socket = connect(port, '127.0.0.1')
    after(() => socket.destroy())
    let received = ''
    socket.setEncoding('latin1').on('data', (text: string) => {
      received += text
    })
    socket.write(
      'GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    )
    assert.equal(await becomes(() => received.startsWith('HTTP/1.1 101'), true), true)
    for (const target of [other.url, url, other.url]) {
      await supervisor.apply(config({ routes: [{ name: 'other', upstream: target }] }))
      received = ''
      socket.write('hello')
      assert.equal(await becomes(() => received, 'hello'), 'hello')
    }
    socket.destroy()
    assert.equal(await get(port), 'ok\n')
  })

  it('opens and closes listeners; a client of one that closes gets its answer', async () => {
    const held: (() => void)[] = []
    const origin = await countingOrigin((request, response) => {
      if (request.url === '/slow') held.push(() => response.end('slow'))
      else response.end('ok')
    })
    const routes = [{ upstream: origin.url }]
    const { supervisor, port } = await supervise({ routes })
    const spare = await freePort()
    await supervisor.apply(
      config({ routes, listeners: [{ address: '127.0.0.1:0' }, { address: `127.0.0.1:${spare}` }] }),
    )
    assert.deepEqual(
      supervisor.listeners.map((each) => each.port),
      [port, spare],
    )
    assert.equal(await get(spare), 'ok')
    const underWay = get(spare, '/slow')
    await eventually(() => held.length > 0, 'a request is under way')
    await supervisor.apply(config({ routes }))
    held[0]?.()
    assert.equal(await underWay, 'slow')
    await assert.rejects(get(spare))
    assert.equal(await get(port), 'ok')
  })

  it('that fails changes nothing', async () => {
    const origin = await startOrigin()
    const routes = [{ name: 'all', upstream: origin.url }]
    const { supervisor, port } = await supervise({ routes })
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    after(() => taken.close())
    const listeners = [
      { address: '127.0.0.1:0' },
      { address: `127.0.0.1:${await freePort()}` },
      { address: `127.0.0.1:${(taken.address() as AddressInfo).port}` },
    ]
    const before = supervisor.config
    await assert.rejects(
      supervisor.apply(config({ listeners, routes: [{ name: 'x', upstream: 'http://127.0.0.1:1' }] })),
      (error) => error instanceof StartError && error.failure.code === 'EADDRINUSE',
    )
    assert.equal(supervisor.config, before)
    assert.equal(await get(port), 'ok\n')
    await assert.rejects(get(Number(listeners[1]?.address.split(':')[1])))
  })

  it('survives workers that are killed in the middle of it, and their successors have what is in force', async () => {
    const [one, two] = [await startOrigin((_, r) => r.end('one')), await startOrigin((_, r) => r.end('two'))]
    const { supervisor, port } = await supervise({ routes: [{ name: 'all', upstream: one.url }] })
    for (let round = 0; round < 6; round++) {
      const url = round % 2 === 0 ? two.url : one.url
      const applied = supervisor.apply(config({ routes: [{ name: `all-${round}`, upstream: url }] }))
      if (round % 3 === 1) await new Promise(setImmediate)
      supervisor.slots[round % 2]?.terminate()
      await applied
    }
    assert.equal(
      await becomes(() => supervisor.status().workers.join(), 'listening,listening'),
      'listening,listening',
    )
    assert.equal(supervisor.config.routes[0]?.name, 'all-5')
    const answers = async (): Promise<string> => {
      const all = await Promise.all(Array.from({ length: 16 }, () => get(port)))
      return [...new Set(all)].join()
    }
    assert.equal(await becomes(answers, 'one'), 'one')
    const counted = (): number =>
      metric(supervisor, 'headgate_requests_total{route="all-5",status_class="2xx"}')
    const before = await becomes(() => counted() >= 16, true)
    assert.equal(before, true, 'a successor counts what was added before it was born')
  })
})
