import { createServer, type Server, type Socket } from 'node:net'
import {
  acceptConnection,
  type AcceptOptions,
  type DownstreamConnection,
  own,
  type Peer,
  type ServerConnectionOwner,
  peerOf,
  TrafficError,
} from '@headgate/core'
import type { ListenerConfig } from '../config/schema/gateway-sections.ts'
import { type ChallengeAnswers, NO_ANSWERS } from '../features/tls/challenges.ts'
import type { Authorities } from '../features/client-certificates/authorities.ts'
import { clientCertificate } from '../features/client-certificates/client-certificate.ts'
import { misdirectedError, misdirection } from '../features/client-certificates/misdirected.ts'
import { ClientPolicies } from '../features/client-certificates/policies.ts'
import { type Certificates, listenerCertificates } from '../features/tls/certificates.ts'
import type { TicketKeys } from '../features/tls/session-tickets.ts'
import type { ListenerTlsConfig } from '../features/tls/setting.ts'
import type { Address } from '../settings/values/address.ts'
import { CertificateTable } from './certificate-table.ts'
import { ProxyDoor } from './proxy-door.ts'
import { Refusals } from './refusals.ts'
import { TlsDoor, type TlsFacts, type TlsTables } from './tls-door.ts'

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
  update(config: ListenerConfig, connection: AcceptOptions, material?: TlsMaterial): () => void
  /** Serves other certificates, and asks by other authorities, from the next connection on. */
  useMaterial(material: TlsMaterial): void
  /** Accepts no more. Connections live on. */
  stop(): void
}

/** What was read of the files that the TLS of listeners names. */
export interface TlsMaterial {
  readonly certificates: Certificates
  readonly authorities: Authorities
}

/** What a listener needs besides its configuration. */
export interface ListenOptions {
  readonly connection: AcceptOptions
  readonly owner: Pick<ServerConnectionOwner, 'handler' | 'refusal'>
  /** Whether several threads bind the same port (SO_REUSEPORT), each with its own queue in the kernel. */
  readonly reusePort: boolean
  /** Those of all threads, so that any of them can resume a TLS session. Asked for each handshake. Default: none. */
  readonly ticketKeys?: (() => TicketKeys) | undefined
  /** What was read already. Default: it is read here. */
  readonly material?: TlsMaterial | undefined
  /** What an authority that looks for it is to find. Default: nothing. */
  readonly challenges?: (() => ChallengeAnswers) | undefined
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
  const accept = (socket: Socket, connectionOwner: ServerConnectionOwner, first?: Buffer): void => {
    proxies.introduce(socket)
    const { config: now, connection } = current
    if (connections.size >= now.maxConnections) return refusals.refuse(socket, now.protocols)
    connections.add(acceptConnection(socket, now.protocols, connectionOwner, connection, first))
    options.onConnection(1)
    return undefined
  }
  const { clock } = options.connection
  const doorOptions = {
    clock,
    ticketKeys: options.ticketKeys ?? noKeys,
    protocols: () => current.config.protocols,
    challenges: options.challenges ?? noAnswers,
    accept: (socket: Socket, facts: TlsFacts): void =>
      accept(socket, door === undefined ? owner : knowing(facts, owner, door)),
    crowded(socket: Socket): void {
      proxies.introduce(socket)
      const error = new TrafficError('too_many_connections', 'the listener has maxHandshakes under way')
      options.refused(error, peerOf(socket), 0)
    },
    refused(socket: Socket, reason: string): void {
      proxies.introduce(socket)
      const error = new TrafficError('client_certificate_refused', `the client's certificate: ${reason}`)
      options.refused(error, peerOf(socket), 0)
    },
  }
  const door: TlsDoor | undefined =
    config.tls && new TlsDoor(doorOptions, tablesOf(config.tls, options.material), config.tls)
  const proxies = new ProxyDoor(
    {
      clock,
      refused: options.refused,
      pass(socket, first) {
        if (door === undefined) return accept(socket, owner, first)
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
    update(next, connection, material) {
      const tables = next.tls && tablesOf(next.tls, material)
      return () => {
        if (next.tls !== undefined && tables !== undefined) door?.use(tables, next.tls)
        proxies.use(next.proxyProtocol)
        current = { config: next, connection }
      }
    },
    useMaterial(material) {
      const { tls } = current.config
      if (tls !== undefined) door?.use(tablesOf(tls, material), tls)
    },
    stop: () => server.close(),
  }
}

const noAnswers = (): ChallengeAnswers => NO_ANSWERS
const NO_KEYS: TicketKeys = []
const noKeys = (): TicketKeys => NO_KEYS

function tablesOf(tls: ListenerTlsConfig, material?: TlsMaterial): TlsTables {
  const { certificates = new Map(), authorities } = material ?? {}
  return {
    certificates: new CertificateTable(listenerCertificates(tls, certificates), tls.unknownNames),
    clients: new ClientPolicies(tls.clientCertificates, authorities),
  }
}

/**
 * The owner of one connection over TLS, which tells exchanges on it what its client has shown. What is asked of clients is asked for
 * the name of the connection, and a request may name any host: where something else is asked for that one, by now, it is misdirected
 * (RFC 9110 7.4).
 */
function knowing(facts: TlsFacts, owner: ServerConnectionOwner, door: TlsDoor): ServerConnectionOwner {
  const asked = facts.policy?.identity
  return {
    ...owner,
    handler(exchange) {
      if (door.policyOf(exchange.request.authority.host)?.identity !== asked)
        misdirection.state(exchange, misdirectedError())
      else if (facts.certificate !== undefined) clientCertificate.state(exchange, facts.certificate)
      return owner.handler(exchange)
    },
  }
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
