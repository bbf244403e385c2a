import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import type { GatewayConfig } from '../../src/config/schema/schema.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { StartError } from '../../src/workers/start-failure.ts'
import { Supervisor, type SupervisorEvent, type SupervisorOptions } from '../../src/workers/supervisor.ts'
import { becomes } from '../becomes.ts'
import { KeepAliveClient } from '../keep-alive-client.ts'
import { startOrigin } from '../origin.ts'
import { eventually } from '../../../../scripts/testing/eventually.ts'

function config(input: Record<string, unknown>): GatewayConfig {
  const common = { listeners: [{ address: '127.0.0.1:0' }], accessLog: false, drain: { timeout: '5s' } }
  const result = parseConfig({ ...common, ...input })
  assert.ok(result.ok, JSON.stringify(result))
  return result.config
}

interface Supervised {
  readonly supervisor: Supervisor
  readonly port: number
  readonly events: SupervisorEvent[]
  /** Resolves with the next event of that type. */
  readonly next: (type: SupervisorEvent['type']) => Promise<SupervisorEvent>
}

async function supervise(
  input: Record<string, unknown>,
  options: SupervisorOptions = {},
): Promise<Supervised> {
  const events: SupervisorEvent[] = []
  const watchers = new Set<() => void>()
  const onEvent = (event: SupervisorEvent): void => {
    events.push(event)
    for (const watcher of watchers) watcher()
  }
  const supervisor = new Supervisor(config(input), { ...options, onEvent })
  after(() => supervisor.stop())
  const [listener] = await supervisor.start()
  const next = (type: SupervisorEvent['type']): Promise<SupervisorEvent> => {
    const seen = events.length
    return new Promise((resolve) => {
      const look = (): void => {
        const event = events.slice(seen).find((each) => each.type === type)
        if (event === undefined) return
        watchers.delete(look)
        resolve(event)
      }
      watchers.add(look)
    })
  }
  return { supervisor, port: listener?.port ?? 0, events, next }
}

/** The sum of all series of that name with these labels. */
function metric(supervisor: Supervisor, series: string): number {
  const lines = supervisor
    .renderMetrics()
    .split('\n')
    .filter((line) => line.startsWith(series))
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}

describe('workers', () => {
  it('share one port, and their metrics add up to the number of requests', async () => {
    const origin = await startOrigin()
    const { supervisor, port } = await supervise({
      workers: 2,
      routes: [{ name: 'all', upstream: origin.url }],
    })
    const clients = Array.from({ length: 32 }, () => new KeepAliveClient(port))
    await eventually(() => origin.requests >= 1000, 'there is load')
    for (const client of clients) client.stop()
    const reports = await Promise.all(clients.map(({ ended }) => ended))
    assert.ok(reports.every(({ lost }) => !lost))
    const responses = reports.reduce((sum, report) => sum + report.responses, 0)
    for (const series of [
      'requests_total{route="all",status_class="2xx"}',
      'request_duration_seconds_count',
    ]) {
      assert.equal(await becomes(() => metric(supervisor, `headgate_${series}`), responses), responses)
    }
    assert.equal(metric(supervisor, 'headgate_downstream_connections_total'), 32)
    assert.equal(metric(supervisor, 'headgate_workers '), 2)
    assert.deepEqual(await supervisor.stop(), { cut: 0, lost: 0 })
    assert.equal(metric(supervisor, 'headgate_workers '), 0)
  })

  it('are replaced when they crash, while the others serve, and the crash is counted', async () => {
    const origin = await startOrigin()
    const { supervisor, port, next } = await supervise({
      workers: 2,
      routes: [{ name: 'all', upstream: origin.url }],
    })
    const get = async (): Promise<string> =>
      (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })).text()
    const counted = (): number => metric(supervisor, 'headgate_requests_total')
    for (let count = 0; count < 10; count++) assert.equal(await get(), 'ok\n')
    assert.equal(await becomes(counted, 10), 10)
    const [crashed, replaced] = [next('crashed'), next('replaced')]
    supervisor.slots[0]?.terminate()
    assert.equal(((await crashed) as { worker: number }).worker, 0)
    assert.deepEqual(supervisor.status(), { phase: 'running', workers: ['starting', 'listening'] })
    for (let count = 0; count < 5; count++) assert.equal(await get(), 'ok\n', 'the other worker serves')
    await replaced
    assert.deepEqual(supervisor.status(), { phase: 'running', workers: ['listening', 'listening'] })
    for (let count = 0; count < 20; count++) assert.equal(await get(), 'ok\n')
    assert.equal(metric(supervisor, 'headgate_worker_crashes_total'), 1)
    assert.equal(await becomes(counted, 35), 35, 'nothing that was counted is lost')
  })

  it('are one where several cannot share a port, and where all listeners are unix sockets', async () => {
    const routes = [{ upstream: 'http://127.0.0.1:1' }]
    for (const [input, platform] of [
      [{ workers: 4, routes }, 'darwin'],
      [{ workers: 4, routes, listeners: [{ address: 'unix:/tmp/headgate-never-bound.sock' }] }, 'linux'],
    ] as const) {
      const events: SupervisorEvent[] = []
      const supervisor = new Supervisor(config(input), { platform, onEvent: (event) => events.push(event) })
      assert.equal(supervisor.slots.length, 1)
      assert.match(JSON.stringify(events), /1 worker instead of 4/)
    }
  })

  it('do not start where another gateway shares the port already', async () => {
    const routes = [{ upstream: 'http://127.0.0.1:1' }]
    const { port } = await supervise({ workers: 2, routes })
    const second = new Supervisor(
      config({ workers: 2, routes, listeners: [{ address: `127.0.0.1:${port}` }] }),
    )
    await assert.rejects(second.start(), (error) => {
      assert.ok(error instanceof StartError)
      assert.equal(error.failure.code, 'EADDRINUSE')
      assert.equal(error.failure.port, port)
      return true
    })
    assert.deepEqual(second.status(), { phase: 'stopped', workers: ['ended', 'ended'] })
  })

  it('can be stopped while they start', async () => {
    const supervisor = new Supervisor(config({ workers: 2, routes: [{ upstream: 'http://127.0.0.1:1' }] }))
    const started = assert.rejects(supervisor.start(), StartError)
    assert.deepEqual(await supervisor.stop(), { cut: 0, lost: 0 })
    await started
  })

  it('cut off what does not end within the limit, and say how many', async () => {
    const origin = await startOrigin(() => {})
    const { supervisor, port } = await supervise({
      workers: 2,
      drain: { timeout: '200ms' },
      routes: [{ upstream: origin.url }],
    })
    const clients = [new KeepAliveClient(port), new KeepAliveClient(port), new KeepAliveClient(port)]
    await eventually(() => origin.requests >= 3, 'all three ask')
    assert.deepEqual(await supervisor.stop(), { cut: 3, lost: 0 })
    for (const client of clients) assert.deepEqual(await client.ended, { responses: 0, lost: true })
  })
})
