import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import type { TestContext } from 'node:test'
import { ScriptedConnection, type VirtualClock } from '@headgate/core/testing'
import { createGateway } from '../../src/embedding/create-gateway.ts'
import type { GatewayConfigInput } from '../../src/config/input/input.ts'

/** What a test looks at in a line of the access log. */
export interface LogLine {
  readonly route: string
  readonly status: number | null
  readonly attempts: number
  readonly error?: string
  readonly bytes_sent: number
  readonly bytes_received: number
  readonly duration_ms: number
}

export interface StartedGateway {
  /** Of the first listener; 0 for a unix socket. */
  readonly port: number
  readonly url: string
  /** One for each exchange that has ended. */
  readonly log: readonly LogLine[]
  /** Resolves with the line of the exchange that ends as the `count`th. */
  logged(count: number): Promise<LogLine>
  /** A raw connection to the first listener. */
  connect(): Promise<ScriptedConnection>
}

export interface StartOptions {
  /** Default: the clock of the machine. */
  readonly clock?: VirtualClock
}

/** Runs a gateway within this process until the test is over; on a free port, unless `listeners` says otherwise. */
export async function startGateway(
  t: TestContext,
  config: GatewayConfigInput,
  { clock }: StartOptions = {},
): Promise<StartedGateway> {
  const log: LogLine[] = []
  const lines = new EventEmitter()
  const accessLog = (line: string): void => {
    log.push(JSON.parse(line) as LogLine)
    lines.emit('line')
  }
  const gateway = await createGateway(
    { listeners: [{ address: '127.0.0.1:0' }], ...config },
    { accessLog, log: () => {}, ...(clock && { clock }) },
  )
  const [listener] = await gateway.listen()
  assert.ok(listener)
  const clients: ScriptedConnection[] = []
  t.after(async () => {
    for (const { socket } of clients) socket.destroy()
    const closed = gateway.close(0)
    // Waiting for connections to end is a matter of time, too.
    await clock?.advance(100)
    await closed
  })
  const { url, port = 0 } = listener
  return {
    url,
    port,
    log,
    async logged(count) {
      for (;;) {
        const line = log[count - 1]
        if (line !== undefined) return line
        await once(lines, 'line')
      }
    },
    async connect() {
      const client = await ScriptedConnection.to(port)
      clients.push(client)
      return client
    },
  }
}
