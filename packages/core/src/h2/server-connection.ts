import type { Socket } from 'node:net'
import type { DownstreamConnection } from '../message/connections.ts'
import { TrafficError } from '../message/errors.ts'
import type { Peer } from '../message/exchange.ts'
import type { ServerConnectionOwner } from '../message/responder.ts'
import type { ServerConnectionOptions } from '../socket/connection-options.ts'
import { peerOf } from '../socket/peer.ts'
import type { SocketReader } from '../socket/socket-reader.ts'
import { Http2Connection } from './connection.ts'
import type { Http2Limits } from './connection-options.ts'
import type { ConnectionRole } from './connection-role.ts'
import type { Http2Fault } from './fault.ts'
import { INITIAL_WINDOW } from './flow-windows.ts'
import type { IncomingContentOptions } from './incoming-content.ts'
import { ServerStream } from './server-stream.ts'
import type { ArrivedStream, ServerStreamOwner } from './server-stream-owner.ts'
import type { Http2Stream } from './stream.ts'
import type { StreamReceiver } from './stream-receiver.ts'

/** The pseudo-header fields of a request: they count as fields. */
const PSEUDO_FIELDS = 4

/** One HTTP/2 connection on which requests arrive: makes exchanges of them, as many at a time as its streams. */
export class Http2ServerConnection implements DownstreamConnection, ConnectionRole, ServerStreamOwner {
  readonly connection: Http2Connection
  readonly peer: Peer
  readonly options: ServerConnectionOptions
  readonly content: IncomingContentOptions
  readonly responder: ServerConnectionOwner
  private readonly limits: Http2Limits
  /** Requests that the present read has brought. */
  private fresh: ArrivedStream[] = []
  /** Handlers at work: also for streams that are gone. */
  private handlers = 0

  /** @param reader attached to the socket by the caller, whose reads come here from now on */
  constructor(
    socket: Socket,
    reader: SocketReader,
    owner: ServerConnectionOwner,
    options: ServerConnectionOptions,
    limits: Http2Limits,
  ) {
    this.peer = peerOf(socket)
    this.options = options
    // Many streams may wait for their handlers, and hold what they brought meanwhile.
    const unreadWindow = Math.min(INITIAL_WINDOW, limits.streamWindow)
    const { clock, pace } = options
    this.content = { clock, pace, discardLimit: Math.min(options.discardLimit, unreadWindow) }
    this.responder = owner
    this.limits = limits
    const { head, fields } = options.limits
    this.connection = new Http2Connection(socket, reader, true, this, {
      clock: options.clock,
      http2: limits,
      unreadWindow,
      section: { maxSize: head, maxFields: fields + PSEUDO_FIELDS, maxCrumbs: limits.cookieCrumbs },
      frameTimeout: options.requestHeadTimeout,
      idleTimeout: options.keepAliveTimeout,
      pace: options.pace,
      halfClosedTimeout: options.halfClosedTimeout,
      lingerTimeout: options.lingerTimeout,
    })
  }

  drain(grace: number): void {
    this.connection.drain(grace)
  }

  destroy(): void {
    this.connection.destroy()
  }

  accept(stream: Http2Stream): StreamReceiver {
    return new ServerStream(stream, this)
  }

  /** A stream that is reset makes room for another before its handler has ended: the work counts, not the stream (CVE-2023-44487). */
  isFull(): boolean {
    return this.handlers + this.fresh.length >= this.limits.streams
  }

  arrived(stream: ArrivedStream): void {
    this.fresh.push(stream)
  }

  handling(change: 1 | -1): void {
    this.handlers += change
  }

  /** Only now, so that what the same read has taken back costs no work (CVE-2023-44487). */
  readDone(): void {
    if (this.fresh.length === 0) return
    const { fresh } = this
    this.fresh = []
    for (const stream of fresh) stream.dispatch()
  }

  settingsChanged(): void {}
  stalled(): void {}
  streamClosed(): void {}
  goingAway(): void {}

  failed(fault: Http2Fault): void {
    const message = `${fault.message}: the connection ends with ${fault.code}`
    this.responder.refusal(new TrafficError('malformed_request', message), undefined, this.peer)
  }

  gone(): void {
    this.responder.closed(this)
  }
}
