import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type SecureContextOptions, Server as TlsServer } from 'node:tls'
import {
  acceptConnection,
  type AcceptOptions,
  type DownstreamConnection,
  own,
  type Peer,
  type Protocol,
  type ServerConnectionOwner,
  type TrafficError,
} from '@headgate/core'
import { LARGEST_PEM, readPlainFile } from '../plain-file.ts'
import type { ListenerConfig, ListenerTlsConfig } from '../config/schema/gateway-sections.ts'
import type { Address } from '../settings/values/address.ts'
import { Refusals } from './refusals.ts'

/** What accepts connections on one address. */
export interface Listener {
  readonly config: ListenerConfig
  /** As bound: the port is the real one where 0 was asked for. */
  readonly port: number | undefined
  readonly connections: ReadonlySet<DownstreamConnection>
  /**
   * Reads what a configuration with the same address needs, and returns what to call to follow it, from the next
   * connection on.
   * @throws Error if a certificate cannot be read
   */
  update(config: ListenerConfig, connection: AcceptOptions): () => void
  /** Accepts no more. Connections live on. */
  stop(): void
}

/** What a listener needs besides its configuration. */
export interface ListenOptions {
  readonly connection: AcceptOptions
  readonly owner: Pick<ServerConnectionOwner, 'handler' | 'refusal'>
  /** Whether several threads bind the same port (SO_REUSEPORT), each with its own queue in the kernel. */
  readonly reusePort: boolean
  /** Shared by all threads, so that any of them can resume a TLS session. */
  readonly ticketKeys: Buffer | undefined
  /** Told when a connection comes (+1) and goes (-1). */
  readonly onConnection: (change: 1 | -1) => void
  /** Told of what is refused before it is an exchange. */
  readonly refused: (error: TrafficError, peer: Peer, bytesSent: number) => void
}

/** As many connections as the kernel may hold before they are accepted; it caps this at net.core.somaxconn. */
const BACKLOG = 4096

/** Binds an address and serves HTTP on what it accepts. Rejects if it cannot be bound. */
export async function listen(config: ListenerConfig, options: ListenOptions): Promise<Listener> {
  const connections = new Set<DownstreamConnection>()
  const owner: ServerConnectionOwner = {
    ...options.owner,
    closed(connection) {
      connections.delete(connection)
      options.onConnection(-1)
    },
  }
  const refusals = new Refusals(options.connection.clock, options.refused)
  let current = { config, connection: options.connection }
  const accept = (socket: Socket): void => {
    if (connections.size >= current.config.maxConnections)
      return refusals.refuse(socket, current.config.protocols)
    connections.add(acceptConnection(socket, current.config.protocols, owner, current.connection))
    options.onConnection(1)
    return undefined
  }
  const server = makeServer(config, options, accept, () => current.config.protocols)
  await bind(server, config.address, options.reusePort)
  const address = server.address()
  return {
    get config() {
      return current.config
    },
    port: typeof address === 'object' ? address?.port : undefined,
    connections,
    update(next, connection) {
      const context = next.tls && secureContext(next.tls, options)
      return () => {
        if (server instanceof TlsServer && context !== undefined) server.setSecureContext(context)
        current = { config: next, connection }
      }
    },
    stop: () => server.close(),
  }
}

function makeServer(
  config: ListenerConfig,
  options: ListenOptions,
  accept: (socket: Socket) => void,
  protocols: () => readonly Protocol[],
): Server {
  // Half-open: a client may close its side once its request is sent, and is answered all the same.
  const common = own({ allowHalfOpen: true, noDelay: true })
  if (config.tls === undefined) return createServer(common, accept)
  const secure = own({
    ...common,
    ...secureContext(config.tls, options),
    // Asked each time, as a reload may change them. None in common ends the handshake (RFC 7301 3.2).
    ALPNCallback: (client: { readonly protocols: readonly string[] }) =>
      protocols().find((each) => client.protocols.includes(each)),
    handshakeTimeout: options.connection.requestHeadTimeout,
  })
  const server = createTlsServer(secure)
  server.on('secureConnection', accept)
  // A failed handshake is the peer's affair: the socket is closed by then.
  server.on('tlsClientError', () => {})
  return server
}

function secureContext(
  { cert, key, minVersion }: ListenerTlsConfig,
  { ticketKeys }: ListenOptions,
): SecureContextOptions {
  return own({
    cert: readPlainFile(cert, LARGEST_PEM),
    key: readPlainFile(key, LARGEST_PEM),
    minVersion,
    ...(ticketKeys && { ticketKeys }),
  })
}

/** Rejects with Node's error if the address cannot be bound. */
export function bind(server: Server, address: Address, reusePort: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    const bound = (): void => {
      server.off('error', reject)
      // Running out of file descriptors must not end the process: accepting goes on when there are some again.
      server.on('error', () => {})
      resolve()
    }
    const target =
      address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port, reusePort }
    // Node reads `fd`, `signal` and others as well, also where they come from Object.prototype.
    server.listen(own({ ...target, backlog: BACKLOG }), bound)
  })
}
