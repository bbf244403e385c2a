import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AdminConfig } from '../config/config.ts'
import type { Address } from '../config/values/address.ts'
import { type AdminAnswer, type AdminEndpoint, problem } from './endpoint.ts'
import { isHostAllowed } from './host.ts'
import { overview } from './overview.ts'

/** The running admin listener. */
export interface AdminServer {
  /** As bound: the port is the real one where 0 was asked for. */
  readonly address: Address
  /** Closes it, together with its connections. */
  close(): Promise<void>
}

/**
 * Serves the endpoints to operators, on node:http rather than on the engine: what shows the engine's state should
 * not depend on it. Rejects with Node's error if the address cannot be bound.
 */
export async function listenAdmin(
  config: AdminConfig,
  endpoints: readonly AdminEndpoint[],
): Promise<AdminServer> {
  const { address } = config
  const byPath = new Map([overview(endpoints), ...endpoints].map((endpoint) => [endpoint.path, endpoint]))
  const server = createServer({ requestTimeout: 10_000, keepAliveTimeout: 30_000 }, (request, response) => {
    send(response, request.method === 'HEAD', answer(request, config, byPath))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    const target =
      address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port }
    server.listen(target, () => {
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

function answer(
  request: IncomingMessage,
  { address, hosts }: AdminConfig,
  endpoints: ReadonlyMap<string, AdminEndpoint>,
): AdminAnswer {
  if (!isHostAllowed(request.headers.host, address, hosts)) {
    return problem(
      421,
      'Misdirected request',
      'Host must be an IP address, localhost, the name in admin.address, or one of admin.hosts',
    )
  }
  const [path = ''] = (request.url ?? '').split('?')
  const endpoint = endpoints.get(path)
  if (endpoint === undefined)
    return problem(404, 'Not found', `there are ${[...endpoints.keys()].join(', ')}`)
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return problem(405, 'Method not allowed', `${path} answers GET and HEAD`, { allow: 'GET, HEAD' })
  }
  try {
    return endpoint.answer()
  } catch (error) {
    return problem(500, 'Internal error', error instanceof Error ? error.message : String(error))
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
