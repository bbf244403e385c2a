import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import { createHash } from 'node:crypto'
import { type Clock, own, type Protocol, type Timer } from '@headgate/core'
import { presetOptions } from '../features/tls/presets.ts'
import type { ChallengeAnswers, ChallengeCertificate } from '../features/tls/challenges.ts'
import type { ListenerTlsConfig } from '../features/tls/setting.ts'
import type { CertificateGroup, CertificateTable } from './certificate-table.ts'
import { showChallenge } from './challenge-door.ts'
import { readFirstBytes } from './client-hello.ts'

export interface TlsDoorOptions {
  readonly clock: Clock
  /** Shared by all threads, so that any of them can resume a session. */
  readonly ticketKeys: Buffer | undefined
  /** Asked for each handshake, as a reload may change them. */
  readonly protocols: () => readonly Protocol[]
  readonly accept: (socket: TLSSocket) => void
  /** What an authority is to find. Asked for each handshake that looks for it. */
  readonly challenges: () => ChallengeAnswers
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
  /** By group; the one that was used last is the last. */
  private contexts = new Map<CertificateGroup, Server>()
  private table: CertificateTable
  private settings: TlsSettings
  /** Handshakes that are not finished, by who the peer is. */
  private readonly pending = new Map<string, Timer>()

  constructor(options: TlsDoorOptions, table: CertificateTable, settings: TlsSettings) {
    this.options = options
    this.table = table
    this.settings = settings
  }

  /** From the next connection on. Handshakes that have begun end with what they began with. */
  use(table: CertificateTable, settings: TlsSettings): void {
    this.contexts = new Map()
    this.table = table
    this.settings = settings
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
    const group = this.table.choose(serverName)
    const context = group && this.contextOf(group)
    if (context !== undefined) context.emit('connection', socket)
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
    this.pending.set(peer, timer)
    socket.once('close', () => {
      timer.disarm()
      if (this.pending.get(peer) === timer) this.pending.delete(peer)
    })
  }

  private readonly secured = (socket: TLSSocket): void => {
    const peer = peerOf(socket)
    if (peer !== undefined) {
      this.pending.get(peer)?.disarm()
      this.pending.delete(peer)
    }
    this.options.accept(socket)
  }

  private contextOf(group: CertificateGroup): Server | undefined {
    const { contexts } = this
    const known = contexts.get(group)
    const context = known ?? this.makeContext(group)
    if (context === undefined) return undefined
    contexts.delete(group)
    contexts.set(group, context)
    const [oldest] = contexts.keys()
    if (contexts.size > MOST_CONTEXTS && oldest !== undefined) contexts.delete(oldest)
    return context
  }

  /** A server of node:tls that listens nowhere, and is given connections. */
  private makeContext({ certificates, names }: CertificateGroup): Server {
    const { ticketKeys, protocols } = this.options
    const context = createServer(
      own({
        ...presetOptions(this.settings),
        cert: certificates.map(({ chain }) => textOf(chain)),
        key: certificates.map(({ privateKey }) => textOf(privateKey)),
        // Clients are not asked for certificates: the public authorities, which OpenSSL takes otherwise, would be memory for nothing.
        ca: [],
        // A ticket of another name is none here, so that what is asked of its clients holds for all (CVE-2025-23419).
        sessionIdContext: createHash('sha256').update(JSON.stringify(names)).digest('hex').slice(0, 32),
        ...(ticketKeys && { ticketKeys }),
        handshakeTimeout: this.settings.handshakeTimeout,
        // None in common ends the handshake (RFC 7301 3.2).
        ALPNCallback: (client: { readonly protocols: readonly string[] }) =>
          protocols().find((each) => client.protocols.includes(each)),
      }),
    )
    context.on('secureConnection', this.secured)
    // The socket is closed by then.
    context.on('tlsClientError', () => {})
    return context
  }
}

function peerOf({ remoteAddress, remotePort, localAddress }: Socket): string | undefined {
  return remotePort === undefined ? undefined : `${remoteAddress} ${remotePort} ${localAddress}`
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}
