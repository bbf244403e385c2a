import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http'
import { own } from '@headgate/core'
import { type AdminAnswer, type AdminOperation, problem } from '../admin-api/operation.ts'
import type { AdminConfig } from '../config/schema/schema.ts'
import type { Address } from '../settings/values/address.ts'
import { isHostAllowed } from './access.ts'
import { type AuditRecord, call, failed, lookUp } from './call.ts'
import { described } from './description.ts'

/** What operators may take of the process that answers them; times in milliseconds. */
export interface ConnectionLimits {
  /** From the start of a connection, or of a further request on it, to the end of the head. */
  readonly head: number
  /** To the end of the body, however slowly it comes. */
  readonly request: number
  /** From the first byte of an answer to its last one, however slowly it is read. */
  readonly answer: number
  /** Between two requests. */
  readonly idle: number
  readonly connections: number
}

export const CONNECTION_LIMITS: ConnectionLimits = {
  head: 5_000,
  request: 10_000,
  answer: 30_000,
  idle: 30_000,
  connections: 256,
}

/** How often Node looks for requests that are late; its default of 30 s would be added to each limit. Milliseconds. */
const LOOK = 500

function serverOptions({ head, request, idle }: ConnectionLimits): ServerOptions {
  return {
    headersTimeout: head,
    requestTimeout: request,
    keepAliveTimeout: idle,
    connectionsCheckingInterval: Math.min(LOOK, head),
  }
}

/** More than that are closed as they come. */
function limitConnections(server: Server, { connections }: ConnectionLimits): void {
  server.maxConnections = connections
}

/** Ends the connection of somebody who does not read an answer to its end. */
function limitAnswer(response: ServerResponse, { answer }: ConnectionLimits): void {
  const timer = setTimeout(() => response.destroy(), answer)
  timer.unref()
  response.once('close', () => clearTimeout(timer))
}

// Not by `import`: that reads each export of the module, and one of them loads the fetch and the WebSocket of Node, which
// are 14 MB of memory and more time than the whole admin listener.
const { createServer } = process.getBuiltinModule('node:http')

/** The running admin listener. */
export interface AdminServer {
  /** As bound: the port is the real one where 0 was asked for. */
  readonly address: Address
  /** Closes it, together with its connections. */
  close(): Promise<void>
}

/** What it serves. */
interface Directory {
  readonly config: Pick<AdminConfig, 'address' | 'hosts'>
  readonly token: string | undefined
  readonly operations: readonly AdminOperation[]
  readonly record: (record: AuditRecord) => void
}

export interface AdminServerOptions {
  /** Asked for by all operations that are not open; none by default. */
  readonly token?: string | undefined
  /** Called with each call that was to change something. */
  readonly record?: (record: AuditRecord) => void
  /** Of connections, and for how long anybody may hold one. */
  readonly limits?: ConnectionLimits
}

/**
 * Serves the operations to operators, on node:http rather than on the engine: what shows the engine's state should
 * not depend on it. Rejects with Node's error if the address cannot be bound.
 */
export async function listenAdmin(
  config: Pick<AdminConfig, 'address' | 'hosts'>,
  operations: readonly AdminOperation[],
  { token, record = () => {}, limits = CONNECTION_LIMITS }: AdminServerOptions = {},
): Promise<AdminServer> {
  const { address } = config
  const directory: Directory = { config, token, operations: described(operations), record }
  const server = createServer(serverOptions(limits), (request, response) => {
    void answer(request, directory).then((answered) => {
      limitAnswer(response, limits)
      send(response, request.method === 'HEAD', answered)
    })
  })
  limitConnections(server, limits)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    const target =
      address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port }
    server.listen(own(target), () => {
      server.off('error', reject)
      // As when there are no file descriptors left to accept with: no reason to end the process.
      server.on('error', () => {})
      resolve()
    })
  })
  const bound = server.address()
  return {
    address:
      address.kind === 'tcp' && bound !== null && typeof bound === 'object'
        ? { ...address, port: bound.port }
        : address,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(request: IncomingMessage, directory: Directory): Promise<AdminAnswer> {
  const { config, operations, token, record } = directory
  if (!isHostAllowed(request.headers.host, config.address, config.hosts)) {
    return problem(
      421,
      'Misdirected request',
      'Host must be an IP address, localhost, the name in admin.address, or one of admin.hosts',
    )
  }
  try {
    const [path = ''] = (request.url ?? '').split('?')
    const { method = '' } = request
    const found = lookUp(operations, method, path)
    if (found?.kind === 'found') return await call(request, found, { address: config.address, token }, record)
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

function send(
  response: ServerResponse,
  headOnly: boolean,
  { status, type, body, headers }: AdminAnswer,
): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  })
  response.end(headOnly ? undefined : body)
}
