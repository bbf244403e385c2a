import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { ClientConnection } from '../../src/h1/client-connection.ts'
import {
  type ClientConnectionOptions,
  DEFAULT_CLIENT_OPTIONS,
  DEFAULT_SERVER_OPTIONS,
  type ServerConnectionOptions,
} from '../../src/socket/connection-options.ts'
import { ServerConnection } from '../../src/h1/server-connection.ts'
import { SocketReader } from '../../src/socket/socket-reader.ts'
import { type Body, bodyFrom, type BodySink, StreamBody } from '../../src/message/body.ts'
import type { TrafficError } from '../../src/message/errors.ts'
import { Exchange, type Outcome } from '../../src/message/exchange.ts'
import type { Handler, Policy } from '../../src/message/handler.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { problemResponse } from '../../src/policies/problem.ts'
import { ScriptedConnection, ScriptedPeer } from '../../src/testing/scripted-peer.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

export { eventually }

/** A server of one handler whose time stands still, and what it has seen. */
export interface Served {
  readonly port: number
  readonly clock: VirtualClock
  readonly connections: ServerConnection[]
  readonly exchanges: Exchange[]
  readonly outcomes: Outcome[]
  readonly refusals: TrafficError[]
  readonly closed: ServerConnection[]
  /** A raw connection to it. */
  readonly client: () => Promise<ScriptedConnection>
}

/** Never answers; notes what it is told of a cancellation. */
export function waiting(told: TrafficError[]): Handler {
  return (exchange) =>
    new Promise((_, reject) => {
      exchange.occupy({
        cancelled(error) {
          told.push(error)
          reject(error)
        },
      })
    })
}

export async function serve(
  t: TestContext,
  handler: Handler,
  options: Partial<ServerConnectionOptions> = {},
): Promise<Served> {
  const clock = new VirtualClock()
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: false })
  const clients: Socket[] = []
  const served = {
    clock,
    connections: [] as ServerConnection[],
    exchanges: [] as Exchange[],
    outcomes: [] as Outcome[],
    refusals: [] as TrafficError[],
    closed: [] as ServerConnection[],
    async client() {
      const { length } = served.connections
      const client = await ScriptedConnection.to((server.address() as AddressInfo).port)
      clients.push(client.socket)
      await eventually(() => served.connections.length > length, 'the connection is accepted')
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
    closed: (connection: ServerConnection) => served.closed.push(connection),
  }
  server.on('connection', (socket) => {
    served.connections.push(
      new ServerConnection(socket, owner, { ...DEFAULT_SERVER_OPTIONS, clock, ...options }),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    for (const socket of clients) socket.destroy()
    for (const connection of served.connections) connection.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return { ...served, port: (server.address() as AddressInfo).port }
}

/** A connection to a scripted origin, both of its ends, and what its owner was told. */
export interface Dialled {
  readonly connection: ClientConnection
  readonly clock: VirtualClock
  /** `released` and `closed`, in the order of the calls. */
  readonly told: string[]
  /** The origin's end. */
  readonly origin: ScriptedConnection
  /** Sends `exchangeTo(...)`. */
  readonly send: (method: string, options?: ExchangeOptions) => Sent
}

export interface Sent {
  readonly exchange: Exchange
  readonly response: ReturnType<ClientConnection['send']>
}

export async function dial(t: TestContext, options: Partial<ClientConnectionOptions> = {}): Promise<Dialled> {
  const peer = await ScriptedPeer.listen()
  const clock = new VirtualClock()
  const reader = new SocketReader()
  const socket = connect({
    host: '127.0.0.1',
    port: peer.port,
    allowHalfOpen: true,
    noDelay: true,
    onread: reader.options,
  })
  await once(socket, 'connect')
  const connection = new ClientConnection(socket, reader, { ...DEFAULT_CLIENT_OPTIONS, clock, ...options })
  const told: string[] = []
  connection.owner = { released: () => told.push('released'), closed: () => told.push('closed') }
  t.after(async () => {
    connection.destroy()
    await peer.close()
  })
  const send = (method: string, exchangeOptions: ExchangeOptions = {}): Sent => {
    const exchange = exchangeTo(method, exchangeOptions, clock)
    const response = connection.send(exchange)
    response.catch(() => {}) // looked at later, or not at all
    return { exchange, response }
  }
  return { connection, clock, told, origin: await peer.accept(), send }
}

/** A proxy of the two connections under test and nothing between them but `around`, in front of a scripted origin. */
export interface Proxied {
  readonly server: Served
  readonly origin: ScriptedPeer
  readonly upstreams: ClientConnection[]
}

export async function proxy(t: TestContext, around: Policy = (next) => next): Promise<Proxied> {
  const origin = await ScriptedPeer.listen()
  const upstreams: ClientConnection[] = []
  const idle: ClientConnection[] = []
  const server = await serve(
    t,
    around(async (exchange) => {
      const free = idle.pop()
      if (free !== undefined) return free.send(exchange)
      const reader = new SocketReader()
      const socket = connect({
        host: '127.0.0.1',
        port: origin.port,
        allowHalfOpen: true,
        noDelay: true,
        onread: reader.options,
      })
      await once(socket, 'connect')
      const { clock } = exchange
      const connection = new ClientConnection(socket, reader, { ...DEFAULT_CLIENT_OPTIONS, clock })
      upstreams.push(connection)
      connection.owner = {
        released: () => idle.push(connection),
        closed() {
          if (idle.includes(connection)) idle.splice(idle.indexOf(connection), 1)
        },
      }
      return connection.send(exchange)
    }),
  )
  t.after(async () => {
    for (const connection of upstreams) connection.destroy()
    await origin.close()
  })
  return { server, origin, upstreams }
}

export interface ExchangeOptions {
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Body
  readonly upgrade?: string
}

export function exchangeTo(method: string, options: ExchangeOptions, clock: VirtualClock): Exchange {
  const { path = '/', headers = {}, body, upgrade } = options
  const request = HttpRequest.to(`http://origin.example${path}`, { method, headers, ...(body && { body }) })
  request.upgrade = upgrade
  return new Exchange(request, clock)
}

/** A body that a test fills, and what its reader asked of it. */
export class FilledBody {
  readonly body: StreamBody
  resumed = 0
  cancelled: TrafficError | undefined

  constructor(length?: number) {
    this.body = new StreamBody(length, {
      resumeBody: () => {
        this.resumed++
      },
      cancelBody: (error) => {
        this.cancelled = error
      },
    })
  }

  push(text: string): boolean {
    return this.body.push(Buffer.from(text, 'latin1'))
  }
}

/** Takes what a body brings, and says "wait" when told to. */
export class RecordingSink implements BodySink {
  text = ''
  bytes = 0
  trailers: HeaderList | undefined
  done = false
  error: TrafficError | undefined
  room = true

  write(chunk: Uint8Array): boolean {
    this.bytes += chunk.byteLength
    this.text += Buffer.from(chunk).toString('latin1')
    return this.room
  }

  end(trailers?: HeaderList): void {
    assert.ok(!this.done && this.error === undefined, 'a body ends once')
    this.done = true
    this.trailers = trailers
  }

  fail(error: TrafficError): void {
    assert.ok(!this.done && this.error === undefined, 'a body ends once')
    this.error = error
  }
}

/** Reads a body to its end or its failure, trailers included. */
export function gather(body: Body): Promise<RecordingSink> {
  const sink = new RecordingSink()
  return new Promise((resolve) => {
    body.flowTo({
      write: (chunk) => sink.write(chunk),
      end(trailers) {
        sink.end(trailers)
        resolve(sink)
      },
      fail(error) {
        sink.fail(error)
        resolve(sink)
      },
    })
  })
}

/** Answers with what was asked, written out. */
export const echo: Handler = async ({ request }) => {
  const { text, trailers, error } = await gather(request.body)
  const lines = [`${request.method} ${request.authority.text} ${request.path}${request.query}`]
  for (const { name, value } of request.headers) lines.push(`${name}: ${value}`)
  lines.push(error === undefined ? text : `! ${error.code}`)
  for (const { name, value } of trailers ?? []) lines.push(`trailer ${name}: ${value}`)
  return new HttpResponse(200, new HeaderList(), bodyFrom(`${lines.join('\n')}\n.`))
}

/** More than one read brings, and than is ever kept on the way from one connection to the other. */
export const A_FEW_READS: number = 512 * 1024

/** The part of a head or a message that tests compare: without the Date line, which says nothing. */
export function undated(text: string): string {
  return text.replaceAll(/date: [^\r]+ GMT\r\n/g, '')
}

export function headers(...fields: [name: string, value: string][]): HeaderList {
  return HeaderList.of(fields)
}
