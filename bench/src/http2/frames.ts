/** Types of frames that load and origin know (RFC 9113 6). Any other is passed over. */
export const FRAME = {
  data: 0x0,
  headers: 0x1,
  resetStream: 0x3,
  settings: 0x4,
  ping: 0x6,
  goAway: 0x7,
  windowUpdate: 0x8,
} as const

/** Flags of frames; ACK is for SETTINGS and PING, END_STREAM for the others. */
export const ACK = 0x1
export const END_STREAM = 0x1
export const END_HEADERS = 0x4

/** What a client sends first (RFC 9113 3.4). */
export const PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

const HEAD_BYTES = 9
const LARGEST_WINDOW = 2 ** 31 - 1
const FIRST_WINDOW = 65_535
const INITIAL_WINDOW_SIZE = 4

/** Bytes that a connection may take before its window is opened again; much less than the window, so nobody waits for it. */
export const WINDOW_STEP: number = 2 ** 28

/** A frame as it goes over the wire. */
export function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.alloc(HEAD_BYTES + payload.length)
  bytes.writeUIntBE(payload.length, 0, 3)
  bytes[3] = type
  bytes[4] = flags
  bytes.writeUInt32BE(stream, 5)
  bytes.set(payload, HEAD_BYTES)
  return bytes
}

/** WINDOW_UPDATE for a whole connection. */
export function windowUpdate(increment: number): Buffer {
  const payload = Buffer.alloc(4)
  payload.writeUInt32BE(increment)
  return frame(FRAME.windowUpdate, 0, 0, payload)
}

/** SETTINGS and WINDOW_UPDATE that open all windows as far as they go: no job sends that much on one stream. */
export function openWindows(): Buffer {
  const setting = Buffer.alloc(6)
  setting.writeUInt16BE(INITIAL_WINDOW_SIZE)
  setting.writeUInt32BE(LARGEST_WINDOW, 2)
  return Buffer.concat([frame(FRAME.settings, 0, 0, setting), windowUpdate(LARGEST_WINDOW - FIRST_WINDOW)])
}

/** A frame that was read: it stands, head included, in `bytes` from `start` to `end`, until the call returns. */
export interface ReadFrame {
  type: number
  flags: number
  stream: number
  bytes: Buffer
  start: number
  payload: number
  end: number
}

/** Takes frames out of what comes on a connection. One object tells of all of them, as load and proxy compete for time. */
export class FrameReader {
  readonly #take: (frame: ReadFrame) => void
  readonly #frame: ReadFrame = {
    type: 0,
    flags: 0,
    stream: 0,
    bytes: Buffer.alloc(0),
    start: 0,
    payload: 0,
    end: 0,
  }
  #rest: Buffer | undefined

  constructor(take: (frame: ReadFrame) => void) {
    this.#take = take
  }

  /** Looks at the first `length` bytes of a chunk, which may be used again after the call. */
  read(chunk: Buffer, length: number): void {
    let bytes = chunk
    let end = length
    if (this.#rest !== undefined) {
      bytes = Buffer.concat([this.#rest, chunk.subarray(0, length)])
      end = bytes.length
      this.#rest = undefined
    }
    let at = 0
    while (at + HEAD_BYTES <= end) {
      const next = at + HEAD_BYTES + bytes.readUIntBE(at, 3)
      if (next > end) break
      const frame = this.#frame
      frame.type = bytes[at + 3] ?? 0
      frame.flags = bytes[at + 4] ?? 0
      frame.stream = bytes.readUInt32BE(at + 5)
      frame.bytes = bytes
      frame.start = at
      frame.payload = at + HEAD_BYTES
      frame.end = next
      this.#take(frame)
      at = next
    }
    if (at < end) this.#rest = Buffer.from(bytes.subarray(at, end))
  }
}
