import type { Http2Fault } from './fault.ts'
import type { Http2Stream } from './stream.ts'
import type { StreamReceiver } from './stream-receiver.ts'

/** What one of the two sides makes of a connection. */
export interface ConnectionRole {
  /** The peer opens a stream: who takes what comes on it, from its head on. Not called on the side that opens streams. */
  accept(stream: Http2Stream): StreamReceiver
  /** Whether no further stream of the peer is taken for now, however few are open: it is refused, and may be tried again. */
  isFull(): boolean
  /** All that one read brought has been told. */
  readDone(): void
  /** The peer has sent SETTINGS: how many streams it takes may have changed. */
  settingsChanged(): void
  /** Content waits for the connection's window, or does so no longer. */
  stalled(isStalled: boolean): void
  /** A stream has gone: there is a place for another. */
  streamClosed(): void
  /** The peer opens and takes no more streams; those above `lastStreamId` were told that it has refused them. */
  goingAway(): void
  /** The peer has broken the protocol, or wasted too much: GOAWAY tells it so. For the log. */
  failed(fault: Http2Fault): void
  /** Nothing more happens here. Called once. */
  gone(): void
}
