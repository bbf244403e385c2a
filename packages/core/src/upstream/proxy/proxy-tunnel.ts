import { own } from '../../message/own-options.ts'
import type { Socket } from 'node:net'
import { type ErrorCode, type ErrorPhase, TrafficError } from '../../message/errors.ts'
import type { Cancellable } from '../../message/exchange.ts'
import type { Timer } from '../../time/timer.ts'
import {
  admitTarget,
  connect,
  type ConnectOptions,
  type ConnectTarget,
  targetName,
} from '../connect/connect.ts'
import { pinMismatch } from '../connect/connect-failure.ts'
import { HttpConnect } from './http-connect.ts'
import type { Proxy } from './proxy.ts'
import type { HandshakeStep, ProxyHandshake, TunnelTarget } from './proxy-handshake.ts'
import { Socks5 } from './socks5.ts'
import { TlsOrigin } from '../connect/tls.ts'
import { tlsFailed } from '../connect/tls-failure.ts'
import { readInto, tlsOver } from '../connect/tls-over.ts'
import { HandshakeReader } from './handshake-reader.ts'

type TcpTarget = ConnectTarget & { readonly kind: 'tcp' }

/** The proxy as a place to connect to: made once, since TLS keeps its session there. */
export function proxyTarget({ host, port, secure, tls }: Proxy): ConnectTarget {
  return secure
    ? { kind: 'tcp', host, port, tls: new TlsOrigin(host, tls ?? {}) }
    : { kind: 'tcp', host, port, tls: undefined }
}

/**
 * Opens a connection through a proxy, ready to be written to, as `connect` does without one. With a guard the name is resolved
 * here, and the proxy is given an address that was judged; the proxy itself is trusted.
 * @param place the proxy's, of `proxyTarget`
 * @throws TrafficError `proxy_failed`, `connect_timeout`, `tls_failed`, `dns_failed`, `address_refused`, or the cancellation
 */
export function connectThrough(
  proxy: Proxy,
  place: ConnectTarget,
  target: TcpTarget,
  given: ConnectOptions,
): Promise<Socket> {
  const options = own(given)
  return new Promise((resolve, reject) => {
    new ProxyTunnel({ proxy, place, target, options, resolve, reject }).start()
  })
}

interface TunnelParts {
  readonly proxy: Proxy
  readonly place: ConnectTarget
  readonly target: TcpTarget
  readonly options: ConnectOptions
  readonly resolve: (socket: Socket) => void
  readonly reject: (error: TrafficError) => void
}

class ProxyTunnel implements Cancellable {
  private readonly parts: TunnelParts
  private readonly timer: Timer
  private readonly reader: HandshakeReader
  private phase: ErrorPhase = 'connect'
  private worker: Cancellable | undefined
  private socket: Socket | undefined
  private settled = false

  constructor(parts: TunnelParts) {
    this.parts = parts
    const { clock, onread } = parts.options
    this.timer = clock.timer(() => this.timedOut())
    // TLS reads the socket itself, and what it decrypts goes to `onread`.
    this.reader = new HandshakeReader(parts.target.tls === undefined ? onread : undefined)
  }

  start(): void {
    const { scope, timeout } = this.parts.options
    if (scope?.cancellation !== undefined) return this.parts.reject(scope.cancellation)
    scope?.occupy(this)
    this.timer.arm(timeout)
    this.open().then(
      (socket) => this.succeed(socket),
      (error: unknown) => this.fail(TrafficError.from(error)),
    )
  }

  cancelled(error: TrafficError): void {
    this.fail(error)
  }

  private async open(): Promise<Socket> {
    const { proxy, target } = this.parts
    const destination = await this.destination()
    this.socket = await this.reach()
    if (this.settled) {
      // Given up meanwhile: nobody else knows of the socket.
      this.socket.destroy()
      throw this.error('proxy_failed', 'no longer wanted')
    }
    const handshake =
      proxy.kind === 'socks5'
        ? new Socks5(destination, proxy.credentials)
        : new HttpConnect(destination, proxy.credentials)
    await this.shakeHands(this.socket, handshake)
    return target.tls === undefined ? this.socket : this.secure(this.socket, target.tls)
  }

  /** What the proxy is asked for. */
  private async destination(): Promise<TunnelTarget> {
    const { proxy, target, options } = this.parts
    if (options.guard === undefined && proxy.names === 'remote') return target
    this.phase = 'dns'
    const addresses = await admitTarget(target, options)
    this.phase = 'connect'
    // One address can be named, and more proxies have IPv4 than IPv6.
    const chosen = addresses.find(({ family }) => family === 4) ?? addresses[0]
    return { host: chosen?.address ?? target.host, port: target.port }
  }

  private async reach(): Promise<Socket> {
    const { place, options } = this.parts
    const { clock, resolver, timeout, localAddress, facts } = options
    const { onread } = this.reader
    const scope = {
      cancellation: undefined,
      occupy: (worker: Cancellable) => (this.worker = worker),
      release: () => (this.worker = undefined),
    }
    try {
      return await connect(place, {
        clock,
        resolver,
        timeout,
        scope,
        localAddress,
        facts,
        ...(onread && { onread }),
      })
    } catch (thrown) {
      const error = TrafficError.from(thrown)
      throw this.error('proxy_failed', `the proxy could not be reached: ${error.message}`, error)
    }
  }

  private shakeHands(socket: Socket, handshake: ProxyHandshake): Promise<void> {
    return new Promise((resolve, reject) => {
      const refuse = (reason: string, cause?: Error): void => {
        const { place, target } = this.parts
        const message = `the proxy ${targetName(place)} opened no tunnel to ${targetName(target)}: ${reason}`
        reject(this.error('proxy_failed', message, cause))
      }
      const broken = (error: Error): void => refuse(error.message, error)
      const take = (bytes: Buffer): void => {
        const step: HandshakeStep = handshake.take(bytes)
        if (step.kind === 'send') socket.write(step.bytes)
        else if (step.kind === 'failed') refuse(step.reason)
        else if (step.kind === 'done') {
          for (const event of ['end', 'close']) socket.off(event, closed)
          this.reader.finish(step.rest)
          resolve()
        }
      }
      const closed = (): void => refuse('it closed the connection')
      socket.on('error', broken)
      socket.on('end', closed)
      socket.on('close', closed)
      this.reader.begin(socket, take)
      socket.write(handshake.begin())
    })
  }

  private async secure(tunnel: Socket, tls: TlsOrigin): Promise<Socket> {
    this.phase = 'tls'
    const { onread, protocols } = this.parts.options
    const material = await tls.material()
    if (this.settled) throw this.error('proxy_failed', 'no longer wanted')
    return await new Promise((resolve, reject) => {
      const socket = tlsOver(tunnel, material, protocols)
      this.socket = socket
      const broken = (error: Error): void => {
        if (this.settled) return
        const handshake = `the TLS handshake with ${targetName(this.parts.target)} failed, through the proxy`
        reject(tlsFailed(handshake, material.explain(error, protocols), error))
      }
      socket.once('secureConnect', () => {
        const objection = material.judge(socket)
        if (objection !== undefined) return reject(pinMismatch(targetName(this.parts.target), objection))
        if (onread !== undefined) readInto(socket, onread)
        const { facts, clock } = this.parts.options
        if (facts !== undefined) facts.securedAt = clock.now()
        resolve(socket)
      })
      socket.on('error', broken)
      socket.once('close', () => broken(new Error('the connection was closed')))
    })
  }

  private timedOut(): void {
    const { place, target, options } = this.parts
    const message = `no connection to ${targetName(target)} through the proxy ${targetName(place)} within ${options.timeout} ms; check that both are up, or raise the connect timeout`
    this.fail(this.error('connect_timeout', message))
  }

  private succeed(socket: Socket): void {
    if (this.settled) return void socket.destroy()
    this.settle()
    this.parts.resolve(socket)
  }

  private fail(error: TrafficError): void {
    if (this.settled) return
    this.settle()
    this.worker?.cancelled(error)
    this.socket?.destroy()
    this.parts.reject(error)
  }

  private settle(): void {
    this.settled = true
    this.timer.disarm()
    this.parts.options.scope?.release(this)
  }

  private error(code: ErrorCode, message: string, cause?: unknown): TrafficError {
    return new TrafficError(code, message, { phase: this.phase, replaySafe: 'unsent', cause })
  }
}
