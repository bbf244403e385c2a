import type { IncomingMessage, ServerResponse } from 'node:http'
import { own } from '@headgate/core'
import type { AdminConfig } from '../config/schema/schema.ts'
import type { Address } from '../settings/values/address.ts'
import type { AuditRecord } from './audit.ts'
import {
  CONNECTION_LIMITS,
  type ConnectionLimits,
  limitAnswer,
  limitConnections,
  serverOptions,
} from './connection-limits.ts'
import { lookUp } from './directory.ts'
import { type AdminAnswer, type AdminEndpoint, type AdminOperation, json, problem } from './endpoint.ts'
import { isHostAllowed } from './host.ts'
import { openApi } from './openapi.ts'
import { failed, operate } from './operate.ts'
import { overview } from './overview.ts'

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
  readonly endpoints: ReadonlyMap<string, AdminEndpoint>
  readonly operations: readonly AdminOperation[]
  readonly record: (record: AuditRecord) => void
}

/**
 * Serves the endpoints to operators, on node:http rather than on the engine: what shows the engine's state should
 * not depend on it. Rejects with Node's error if the address cannot be bound.
 * @param token asked for by the operations; none by default
 * @param record told of each call that was to change something
 * @param limits of connections, and for how long anybody may hold one
 */
export async function listenAdmin(
  config: Pick<AdminConfig, 'address' | 'hosts'>,
  endpoints: readonly AdminEndpoint[],
  operations: readonly AdminOperation[] = [],
  token?: string,
  record: (record: AuditRecord) => void = () => {},
  limits: ConnectionLimits = CONNECTION_LIMITS,
): Promise<AdminServer> {
  const { address } = config
  const self: AdminEndpoint = {
    path: '/openapi.json',
    about: 'the description of all of this, in OpenAPI',
    id: 'getDescription',
    type: 'application/json',
    answer: () => description,
  }
  const all = [overview([...endpoints, self], operations), ...endpoints, self]
  const description = json(openApi(all, operations))
  const byPath = new Map(all.map((endpoint) => [endpoint.path, endpoint]))
  const directory: Directory = { config, token, endpoints: byPath, operations, record }
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
  const { config, endpoints, operations } = directory
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
    const operation = lookUp(operations, method, path)
    if (operation?.kind === 'found') {
      const { token, record } = directory
      return await operate(request, operation, { address: config.address, token }, record)
    }
    const endpoint = endpoints.get(path)
    if (endpoint !== undefined && (method === 'GET' || method === 'HEAD')) return endpoint.answer()
    if (endpoint === undefined && operation === undefined) {
      const known = [...endpoints.keys(), ...operations.map((each) => each.path)]
      return problem(404, 'Not found', `there are ${[...new Set(known)].join(', ')}`)
    }
    const allow = [...(endpoint === undefined ? [] : ['GET', 'HEAD']), ...(operation?.methods ?? [])].join(
      ', ',
    )
    return problem(405, 'Method not allowed', `${path} answers ${allow.replace(/, ([^,]*)$/, ' and $1')}`, {
      allow,
    })
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
