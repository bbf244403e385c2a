import type { WriteBuffer } from './write-buffer.ts'

/** How much of a request has left: where its head stands among all bytes of the connection, and how long its content is so far. */
export class SentBytes {
  /** Of content that was here as a whole. */
  content = 0
  private readonly out: WriteBuffer
  private readonly start: number
  private end: number

  /** The head is about to be written. */
  constructor(out: WriteBuffer) {
    this.out = out
    this.start = out.written
    this.end = this.start
  }

  headWritten(): void {
    this.end = this.out.written
  }

  /** Bytes that the socket was given: 0 where nothing of the request has left. @param streamed those of content that is sent as it comes */
  sent(streamed: number = this.content): number {
    const left = Math.min(this.out.handed, this.end) - this.start
    return left <= 0 ? 0 : left + streamed
  }
}
