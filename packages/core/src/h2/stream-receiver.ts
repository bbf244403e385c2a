import type { Http2Code } from './error-codes.ts'
import type { Http2Fault } from './fault.ts'
import type { FieldSection } from './field-section.ts'

/** Why a stream ended before both sides had ended it. */
export interface StreamAbort {
  /** `peer`: by its RST_STREAM. `fault`: by ours, for what it sent. `refused`: the peer has not handled it and will not. `connection`: with all others. `slow`: so as well, since the peer does not take what it asked for. */
  readonly by: 'peer' | 'fault' | 'refused' | 'connection' | 'slow'
  readonly code: Http2Code
  /** For the log. */
  readonly message: string
}

/** Takes what comes on one stream, and is told what becomes of it. Called during a read: the bytes are valid during the call only. */
export interface StreamReceiver {
  /**
   * A field section: a head, or trailers. Whoever takes it judges it.
   * @returns what resets the stream
   */
  fields(section: FieldSection, endStream: boolean): Http2Fault | undefined
  /** A part of the content, never empty. `stream.consumed` says when it has gone on. */
  data(bytes: Buffer, start: number, end: number): void
  /** The content has ended without trailers. */
  ended(): void
  /** Nothing more comes, and nothing can be sent. Called once, and not after both sides have ended. */
  aborted(abort: StreamAbort): void
  /** So many bytes of what had to wait have been written. */
  progressed(bytes: number): void
  /** All that had to wait has been written: there is room again. */
  writable(): void
  /** All that we send is written, its end included. */
  sent(): void
}
