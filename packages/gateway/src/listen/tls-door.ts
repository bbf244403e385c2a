import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import { constants, createHash } from 'node:crypto'
import { type Clock, own, type Protocol } from '@headgate/core'
import type { ClientCertificate } from '../features/client-certificates/client-certificate.ts'
import {
  type ClientPolicies,
  type ClientPolicy,
  canonicalName,
  pemOf,
} from '../features/client-certificates/policies.ts'
import { type HandshakeChoices, handshakeOptions } from '../features/tls/presets.ts'
import type { TicketKey, TicketKeys } from '../features/tls/session-tickets.ts'
import type { ChallengeAnswers, ChallengeCertificate } from '../features/tls/challenges.ts'
import type { ListenerTlsConfig } from '../features/tls/setting.ts'
import type { CertificateGroup, CertificateTable } from './certificate-table.ts'
import { showChallenge } from './challenge-door.ts'
import { Handshakes } from './handshakes.ts'
import { type ClientHello, readFirstBytes } from './client-hello.ts'
import type { Verdict } from './client-verdict.ts'
import { ClientVerification } from './client-verification.ts'

export interface TlsDoorOptions {
  readonly clock: Clock
  /** Shared by all threads, so that any of them can resume a session. Asked for each handshake. */
  readonly ticketKeys: () => TicketKeys
  /** Asked for each handshake, as a reload may change them. */
  readonly protocols: () => readonly Protocol[]
  /** What an authority is to find. Asked for each handshake that looks for it. */
  readonly challenges: () => ChallengeAnswers
  readonly accept: (socket: TLSSocket, known: TlsFacts) => void
  /** Told of a connection that is closed as too many are in their handshakes. */
  readonly crowded: (socket: Socket) => void
  /** Told why a client's certificate was refused. */
  readonly refused: (socket: TLSSocket, reason: string) => void
}

/** What the handshake of a connection has shown. */
export interface TlsFacts {
  /** What was asked of the client; undefined: nothing. */
  readonly policy: ClientPolicy | undefined
  readonly certificate: ClientCertificate | undefined
}

/** What is served to whom. */
export interface TlsTables {
  readonly certificates: CertificateTable
  readonly clients: ClientPolicies
}

interface Context {
  readonly server: Server
  /** Undefined where it gives out no tickets. */
  readonly ticketKey: TicketKey | undefined
}

/** What of it makes other contexts. */
type TlsSettings = HandshakeChoices & Pick<ListenerTlsConfig, 'handshakeTimeout' | 'maxHandshakes'>

/** Contexts that are kept: one takes 31 KB and half a millisecond to make. Those used last stay. */
const MOST_CONTEXTS = 2_000

/** Node would take three in ten minutes, each as much work as a handshake (CVE-2011-1473); TLS 1.3 has none (RFC 8446 4.1.2). */
const NO_RENEGOTIATION = constants.SSL_OP_NO_RENEGOTIATION
/** Where certificates are asked for, tickets would say what was found when they were made (`ClientVerification`). */
const NO_TICKETS = constants.SSL_OP_NO_TICKET

/** OpenSSL tells the client what is wrong with it. */
const NAMELESS: ClientHello = { kind: 'hello', serverName: undefined }

/** Alerts that end a handshake (RFC 8446 6.2), as records. */
const UNRECOGNIZED_NAME = Buffer.from('15030100020270', 'hex')
const MISSING_EXTENSION = Buffer.from('1503010002026d', 'hex')

/**
 * Where connections become TLS. The name that a client asks for is read from its first bytes, before node:tls sees them: its own
 * callback for that (SNICallback) comes later, takes one certificate of a context only, and cannot choose what else a context says.
 */
export class TlsDoor {
  private readonly options: TlsDoorOptions
  /** By what is served and what is asked; the one that was used last is the last. */
  private contexts = new Map<string, Context>()
  /** Those that the contexts are for. */
  private ticketKeys: TicketKeys = []
  private tables: TlsTables
  private settings: TlsSettings
  private readonly handshakes: Handshakes

  constructor(options: TlsDoorOptions, tables: TlsTables, settings: TlsSettings) {
    this.options = options
    this.handshakes = new Handshakes(options.clock, options.crowded)
    this.tables = tables
    this.settings = settings
  }

  /** From the next connection on. Handshakes that have begun end with what they began with. */
  use(tables: TlsTables, settings: TlsSettings): void {
    this.contexts = new Map()
    this.tables = tables
    this.settings = settings
  }

  /** What is asked of the clients of a host now; undefined: nothing. */
  policyOf(host: string): ClientPolicy | undefined {
    return this.tables.clients.of(canonicalName(host))
  }

  /** Takes a connection that was just accepted. */
  readonly receive = (socket: Socket): void => {
    // A failed handshake is the peer's affair.
    socket.on('error', () => {})
    if (!this.handshakes.begin(socket, this.settings)) return
    let bytes: Buffer | undefined
    const onData = (piece: Buffer): void => {
      // Two at a time: who sends single bytes would have thousands of pieces joined for each.
      bytes = bytes === undefined ? piece : Buffer.concat([bytes, piece])
      const first = readFirstBytes(bytes)
      if (first.kind === 'unfinished') return
      socket.off('data', onData).off('end', onEnd).pause()
      socket.unshift(bytes)
      this.begin(socket, first.kind === 'hello' ? first : NAMELESS)
    }
    const onEnd = (): void => void socket.destroy()
    socket.on('data', onData).on('end', onEnd)
  }

  private begin(socket: Socket, { serverName, isChallenge, ticketKey }: ClientHello): void {
    const challenge =
      isChallenge === true && serverName !== undefined ? this.challengeOf(serverName) : undefined
    if (challenge !== undefined) return showChallenge(socket, challenge)
    const group = this.tables.certificates.choose(serverName)
    if (group !== undefined)
      this.contextOf(group, this.policyOf(serverName ?? ''), ticketKey).emit('connection', socket)
    else
      socket.end(serverName === undefined ? MISSING_EXTENSION : UNRECOGNIZED_NAME, () => socket.destroySoon())
    return undefined
  }

  /** Where nobody waits for it, the handshake goes on as any other, and ends for want of a protocol that is spoken here. */
  private challengeOf(serverName: string): ChallengeCertificate | undefined {
    return this.options.challenges().tls.get(serverName.toLowerCase())
  }

  private secured(socket: TLSSocket, facts: TlsFacts): void {
    this.handshakes.finished(socket)
    this.options.accept(socket, facts)
  }

  private contextOf(
    group: CertificateGroup,
    policy: ClientPolicy | undefined,
    madeWith: string | undefined,
  ): Server {
    const ticketKey = policy === undefined ? this.ticketKeyFor(madeWith) : undefined
    const { contexts } = this
    const key = `${group.number} ${policy?.identity ?? ''} ${ticketKey?.name ?? ''}`
    const context = contexts.get(key) ?? { server: this.makeContext(group, policy, ticketKey), ticketKey }
    contexts.delete(key)
    contexts.set(key, context)
    const [oldest] = contexts.keys()
    if (contexts.size > MOST_CONTEXTS && oldest !== undefined) contexts.delete(oldest)
    return context.server
  }

  /**
   * A context of node:tls has one key of tickets, and a session that began before the keys were replaced is to be resumed all the same: so
   * each key has contexts of its own, and the ticket that a client has chooses among them.
   */
  private ticketKeyFor(madeWith: string | undefined): TicketKey | undefined {
    const keys = this.options.ticketKeys()
    if (keys !== this.ticketKeys) this.forgetKeysBut(keys)
    return keys.find(({ name }) => name === madeWith) ?? keys[0]
  }

  private forgetKeysBut(keys: TicketKeys): void {
    this.ticketKeys = keys
    for (const [key, { ticketKey }] of this.contexts) {
      const isKept = ticketKey === undefined || keys.some(({ name }) => name === ticketKey.name)
      if (!isKept) this.contexts.delete(key)
    }
  }

  /** A server of node:tls that listens nowhere, and is given connections. */
  private makeContext(
    { certificates, names }: CertificateGroup,
    policy: ClientPolicy | undefined,
    ticketKey: TicketKey | undefined,
  ): Server {
    const { protocols } = this.options
    const verification = policy && new ClientVerification(policy)
    // A ticket of another name is none here, so that what is asked of its clients holds for all (CVE-2025-23419).
    const bound = JSON.stringify([names, policy?.identity])
    const context = createServer(
      own({
        ...handshakeOptions(this.settings),
        cert: certificates.map(({ chain }) => pemOf(chain)),
        key: certificates.map(({ privateKey }) => pemOf(privateKey)),
        sessionIdContext: createHash('sha256').update(bound).digest('hex').slice(0, 32),
        // Without clients' certificates, the public authorities, which OpenSSL takes otherwise, would be memory for nothing.
        ...(verification === undefined
          ? { ca: [], ...(ticketKey && { ticketKeys: Buffer.from(ticketKey.bytes) }) }
          : verification.options),
        secureOptions: NO_RENEGOTIATION | (ticketKey === undefined ? NO_TICKETS : 0),
        handshakeTimeout: this.settings.handshakeTimeout,
        // None in common ends the handshake (RFC 7301 3.2).
        ALPNCallback: (client: { readonly protocols: readonly string[] }) =>
          protocols().find((each) => client.protocols.includes(each)),
      }),
    )
    verification?.follow(context)
    context.on('secureConnection', (socket) => {
      const verdict = verification?.judge(socket) ?? NOT_ASKED
      if (verdict.ok) return this.secured(socket, { policy, certificate: verdict.certificate })
      this.options.refused(socket, verdict.reason)
      verification?.refuse(socket, this.handshakes.carrierOf(socket), verdict.alert)
      return undefined
    })
    // The socket is closed by then.
    context.on('tlsClientError', () => {})
    return context
  }
}

const NOT_ASKED: Verdict = { ok: true, certificate: undefined }
