import { createServer, type Socket } from 'node:net'
import {
  type Clock,
  DEFAULT_SERVER_OPTIONS,
  type DownstreamConnection,
  type Exchange,
  type HttpResponse,
  own,
  ServerConnection,
  type ServerConnectionOptions,
  type ServerConnectionOwner,
  systemClock,
} from '@headgate/core'
import { type AdminAnswer, type AdminOperation, problem } from '../admin-api/operation.ts'
import type { AdminConfig } from '../config/schema/schema.ts'
import { bind } from '../listen/listen.ts'
import type { Address } from '../settings/values/address.ts'
import { isHostAllowed } from './access.ts'
import { type AuditRecord, call, failed, lookUp } from './call.ts'
import { described } from './description.ts'
import { OpenStreams } from './open-streams.ts'
import { responseOf, timedText } from './response.ts'

/** What operators may take of the process that answers them; times in milliseconds. */
export interface ConnectionLimits {
  /** From the start of a connection, or of a further request on it, to the end of the head. */
  readonly head: number
  /** From there to the end of the body, however slowly it comes. */
  readonly request: number
  /**
   * From the first byte of a response to its last one, however slowly it is read. Of a stream: without a byte being read while some
   * are waiting.
   */
  readonly answer: number
  /** Between two requests. */
  readonly idle: number
  readonly connections: number
  /** How many of these may be streams. */
  readonly streams: number
}

export const CONNECTION_LIMITS: ConnectionLimits = {
  head: 5_000,
  request: 10_000,
  answer: 30_000,
  idle: 30_000,
  connections: 256,
  streams: 64,
}

/** How long responses under way may still take when the listener is closed. Milliseconds. */
const LAST_WORDS = 1_000
/** After so many milliseconds of silence the kernel asks whether a peer is still there: a stream may have nothing to say for hours. */
const PROBE = 30_000

function connectionOptions({ head, answer, idle }: ConnectionLimits, clock: Clock): ServerConnectionOptions {
  return {
    ...DEFAULT_SERVER_OPTIONS,
    clock,
    // What stands in a path is a name, whatever it holds: each is decoded by itself.
    paths: { encodedSlash: 'pass', slashes: 'keep' },
    requestHeadTimeout: head,
    keepAliveTimeout: idle,
    pace: { ...DEFAULT_SERVER_OPTIONS.pace, idle: answer },
    // Of a body that was refused, or came too slowly, no more is read.
    discardLimit: 0,
  }
}

/** The running admin listener. */
export interface AdminServer {
  /** As bound: the port is the real one where 0 was asked for. */
  readonly address: Address
  /** Ends all streams as complete, gives other responses a second to end, and closes it together with its connections. */
  close(): Promise<void>
}

/** What it serves. */
interface Directory {
  readonly config: Pick<AdminConfig, 'address' | 'hosts'>
  readonly token: string | undefined
  readonly operations: readonly AdminOperation[]
  readonly record: (record: AuditRecord) => void
  readonly limits: ConnectionLimits
  readonly streams: OpenStreams
}

export interface AdminServerOptions {
  /** Asked for by all operations that are not open; none by default. */
  readonly token?: string | undefined
  /** Called with each call that was to change something. */
  readonly record?: (record: AuditRecord) => void
  /** Of connections, and for how long anybody may hold one. */
  readonly limits?: ConnectionLimits
  readonly clock?: Clock
}

/** Serves the operations to operators, on connections as those of the gateway. Rejects with Node's error if the address cannot be bound. */
export async function listenAdmin(
  config: Pick<AdminConfig, 'address' | 'hosts'>,
  operations: readonly AdminOperation[],
  { token, record = () => {}, limits = CONNECTION_LIMITS, clock = systemClock }: AdminServerOptions = {},
): Promise<AdminServer> {
  const { address } = config
  const streams = new OpenStreams(limits.streams)
  const directory = { config, token, operations: described(operations), record, limits, streams }
  const connections = new Map<DownstreamConnection, Socket>()
  const owner: ServerConnectionOwner = {
    handler: (exchange) => respond(exchange, directory),
    refusal: (error, exchange) => responseOf(failed(error), exchange),
    closed: (connection) => void connections.delete(connection),
  }
  const options = connectionOptions(limits, clock)
  const common = own({ allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: PROBE })
  const server = createServer(common, (socket) => {
    if (connections.size >= limits.connections) cutEnded(connections)
    if (connections.size >= limits.connections) socket.destroy()
    else connections.set(new ServerConnection(socket, owner, options), socket)
  })
  await bind(server, address, false)
  const bound = server.address()
  return {
    address:
      address.kind === 'tcp' && bound !== null && typeof bound === 'object'
        ? { ...address, port: bound.port }
        : address,
    async close() {
      const closed = new Promise<unknown>((resolve) => server.close(resolve))
      streams.end()
      for (const connection of connections.keys()) connection.drain(0)
      const cut = clock.timer(() => {
        for (const connection of connections.keys()) connection.destroy()
      })
      cut.arm(LAST_WORDS)
      await closed
      cut.disarm()
    },
  }
}

/** Those that only wait for their peers to close them make room. */
function cutEnded(connections: Map<DownstreamConnection, Socket>): void {
  for (const [connection, socket] of connections) {
    if (!socket.writableFinished) continue
    connection.destroy()
    connections.delete(connection)
  }
}

async function respond(exchange: Exchange, directory: Directory): Promise<HttpResponse> {
  const { limits, streams } = directory
  const answered = await answer(exchange, directory)
  if (answered.stream === undefined)
    return responseOf(answered, exchange, timedText(answered.body, exchange, limits.answer))
  const stream = streams.open(answered.stream)
  if (stream !== undefined) return responseOf(answered, exchange, stream)
  const detail = `there are ${limits.streams} streams, which is as many as there may be`
  return responseOf(problem(503, 'Too many streams', detail), exchange)
}

async function answer(exchange: Exchange, directory: Directory): Promise<AdminAnswer> {
  const { config, operations, token, record, limits } = directory
  const { authority, headers, method, path } = exchange.request
  // HTTP/1.0 may leave Host out, and no browser speaks it.
  const isNamed = authority.host !== '' || headers.has('host')
  if (isNamed && !isHostAllowed(authority.host, config.address, config.hosts)) {
    return problem(
      421,
      'Misdirected request',
      'Host must be an IP address, localhost, the name in admin.address, or one of admin.hosts',
    )
  }
  try {
    const found = lookUp(operations, method, path)
    if (found?.kind === 'found') {
      const access = { address: config.address, token }
      return await call(exchange, found, access, limits.request, record)
    }
    if (found === undefined) {
      const known = new Set(operations.map((each) => each.path))
      return problem(404, 'Not found', `there are ${[...known].join(', ')}`)
    }
    const allow = found.methods.join(', ')
    const detail = `${path} answers ${allow.replace(/, ([^,]*)$/, ' and $1')}`
    return problem(405, 'Method not allowed', detail, { allow })
  } catch (error) {
    return failed(error)
  }
}
