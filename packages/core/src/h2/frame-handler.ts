import type { Timer } from '../time/timer.ts'
import type { Http2ConnectionOptions } from './connection-options.ts'
import type { ConnectionRole } from './connection-role.ts'
import { codeOf } from './error-codes.ts'
import { connectionFault, type Http2Fault } from './fault.ts'
import { FieldSection } from './field-section.ts'
import type { FrameSink, HeaderBlock } from './frame-sink.ts'
import type { FrameWriter } from './frame-writer.ts'
import { HpackDecoder } from './hpack-decoder.ts'
import { type EncoderOptions, HpackEncoder } from './hpack-encoder.ts'
import { PeerSettings, SettingId } from './settings.ts'
import { StreamFrames } from './stream-frames.ts'
import { Streams, type StreamsOwner } from './streams.ts'
import { WorkMeter } from './work-meter.ts'
import type { WriteBuffer } from './write-buffer.ts'

/** Whoever runs the connection: told of what concerns all of it. */
export interface FrameHandlerOwner extends StreamsOwner {
  /** The peer has answered a PING of ours. */
  pingAcknowledged(bytes: Buffer, start: number): void
  /** The peer opens no more streams, and takes no more of ours. */
  peerGoesAway(): void
  /** Something that the peer owes did not come in time. */
  fail(fault: Http2Fault): void
}

/** What the frames of a peer do: those on streams to the streams, and what is about the connection here (RFC 9113 6). */
export class FrameHandler implements FrameSink {
  readonly streams: Streams
  readonly incoming: StreamFrames
  readonly peerSettings: PeerSettings
  /** Whether the peer has sent GOAWAY. */
  isPeerGoing = false
  private readonly isServer: boolean
  private readonly role: ConnectionRole
  private readonly options: Http2ConnectionOptions
  private readonly writer: FrameWriter
  private readonly owner: FrameHandlerOwner
  private readonly decoder = new HpackDecoder()
  private readonly encoder: HpackEncoder
  private readonly meter: WorkMeter
  /** Until the peer has acknowledged our SETTINGS. */
  private readonly settingsTimer: Timer
  private acksOwed = 1
  private isFirst = true

  constructor(
    writer: FrameWriter,
    out: WriteBuffer,
    isServer: boolean,
    role: ConnectionRole,
    options: Http2ConnectionOptions,
    encoding: EncoderOptions,
    owner: FrameHandlerOwner,
  ) {
    const { clock, http2 } = options
    this.isServer = isServer
    this.role = role
    this.options = options
    this.writer = writer
    this.owner = owner
    this.encoder = new HpackEncoder(encoding)
    this.meter = new WorkMeter(clock, http2.wastedWork)
    this.peerSettings = new PeerSettings(!isServer)
    const { encoder, meter } = this
    this.streams = new Streams({ isServer, options, writer, out, encoder, meter, owner })
    this.incoming = new StreamFrames(this.streams, isServer, role, options, writer, meter)
    this.settingsTimer = clock.timer(() =>
      owner.fail(
        connectionFault('SETTINGS_TIMEOUT', 'SETTINGS were not acknowledged in time (RFC 9113 6.5.3)'),
      ),
    )
  }

  /** Our preface (RFC 9113 3.4). */
  begin(): void {
    const { http2, section, unreadWindow } = this.options
    if (!this.isServer) this.writer.preface()
    const both = [
      [SettingId.initialWindowSize, unreadWindow],
      [SettingId.maxHeaderListSize, section.maxSize],
      [SettingId.noRfc7540Priorities, 1],
    ] as const
    // Nobody may push to us, and clients may not be asked for anything (RFC 9113 6.5.2, 8.4).
    this.writer.settings(
      this.isServer
        ? [[SettingId.maxConcurrentStreams, http2.streams], ...both, [SettingId.enableConnectProtocol, 1]]
        : [[SettingId.enablePush, 0], ...both],
    )
    this.streams.begin()
    this.settingsTimer.arm(http2.settingsTimeout)
  }

  stop(): void {
    this.settingsTimer.disarm()
  }

  dataStart(streamId: number, length: number): Http2Fault | undefined {
    return this.incoming.dataStart(streamId, length)
  }

  data(_streamId: number, bytes: Buffer, start: number, end: number): Http2Fault | undefined {
    return this.incoming.data(bytes, start, end)
  }

  dataEnd(_streamId: number, padding: number, endStream: boolean): Http2Fault | undefined {
    return this.incoming.dataEnd(padding, endStream)
  }

  /** Decoded whatever becomes of the stream, for the table's sake (RFC 9113 4.3). */
  headers(block: HeaderBlock, bytes: Buffer, start: number, end: number): Http2Fault | undefined {
    const section = FieldSection.of(this.options.section)
    return this.decoder.decode(bytes, start, end, section) ?? this.incoming.fields(block, section)
  }

  reset(streamId: number, code: number): Http2Fault | undefined {
    return this.incoming.resetReceived(streamId, code)
  }

  settings(bytes: Buffer, start: number, end: number): Http2Fault | undefined {
    const { peerSettings, encoder } = this
    const fault = peerSettings.apply(bytes, start, end)
    if (fault !== undefined) return fault
    // The smallest on the way counts as well (RFC 7541 4.2).
    encoder.limitTable(peerSettings.smallestHeaderTableSize)
    encoder.limitTable(peerSettings.headerTableSize)
    this.writer.settingsAck()
    const beyond = this.streams.resizeWindows(peerSettings.initialWindowSize)
    if (beyond !== undefined) return beyond
    const { isFirst } = this
    this.isFirst = false
    this.role.settingsChanged()
    return isFirst ? undefined : this.meter.spend('settings')
  }

  settingsAcknowledged(): Http2Fault | undefined {
    // Our table has the size that it has without SETTINGS, so that the decoder has nothing to learn of it.
    if (this.acksOwed === 0) return this.meter.spend('ignored')
    this.acksOwed--
    this.settingsTimer.disarm()
    return undefined
  }

  ping(bytes: Buffer, start: number): Http2Fault | undefined {
    this.writer.pingAck(bytes, start)
    return this.meter.spend('ping')
  }

  pingAcknowledged(bytes: Buffer, start: number): Http2Fault | undefined {
    this.owner.pingAcknowledged(bytes, start)
    return undefined
  }

  goaway(lastStreamId: number, code: number): Http2Fault | undefined {
    this.isPeerGoing = true
    if (!this.isServer) {
      const name = codeOf(code)
      const message = `the peer goes away (${name}) and has not handled it`
      this.streams.abortAll({ by: 'refused', code: name, message }, (stream) => stream.id > lastStreamId)
    }
    this.role.goingAway()
    this.owner.peerGoesAway()
    return undefined
  }

  windowUpdate(streamId: number, increment: number): Http2Fault | undefined {
    return this.incoming.windowUpdate(streamId, increment)
  }

  priorityUpdate(streamId: number, value: string): Http2Fault | undefined {
    return this.incoming.priorityUpdate(streamId, value)
  }

  ignored(): Http2Fault | undefined {
    return this.meter.spend('ignored')
  }

  streamFault(fault: Http2Fault): Http2Fault | undefined {
    return this.incoming.fault(fault)
  }
}
