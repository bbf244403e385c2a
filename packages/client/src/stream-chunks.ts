/** What a read of a stream resolves with. */
export type Read = Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array>['read']>>

/**
 * The chunks of a stream, one after the other. Unlike the stream's own iterator, and unlike a generator, `return` cancels the stream at
 * once, with the reason that it is given, though a read is under way: a stream that is silent would not learn that its call was given up.
 */
export class StreamChunks implements AsyncIterableIterator<Uint8Array> {
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>
  private readonly ahead: Uint8Array[]
  private pending: Promise<Read> | undefined

  /**
   * @param ahead what was read already
   * @param pending a read that is under way
   */
  constructor(
    reader: ReadableStreamDefaultReader<Uint8Array>,
    ahead: Uint8Array[] = [],
    pending?: Promise<Read>,
  ) {
    this.reader = reader
    this.ahead = ahead
    this.pending = pending
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const value = this.ahead.shift()
    if (value !== undefined) return { done: false, value }
    const read = this.pending ?? this.reader.read()
    this.pending = undefined
    const result = await read
    if (!result.done) return { done: false, value: result.value }
    this.reader.releaseLock()
    return ENDED
  }

  async return(reason?: unknown): Promise<IteratorReturnResult<undefined>> {
    await this.reader.cancel(reason)
    this.reader.releaseLock()
    return ENDED
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}

const ENDED = { done: true, value: undefined } as const
