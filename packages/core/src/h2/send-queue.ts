import type { Priority } from '../fields/priority.ts'
import { asBuffer, type WholeBody } from '../message/body.ts'
import type { Field } from './field.ts'
import { INITIAL_WINDOW, SendWindow } from './flow-windows.ts'
import { FRAME_SIZE } from './frame-types.ts'
import type { FrameWriter } from './frame-writer.ts'
import type { HpackEncoder } from './hpack-encoder.ts'
import { Outgoing } from './outgoing.ts'
import { ReadyStreams } from './ready-streams.ts'
import type { Http2Stream } from './stream.ts'
import type { WriteBuffer } from './write-buffer.ts'

/** What a stream may send before the next one has its turn: a frame. Bytes. */
const QUANTUM = FRAME_SIZE

/** Told when a stream's side has ended by what was sent. */
export interface SendQueueOwner {
  endSent(stream: Http2Stream): void
  /** Content waits for the connection's window, which only the peer can open; or does no longer. */
  stalled(isStalled: boolean): void
  /** A frame of DATA is written. */
  dataSent(length: number): void
}

/**
 * Sends the content of a connection's streams within the windows, a frame a turn, in the order of `ReadyStreams` (RFC 9113 5.2). Only
 * what cannot be sent at once waits, and nothing more is written while the socket has not taken what it was given.
 */
export class SendQueue {
  /** The connection's. */
  readonly window: SendWindow = new SendWindow(0, INITIAL_WINDOW)
  private readonly writer: FrameWriter
  private readonly out: WriteBuffer
  private readonly encoder: HpackEncoder
  private readonly owner: SendQueueOwner
  private readonly ready = new ReadyStreams()
  private pumping = false
  private isStalled = false

  constructor(writer: FrameWriter, out: WriteBuffer, encoder: HpackEncoder, owner: SendQueueOwner) {
    this.writer = writer
    this.out = out
    this.encoder = encoder
    this.owner = owner
  }

  /** @returns whether all of it is written */
  data(stream: Http2Stream, bytes: Buffer): boolean {
    let start = 0
    if (stream.outgoing === undefined) {
      if (this.ready.size === 0 && !this.pumping) start = this.sendAtOnce(stream, bytes)
      if (start === bytes.length) return true
      stream.outgoing = new Outgoing()
    }
    stream.outgoing.push(start === 0 ? bytes : bytes.subarray(start))
    this.offer(stream)
    this.pump()
    return stream.outgoing === undefined
  }

  end(stream: Http2Stream, trailers: readonly Field[] | undefined): void {
    if (stream.outgoing === undefined) this.sendEnd(stream, trailers)
    else stream.outgoing.ending = { trailers }
  }

  /** Content and its end, where all of it is here: the last frame says so. */
  whole(stream: Http2Stream, body: WholeBody): void {
    const { length } = body
    const isFree = this.ready.size === 0 && !this.pumping && !this.out.isBlocked
    if (
      isFree &&
      length <= QUANTUM &&
      length <= stream.sendWindow.available &&
      length <= this.window.available
    ) {
      this.take(stream, length)
      this.writer.whole(stream.id, body)
      this.owner.dataSent(length)
      this.owner.endSent(stream)
      return
    }
    stream.outgoing = new Outgoing()
    stream.outgoing.push(asBuffer(body.bytes))
    stream.outgoing.ending = { trailers: undefined }
    this.offer(stream)
    this.pump()
  }

  /** The stream's window may have opened: it stands behind those that wait. */
  offer(stream: Http2Stream): void {
    const { outgoing } = stream
    if (outgoing === undefined || outgoing.queued || stream.sendWindow.available === 0) return
    outgoing.queued = true
    this.ready.add(stream)
  }

  /** It stands behind those of the urgency that it has from now on. */
  prioritize(stream: Http2Stream, priority: Priority): void {
    const isQueued = stream.outgoing?.queued === true
    if (isQueued) this.ready.remove(stream)
    stream.priority = priority
    if (isQueued) this.ready.add(stream)
  }

  /** Nothing more is sent on it. */
  forget(stream: Http2Stream): void {
    if (stream.outgoing?.queued === true) this.ready.remove(stream)
    stream.outgoing = undefined
    if (this.ready.size === 0) this.stall(false)
  }

  /** A window has opened, or the socket has room: sends what may be sent. */
  pump(): void {
    if (this.pumping) return
    this.pumping = true
    try {
      while (this.ready.size > 0 && !this.out.isBlocked && this.window.available > 0) {
        this.turnOf(this.ready.take())
      }
    } finally {
      this.pumping = false
    }
    this.stall(this.ready.size > 0 && this.window.available === 0)
  }

  private turnOf(stream: Http2Stream): void {
    const { outgoing } = stream
    if (outgoing === undefined) return
    outgoing.queued = false
    const sent = this.sendTurn(stream, outgoing)
    if (outgoing.length > 0) {
      if (stream.sendWindow.available > 0) {
        outgoing.queued = true
        this.ready.putBack(stream)
      }
      stream.receiver?.progressed(sent)
      return
    }
    stream.outgoing = undefined
    stream.receiver?.progressed(sent)
    const { ending } = outgoing
    if (ending === undefined) stream.receiver?.writable()
    else if (ending.trailers === undefined) this.owner.endSent(stream)
    else this.sendEnd(stream, ending.trailers)
  }

  private sendTurn(stream: Http2Stream, outgoing: Outgoing): number {
    let sent = 0
    for (let part = outgoing.next; part !== undefined && sent < QUANTUM; part = outgoing.next) {
      const { start } = outgoing
      const room = Math.min(QUANTUM - sent, stream.sendWindow.available, this.window.available)
      const count = Math.min(part.length - start, room)
      if (count === 0) break
      const { ending } = outgoing
      const isLast = count === outgoing.length && ending !== undefined && ending.trailers === undefined
      this.write(stream, part, start, start + count, isLast)
      outgoing.take(count)
      sent += count
    }
    return sent
  }

  /** @returns how much could be sent */
  private sendAtOnce(stream: Http2Stream, bytes: Buffer): number {
    let start = 0
    while (start < bytes.length && !this.out.isBlocked) {
      const room = Math.min(QUANTUM, stream.sendWindow.available, this.window.available)
      const count = Math.min(bytes.length - start, room)
      if (count === 0) break
      this.write(stream, bytes, start, start + count, false)
      start += count
    }
    return start
  }

  private sendEnd(stream: Http2Stream, trailers: readonly Field[] | undefined): void {
    if (trailers === undefined) this.writer.data(stream.id, NOTHING, 0, 0, true)
    else this.writer.headers(stream.id, trailers, this.encoder, true)
    this.owner.endSent(stream)
  }

  private write(stream: Http2Stream, bytes: Buffer, start: number, end: number, endStream: boolean): void {
    const length = end - start
    this.take(stream, length)
    this.writer.data(stream.id, bytes, start, end, endStream)
    this.owner.dataSent(length)
  }

  private take(stream: Http2Stream, length: number): void {
    stream.sendWindow.take(length)
    this.window.take(length)
  }

  private stall(isStalled: boolean): void {
    if (isStalled === this.isStalled) return
    this.isStalled = isStalled
    this.owner.stalled(isStalled)
  }
}

const NOTHING = Buffer.alloc(0)
