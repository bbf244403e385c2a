import type { Socket } from 'node:net'
import { Lingering } from '../socket/lingering.ts'
import { Pace } from '../socket/pace.ts'
import type { ReadTarget, SocketReader } from '../socket/socket-reader.ts'
import type { Timer } from '../time/timer.ts'
import type { Http2ConnectionOptions } from './connection-options.ts'
import type { ConnectionRole } from './connection-role.ts'
import { connectionFault, type Http2Fault } from './fault.ts'
import { FrameHandler, type FrameHandlerOwner } from './frame-handler.ts'
import { FrameReader } from './frame-reader.ts'
import { FrameWriter } from './frame-writer.ts'
import type { EncoderOptions } from './hpack-encoder.ts'
import { Liveness } from './liveness.ts'
import { ReadMemory } from './read-memory.ts'
import { SocketOutput, type SocketOutputOwner } from './socket-output.ts'
import type { StreamAbort } from './stream-receiver.ts'
import type { Streams } from './streams.ts'
import type { WriteBuffer } from './write-buffer.ts'

/** What may wait for a peer that does not read before we stop to read what it sends. Bytes. */
const MOST_BACKLOG = 256 * 1024
/** The highest number that a stream may have: GOAWAY that leaves open which is the last (RFC 9113 6.8). */
const LARGEST_STREAM = 0x7fff_ffff

/** The PINGs of ours, told apart by what they hold. */
const ALIVE = Buffer.from('alive???', 'latin1')
const DRAIN = Buffer.from('draining', 'latin1')

type Phase =
  /** Streams begin and end. */
  | 'open'
  /** We have said that it will end: what the peer sent before it knew is still taken. */
  | 'draining'
  /** No stream begins any more; it ends with the last one. */
  | 'finishing'
  /** Nothing is read any more; what is written leaves. */
  | 'closing'
  | 'closed'

/**
 * One connection of HTTP/2, whichever side we are: what both do alike with the socket, from its first byte to its proper end. What
 * is made of its streams is the role's affair.
 */
export class Http2Connection implements ReadTarget, SocketOutputOwner, FrameHandlerOwner {
  readonly socket: Socket
  /** Of what is read. */
  readonly memory: ReadMemory = new ReadMemory()
  readonly streams: Streams
  readonly frames: FrameHandler
  private readonly isServer: boolean
  private readonly role: ConnectionRole
  private readonly options: Http2ConnectionOptions
  private readonly reader: FrameReader
  private readonly output: SocketOutput
  private readonly writer: FrameWriter
  private readonly liveness: Liveness
  private readonly lingering: Lingering
  private readonly windowPace: Pace
  private readonly frameTimer: Timer
  private readonly idleTimer: Timer
  private readonly drainTimer: Timer
  private readonly lingerTimer: Timer
  private phase: Phase = 'open'
  private peerEnded = false
  private frameOwed = true
  private isPaused = false
  private saidLast = false
  private stalledAt: number | undefined = undefined

  /** @param reader attached to the socket by the caller, whose reads come here from now on */
  constructor(
    socket: Socket,
    reader: SocketReader,
    isServer: boolean,
    role: ConnectionRole,
    options: Http2ConnectionOptions,
    encoding: EncoderOptions = {},
  ) {
    const { clock, http2, section } = options
    this.socket = socket
    this.isServer = isServer
    this.role = role
    this.options = options
    this.output = new SocketOutput(socket, clock, options.pace, this)
    this.writer = new FrameWriter(this.output.buffer)
    this.frames = new FrameHandler(this.writer, this.output.buffer, isServer, role, options, encoding, this)
    this.streams = this.frames.streams
    this.reader = new FrameReader(this.frames, {
      preface: isServer,
      // A block may be larger than the section that we take: it is decoded for the table's sake, and refused alone.
      maxBlockSize: 2 * section.maxSize,
      maxContinuations: http2.continuations,
    })
    this.liveness = new Liveness(
      clock,
      http2,
      () => this.writer.ping(ALIVE, 0),
      () => this.lose('no answer to PING'),
    )
    this.windowPace = new Pace(clock, options.pace, () => this.tooSlow())
    this.frameTimer = clock.timer(() => this.frameLate())
    this.idleTimer = clock.timer(() => this.drain(this.options.lingerTimeout))
    this.drainTimer = clock.timer(() => this.settle())
    this.lingerTimer = clock.timer(() => this.lingered())
    this.lingering = new Lingering(socket, this.lingerTimer, options)
    socket.on('end', () => this.ended())
    socket.on('error', () => {}) // 'close' follows and says all that matters
    socket.on('close', () => this.gone())
    reader.target = this
    this.frameTimer.arm(options.frameTimeout)
    this.idleTimer.arm(options.idleTimeout)
    this.frames.begin()
  }

  get streaming(): boolean {
    return this.memory.streaming
  }

  /** Whether a stream may begin: it does not end yet. */
  get isOpen(): boolean {
    return this.phase === 'open'
  }

  /** What is about to be sent, and how much of it has left. */
  get out(): WriteBuffer {
    return this.output.buffer
  }

  /** Since when (`clock.now()`) content has waited for the connection's window; undefined while none does. */
  get stalledSince(): number | undefined {
    return this.stalledAt
  }

  read(chunk: Buffer, owned: boolean): boolean {
    if (this.phase === 'closing' || this.phase === 'closed') return true
    this.memory.begin(owned)
    this.liveness.hear()
    const fault = this.reader.read(chunk, 0, chunk.length)
    if (fault === undefined) this.watchFrame()
    else this.fail(fault)
    this.role.readDone()
    // A server that takes no more may be waiting for us to take what it sends: it is never made to wait.
    if (this.isServer && this.output.buffer.backlog > MOST_BACKLOG && !this.isPaused) {
      this.isPaused = true
      this.socket.pause()
    }
    return !this.memory.isKept
  }

  /** A frame that was begun must be finished in time; the content of DATA is judged by whoever reads it. */
  private watchFrame(): void {
    const isOwed = this.reader.first || this.reader.isWithinFrame
    if (isOwed === this.frameOwed) return
    this.frameOwed = isOwed
    if (isOwed) this.frameTimer.arm(this.options.frameTimeout)
    else this.frameTimer.hold()
  }

  private frameLate(): void {
    if (this.frameOwed)
      this.fail(connectionFault('PROTOCOL_ERROR', 'a frame, or the preface, did not come whole in time'))
  }

  streamOpened(): void {
    if (this.streams.table.size !== 1) return
    this.idleTimer.hold()
    this.liveness.start()
  }

  streamClosed(): void {
    if (this.streams.table.size === 0) {
      this.liveness.stop()
      if (this.phase === 'finishing' || this.frames.isPeerGoing || this.peerEnded) this.finish()
      else if (this.phase !== 'closing' && this.phase !== 'closed')
        this.idleTimer.arm(this.options.idleTimeout)
    }
    this.role.streamClosed()
  }

  stalled(isStalled: boolean): void {
    this.stalledAt = isStalled ? this.options.clock.now() : undefined
    this.role.stalled(isStalled)
    if (isStalled) this.windowPace.start()
    else this.windowPace.stop()
  }

  progressed(length: number): void {
    this.windowPace.progress(length)
  }

  tooSlow(): void {
    this.end({ by: 'slow', code: 'CANCEL', message: 'the peer takes too slowly what it is sent' })
    this.socket.destroy()
  }

  roomAgain(): void {
    if (this.phase === 'closing') return this.sayLast()
    this.streams.queue.pump()
    if (!this.isPaused || this.output.buffer.isBlocked) return undefined
    this.isPaused = false
    this.socket.resume()
    return undefined
  }

  /**
   * Ends in two steps, so that no request is lost (RFC 9113 6.8): the peer is told that it will, and what it sent before it knew is
   * taken, for `grace` milliseconds at the most; then which stream was the last. Those go on to their ends.
   */
  drain(grace: number): void {
    if (this.phase !== 'open') return
    this.phase = 'draining'
    this.writer.goaway(this.isServer ? LARGEST_STREAM : 0, 'NO_ERROR')
    if (!this.isServer) return this.settle()
    this.writer.ping(DRAIN, 0)
    this.drainTimer.arm(grace)
  }

  pingAcknowledged(bytes: Buffer, start: number): void {
    if (DRAIN.equals(bytes.subarray(start, start + DRAIN.length))) this.settle()
  }

  private settle(): void {
    if (this.phase !== 'draining') return
    this.phase = 'finishing'
    this.drainTimer.disarm()
    this.idleTimer.disarm()
    const { table } = this.streams
    this.frames.incoming.highestTaken = table.numbers.highestPeer
    if (this.isServer) this.writer.goaway(table.numbers.highestPeer, 'NO_ERROR')
    if (table.size === 0) this.finish()
  }

  /** The peer has sent GOAWAY. */
  peerGoesAway(): void {
    if (this.streams.table.size === 0) this.finish()
  }

  /** The peer has broken the protocol, or wasted too much: it is told, and nothing more is read. */
  fail(fault: Http2Fault): void {
    if (this.phase === 'closing' || this.phase === 'closed') return
    this.writer.goaway(this.streams.table.numbers.highestPeer, fault.code)
    this.role.failed(fault)
    this.end({ by: 'connection', code: fault.code, message: fault.message })
    this.finish()
  }

  destroy(): void {
    this.socket.destroy()
  }

  private lose(message: string): void {
    this.end({ by: 'connection', code: 'CANCEL', message })
    this.socket.destroy()
  }

  /** All streams are over; nothing more is written. */
  private end(abort: StreamAbort): void {
    this.phase = 'closing'
    this.streams.close(abort)
  }

  /** What is written leaves, then our side is closed. */
  private finish(): void {
    if (this.phase === 'closed') return
    this.phase = 'closing'
    for (const timer of [this.frameTimer, this.idleTimer, this.drainTimer]) timer.disarm()
    this.frames.stop()
    this.liveness.stop()
    this.windowPace.stop()
    this.output.buffer.flush()
    this.sayLast()
  }

  private sayLast(): void {
    const { buffer } = this.output
    if (this.saidLast || buffer.isBlocked || buffer.backlog > 0) return
    this.saidLast = true
    buffer.close()
    this.lingering.begin()
  }

  private lingered(): void {
    if (this.phase === 'closing') this.lingering.timedOut()
    else this.lingering.halfClosedTimedOut()
  }

  /** The peer has closed its side, and may still read: what it has asked for whole is sent for a while. */
  private ended(): void {
    this.peerEnded = true
    if (this.phase === 'closing' || this.phase === 'closed') return
    const message = 'the peer has closed its side of the connection'
    this.streams.abortAll({ by: 'connection', code: 'CANCEL', message }, (stream) => stream.isReadable)
    if (this.streams.table.size === 0) this.finish()
    else this.lingering.halfClosed()
  }

  private gone(): void {
    for (const timer of [this.frameTimer, this.idleTimer, this.drainTimer, this.lingerTimer]) timer.disarm()
    this.phase = 'closed'
    this.frames.stop()
    this.liveness.stop()
    this.windowPace.stop()
    this.output.close()
    this.streams.close({ by: 'connection', code: 'CANCEL', message: 'the connection was lost' })
    this.role.gone()
  }
}
