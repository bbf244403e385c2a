import { connectionFault, Http2Fault } from './fault.ts'
import type { FieldBlock } from './field-block.ts'
import { type FrameHeader, protocolError } from './frame-header.ts'
import type { FrameSink } from './frame-sink.ts'
import { Flag, FrameType, LOW_31_BITS } from './frame-types.ts'

/** What PRIORITY says of a stream, in HEADERS as well (RFC 9113 6.3). Bytes. */
const PRIORITY_SIZE = 5

/** Tells the sink what a whole frame says, any but DATA. Its header has passed `headerFault`. */
export function readPayload(
  frame: FrameHeader,
  bytes: Buffer,
  start: number,
  block: FieldBlock,
  sink: FrameSink,
): Http2Fault | undefined {
  const { type, flags, streamId, length } = frame
  const end = start + length
  switch (type) {
    case FrameType.headers:
      return readHeaders(frame, bytes, start, block, sink)
    case FrameType.continuation:
      block.add(bytes, start, end)
      return (flags & Flag.endHeaders) === 0 ? undefined : finish(block, sink)
    case FrameType.priority:
      return dependsOnItself(bytes, start, streamId)
        ? sink.streamFault(selfDependency(streamId))
        : sink.ignored(type)
    case FrameType.rstStream:
      return sink.reset(streamId, bytes.readUInt32BE(start))
    case FrameType.settings:
      return (flags & Flag.ack) === 0 ? sink.settings(bytes, start, end) : acknowledged(length, sink)
    case FrameType.ping:
      return (flags & Flag.ack) === 0 ? sink.ping(bytes, start) : sink.pingAcknowledged(bytes, start)
    case FrameType.goaway:
      return sink.goaway(number31(bytes, start), bytes.readUInt32BE(start + 4), bytes, start + 8, end)
    case FrameType.windowUpdate:
      return readWindowUpdate(streamId, number31(bytes, start), sink)
    case FrameType.priorityUpdate:
      return sink.priorityUpdate(number31(bytes, start), bytes.toString('latin1', start + 4, end))
    default:
      return undefined
  }
}

function readHeaders(
  { flags, streamId, length }: FrameHeader,
  bytes: Buffer,
  start: number,
  block: FieldBlock,
  sink: FrameSink,
): Http2Fault | undefined {
  let position = start
  let end = start + length
  const prefix = ((flags & Flag.padded) === 0 ? 0 : 1) + ((flags & Flag.priority) === 0 ? 0 : PRIORITY_SIZE)
  if (prefix > length) {
    return connectionFault(
      'FRAME_SIZE_ERROR',
      'HEADERS without room for what its flags say (RFC 9113 4.2, 6.2)',
    )
  }
  if ((flags & Flag.padded) !== 0) end -= bytes[position++] as number // within the frame
  if (end < start + prefix) return protocolError('padding beyond the end of HEADERS (RFC 9113 6.2)')
  let fault: Http2Fault | undefined
  if ((flags & Flag.priority) !== 0) {
    if (dependsOnItself(bytes, position, streamId)) fault = selfDependency(streamId)
    position += PRIORITY_SIZE
  }
  const endStream = (flags & Flag.endStream) !== 0
  if ((flags & Flag.endHeaders) !== 0)
    return sink.headers({ streamId, endStream, fault }, bytes, position, end)
  block.begin(streamId, endStream, fault)
  block.add(bytes, position, end)
  return undefined
}

function finish(block: FieldBlock, sink: FrameSink): Http2Fault | undefined {
  const { streamId, endStream, fault } = block
  const whole = block.take()
  return sink.headers({ streamId, endStream, fault }, whole, 0, whole.length)
}

function acknowledged(length: number, sink: FrameSink): Http2Fault | undefined {
  if (length === 0) return sink.settingsAcknowledged()
  return connectionFault(
    'FRAME_SIZE_ERROR',
    'an acknowledgement of SETTINGS that is not empty (RFC 9113 6.5)',
  )
}

function readWindowUpdate(streamId: number, increment: number, sink: FrameSink): Http2Fault | undefined {
  if (increment > 0) return sink.windowUpdate(streamId, increment)
  const fault = new Http2Fault('PROTOCOL_ERROR', streamId, 'WINDOW_UPDATE by nothing (RFC 9113 6.9)')
  return streamId === 0 ? fault : sink.streamFault(fault)
}

function dependsOnItself(bytes: Buffer, at: number, streamId: number): boolean {
  return number31(bytes, at) === streamId
}

/** RFC 9113 has done away with priorities; those who still send them are held to what RFC 7540 says. */
function selfDependency(streamId: number): Http2Fault {
  return new Http2Fault('PROTOCOL_ERROR', streamId, 'a stream that depends on itself (RFC 7540 5.3.1)')
}

function number31(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) & LOW_31_BITS
}
