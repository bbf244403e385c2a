import { copyOf } from '../message/copy-of.ts'
import { connectionFault, type Http2Fault } from './fault.ts'

export interface BlockLimits {
  /** What the frames of one block may come to, in bytes. */
  readonly maxBlockSize: number
  /** How many CONTINUATION frames a block may have: a flood of empty ones is no smaller for being empty (CVE-2024-27316). */
  readonly maxContinuations: number
}

/** A block that HEADERS begins and CONTINUATION goes on with (RFC 9113 4.3): its bounds hold before anything is kept. */
export class FieldBlock {
  /** 0 while there is no block that goes on. */
  streamId = 0
  endStream = false
  /** What ends the stream, once the block was read. */
  fault: Http2Fault | undefined = undefined
  private readonly limits: BlockLimits
  private parts: Buffer[] = []
  /** Of all frames whose header has come, in bytes. */
  private size = 0
  private continuations = 0

  constructor(limits: BlockLimits) {
    this.limits = limits
  }

  /** A frame of the block is about to come: why it may not. */
  announce(length: number, isContinuation: boolean): Http2Fault | undefined {
    this.size = isContinuation ? this.size + length : length
    this.continuations = isContinuation ? this.continuations + 1 : 0
    if (this.size <= this.limits.maxBlockSize && this.continuations <= this.limits.maxContinuations)
      return undefined
    const what = `more than ${this.limits.maxBlockSize} bytes or ${this.limits.maxContinuations} CONTINUATION frames`
    return connectionFault('ENHANCE_YOUR_CALM', `a field block of ${what} (RFC 9113 10.5.1)`)
  }

  begin(streamId: number, endStream: boolean, fault: Http2Fault | undefined): void {
    this.streamId = streamId
    this.endStream = endStream
    this.fault = fault
  }

  /** Copied: what is read into is used again. */
  add(bytes: Buffer, start: number, end: number): void {
    this.parts.push(copyOf(bytes, start, end))
  }

  /** The whole block; there is none after it. */
  take(): Buffer {
    const whole = Buffer.concat(this.parts)
    this.parts = []
    this.streamId = 0
    return whole
  }
}
