import { requestPriority } from '../fields/priority.ts'
import type { Http2ConnectionOptions } from './connection-options.ts'
import type { ConnectionRole } from './connection-role.ts'
import { codeOf } from './error-codes.ts'
import { Http2Fault } from './fault.ts'
import type { FieldSection } from './field-section.ts'
import { protocolError } from './frame-header.ts'
import type { HeaderBlock } from './frame-sink.ts'
import type { FrameWriter } from './frame-writer.ts'
import { RequestPriorities } from './priorities.ts'
import type { Http2Stream } from './stream.ts'
import { judgeReceived, StreamEvent, StreamFrame, StreamState } from './stream-states.ts'
import type { Streams } from './streams.ts'
import type { WorkMeter } from './work-meter.ts'

/** What the peer's frames do to streams: judged by the stream's state, counted in the windows, and told to whoever takes them. */
export class StreamFrames {
  /** Streams of the peer above it are not taken: GOAWAY has said so. */
  highestTaken: number = Infinity
  private readonly streams: Streams
  private readonly isServer: boolean
  private readonly role: ConnectionRole
  private readonly options: Http2ConnectionOptions
  private readonly writer: FrameWriter
  private readonly meter: WorkMeter
  /** Whose DATA is being read; undefined where nobody takes it. */
  private current: Http2Stream | undefined
  private hasContent = false
  private readonly priorities = new RequestPriorities()

  constructor(
    streams: Streams,
    isServer: boolean,
    role: ConnectionRole,
    options: Http2ConnectionOptions,
    writer: FrameWriter,
    meter: WorkMeter,
  ) {
    this.streams = streams
    this.isServer = isServer
    this.role = role
    this.options = options
    this.writer = writer
    this.meter = meter
  }

  fields({ streamId, endStream, fault }: HeaderBlock, section: FieldSection): Http2Fault | undefined {
    const state = this.streams.table.stateOf(streamId)
    const verdict = judgeReceived(state, StreamFrame.HEADERS, streamId)
    if (verdict === 'ignore') return this.meter.spend('ignored')
    if (verdict !== 'take') return this.fault(verdict)
    if (state === StreamState.idle) {
      const refused = this.accept(streamId, fault)
      if (refused !== undefined) return refused === 'ignored' ? undefined : refused
    } else if (fault !== undefined) return this.fault(fault)
    const stream = this.streams.table.get(streamId)
    if (stream === undefined) return undefined
    stream.move(StreamEvent.headersReceived)
    if (state === StreamState.idle) this.priorities.opened(stream, section)
    // Before trailers are told, and behind a head: only there it is known how much was announced.
    const objection =
      (endStream ? stream.countEnd() : undefined) ??
      stream.receiver?.fields(section, endStream) ??
      (endStream ? stream.countEnd() : undefined)
    if (objection !== undefined) return this.fault(objection)
    if (endStream && stream.isReadable) this.endReceived(stream)
    return undefined
  }

  /** A stream of the peer begins. @returns undefined if it is taken */
  private accept(streamId: number, fault: Http2Fault | undefined): Http2Fault | 'ignored' | undefined {
    const { meter, options, role, writer } = this
    const { table } = this.streams
    const notTheirs = table.numbers.open(streamId)
    if (notTheirs !== undefined) return notTheirs
    if (streamId > this.highestTaken) {
      // It may have been sent before GOAWAY arrived (RFC 9113 6.8).
      table.remember(streamId)
      return meter.spend('ignored') ?? 'ignored'
    }
    if (fault !== undefined) return this.fault(fault) ?? 'ignored'
    if (table.size >= options.http2.streams || role.isFull()) {
      table.remember(streamId)
      writer.reset(streamId, 'REFUSED_STREAM')
      return meter.spend('refused') ?? 'ignored'
    }
    const stream = this.streams.make(streamId)
    stream.receiver = role.accept(stream)
    return undefined
  }

  dataStart(streamId: number, length: number): Http2Fault | undefined {
    const beyond = this.streams.window.take(length)
    if (beyond !== undefined) return beyond
    this.current = undefined
    this.hasContent = false
    const stream = this.streams.table.get(streamId)
    const verdict = judgeReceived(this.streams.table.stateOf(streamId), StreamFrame.DATA, streamId)
    if (verdict === 'take' && stream !== undefined) {
      const fault = stream.receiveWindow.take(length)
      if (fault === undefined) {
        this.current = stream
        stream.held += length
        if (!this.streams.holdsConnection) this.streams.giveBack(length)
        return undefined
      }
      this.streams.giveBack(length)
      return this.fault(fault)
    }
    // Nobody takes it, but it counts (RFC 9113 6.9).
    this.streams.giveBack(length)
    return verdict instanceof Http2Fault ? this.fault(verdict) : this.meter.spend('ignored')
  }

  data(bytes: Buffer, start: number, end: number): Http2Fault | undefined {
    const { current } = this
    if (current === undefined || !current.isReadable) return undefined
    this.hasContent = true
    const fault = current.count(end - start)
    if (fault !== undefined) return this.fault(fault)
    current.receiver?.data(bytes, start, end)
    return undefined
  }

  dataEnd(padding: number, endStream: boolean): Http2Fault | undefined {
    const { current } = this
    if (current === undefined || !current.isReadable) return undefined
    if (padding > 0) this.streams.consumed(current, padding)
    if (!endStream) return this.hasContent ? undefined : this.meter.spend('emptyData')
    const fault = current.countEnd()
    if (fault !== undefined) return this.fault(fault)
    this.endReceived(current)
    current.receiver?.ended()
    return undefined
  }

  private endReceived(stream: Http2Stream): void {
    stream.move(StreamEvent.endReceived)
    if (stream.state === StreamState.closed) this.streams.remove(stream)
  }

  resetReceived(streamId: number, code: number): Http2Fault | undefined {
    const state = this.streams.table.stateOf(streamId)
    const verdict = judgeReceived(state, StreamFrame.RST_STREAM, streamId)
    if (verdict instanceof Http2Fault) return this.fault(verdict)
    const stream = this.streams.table.get(streamId)
    if (verdict === 'ignore' || stream === undefined) return this.meter.spend('ignored')
    stream.move(StreamEvent.resetReceived)
    this.streams.drop(stream, {
      by: 'peer',
      code: codeOf(code),
      message: `the peer has reset the stream: ${codeOf(code)}`,
    })
    // A server may end a request whose response is complete (RFC 9113 8.1).
    const isWaste = !stream.isTunnel && (this.isServer || state !== StreamState.halfClosedRemote)
    return isWaste ? this.meter.spend('reset') : undefined
  }

  windowUpdate(streamId: number, increment: number): Http2Fault | undefined {
    if (streamId === 0) {
      const fault = this.streams.queue.window.grow(increment)
      if (fault !== undefined) return fault
      this.streams.queue.pump()
      return this.meter.spend('windowUpdate')
    }
    const verdict = judgeReceived(this.streams.table.stateOf(streamId), StreamFrame.WINDOW_UPDATE, streamId)
    if (verdict instanceof Http2Fault) return this.fault(verdict)
    const stream = this.streams.table.get(streamId)
    if (verdict === 'take' && stream !== undefined) {
      const fault = stream.sendWindow.grow(increment)
      if (fault !== undefined) return this.fault(fault)
      if (stream.outgoing !== undefined) {
        this.streams.queue.offer(stream)
        this.streams.queue.pump()
      }
    }
    return this.meter.spend('windowUpdate')
  }

  /** Of a stream that is over it is of no use any more, and no fault. */
  priorityUpdate(streamId: number, value: string): Http2Fault | undefined {
    if (!this.isServer) return protocolError('PRIORITY_UPDATE from a server (RFC 9218 7.1)')
    if (streamId % 2 === 0)
      return protocolError(`PRIORITY_UPDATE of stream ${streamId}, which is no request (RFC 9218 7.1)`)
    const priority = requestPriority(value)
    const { table } = this.streams
    const stream = table.get(streamId)
    if (stream === undefined && table.stateOf(streamId) === StreamState.idle) {
      const room = this.options.http2.streams - table.size
      if (!this.priorities.keep(streamId, priority, table.numbers.highestPeer, room))
        return protocolError('PRIORITY_UPDATE of more streams than there may be (RFC 9218 7.1)')
    } else if (priority !== undefined) stream?.prioritize(priority)
    return this.meter.spend('priorityUpdate')
  }

  /** The peer has broken the protocol: a stream is reset, or the connection ends, which is the caller's to do. */
  fault(fault: Http2Fault): Http2Fault | undefined {
    const { streamId, code, message } = fault
    if (streamId === 0) return fault
    const stream = this.streams.table.get(streamId)
    this.writer.reset(streamId, code)
    if (stream === undefined) this.streams.table.remember(streamId)
    else {
      stream.move(StreamEvent.resetSent)
      this.streams.drop(stream, { by: 'fault', code, message })
    }
    return this.meter.spend('fault')
  }
}
