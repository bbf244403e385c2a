import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import type { TestContext } from 'node:test'
import { DEFAULT_HTTP2_LIMITS, type Http2Limits } from '../../src/h2/connection-options.ts'
import { Http2ServerConnection } from '../../src/h2/server-connection.ts'
import type { TrafficError } from '../../src/message/errors.ts'
import type { Exchange, Outcome } from '../../src/message/exchange.ts'
import type { Handler } from '../../src/message/handler.ts'
import { problemResponse } from '../../src/policies/problem.ts'
import { DEFAULT_SERVER_OPTIONS, type ServerConnectionOptions } from '../../src/socket/connection-options.ts'
import { SocketReader } from '../../src/socket/socket-reader.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { RawClient } from './raw-client.ts'

/** A server of one handler whose time stands still, and what it has seen. */
export interface Served {
  readonly port: number
  readonly clock: VirtualClock
  readonly connections: Http2ServerConnection[]
  readonly exchanges: Exchange[]
  readonly outcomes: Outcome[]
  readonly refusals: TrafficError[]
  /** A raw connection to it, behind the prefaces of both sides. */
  readonly client: (settings?: Buffer) => Promise<RawClient>
}

export interface ServedOptions {
  readonly options?: Partial<ServerConnectionOptions>
  readonly http2?: Partial<Http2Limits>
}

export async function serve(
  t: TestContext,
  handler: Handler,
  { options, http2 }: ServedOptions = {},
): Promise<Served> {
  const clock = new VirtualClock()
  const clients: RawClient[] = []
  const server = createServer({ allowHalfOpen: true, noDelay: true })
  const served = {
    clock,
    connections: [] as Http2ServerConnection[],
    exchanges: [] as Exchange[],
    outcomes: [] as Outcome[],
    refusals: [] as TrafficError[],
    async client(settings?: Buffer) {
      const client = await RawClient.to((server.address() as AddressInfo).port)
      clients.push(client)
      client.begin(settings)
      await client.until('SETTINGS+ACK')
      return client
    },
  }
  const owner = {
    handler(exchange: Exchange) {
      served.exchanges.push(exchange)
      exchange.onFinish((_, outcome) => served.outcomes.push(outcome))
      return handler(exchange)
    },
    refusal(error: TrafficError, exchange: Exchange | undefined) {
      served.refusals.push(error)
      return problemResponse(error, exchange)
    },
    closed() {},
  }
  server.on('connection', (socket) => {
    const reader = new SocketReader()
    reader.attach(socket)
    served.connections.push(
      new Http2ServerConnection(
        socket,
        reader,
        owner,
        { ...DEFAULT_SERVER_OPTIONS, clock, ...options },
        { ...DEFAULT_HTTP2_LIMITS, ...http2 },
      ),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    for (const { connection } of clients) connection.socket.destroy()
    for (const connection of served.connections) connection.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return { ...served, port: (server.address() as AddressInfo).port }
}
