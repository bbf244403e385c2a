import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { ConnectionOwner } from '../message/connections.ts'
import { asksWebSocket } from '../fields/websocket.ts'
import { TrafficError } from '../message/errors.ts'
import type { Exchange } from '../message/exchange.ts'
import type { HttpRequest, Scheme } from '../message/request.ts'
import type { HttpResponse } from '../message/response.ts'
import type { ConnectionFacts } from '../message/wire-facts.ts'
import type { ClientConnectionOptions } from '../socket/connection-options.ts'
import type { SocketReader } from '../socket/socket-reader.ts'
import { LAST_READ_TIMEOUT, onWriteFailure } from '../socket/write-failure.ts'
import type { Timer } from '../time/timer.ts'
import { ClientStream } from './client-stream.ts'
import type { ArrivedStream, ClientStreamOwner } from './client-stream-owner.ts'
import { Http2Connection } from './connection.ts'
import { DEFAULT_HTTP2_CLIENT_LIMITS, type Http2Limits } from './connection-options.ts'
import type { ConnectionRole } from './connection-role.ts'
import type { Http2Fault } from './fault.ts'
import { notHttp2Advice } from './first-bytes.ts'
import type { StreamReceiver } from './stream-receiver.ts'
import { WaitTimer } from './wait-timer.ts'
import { checkConnect } from './websocket.ts'

/** `:status` counts as a field. */
const PSEUDO_FIELDS = 1
/** Milliseconds for the proper end of a connection. */
const LINGER = 2_000
/** Milliseconds for which the connection's window may be shut before further exchanges go elsewhere. */
const STALL = 100
/** The numbers of streams end here (RFC 9113 5.1.1): a connection that comes close takes no more. */
const LAST_STREAM = 0x7fff_0000

/**
 * One HTTP/2 connection on which requests are sent, as many at a time as the peer takes. What is sent within a turn of the event
 * loop leaves in one write.
 */
export class Http2ClientConnection implements ConnectionRole, ClientStreamOwner {
  owner: ConnectionOwner<Http2ClientConnection> | undefined
  /** How it came to be, where whoever opened it has looked. */
  facts: ConnectionFacts | undefined
  readonly version = '2'
  readonly connection: Http2Connection
  readonly options: ClientConnectionOptions
  /** Resolves with the peer's first SETTINGS: it speaks HTTP/2. Rejects with TrafficError `connect_failed` if it does not. */
  readonly ready: Promise<void>
  reads = 0
  exchanges = 0
  lossCause: Error | undefined
  readonly scheme: Scheme
  private readonly limits: Http2Limits
  private readonly peer: string
  private readonly readiness = Promise.withResolvers<void>()
  private readonly waits: WaitTimer
  /** Ends a connection to which nothing can be written when what came before was read. */
  private readonly lastReads: Timer
  /** Responses that the present read has brought. */
  private fresh: ArrivedStream[] = []
  /** Streams on which somebody waits, and before the peer's SETTINGS whoever waits for these. While there are any, the process stays alive. */
  private awaitedStreams = 1
  private isLost = false

  /**
   * @param socket connected, and for TLS verified
   * @param reader what the socket was connected with, so that it reads into it
   * @param peer how errors name who does not speak HTTP/2
   */
  constructor(
    socket: Socket,
    reader: SocketReader,
    options: ClientConnectionOptions,
    limits: Http2Limits = DEFAULT_HTTP2_CLIENT_LIMITS,
    peer = 'the peer',
  ) {
    this.options = options
    this.limits = limits
    this.peer = peer
    this.scheme = socket instanceof TLSSocket ? 'https' : 'http'
    this.ready = this.readiness.promise
    // Whoever waits for it hears of it; nobody need.
    const begun = (): void => this.awaited(-1)
    this.ready.then(begun, begun)
    const { clock } = options
    this.waits = new WaitTimer(clock, (now) => this.lookAtWaits(now))
    this.lastReads = clock.timer(() => socket.destroy())
    socket.on('error', (error: Error) => (this.lossCause ??= error))
    onWriteFailure(socket, (error) => this.writeFailed(error))
    const { head, fields } = options.limits
    this.connection = new Http2Connection(socket, reader, false, this, {
      clock,
      http2: limits,
      // Whoever asked is about to read.
      unreadWindow: limits.streamWindow,
      section: { maxSize: head, maxFields: fields + PSEUDO_FIELDS, maxCrumbs: limits.cookieCrumbs },
      frameTimeout: options.responseHeadTimeout,
      // How long it may lie idle is for its pool to say.
      idleTimeout: Infinity,
      pace: options.pace,
      halfClosedTimeout: LINGER,
      lingerTimeout: LINGER,
    })
    reader.release()
  }

  /** Sends the exchange's request and resolves with the head of the final response. Rejects with a TrafficError. */
  send(exchange: Exchange): Promise<HttpResponse> {
    if (this.capacity === 0) return this.refuse(goneAway(exchange))
    let stream: ClientStream
    try {
      const { request } = exchange
      const asksTunnel = request.upgrade !== undefined && asksWebSocket(request)
      if (asksTunnel) checkConnect(exchange, this.connection.frames.peerSettings)
      this.exchanges++
      exchange.upstreamVersion = '2'
      exchange.wire?.begin(this.facts, this.exchanges > 1)
      stream = new ClientStream(this, exchange, asksTunnel)
      stream.begin()
    } catch (thrown) {
      return this.refuse(TrafficError.from(thrown))
    }
    return stream.answer.promise
  }

  /** Any other wish to switch has no form in HTTP/2: it is left out. */
  takesUpgrade(request: HttpRequest): boolean {
    return this.connection.frames.peerSettings.enableConnectProtocol && asksWebSocket(request)
  }

  private refuse(error: TrafficError): Promise<never> {
    this.owner?.released(this)
    return Promise.reject(error)
  }

  /** Whether it is of no further use. */
  get closed(): boolean {
    return this.isLost
  }

  /** Exchanges that it takes at a time; 0 when it takes no more. */
  get capacity(): number {
    const { connection, limits } = this
    const { table } = connection.streams
    if (!connection.isOpen || connection.frames.isPeerGoing || table.numbers.next > LAST_STREAM) return 0
    const since = connection.stalledSince
    if (since !== undefined && this.options.clock.now() - since > STALL) return Math.min(1, table.size)
    return Math.min(limits.streams, connection.frames.peerSettings.maxConcurrentStreams)
  }

  /** Ends it: with GOAWAY where nothing is under way, else at once. */
  destroy(): void {
    if (this.connection.streams.table.size > 0) this.connection.destroy()
    else this.connection.drain(0)
  }

  arrived(stream: ArrivedStream): void {
    this.fresh.push(stream)
  }

  /** Only now: content that came with its head is no stream, and what the same read took back is none. */
  readDone(): void {
    this.reads++
    if (this.fresh.length === 0) return
    const { fresh } = this
    this.fresh = []
    for (const stream of fresh) stream.deliver()
  }

  waitUntil(at: number): void {
    this.waits.by(at)
  }

  private lookAtWaits(now: number): number {
    let next = Infinity
    for (const { receiver } of this.connection.streams.table.all()) {
      if (!(receiver instanceof ClientStream)) continue
      if (receiver.headDueAt <= now) receiver.overdue()
      else next = Math.min(next, receiver.headDueAt)
    }
    return next
  }

  awaited(change: 1 | -1): void {
    const { socket } = this.connection
    this.awaitedStreams += change
    if (this.awaitedStreams === 0) socket.unref()
    else if (this.awaitedStreams === 1 && change === 1) socket.ref()
  }

  http1Required(): boolean {
    return this.owner?.http1Required?.(this) ?? false
  }

  over(): void {
    this.owner?.released(this)
  }

  settingsChanged(): void {
    this.readiness.resolve()
    this.owner?.roomChanged?.(this)
  }

  stalled(isStalled: boolean): void {
    if (!isStalled) this.owner?.roomChanged?.(this)
  }

  private writeFailed(error: Error): boolean {
    if (this.connection.streams.table.size === 0) return false
    this.lossCause ??= error
    this.lastReads.arm(LAST_READ_TIMEOUT)
    return true
  }

  goingAway(): void {
    this.owner?.roomChanged?.(this)
  }

  failed({ message }: Http2Fault): void {
    this.readiness.reject(this.notHttp2(message))
  }

  gone(): void {
    this.isLost = true
    this.waits.stop()
    this.lastReads.disarm()
    this.readiness.reject(
      this.notHttp2(this.lossCause?.message ?? 'it closed the connection', this.lossCause),
    )
    this.owner?.closed(this)
  }

  private notHttp2(reason: string, cause?: Error): TrafficError {
    const message = `${this.peer} did not begin HTTP/2 (${reason}); ${notHttp2Advice(reason, this.scheme)}`
    return new TrafficError('connect_failed', message, { phase: 'connect', replaySafe: 'unsent', cause })
  }

  /** A server opens no streams: pushes are refused by SETTINGS, and by the reader. */
  accept(): StreamReceiver {
    throw new Error('a server has opened a stream')
  }

  isFull(): boolean {
    return false
  }

  streamClosed(): void {}
}

function goneAway(exchange: Exchange): TrafficError {
  const message = `the connection takes no more requests (${exchange.endpoint || 'upstream'})`
  return new TrafficError('upstream_closed', message, { phase: 'send', replaySafe: 'unsent' })
}
