import assert from 'node:assert/strict'
import { after } from 'node:test'
import type { GatewayConfig } from '../../src/config/schema/schema.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { Supervisor, type SupervisorEvent } from '../../src/workers/supervisor.ts'
import { becomes } from '../becomes.ts'
import type { NameServer } from './name-server.ts'
import { startNamed } from './named-services.ts'

/** What the gateways of a test file ask, and what it tells of: services on 127.0.0.2 to 127.0.0.4, on one port. */
export const { names, port }: { names: NameServer; port: number } = await startNamed([
  '127.0.0.2',
  '127.0.0.3',
  '127.0.0.4',
])

export function config(input: Record<string, unknown>): GatewayConfig {
  const result = parseConfig({
    workers: 2,
    listeners: [{ address: '127.0.0.1:0' }],
    accessLog: false,
    drain: { timeout: '5s' },
    discovery: {
      dns: { resolvers: [names.address], minInterval: '20ms', maxInterval: '100ms', timeout: '100ms' },
    },
    ...input,
  })
  assert.ok(result.ok, JSON.stringify(result))
  return result.config
}

export async function supervise(
  input: Record<string, unknown>,
  events: SupervisorEvent[] = [],
): Promise<{ supervisor: Supervisor; url: string }> {
  const supervisor = new Supervisor(config(input), { onEvent: (event) => events.push(event) })
  after(() => supervisor.stop())
  const [listener] = await supervisor.start()
  return { supervisor, url: `http://127.0.0.1:${listener?.port ?? 0}/` }
}

export async function eventually<Value>(ask: () => Value | Promise<Value>, expected: Value): Promise<void> {
  assert.equal(await becomes(ask, expected), expected)
}

export async function get(url: string): Promise<string> {
  const response = await fetch(url, { headers: { connection: 'close' } })
  return response.status === 200 ? response.text() : `${response.status}`
}

/** Who answers, of many: both workers are asked. */
export async function answering(url: string): Promise<string> {
  const answers: string[] = []
  for (let count = 0; count < 24; count++) answers.push(await get(url))
  return [...new Set(answers)].sort().join(' ')
}

export function orders(dns: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    upstreams: { orders: { endpoints: [{ dns: `${dns}:${port}` }], ...more } },
    routes: [{ upstream: 'orders' }],
  }
}

export function metric(supervisor: Supervisor, series: string): number {
  const line = supervisor
    .renderMetrics()
    .split('\n')
    .find((each) => each.startsWith(`${series} `))
  return Number(line?.split(' ').at(-1) ?? Number.NaN)
}

export function endpointsOf(supervisor: Supervisor): string[] {
  return supervisor.upstreams.get('orders')?.upstream.endpoints.map(({ name }) => name) ?? []
}
