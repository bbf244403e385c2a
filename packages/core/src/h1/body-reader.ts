import type { StreamBody } from '../message/body.ts'
import { ChunkedDecoder, type ChunkedLimits } from './chunked.ts'
import type { MalformedCode, WireFault } from './fault.ts'
import { CHUNKED, type Framing, UNTIL_CLOSE } from './framing.ts'

/** Reads one body off the wire into a `StreamBody`, by its framing. */
export class BodyReader {
  readonly body: StreamBody
  /** False once the body has asked to wait: the connection stops reading until it is resumed. */
  room = true
  private remaining: number
  private readonly decoder: ChunkedDecoder | undefined
  private readonly push = (data: Buffer): void => {
    this.room = this.body.push(data)
  }

  /** @param connection the Connection value of the message's head */
  constructor(
    framing: Framing,
    body: StreamBody,
    limits: ChunkedLimits,
    malformed: MalformedCode,
    connection?: string,
  ) {
    this.body = body
    this.remaining = framing === UNTIL_CLOSE ? Infinity : framing
    this.decoder = framing === CHUNKED ? new ChunkedDecoder(limits, malformed, connection) : undefined
  }

  get done(): boolean {
    return this.decoder === undefined ? this.remaining === 0 : this.decoder.done
  }

  /** Whether the connection's end is the body's. */
  get endsWithConnection(): boolean {
    return this.remaining === Infinity
  }

  /** Bytes still to come where that is known; Infinity where it is not. */
  get expected(): number {
    return this.decoder === undefined ? this.remaining : Infinity
  }

  /**
   * Takes bytes from `start` on and returns where the next message begins, or the chunk's end. The body is not ended
   * here: its owner does that, after it has put its own state in order.
   */
  feed(chunk: Buffer, start: number): number | WireFault {
    if (this.decoder !== undefined) return this.decoder.feed(chunk, start, this.push)
    const end = Math.min(chunk.length, start + this.remaining)
    this.remaining -= end - start
    if (end > start) this.push(start === 0 && end === chunk.length ? chunk : chunk.subarray(start, end))
    return end
  }

  /** For the owner, when `done`, or at the connection's end where that ends the body. */
  finish(): void {
    this.body.end(this.decoder?.trailers)
  }
}
