import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import { createHash } from 'node:crypto'
import { type Clock, own, type Protocol, type Timer } from '@headgate/core'
import type { ClientCertificate } from '../features/client-certificates/client-certificate.ts'
import {
  type ClientPolicies,
  type ClientPolicy,
  canonicalName,
  pemOf,
} from '../features/client-certificates/policies.ts'
import { presetOptions } from '../features/tls/presets.ts'
import type { ChallengeAnswers, ChallengeCertificate } from '../features/tls/challenges.ts'
import type { ListenerTlsConfig } from '../features/tls/setting.ts'
import type { CertificateGroup, CertificateTable } from './certificate-table.ts'
import { showChallenge } from './challenge-door.ts'
import { readFirstBytes } from './client-hello.ts'
import type { Verdict } from './client-verdict.ts'
import { ClientVerification } from './client-verification.ts'

export interface TlsDoorOptions {
  readonly clock: Clock
  /** Shared by all threads, so that any of them can resume a session. */
  readonly ticketKeys: Buffer | undefined
  /** Asked for each handshake, as a reload may change them. */
  readonly protocols: () => readonly Protocol[]
  /** What an authority is to find. Asked for each handshake that looks for it. */
  readonly challenges: () => ChallengeAnswers
  readonly accept: (socket: TLSSocket, known: TlsFacts) => void
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

/** A handshake that is not finished. */
interface Handshake {
  readonly socket: Socket
  readonly timer: Timer
}

/** What of it makes other contexts. */
type TlsSettings = Pick<ListenerTlsConfig, 'preset' | 'minVersion' | 'handshakeTimeout'>

/** Contexts that are kept: one takes 31 KB and half a millisecond to make. Those used last stay. */
const MOST_CONTEXTS = 2_000

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
  private contexts = new Map<string, Server>()
  private tables: TlsTables
  private settings: TlsSettings
  /** Handshakes that are not finished, by who the peer is. */
  private readonly pending = new Map<string, Handshake>()

  constructor(options: TlsDoorOptions, tables: TlsTables, settings: TlsSettings) {
    this.options = options
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
    this.watch(socket)
    const pieces: Buffer[] = []
    const onData = (piece: Buffer): void => {
      pieces.push(piece)
      const bytes = pieces.length === 1 ? piece : Buffer.concat(pieces)
      const first = readFirstBytes(bytes)
      if (first.kind === 'unfinished') return
      socket.off('data', onData).off('end', onEnd).pause()
      socket.unshift(bytes)
      if (first.kind === 'hello') this.begin(socket, first.serverName, first.isChallenge)
      else this.begin(socket, undefined)
    }
    const onEnd = (): void => void socket.destroy()
    socket.on('data', onData).on('end', onEnd)
  }

  private begin(socket: Socket, serverName: string | undefined, isChallenge = false): void {
    const challenge = isChallenge && serverName !== undefined ? this.challengeOf(serverName) : undefined
    if (challenge !== undefined) return showChallenge(socket, challenge)
    const group = this.tables.certificates.choose(serverName)
    if (group !== undefined) this.contextOf(group, this.policyOf(serverName ?? '')).emit('connection', socket)
    else
      socket.end(serverName === undefined ? MISSING_EXTENSION : UNRECOGNIZED_NAME, () => socket.destroySoon())
    return undefined
  }

  /** Where nobody waits for it, the handshake goes on as any other, and ends for want of a protocol that is spoken here. */
  private challengeOf(serverName: string): ChallengeCertificate | undefined {
    return this.options.challenges().tls.get(serverName.toLowerCase())
  }

  /**
   * A handshake has an end, however slowly its bytes come: the timeout of node:tls begins anew with each of them. A unix socket
   * does not tell one peer from another, and has that one alone.
   */
  private watch(socket: Socket): void {
    const peer = peerOf(socket)
    if (peer === undefined) return
    const timer = this.options.clock.timer(() => socket.destroy())
    timer.arm(this.settings.handshakeTimeout)
    this.pending.set(peer, { socket, timer })
    socket.once('close', () => {
      timer.disarm()
      if (this.pending.get(peer)?.timer === timer) this.pending.delete(peer)
    })
  }

  private secured(socket: TLSSocket, facts: TlsFacts): void {
    const peer = peerOf(socket)
    if (peer !== undefined) {
      this.pending.get(peer)?.timer.disarm()
      this.pending.delete(peer)
    }
    this.options.accept(socket, facts)
  }

  private contextOf(group: CertificateGroup, policy: ClientPolicy | undefined): Server {
    const { contexts } = this
    const key = `${group.number} ${policy?.identity ?? ''}`
    const context = contexts.get(key) ?? this.makeContext(group, policy)
    contexts.delete(key)
    contexts.set(key, context)
    const [oldest] = contexts.keys()
    if (contexts.size > MOST_CONTEXTS && oldest !== undefined) contexts.delete(oldest)
    return context
  }

  /** A server of node:tls that listens nowhere, and is given connections. */
  private makeContext({ certificates, names }: CertificateGroup, policy: ClientPolicy | undefined): Server {
    const { ticketKeys, protocols } = this.options
    const verification = policy && new ClientVerification(policy)
    // A ticket of another name is none here, so that what is asked of its clients holds for all (CVE-2025-23419).
    const bound = JSON.stringify([names, policy?.identity])
    const context = createServer(
      own({
        ...presetOptions(this.settings),
        cert: certificates.map(({ chain }) => pemOf(chain)),
        key: certificates.map(({ privateKey }) => pemOf(privateKey)),
        sessionIdContext: createHash('sha256').update(bound).digest('hex').slice(0, 32),
        // Without clients' certificates, the public authorities, which OpenSSL takes otherwise, would be memory for nothing.
        ...(verification === undefined
          ? { ca: [], ...(ticketKeys && { ticketKeys }) }
          : verification.options),
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
      verification?.refuse(socket, this.pending.get(peerOf(socket) ?? '')?.socket, verdict.alert)
      return undefined
    })
    // The socket is closed by then.
    context.on('tlsClientError', () => {})
    return context
  }
}

const NOT_ASKED: Verdict = { ok: true, certificate: undefined }

function peerOf({ remoteAddress, remotePort, localAddress }: Socket): string | undefined {
  return remotePort === undefined ? undefined : `${remoteAddress} ${remotePort} ${localAddress}`
}
