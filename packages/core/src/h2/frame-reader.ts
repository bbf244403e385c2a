import { connectionFault, type Http2Fault } from './fault.ts'
import { type BlockLimits, FieldBlock } from './field-block.ts'
import { spokenInstead, TELLING_BYTES } from './first-bytes.ts'
import { type FrameContext, type FrameHeader, headerFault, protocolError } from './frame-header.ts'
import { readPayload } from './frame-payload.ts'
import type { FrameSink } from './frame-sink.ts'
import { Flag, FRAME_HEADER_SIZE, FRAME_RULES, FrameType, LOW_31_BITS } from './frame-types.ts'
import { CLIENT_PREFACE } from './preface.ts'

export interface FrameReaderOptions extends BlockLimits {
  /** Whether the peer is a client, whose preface comes first. */
  readonly preface: boolean
}

/** What the next byte belongs to. */
const PREFACE = 0
const HEADER = 1
/** The byte of DATA that tells how long its padding is. */
const PAD_LENGTH = 2
const CONTENT = 3
/** What nobody looks at: padding, and frames that mean nothing. */
const SKIPPED = 4
/** Any frame but DATA: told when it is whole. */
const PAYLOAD = 5

/**
 * Reads the frames of one connection (RFC 9113 4), in whatever pieces their bytes come, and tells a sink what they say. The content of
 * DATA is handed on as it comes; any other frame is told when it is whole, from where it was read if it came in one piece. After a
 * fault of the connection nothing more is to be read.
 */
export class FrameReader implements FrameContext, FrameHeader {
  first = true
  // Of the current frame: its header is this very object, so that none is made for each frame.
  type = 0
  flags = 0
  streamId = 0
  length = 0
  private readonly sink: FrameSink
  private readonly block: FieldBlock
  private stage: number
  /** Bytes that are still to come of the current stage. */
  private left: number
  /** Padding behind the content of the current DATA, and with the byte before it what counts as such. */
  private padding = 0
  /** What has come of something that is told when it is whole: a header, or a payload. */
  private headerPart: Buffer | undefined = undefined
  private payloadPart: Buffer | undefined = undefined

  constructor(sink: FrameSink, options: FrameReaderOptions) {
    this.sink = sink
    this.block = new FieldBlock(options)
    this.stage = options.preface ? PREFACE : HEADER
    this.left = options.preface ? CLIENT_PREFACE.length : FRAME_HEADER_SIZE
  }

  get blockStream(): number {
    return this.block.streamId
  }

  /** Whether the bytes so far end where a frame does, so that the connection may end there, too. */
  get isBetweenFrames(): boolean {
    return this.stage === HEADER && this.left === FRAME_HEADER_SIZE && this.blockStream === 0
  }

  /** Whether a frame or a block has begun that is told when it is whole: whoever began it owes the rest. */
  get isWithinFrame(): boolean {
    return !this.isBetweenFrames && this.stage !== CONTENT && this.stage !== SKIPPED
  }

  /** @returns the fault that ends the connection, if there is one */
  read(bytes: Buffer, start: number, end: number): Http2Fault | undefined {
    let position = start
    while (position < end) {
      const count = Math.min(this.left, end - position)
      const fault = this.readPart(bytes, position, count)
      if (fault !== undefined) return fault
      position += count
    }
    return undefined
  }

  /** What is here of the current stage: at least a byte, and no more than the stage takes. */
  private readPart(bytes: Buffer, start: number, count: number): Http2Fault | undefined {
    this.left -= count
    switch (this.stage) {
      case PREFACE:
        return this.readPreface(bytes, start, count)
      case HEADER:
        return this.readHeader(bytes, start, count)
      case PAD_LENGTH:
        return this.readPadLength(bytes[start] as number) // there is at least a byte
      case CONTENT: {
        const fault = this.sink.data(this.streamId, bytes, start, start + count)
        return fault ?? (this.left === 0 ? this.endContent() : undefined)
      }
      case SKIPPED:
        if (this.left === 0) this.next()
        return undefined
      default:
        return this.readPayload(bytes, start, count)
    }
  }

  private readPreface(bytes: Buffer, start: number, count: number): Http2Fault | undefined {
    const at = CLIENT_PREFACE.length - this.left - count
    if (CLIENT_PREFACE.compare(bytes, start, start + count, at, at + count) !== 0) {
      return protocolError(NO_PREFACE)
    }
    if (this.left === 0) this.next()
    return undefined
  }

  private readHeader(bytes: Buffer, start: number, count: number): Http2Fault | undefined {
    let source = bytes
    let at = start
    if (count < FRAME_HEADER_SIZE) {
      source = this.headerPart ??= Buffer.alloc(FRAME_HEADER_SIZE)
      bytes.copy(source, FRAME_HEADER_SIZE - this.left - count, start, start + count)
      at = 0
    }
    if (this.first && FRAME_HEADER_SIZE - this.left >= TELLING_BYTES) {
      const instead = spokenInstead(source, at)
      if (instead !== undefined) return protocolError(instead)
    }
    if (this.left > 0) return undefined
    this.length = source.readUIntBE(at, 3)
    this.type = source[at + 3] as number // a header is nine bytes
    this.flags = source[at + 4] as number
    this.streamId = source.readUInt32BE(at + 5) & LOW_31_BITS
    return this.begin()
  }

  private begin(): Http2Fault | undefined {
    const { type, length } = this
    const fault = headerFault(this, this)
    this.first = false
    if (fault !== undefined) {
      if (fault.streamId === 0) return fault
      this.skip(length)
      return this.sink.streamFault(fault)
    }
    if (type === FrameType.data) return this.beginData()
    if (FRAME_RULES[type] === undefined) {
      this.skip(length)
      return this.sink.ignored(type)
    }
    if (type === FrameType.headers || type === FrameType.continuation) {
      const refused = this.block.announce(length, type === FrameType.continuation)
      if (refused !== undefined) return refused
    }
    this.enter(PAYLOAD, length)
    return length === 0 ? this.readPayload(NOTHING, 0, 0) : undefined
  }

  private beginData(): Http2Fault | undefined {
    const { streamId, length, flags } = this
    const isPadded = (flags & Flag.padded) !== 0
    if (isPadded && length === 0) {
      return connectionFault(
        'FRAME_SIZE_ERROR',
        'DATA without room for the length of its padding (RFC 9113 6.1)',
      )
    }
    this.padding = 0
    this.enter(isPadded ? PAD_LENGTH : CONTENT, isPadded ? 1 : length)
    const fault = this.sink.dataStart(streamId, length)
    return fault ?? (length === 0 ? this.endContent() : undefined)
  }

  private readPadLength(padding: number): Http2Fault | undefined {
    const content = this.length - 1 - padding
    if (content < 0) return protocolError('padding beyond the end of DATA (RFC 9113 6.1)')
    this.padding = padding + 1
    this.enter(CONTENT, content)
    return content === 0 ? this.endContent() : undefined
  }

  /** Told before the padding comes, which nobody waits for. */
  private endContent(): Http2Fault | undefined {
    this.skip(Math.max(0, this.padding - 1))
    return this.sink.dataEnd(this.streamId, this.padding, (this.flags & Flag.endStream) !== 0)
  }

  private readPayload(bytes: Buffer, start: number, count: number): Http2Fault | undefined {
    let source = bytes
    let at = start
    if (count < this.length) {
      const part = (this.payloadPart ??= Buffer.allocUnsafe(this.length))
      bytes.copy(part, this.length - this.left - count, start, start + count)
      if (this.left > 0) return undefined
      this.payloadPart = undefined
      source = part
      at = 0
    }
    const fault = readPayload(this, source, at, this.block, this.sink)
    this.next()
    return fault
  }

  private skip(length: number): void {
    if (length === 0) this.next()
    else this.enter(SKIPPED, length)
  }

  private next(): void {
    this.enter(HEADER, FRAME_HEADER_SIZE)
  }

  private enter(stage: number, left: number): void {
    this.stage = stage
    this.left = left
  }
}

const NOTHING = Buffer.alloc(0)
/** A connection that may be one of HTTP/1.1 as well is only read here once its preface is known. */
const NO_PREFACE =
  'no preface of HTTP/2 (RFC 9113 3.4), and this listener speaks h2 alone (protocols), or TLS has chosen it'
