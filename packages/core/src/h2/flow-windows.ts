import { Http2Fault } from './fault.ts'

/** No window may be larger (RFC 9113 6.9.1). Bytes. */
export const LARGEST_WINDOW = 0x7fff_ffff
/** That of a connection, and of a stream until SETTINGS tell another (RFC 9113 6.9.2). Bytes. */
export const INITIAL_WINDOW = 65_535

/** How much DATA may be sent, on a stream or on a whole connection (RFC 9113 5.2, 6.9). */
export class SendWindow {
  private readonly streamId: number
  private size: number

  /** @param streamId 0 for the connection's */
  constructor(streamId: number, size: number) {
    this.streamId = streamId
    this.size = size
  }

  /** Bytes that may be sent now: 0 while the window is below 0, too. */
  get available(): number {
    return Math.max(0, this.size)
  }

  /** DATA of so many bytes is sent, no more than are available. */
  take(length: number): void {
    this.size -= length
  }

  /** WINDOW_UPDATE came. @returns the fault of the stream, or of the connection if it is its window */
  grow(increment: number): Http2Fault | undefined {
    return this.resize(
      increment,
      this.streamId,
      'WINDOW_UPDATE makes a window larger than 2^31-1 (RFC 9113 6.9.1)',
    )
  }

  /**
   * SETTINGS_INITIAL_WINDOW_SIZE has changed by so much: what was sent by then counts, so that the window may fall below 0.
   * @returns the fault of the connection
   */
  shift(change: number): Http2Fault | undefined {
    return this.resize(
      change,
      0,
      'SETTINGS_INITIAL_WINDOW_SIZE makes a window larger than 2^31-1 (RFC 9113 6.9.2)',
    )
  }

  private resize(change: number, streamId: number, otherwise: string): Http2Fault | undefined {
    if (this.size + change > LARGEST_WINDOW) return new Http2Fault('FLOW_CONTROL_ERROR', streamId, otherwise)
    this.size += change
    return undefined
  }
}

/** How much DATA the peer may send, on a stream or on a whole connection. */
export class ReceiveWindow {
  private readonly streamId: number
  private readonly full: number
  private size: number
  /** What was consumed and not given back yet. Bytes. */
  private consumed = 0

  /**
   * @param full how large the window is kept, in bytes
   * @param size how large it is for the peer so far: a connection begins with 65,535, whatever SETTINGS say (RFC 9113 6.9.2)
   */
  constructor(streamId: number, full: number, size: number = full) {
    this.streamId = streamId
    this.full = full
    this.size = size
  }

  /** What the peer may still send. Bytes. */
  get available(): number {
    return this.size
  }

  /** DATA of so many bytes came, padding and all. @returns the fault of the stream, or of the connection if it is its window */
  take(length: number): Http2Fault | undefined {
    if (length > this.size) {
      return new Http2Fault(
        'FLOW_CONTROL_ERROR',
        this.streamId,
        `DATA of ${length} bytes in a window of ${this.size} (RFC 9113 6.9.1)`,
      )
    }
    this.size -= length
    return undefined
  }

  /**
   * So many bytes have gone on, or are of no use to anybody.
   * @returns by how much WINDOW_UPDATE must open the window now; 0 while less than half of it was consumed, as each takes a frame
   */
  give(length: number): number {
    this.consumed += length
    if (this.consumed < this.full / 2) return 0
    const increment = this.consumed
    this.consumed = 0
    this.size += increment
    return increment
  }

  /** By how much the first WINDOW_UPDATE must open it, where it is smaller for the peer than it is kept; 0 if it is not. */
  widen(): number {
    const increment = Math.max(0, this.full - this.size - this.consumed)
    this.size += increment
    return increment
  }
}
