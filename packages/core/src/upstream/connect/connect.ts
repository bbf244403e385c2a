import { own } from '../../message/own-options.ts'
import { connect as connectSocket, isIP, type NetConnectOpts, type OnReadOpts, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { type ErrorCode, type ErrorPhase, TrafficError } from '../../message/errors.ts'
import { peerOf } from '../../socket/peer.ts'
import type { Cancellable, Exchange } from '../../message/exchange.ts'
import type { ConnectionFacts } from '../../message/wire-facts.ts'
import type { Clock } from '../../time/clock.ts'
import type { Timer } from '../../time/timer.ts'
import { type Admission, admit } from '../guard/admission.ts'
import type { ResolvedAddress, Resolver } from './dns.ts'
import { type AddressGuard, type GuardedPlace, refusal } from '../guard/guard.ts'
import { pinMismatch, reasons } from './connect-failure.ts'
import { ConnectionRace, type FailedAddress } from './happy-eyeballs.ts'
import { SOCKET_DEFAULTS, TLS_DEFAULTS } from './node-options.ts'
import { readInto, tlsOver } from './tls-over.ts'
import type { TlsOrigin } from './tls.ts'
import { tlsFailed } from './tls-failure.ts'
import type { TlsMaterial } from './tls-material.ts'

/** Where to connect to. `tls` is made once for an origin and shared by its connections. */
export type ConnectTarget =
  | {
      readonly kind: 'tcp'
      readonly host: string
      readonly port: number
      readonly tls?: TlsOrigin | undefined
    }
  | { readonly kind: 'unix'; readonly path: string; readonly tls?: TlsOrigin | undefined }

/** What a cancellation reaches: an exchange, or anything that stands for it. */
export type CancelScope = Pick<Exchange, 'cancellation' | 'occupy' | 'release'>

export interface ConnectOptions {
  readonly clock: Clock
  readonly resolver: Resolver
  /** For all of it, name resolution and TLS handshake included, in milliseconds. */
  readonly timeout: number
  /** Its cancellation ends the attempt. */
  readonly scope?: CancelScope
  /** node:net's `onread`: one buffer that is read into again and again, instead of a new one for each read. */
  readonly onread?: OnReadOpts
  /** Judges where the connection leads, before, between and after; none by default. */
  readonly guard?: AddressGuard | undefined
  /** The address of this machine to connect from; the system's choice by default. */
  readonly localAddress?: string | undefined
  /** Begins to connect a TCP socket; node:net's own by default. */
  readonly dial?: (place: NetConnectOpts) => Socket
  /** Offered by ALPN where there is TLS (RFC 7301), the one that is liked best first. Default `http/1.1` alone. */
  readonly protocols?: readonly string[] | undefined
  /** Sent before all else, a handshake of TLS included; nothing by default. */
  readonly preface?: Buffer | undefined
  /** Written to as the connection comes to be; nobody asks by default. */
  readonly facts?: ConnectionFacts | undefined
}

/** `host:port` or the path of the socket: how logs and errors name the target. */
export function targetName(target: ConnectTarget): string {
  if (target.kind === 'unix') return `unix:${target.path}`
  return target.host.includes(':') ? `[${target.host}]:${target.port}` : `${target.host}:${target.port}`
}

/**
 * Opens a connection, ready to be written to: TCP_NODELAY and keepalive on, half-open allowed, since a tunnel
 * may end in one direction first.
 * @throws TrafficError `dns_failed`, `connect_failed`, `connect_timeout`, `tls_failed`, `address_refused`, or the cancellation
 */
export function connect(target: ConnectTarget, given: ConnectOptions): Promise<Socket> {
  const options = own(given)
  return new Promise((resolve, reject) => {
    new ConnectAttempt(target, options, resolve, reject).start()
  })
}

class ConnectAttempt implements Cancellable {
  private readonly target: ConnectTarget
  private readonly options: ConnectOptions
  private readonly resolve: (socket: Socket) => void
  private readonly reject: (error: TrafficError) => void
  private readonly timer: Timer
  private phase: 'dns' | 'connect' | 'tls' = 'connect'
  private race: ConnectionRace | undefined
  private socket: Socket | undefined
  private settled = false
  private material: TlsMaterial | undefined
  /** With a guard, the only ones that may be connected to. */
  private judged: readonly ResolvedAddress[] = []

  constructor(
    target: ConnectTarget,
    given: ConnectOptions,
    resolve: (socket: Socket) => void,
    reject: (error: TrafficError) => void,
  ) {
    const options = own(given)
    this.target = own(target)
    this.options = options
    this.resolve = resolve
    this.reject = reject
    this.timer = options.clock.timer(() => this.timedOut())
  }

  start(): void {
    const { target } = this
    const { scope, timeout, guard } = this.options
    if (scope?.cancellation !== undefined) return this.reject(scope.cancellation)
    scope?.occupy(this)
    this.timer.arm(timeout)
    if (target.kind === 'unix' && target.tls === undefined && guard === undefined) return this.dialAll([UNIX])
    this.prepare().then(
      (addresses) => this.dialAll(addresses),
      (error: unknown) => this.fail(TrafficError.from(error)),
    )
  }

  private async prepare(): Promise<readonly ResolvedAddress[]> {
    const { target } = this
    this.phase = 'dns'
    const addresses = await admitTarget(target, this.options)
    const { facts, clock } = this.options
    if (facts !== undefined && target.kind === 'tcp' && isIP(target.host) === 0)
      facts.resolvedAt = clock.now()
    if (target.tls === undefined || this.settled) return addresses
    this.phase = 'tls'
    this.material = await target.tls.material()
    return addresses
  }

  cancelled(error: TrafficError): void {
    this.fail(error)
  }

  private dialAll(addresses: readonly ResolvedAddress[]): void {
    if (this.settled) return
    this.phase = 'connect'
    this.judged = addresses
    const reachable = this.reachable(addresses)
    if (reachable.length === 0) return this.fail(this.otherFamily())
    this.race = new ConnectionRace(reachable, this.options.clock, (address) => this.dial(address), {
      won: (socket) => this.connected(socket),
      lost: (failures) => this.refused(failures),
    })
    try {
      this.race.next()
    } catch (cause) {
      // node:net throws for what it can never connect to, such as port 70000.
      this.fail(this.error('connect_failed', `cannot connect to ${this.place()}: ${String(cause)}`, cause))
    }
  }

  /** A socket that is bound to an address reaches those of its family only. */
  private reachable(addresses: readonly ResolvedAddress[]): readonly ResolvedAddress[] {
    const { localAddress } = this.options
    if (localAddress === undefined || this.target.kind === 'unix') return addresses
    return addresses.filter(({ family }) => family === isIP(localAddress))
  }

  private otherFamily(): TrafficError {
    const { localAddress = '' } = this.options
    const message = `cannot connect to ${this.place()} from localAddress ${localAddress}: it has no address of the same family (IPv${isIP(localAddress)})`
    return this.error('connect_failed', message)
  }

  private dial(address: ResolvedAddress): Socket {
    const { target } = this
    const { localAddress } = this.options
    // TLS over it reads the socket itself.
    const onread = this.isWrapped ? undefined : this.options.onread
    const place: NetConnectOpts =
      target.kind === 'unix'
        ? { path: target.path }
        : { host: address.address, port: target.port, ...(localAddress && { localAddress }) }
    const common = {
      ...SOCKET_DEFAULTS,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEPALIVE_DELAY,
      allowHalfOpen: true,
      ...(onread === undefined ? {} : { onread }),
    }
    if (this.material === undefined || this.isWrapped)
      return (this.options.dial ?? connectSocket)(own({ ...common, ...place }))
    const tls = this.material.connectionOptions(this.options.protocols)
    const socket = connectTls(own({ ...TLS_DEFAULTS, ...common, ...tls, ...place }))
    this.material.watch(socket)
    return socket
  }

  /** Whether TLS begins on a connection that has sent something already. */
  private get isWrapped(): boolean {
    return this.material !== undefined && this.options.preface !== undefined
  }

  private connected(socket: Socket): void {
    this.socket = socket
    // Whoever takes the socket over listens too, a moment later: until then no error may go unheard.
    socket.on('error', (error) => this.broken(error))
    const { facts, clock } = this.options
    if (facts !== undefined) {
      facts.connectedAt = clock.now()
      facts.remoteAddress = peerOf(socket).address || undefined
    }
    const verdict = this.options.guard?.judgePeer(socket.remoteAddress ?? '', this.judged)
    if (verdict?.allowed === false) return this.fail(refusal(this.place(), verdict.reason))
    const { preface } = this.options
    if (preface !== undefined) socket.write(preface)
    if (this.material === undefined) return this.succeed(socket)
    this.phase = 'tls'
    const secure = preface === undefined ? (socket as TLSSocket) : this.wrap(socket, this.material) // else what `dial` made
    secure.once('secureConnect', () => this.secured(secure))
    secure.once('close', () => this.broken(new Error('the connection was closed')))
  }

  private wrap(plain: Socket, material: TlsMaterial): TLSSocket {
    const { protocols, onread } = this.options
    const secure = tlsOver(plain, material, protocols)
    this.socket = secure
    secure.on('error', (error) => this.broken(error))
    if (onread !== undefined) secure.once('secureConnect', () => readInto(secure, onread))
    return secure
  }

  private secured(socket: TLSSocket): void {
    const objection = this.settled ? undefined : this.material?.judge(socket)
    if (objection === undefined) return this.succeed(socket)
    this.fail(pinMismatch(this.place(), objection))
  }

  private refused(failures: readonly FailedAddress[]): void {
    const errors = failures.map(({ error }) => error)
    const cause = errors.length === 1 ? errors[0] : new AggregateError(errors)
    this.fail(
      this.error(
        'connect_failed',
        `could not connect to ${this.place()}: ${reasons(failures, this.target.kind === 'unix')}`,
        cause,
      ),
    )
  }

  /** An error after the TCP connection stood. */
  private broken(error: Error): void {
    if (this.settled) return
    const explained = this.material?.explain(error, this.options.protocols)
    if (explained !== undefined)
      this.fail(tlsFailed(`the TLS handshake with ${this.place()} failed`, explained, error))
  }

  private timedOut(): void {
    const { timeout } = this.options
    const what = {
      dns: `the name of ${this.place()} was not resolved`,
      connect: `${this.place()} did not accept a connection`,
      tls:
        this.race === undefined
          ? `what the functions of tls give for ${this.place()} was not there`
          : `the TLS handshake with ${this.place()} did not finish`,
    }[this.phase]
    if (this.phase === 'tls' && this.race !== undefined) this.material?.timedOut()
    const advice =
      this.phase === 'tls' && this.race === undefined
        ? 'see what they wait for, or raise the connect timeout'
        : 'check that it is up and reachable from here, or raise the connect timeout'
    this.fail(this.error('connect_timeout', `${what} within ${timeout} ms; ${advice}`))
  }

  private succeed(socket: Socket): void {
    if (this.settled) return
    const { facts, clock } = this.options
    if (facts !== undefined && this.target.tls !== undefined) facts.securedAt = clock.now()
    this.settle()
    this.resolve(socket)
  }

  private fail(error: TrafficError): void {
    if (this.settled) return
    this.settle()
    this.race?.stop()
    this.socket?.destroy()
    this.reject(error)
  }

  private settle(): void {
    this.settled = true
    this.timer.disarm()
    this.options.scope?.release(this)
  }

  private place(): string {
    return targetName(this.target)
  }

  private error(code: ErrorCode, message: string, cause?: unknown): TrafficError {
    const phase: ErrorPhase = this.phase
    return new TrafficError(code, message, { phase, replaySafe: 'unsent', cause })
  }
}

/** As guard and proxies see it. */
export function guardedPlace({ host, port, tls }: ConnectTarget & { readonly kind: 'tcp' }): GuardedPlace {
  return { host, port, scheme: tls === undefined ? 'http' : 'https' }
}

/** As `admit`, for a target. */
export async function admitTarget(
  target: ConnectTarget,
  admission: Admission,
): Promise<readonly ResolvedAddress[]> {
  if (target.kind === 'tcp') return admit(guardedPlace(target), admission)
  if (admission.guard === undefined) return [UNIX]
  const advice = 'reach it without a guard'
  throw refusal(targetName(target), 'a unix socket is never public', advice)
}

/** The one "address" of a unix socket, whose path is in the target. */
const UNIX: ResolvedAddress = { address: '', family: 4 }

/** Milliseconds of silence before TCP probes: finds peers that vanished behind a NAT or firewall. */
const KEEPALIVE_DELAY = 60_000
