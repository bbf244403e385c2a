import { connectionFault, Http2Fault } from './fault.ts'
import { Flag, FRAME_RULES, FRAME_SIZE, FrameType } from './frame-types.ts'

/** What a frame's first nine bytes say (RFC 9113 4.1). */
export interface FrameHeader {
  readonly type: number
  readonly flags: number
  readonly streamId: number
  /** Of what follows, in bytes. */
  readonly length: number
}

/** What the rules of frames depend on beside the frame. */
export interface FrameContext {
  /** The stream whose block is not whole yet, so that only CONTINUATION of it may come; 0 if there is none. */
  readonly blockStream: number
  /** Whether no frame has come yet: the first is SETTINGS. */
  readonly first: boolean
}

/** Which rule a frame breaks by what its header says, before anything of it is kept; undefined if none. */
export function headerFault(frame: FrameHeader, context: FrameContext): Http2Fault | undefined {
  const { type, flags, streamId, length } = frame
  if (length > FRAME_SIZE) {
    return connectionFault(
      'FRAME_SIZE_ERROR',
      `a frame of ${length} bytes, above ${FRAME_SIZE} (RFC 9113 4.2)`,
    )
  }
  if (context.first && (type !== FrameType.settings || (flags & Flag.ack) !== 0)) {
    return protocolError('the first frame is not SETTINGS (RFC 9113 3.4)')
  }
  if (context.blockStream !== 0 && (type !== FrameType.continuation || streamId !== context.blockStream)) {
    return protocolError('another frame stands within a field block (RFC 9113 4.3)')
  }
  const rule = FRAME_RULES[type]
  if (rule === undefined) return undefined
  const { name, section } = rule
  if (rule.about === 'stream' && streamId === 0) return protocolError(`${name} on stream 0 (${section})`)
  if (rule.about === 'connection' && streamId !== 0) return protocolError(`${name} on a stream (${section})`)
  if (length < rule.least || length > rule.most || length % rule.multiple !== 0) {
    const scope = rule.scope === 'stream' ? streamId : 0
    return new Http2Fault('FRAME_SIZE_ERROR', scope, `${name} of ${length} bytes (${section})`)
  }
  if (type === FrameType.pushPromise) return protocolError(`${name}, which nobody may send us (${section})`)
  if (type === FrameType.continuation && context.blockStream === 0) {
    return protocolError(`${name} behind no field block that goes on (${section})`)
  }
  return undefined
}

export function protocolError(message: string): Http2Fault {
  return connectionFault('PROTOCOL_ERROR', message)
}
