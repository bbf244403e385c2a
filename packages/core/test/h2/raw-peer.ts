import type { Socket } from 'node:net'
import { BufferPool } from '../../src/h2/buffer-pool.ts'
import type { Http2Fault } from '../../src/h2/fault.ts'
import type { Field } from '../../src/h2/field.ts'
import { FrameReader } from '../../src/h2/frame-reader.ts'
import type { HeaderBlock } from '../../src/h2/frame-sink.ts'
import { FrameWriter } from '../../src/h2/frame-writer.ts'
import { HpackDecoder } from '../../src/h2/hpack-decoder.ts'
import { HpackEncoder } from '../../src/h2/hpack-encoder.ts'
import { PeerSettings, SettingId } from '../../src/h2/settings.ts'
import { TurnEnd } from '../../src/h2/turn-end.ts'
import { WriteBuffer } from '../../src/h2/write-buffer.ts'
import { READER, RecordingSink } from './frames.ts'
import { RecordingSection } from './hpack-blocks.ts'

const pool = new BufferPool()
const turnEnd = new TurnEnd()

/** One side of a connection over a socket: frames and blocks, and no more of HTTP/2 than the other side needs to go on. */
export class RawPeer extends RecordingSink {
  readonly writer: FrameWriter
  readonly encoder = new HpackEncoder({ secrets: new Set(['x-secret']) })
  readonly decoder = new HpackDecoder()
  fault: Http2Fault | undefined
  private readonly tableSize: number
  private readonly peerSettings: PeerSettings
  private readonly onFields: (streamId: number, fields: readonly Field[]) => void

  /** @param tableSize our SETTINGS_HEADER_TABLE_SIZE */
  constructor(
    socket: Socket,
    isServer: boolean,
    tableSize: number,
    onFields: (streamId: number, fields: readonly Field[]) => void,
  ) {
    super()
    this.tableSize = tableSize
    this.onFields = onFields
    this.peerSettings = new PeerSettings(!isServer)
    const output: WriteBuffer = new WriteBuffer(
      {
        write(bytes: Buffer): boolean {
          socket.write(bytes, () => output.drained())
          return false
        },
      },
      turnEnd,
      pool,
    )
    this.writer = new FrameWriter(output)
    if (!isServer) this.writer.preface()
    this.writer.settings([[SettingId.headerTableSize, tableSize]])
    const reader = new FrameReader(this, { ...READER, preface: isServer })
    socket.on('data', (bytes: Buffer) => {
      this.fault ??= reader.read(bytes, 0, bytes.length)
      if (this.fault !== undefined) socket.destroy(new Error(this.fault.message))
    })
  }

  override settings(bytes: Buffer, start: number, end: number): Http2Fault | undefined {
    const fault = this.peerSettings.apply(bytes, start, end)
    if (fault !== undefined) return fault
    this.encoder.limitTable(this.peerSettings.smallestHeaderTableSize)
    this.encoder.limitTable(this.peerSettings.headerTableSize)
    this.writer.settingsAck()
    return super.settings(bytes, start, end)
  }

  override settingsAcknowledged(): Http2Fault | undefined {
    this.decoder.limitTable(this.tableSize)
    return super.settingsAcknowledged()
  }

  override headers(block: HeaderBlock, bytes: Buffer, start: number, end: number): Http2Fault | undefined {
    const section = new RecordingSection()
    const fault = this.decoder.decode(bytes, start, end, section)
    if (fault === undefined) this.onFields(block.streamId, section.all)
    return fault
  }
}
