import type { WholeBody } from '../message/body.ts'
import { copyTo } from '../message/copy-of.ts'
import { ERROR_NUMBERS, type Http2Code } from './error-codes.ts'
import type { Fields } from './field-list.ts'
import { Flag, FRAME_HEADER_SIZE, FRAME_SIZE, FrameType } from './frame-types.ts'
import { type HpackEncoder, mostBytes } from './hpack-encoder.ts'
import { CLIENT_PREFACE } from './preface.ts'
import type { WriteBuffer } from './write-buffer.ts'

/** Writes frames (RFC 9113 6) straight to where they are sent from: nothing is allocated for a frame. */
export class FrameWriter {
  private readonly out: WriteBuffer

  constructor(out: WriteBuffer) {
    this.out = out
  }

  preface(): void {
    this.out.room(CLIENT_PREFACE.length)
    this.bytes(CLIENT_PREFACE, 0, CLIENT_PREFACE.length)
  }

  /** @param settings the identifiers of settings and their values */
  settings(settings: readonly (readonly [id: number, value: number])[]): void {
    this.header(settings.length * 6, FrameType.settings, 0, 0)
    for (const [id, value] of settings) {
      this.out.position = this.out.bytes.writeUInt16BE(id, this.out.position)
      this.uint32(value)
    }
  }

  settingsAck(): void {
    this.header(0, FrameType.settings, Flag.ack, 0)
  }

  /** The eight bytes of `data` from `start` on. */
  ping(data: Buffer, start: number): void {
    this.header(8, FrameType.ping, 0, 0)
    this.bytes(data, start, start + 8)
  }

  pingAck(data: Buffer, start: number): void {
    this.header(8, FrameType.ping, Flag.ack, 0)
    this.bytes(data, start, start + 8)
  }

  goaway(lastStreamId: number, code: Http2Code): void {
    this.header(8, FrameType.goaway, 0, 0)
    this.uint32(lastStreamId)
    this.uint32(ERROR_NUMBERS[code])
  }

  reset(streamId: number, code: Http2Code): void {
    this.header(4, FrameType.rstStream, 0, streamId)
    this.uint32(ERROR_NUMBERS[code])
  }

  /** @param streamId 0 for the connection's window */
  windowUpdate(streamId: number, increment: number): void {
    this.header(4, FrameType.windowUpdate, 0, streamId)
    this.uint32(increment)
  }

  /**
   * A field section: pseudo-header fields first. In HEADERS, and CONTINUATION if one frame cannot hold it.
   * @throws TrafficError `internal` if a field is malformed, before anything is written
   */
  headers(streamId: number, fields: Fields, encoder: HpackEncoder, endStream: boolean): void {
    const most = mostBytes(fields)
    if (most > FRAME_SIZE) {
      this.longHeaders(streamId, fields, encoder, endStream, most)
      return
    }
    const { out } = this
    out.room(FRAME_HEADER_SIZE + most)
    const start = out.position + FRAME_HEADER_SIZE
    const end = encoder.encode(out.bytes, start, fields)
    this.header(end - start, FrameType.headers, Flag.endHeaders | (endStream ? Flag.endStream : 0), streamId)
    out.position = end
  }

  /** In frames of no more than `FRAME_SIZE`, the last of which ends the stream if `endStream` says so. The windows are the caller's. */
  data(streamId: number, bytes: Buffer, start: number, end: number, endStream: boolean): void {
    let position = start
    do {
      const stop = Math.min(end, position + FRAME_SIZE)
      const isLast = endStream && stop === end
      this.header(stop - position, FrameType.data, isLast ? Flag.endStream : 0, streamId)
      this.bytes(bytes, position, stop)
      position = stop
    } while (position < end)
  }

  /** Content that one frame holds, and the end of the stream. The windows are the caller's. */
  whole(streamId: number, body: WholeBody): void {
    this.header(body.length, FrameType.data, Flag.endStream, streamId)
    this.out.position = body.copyTo(this.out.bytes, this.out.position)
  }

  private longHeaders(
    streamId: number,
    fields: Fields,
    encoder: HpackEncoder,
    endStream: boolean,
    most: number,
  ): void {
    const block = Buffer.allocUnsafe(most)
    const end = encoder.encode(block, 0, fields)
    let position = 0
    do {
      const stop = Math.min(end, position + FRAME_SIZE)
      const flags = (stop === end ? Flag.endHeaders : 0) | (endStream && position === 0 ? Flag.endStream : 0)
      this.header(
        stop - position,
        position === 0 ? FrameType.headers : FrameType.continuation,
        flags,
        streamId,
      )
      this.bytes(block, position, stop)
      position = stop
    } while (position < end)
  }

  /** Makes room for the whole frame. */
  private header(length: number, type: number, flags: number, streamId: number): void {
    const { out } = this
    out.room(FRAME_HEADER_SIZE + length)
    const { bytes, position } = out
    bytes[position] = length >>> 16
    bytes[position + 1] = length >>> 8
    bytes[position + 2] = length
    bytes[position + 3] = type
    bytes[position + 4] = flags
    out.position = position + 5
    this.uint32(streamId)
  }

  private uint32(value: number): void {
    const { bytes, position } = this.out
    bytes[position] = value >>> 24
    bytes[position + 1] = value >>> 16
    bytes[position + 2] = value >>> 8
    bytes[position + 3] = value
    this.out.position = position + 4
  }

  private bytes(source: Buffer, start: number, end: number): void {
    this.out.position = copyTo(this.out.bytes, this.out.position, source, start, end)
  }
}
