import type { Http2Fault } from './fault.ts'

/**
 * Whoever is told what a connection's frames say. What is passed as bytes is valid during the call only. A fault of the connection that it
 * finds itself is returned, and ends the reading.
 */
export interface FrameSink {
  /** DATA begins. @param length what it takes of the windows, padding and all, in bytes */
  dataStart(streamId: number, length: number): Http2Fault | undefined
  /** A part of its content, as it comes: never empty. */
  data(streamId: number, bytes: Buffer, start: number, end: number): Http2Fault | undefined
  /** It is over. @param padding what of it was no content, in bytes: taken of the windows, and given back by nobody else */
  dataEnd(streamId: number, padding: number, endStream: boolean): Http2Fault | undefined
  /**
   * A whole field block. It must be decoded, whatever becomes of the stream (RFC 9113 4.3).
   * @param fault what ends the stream then
   */
  headers(block: HeaderBlock, bytes: Buffer, start: number, end: number): Http2Fault | undefined
  /** RST_STREAM, with the number of the error code. */
  reset(streamId: number, code: number): Http2Fault | undefined
  /** The entries of SETTINGS, six bytes each. */
  settings(bytes: Buffer, start: number, end: number): Http2Fault | undefined
  settingsAcknowledged(): Http2Fault | undefined
  /** The eight bytes of a PING begin at `start`; they are returned by an acknowledgement. */
  ping(bytes: Buffer, start: number): Http2Fault | undefined
  pingAcknowledged(bytes: Buffer, start: number): Http2Fault | undefined
  /** Streams above `lastStreamId` were not and will not be handled. What is between `start` and `end` is for people. */
  goaway(
    lastStreamId: number,
    code: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): Http2Fault | undefined
  /** @param streamId 0 for the connection's window */
  windowUpdate(streamId: number, increment: number): Http2Fault | undefined
  /** How the response on a stream is to be sent from now on: `value` is what the field Priority would be (RFC 9218 7.1). */
  priorityUpdate(streamId: number, value: string): Http2Fault | undefined
  /** A frame that means nothing to us, PRIORITY or of an unknown type: for the count of what is sent in vain. */
  ignored(type: number): Http2Fault | undefined
  /** One stream breaks the protocol: it is reset (RFC 9113 5.4.2). */
  streamFault(fault: Http2Fault): Http2Fault | undefined
}

export interface HeaderBlock {
  readonly streamId: number
  readonly endStream: boolean
  readonly fault: Http2Fault | undefined
}
