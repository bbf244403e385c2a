import type { Socket } from 'node:net'
import { ACK, FRAME, FrameReader, frame, type ReadFrame, WINDOW_STEP, windowUpdate } from './frames.ts'

/** What one read makes a connection write. Reads are handled one at a time, so all connections share it. */
const output = Buffer.allocUnsafeSlow(2 * 1024 * 1024)

/** A connection of frames: what is put while frames are taken leaves in one write behind the read, as with any peer that is busy. */
export class FrameSocket {
  readonly #reader: FrameReader
  #socket: Socket | undefined
  #length = 0
  #received = 0

  /** SETTINGS and PING are answered, and the connection's window is opened again; any frame goes to `take`. */
  constructor(take: (frame: ReadFrame) => void) {
    this.#reader = new FrameReader((read) => {
      this.#serve(read)
      take(read)
    })
  }

  /** What `connect` or the server gave. */
  set socket(socket: Socket) {
    this.#socket = socket
  }

  /** A read of the socket. */
  read(chunk: Buffer, length: number): void {
    this.#reader.read(chunk, length)
    if (this.#length === 0) return
    this.#socket?.write(Buffer.from(output.subarray(0, this.#length)))
    this.#length = 0
  }

  /** Puts bytes behind what the current read makes this connection write. */
  put(bytes: Buffer, start = 0, end: number = bytes.length): void {
    this.#length += bytes.copy(output, this.#length, start, end)
  }

  /** Writes at once, outside of reads. */
  write(bytes: Buffer): void {
    this.#socket?.write(bytes)
  }

  #serve({ type, flags, bytes, start, payload, end }: ReadFrame): void {
    if (type === FRAME.data) {
      this.#received += end - payload
      if (this.#received < WINDOW_STEP) return
      this.put(windowUpdate(this.#received))
      this.#received = 0
    } else if ((type === FRAME.settings || type === FRAME.ping) && (flags & ACK) === 0) {
      const content = type === FRAME.ping ? bytes.subarray(payload, end) : bytes.subarray(start, start)
      this.put(frame(type, ACK, 0, content))
    }
  }
}
