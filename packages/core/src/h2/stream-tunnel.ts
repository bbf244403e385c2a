import { copyOf } from '../message/copy-of.ts'
import { type BodySink, type BodySource, StreamBody } from '../message/body.ts'
import { tunnelCut } from '../message/join-tunnel.ts'
import type { Tunnel } from '../message/response.ts'
import type { Clock } from '../time/clock.ts'
import type { Timer } from '../time/timer.ts'
import { Http2Fault } from './fault.ts'
import { HeldBytes } from './held-bytes.ts'
import type { ReadMemory } from './read-memory.ts'
import type { Http2Stream } from './stream.ts'
import type { StreamReceiver } from './stream-receiver.ts'

/** Milliseconds in which a peer must take something of what is left for it, once the other end is gone. */
const LINGER = 2_000

/** The exchange that asked for the tunnel. */
export interface StreamTunnelOwner {
  /** Both sides of the stream have ended, or it is reset. */
  tunnelOver(): void
}

/**
 * One end of a tunnel on a stream (RFC 8441 5): its DATA is the tunnel's bytes, END_STREAM ends one direction, and RST_STREAM with
 * CANCEL cuts both. Before it is opened, what comes is held, and the peer gets no credit for it.
 */
export class StreamTunnel implements Tunnel, BodySink, BodySource, StreamReceiver {
  readonly incoming: StreamBody
  /** Bytes written so far. */
  written = 0
  private readonly stream: Http2Stream
  private readonly memory: ReadMemory
  private readonly clock: Clock
  private readonly idle: Timer
  private idleTimeout = Infinity
  private owner: StreamTunnelOwner | undefined
  private drainListener: (() => void) | undefined
  private goneListener: (() => void) | undefined
  /** What came while the other end has no room. */
  private readonly held = new HeldBytes()
  private isWaiting = true
  private isWide = false
  /** What was passed on and not taken yet. Bytes. */
  private untaken = 0
  /** The peer has ended its side. */
  private heard = false
  /** Our side has ended. */
  private said = false
  private isLeaving = false
  private isOver = false
  private hasProgressed = false
  /** `clock.now()` when something was written last. */
  private lastWrite = -Infinity

  constructor(stream: Http2Stream, memory: ReadMemory, clock: Clock) {
    this.stream = stream
    this.memory = memory
    this.clock = clock
    this.incoming = new StreamBody(undefined, this)
    this.idle = clock.timer(() => this.timedOut())
  }

  /** The tunnel stands: what comes on the stream comes here from now on. */
  open(idleTimeout: number, owner: StreamTunnelOwner): void {
    this.idleTimeout = idleTimeout
    this.owner = owner
    this.stream.receiver = this
    this.stream.isTunnel = true
    this.memory.contentBegins()
    this.idle.arm(idleTimeout)
  }

  /** There will be no tunnel: what was held for it is thrown away. */
  drop(): void {
    this.stream.consumed(this.held.take().length)
  }

  get outgoing(): BodySink {
    return this
  }

  onDrain(listener: () => void): void {
    this.drainListener = listener
  }

  onGone(listener: () => void): void {
    this.goneListener = listener
  }

  /** On a connected stream only DATA has a place (RFC 9113 8.5). */
  fields(): Http2Fault {
    return new Http2Fault('PROTOCOL_ERROR', this.stream.id, 'HEADERS within a tunnel (RFC 9113 8.5)')
  }

  data(bytes: Buffer, start: number, end: number): void {
    if (this.isLeaving) return this.stream.consumed(end - start)
    if (this.owner !== undefined) this.idle.arm(this.idleTimeout)
    if (this.isWaiting) return this.held.add(bytes, start, end)
    // While what came before is still in use, a part of a large read would keep all of it in memory.
    if (!this.incoming.holdsNothing) return this.push(copyOf(bytes, start, end))
    this.push(this.memory.take(bytes, start, end))
    if (!this.incoming.holdsNothing) this.memory.keep()
  }

  private push(chunk: Buffer): void {
    const room = this.incoming.push(chunk)
    if (room && !this.isWaiting) return this.stream.consumed(chunk.length)
    this.isWaiting = true
    this.untaken += chunk.length
  }

  /** The other end has room. */
  resumeBody(): void {
    const { untaken } = this
    this.untaken = 0
    this.isWaiting = false
    this.stream.consumed(untaken)
    if (this.held.length > 0) this.push(this.held.take())
    if (!this.isWide) {
      this.isWide = true
      this.stream.widen()
    }
    if (this.heard) this.passEnd()
  }

  /** The connection's window is for what others send: what waits for the other end is here, whoever takes it and when. */
  private passEnd(): void {
    this.untaken = 0
    this.stream.consumed(this.stream.held)
    this.incoming.end()
  }

  cancelBody(): void {
    this.leave()
  }

  /** The peer has ended its side. */
  ended(): void {
    this.heard = true
    // What waits is passed on first: by `resumeBody`, and the end behind it.
    if (this.held.length === 0 && this.owner !== undefined) this.passEnd()
    if (this.said) this.over()
  }

  write(chunk: Uint8Array): boolean {
    if (this.isLeaving || this.isOver) return true
    this.idle.arm(this.idleTimeout)
    this.lastWrite = this.clock.now()
    this.written += chunk.byteLength
    return this.stream.sendData(chunk)
  }

  end(): void {
    this.stream.sendEnd()
  }

  fail(): void {
    this.leave()
  }

  get holdsNothing(): boolean {
    return this.stream.outgoing === undefined
  }

  progressed(): void {
    this.hasProgressed = true
    if (!this.isLeaving) this.idle.arm(this.idleTimeout)
  }

  writable(): void {
    this.drainListener?.()
  }

  sent(): void {
    this.said = true
    if (this.heard) this.over()
  }

  aborted(): void {
    this.over()
  }

  /** Cuts it now. */
  abort(): void {
    if (this.isOver) return
    this.stream.reset('CANCEL')
    this.over()
  }

  /**
   * The other end is gone: nothing that comes here has a place to go. But what came from there is still sent, as a close frame that
   * arrived before a reset, and the peer gets time to read it: RST_STREAM may make it throw away what it has not read.
   */
  private leave(): void {
    if (this.isLeaving || this.isOver) return
    this.isLeaving = true
    this.stream.consumed(this.untaken + this.held.take().length)
    this.incoming.cancel(tunnelCut())
    const unread = this.stream.outgoing !== undefined || this.clock.now() - this.lastWrite < LINGER
    if (!unread) return this.abort()
    this.stream.sendEnd()
    if (!this.isOver) this.idle.arm(LINGER)
  }

  private timedOut(): void {
    if (!this.isLeaving || !this.hasProgressed) return this.abort()
    this.hasProgressed = false
    this.idle.arm(LINGER)
  }

  private over(): void {
    const { owner } = this
    if (this.isOver || owner === undefined) return
    this.isOver = true
    this.idle.disarm()
    this.memory.contentEnds()
    // What was received counts before what could not be written.
    if (this.held.length > 0) this.incoming.push(this.held.take())
    if (this.heard) this.passEnd()
    this.incoming.fail(tunnelCut())
    this.goneListener?.()
    owner.tunnelOver()
  }
}
