import type { Priority } from '../fields/priority.ts'
import { asBuffer, type WholeBody } from '../message/body.ts'
import type { Http2ConnectionOptions } from './connection-options.ts'
import type { Http2Code } from './error-codes.ts'
import type { Http2Fault } from './fault.ts'
import type { Field } from './field.ts'
import type { Fields } from './field-list.ts'
import { INITIAL_WINDOW, ReceiveWindow } from './flow-windows.ts'
import type { FrameWriter } from './frame-writer.ts'
import type { HpackEncoder } from './hpack-encoder.ts'
import { SendQueue, type SendQueueOwner } from './send-queue.ts'
import { Http2Stream, type StreamOwner } from './stream.ts'
import type { StreamAbort, StreamReceiver } from './stream-receiver.ts'
import { StreamEvent, StreamState } from './stream-states.ts'
import { StreamTable } from './stream-table.ts'
import type { WorkMeter } from './work-meter.ts'
import type { WriteBuffer } from './write-buffer.ts'

/** What the streams of a connection are made with. */
export interface StreamsParts {
  readonly isServer: boolean
  readonly options: Http2ConnectionOptions
  readonly writer: FrameWriter
  readonly out: WriteBuffer
  readonly encoder: HpackEncoder
  readonly meter: WorkMeter
  readonly owner: StreamsOwner
}

/** Told what becomes of all streams together. */
export interface StreamsOwner {
  /** There is a stream, or another one. */
  streamOpened(): void
  streamClosed(): void
  /** Content waits for the connection's window, which only the peer can open; or does no longer. */
  stalled(isStalled: boolean): void
  /** Content is sent. Bytes. */
  progressed(length: number): void
}

/** The streams of one connection, and what is sent on them; what comes on them is read by `StreamFrames`. */
export class Streams implements StreamOwner, SendQueueOwner {
  readonly table: StreamTable
  readonly queue: SendQueue
  private readonly parts: StreamsParts
  /** What the peer may send on all streams together. */
  readonly window: ReceiveWindow
  /** What the peer's SETTINGS give each stream. */
  peerWindow: number = INITIAL_WINDOW
  readonly ownWindow: StreamOwner['ownWindow']
  /**
   * Whether content that has not gone on keeps the connection's window shut. Not on the side that asks: there the connection is shared
   * by all who ask, and one of them that reads slowly must not keep the others waiting. What a stream holds is bounded by its own window.
   */
  readonly holdsConnection: boolean
  private isOver = false

  constructor(parts: StreamsParts) {
    const { isServer, options, writer, out, encoder } = parts
    this.parts = parts
    this.holdsConnection = isServer
    this.ownWindow = { full: options.http2.streamWindow, unread: options.unreadWindow }
    this.table = new StreamTable(isServer)
    this.window = new ReceiveWindow(0, options.http2.connectionWindow, INITIAL_WINDOW)
    this.queue = new SendQueue(writer, out, encoder, this)
  }

  /** Behind our first SETTINGS: the connection's window is opened to what it is kept at. */
  begin(): void {
    const increment = this.window.widen()
    if (increment > 0) this.parts.writer.windowUpdate(0, increment)
  }

  /** Opens a stream of ours. The caller has seen to it that the peer takes another one. */
  open(receiver: StreamReceiver): Http2Stream {
    const { numbers } = this.table
    const stream = this.make(numbers.next)
    numbers.next += 2
    stream.receiver = receiver
    return stream
  }

  make(id: number): Http2Stream {
    const stream = new Http2Stream(id, this)
    this.table.add(stream)
    this.parts.owner.streamOpened()
    return stream
  }

  /** SETTINGS_INITIAL_WINDOW_SIZE of the peer (RFC 9113 6.9.2). */
  resizeWindows(size: number): Http2Fault | undefined {
    const change = size - this.peerWindow
    if (change === 0) return undefined
    this.peerWindow = size
    for (const stream of this.table.all()) {
      const fault = stream.shiftSendWindow(change)
      if (fault !== undefined) return fault
      this.queue.offer(stream)
    }
    this.queue.pump()
    return undefined
  }

  /** Ends all streams of which `which` is true: without a word to the peer, which knows or is gone. */
  abortAll(abort: StreamAbort, which: (stream: Http2Stream) => boolean = () => true): void {
    for (const stream of this.table.all()) {
      if (!which(stream)) continue
      // As if the peer had reset it; one that it has not heard of has no row for that.
      if (stream.state === StreamState.idle) stream.state = StreamState.closed
      else stream.move(StreamEvent.resetReceived)
      this.drop(stream, abort)
    }
  }

  /** Nothing more is written. */
  close(abort: StreamAbort): void {
    this.isOver = true
    this.abortAll(abort)
  }

  sendHeaders(stream: Http2Stream, fields: Fields, endStream: boolean): void {
    if (!stream.isWritable && stream.state !== StreamState.idle) return
    this.parts.writer.headers(stream.id, fields, this.parts.encoder, endStream)
    if (stream.state === StreamState.idle || !endStream) stream.move(StreamEvent.headersSent)
    if (endStream) this.endSent(stream)
  }

  sendData(stream: Http2Stream, bytes: Uint8Array): boolean {
    return !stream.isWritable || this.queue.data(stream, asBuffer(bytes))
  }

  sendWhole(stream: Http2Stream, body: WholeBody): void {
    if (stream.isWritable) this.queue.whole(stream, body)
  }

  sendEnd(stream: Http2Stream, trailers: readonly Field[] | undefined): void {
    if (stream.isWritable) this.queue.end(stream, trailers)
  }

  endSent(stream: Http2Stream): void {
    stream.move(StreamEvent.endSent)
    this.parts.meter.messageSent()
    if (stream.state === StreamState.closed) this.remove(stream)
    stream.receiver?.sent()
  }

  stalled(isStalled: boolean): void {
    this.parts.owner.stalled(isStalled)
  }

  dataSent(length: number): void {
    this.parts.meter.dataSent()
    this.parts.owner.progressed(length)
  }

  reset(stream: Http2Stream, code: Http2Code): void {
    if (stream.state === StreamState.closed || stream.state === StreamState.reset) return
    // One that the peer has not heard of needs no reset (RFC 9113 5.1).
    if (stream.state === StreamState.idle) stream.state = StreamState.closed
    else {
      stream.move(StreamEvent.resetSent)
      if (!this.isOver) this.parts.writer.reset(stream.id, code)
    }
    this.drop(stream, undefined)
  }

  consumed(stream: Http2Stream, bytes: number): void {
    const count = Math.min(bytes, stream.held)
    if (count === 0 || this.isOver) return
    stream.held -= count
    if (this.holdsConnection) this.giveBack(count)
    if (!stream.isReadable) return
    const increment = stream.receiveWindow.give(count)
    if (increment > 0) this.parts.writer.windowUpdate(stream.id, increment)
  }

  widen(stream: Http2Stream): void {
    if (this.isOver || !stream.isReadable) return
    const increment = stream.receiveWindow.widen()
    if (increment > 0) this.parts.writer.windowUpdate(stream.id, increment)
  }

  prioritize(stream: Http2Stream, priority: Priority): void {
    this.queue.prioritize(stream, priority)
  }

  /** So much of the connection's window is free again. */
  giveBack(length: number): void {
    if (this.isOver) return
    const increment = this.window.give(length)
    if (increment > 0) this.parts.writer.windowUpdate(0, increment)
  }

  /** It is over before its end: what it holds is of no use to anybody. */
  drop(stream: Http2Stream, abort: StreamAbort | undefined): void {
    this.queue.forget(stream)
    this.remove(stream)
    if (abort !== undefined) stream.receiver?.aborted(abort)
  }

  /** What it still holds is kept by nobody, or as long as whoever reads it likes: it must not keep the connection's window shut. */
  remove(stream: Http2Stream): void {
    if (this.holdsConnection) this.giveBack(stream.held)
    stream.held = 0
    if (this.table.remove(stream)) this.parts.owner.streamClosed()
  }
}
