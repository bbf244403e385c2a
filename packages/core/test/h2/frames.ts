import { Buffer } from 'node:buffer'
import { type Http2Fault, connectionFault } from '../../src/h2/fault.ts'
import { FrameReader, type FrameReaderOptions } from '../../src/h2/frame-reader.ts'
import type { FrameSink, HeaderBlock } from '../../src/h2/frame-sink.ts'

/** Frames made by hand, and what a reader tells of them. */

export function frame(type: number, flags: number, streamId: number, payload: Buffer | string = ''): Buffer {
  const content = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload
  const header = Buffer.alloc(9)
  header.writeUIntBE(content.length, 0, 3)
  header[3] = type
  header[4] = flags
  header.writeUInt32BE(streamId, 5)
  return Buffer.concat([header, content])
}

export function uint32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index)
  return bytes
}

export const SETTINGS: Buffer = frame(4, 0, 0)

/** What was told, in words; the content of one DATA frame is one piece, however it came. */
export class RecordingSink implements FrameSink {
  readonly events: string[] = []
  /** What the sink itself has to say against an event that begins so. */
  objection: string | undefined = undefined
  private content = ''

  dataStart(streamId: number, length: number): Http2Fault | undefined {
    this.content = ''
    return this.note(`data start ${streamId} ${length}`)
  }

  data(_streamId: number, bytes: Buffer, start: number, end: number): Http2Fault | undefined {
    if (end <= start) throw new Error('a part that is empty')
    this.content += bytes.toString('hex', start, end)
    return this.objection === 'data' ? connectionFault('INTERNAL_ERROR', 'objected') : undefined
  }

  dataEnd(streamId: number, padding: number, endStream: boolean): Http2Fault | undefined {
    return this.note(`data end ${streamId} [${this.content}] padding ${padding}${endStream ? ' end' : ''}`)
  }

  headers(
    { streamId, endStream, fault }: HeaderBlock,
    bytes: Buffer,
    start: number,
    end: number,
  ): Http2Fault | undefined {
    const ending = `${endStream ? ' end' : ''}${fault === undefined ? '' : ` fault ${fault.code}`}`
    return this.note(`headers ${streamId} [${bytes.toString('hex', start, end)}]${ending}`)
  }

  reset(streamId: number, code: number): Http2Fault | undefined {
    return this.note(`reset ${streamId} ${code}`)
  }

  settings(bytes: Buffer, start: number, end: number): Http2Fault | undefined {
    return this.note(`settings [${bytes.toString('hex', start, end)}]`)
  }

  settingsAcknowledged(): Http2Fault | undefined {
    return this.note('settings acknowledged')
  }

  ping(bytes: Buffer, start: number): Http2Fault | undefined {
    return this.note(`ping ${bytes.toString('hex', start, start + 8)}`)
  }

  pingAcknowledged(bytes: Buffer, start: number): Http2Fault | undefined {
    return this.note(`ping acknowledged ${bytes.toString('hex', start, start + 8)}`)
  }

  goaway(
    lastStreamId: number,
    code: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): Http2Fault | undefined {
    return this.note(`goaway ${lastStreamId} ${code} [${bytes.toString('latin1', start, end)}]`)
  }

  windowUpdate(streamId: number, increment: number): Http2Fault | undefined {
    return this.note(`window update ${streamId} ${increment}`)
  }

  priorityUpdate(streamId: number, value: string): Http2Fault | undefined {
    return this.note(`priority update ${streamId} ${value}`)
  }

  ignored(type: number): Http2Fault | undefined {
    return this.note(`ignored ${type}`)
  }

  streamFault(fault: Http2Fault): Http2Fault | undefined {
    return this.note(`stream fault ${fault.streamId} ${fault.code}`)
  }

  private note(event: string): Http2Fault | undefined {
    this.events.push(event)
    if (this.objection === undefined || !event.startsWith(this.objection)) return undefined
    return connectionFault('INTERNAL_ERROR', 'objected')
  }
}

export const READER: FrameReaderOptions = { preface: false, maxBlockSize: 70_000, maxContinuations: 8 }

export interface Reading {
  readonly events: readonly string[]
  readonly fault: Http2Fault | undefined
  readonly reader: FrameReader
}

/** Reads pieces of bytes, each from a buffer that is overwritten after it, as a socket's is. */
export function readPieces(pieces: readonly Buffer[], options: FrameReaderOptions = READER): Reading {
  const sink = new RecordingSink()
  const reader = new FrameReader(sink, options)
  const shared = Buffer.alloc(5 + Math.max(0, ...pieces.map((piece) => piece.length)))
  for (const piece of pieces) {
    piece.copy(shared, 3)
    const fault = reader.read(shared, 3, 3 + piece.length)
    shared.fill(0xee)
    if (fault !== undefined) return { events: sink.events, fault, reader }
  }
  return { events: sink.events, fault: undefined, reader }
}

export function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [...new Set(at.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b)
  return [0, ...places].map((place, index) => bytes.subarray(place, places[index] ?? bytes.length))
}
