import { createServer, type Server, type Socket } from 'node:net'
import {
  acceptConnection,
  type AcceptOptions,
  type DownstreamConnection,
  own,
  type Peer,
  type ServerConnectionOwner,
  type TrafficError,
} from '@headgate/core'
import type { ListenerConfig } from '../config/schema/gateway-sections.ts'
import { type Certificates, listenerCertificates } from '../features/tls/certificates.ts'
import type { ListenerTlsConfig } from '../features/tls/setting.ts'
import type { Address } from '../settings/values/address.ts'
import { CertificateTable } from './certificate-table.ts'
import { ProxyDoor } from './proxy-door.ts'
import { Refusals } from './refusals.ts'
import { TlsDoor } from './tls-door.ts'

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
  update(config: ListenerConfig, connection: AcceptOptions, certificates?: Certificates): () => void
  /** Serves other certificates from the next connection on. */
  useCertificates(certificates: Certificates): void
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
  /** Those that were read already. Default: they are read here. */
  readonly certificates?: Certificates | undefined
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
  const accept = (socket: Socket, first?: Buffer): void => {
    proxies.introduce(socket)
    if (connections.size >= current.config.maxConnections)
      return refusals.refuse(socket, current.config.protocols)
    connections.add(acceptConnection(socket, current.config.protocols, owner, current.connection, first))
    options.onConnection(1)
    return undefined
  }
  const { clock } = options.connection
  const door =
    config.tls &&
    new TlsDoor(
      {
        clock,
        ticketKeys: options.ticketKeys,
        protocols: () => current.config.protocols,
        accept: (socket) => accept(socket),
      },
      tableOf(config.tls, options.certificates),
      config.tls,
    )
  const proxies = new ProxyDoor(
    {
      clock,
      refused: options.refused,
      pass(socket, first) {
        if (door === undefined) return accept(socket, first)
        if (first.length > 0) socket.unshift(first)
        door.receive(socket)
      },
    },
    config.proxyProtocol,
  )
  // Half-open: a client may close its side once its request is sent, and is answered all the same.
  const server = createServer(own({ allowHalfOpen: true, noDelay: true }), proxies.receive)
  await bind(server, config.address, options.reusePort)
  const address = server.address()
  return {
    get config() {
      return current.config
    },
    port: typeof address === 'object' ? address?.port : undefined,
    connections,
    update(next, connection, certificates) {
      const table = next.tls && tableOf(next.tls, certificates)
      return () => {
        if (next.tls !== undefined && table !== undefined) door?.use(table, next.tls)
        proxies.use(next.proxyProtocol)
        current = { config: next, connection }
      }
    },
    useCertificates(certificates) {
      const { tls } = current.config
      if (tls !== undefined) door?.use(tableOf(tls, certificates), tls)
    },
    stop: () => server.close(),
  }
}

function tableOf(tls: ListenerTlsConfig, loaded: Certificates = new Map()): CertificateTable {
  return new CertificateTable(listenerCertificates(tls, loaded), tls.unknownNames)
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
