import { type ClientResponse, TrafficError } from '@headgate/client'

/** Chunks that are held at most, however small: each takes some hundred bytes of its own. */
const MAX_CHUNKS = 1_024

/** Reads the content of a response ahead, up to a limit: what nobody takes stops the network, not the memory. */
export class BodyFeed {
  readonly response: ClientResponse
  /** Undefined while it flows. */
  failure: TrafficError | undefined
  private readonly limit: number
  private readonly chunks: Uint8Array[] = []
  private readonly reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  private buffered = 0
  private reading = false
  private read = false

  /** @param limit bytes to hold; one chunk more may be held */
  constructor(response: ClientResponse, limit: number) {
    this.response = response
    this.limit = limit
    this.reader = response.body?.getReader()
    if (this.reader === undefined) this.read = true
    this.pull()
  }

  /** Whether there is nothing to take, and there will be nothing. */
  get ended(): boolean {
    return this.chunks.length === 0 && (this.read || this.failure !== undefined)
  }

  /** The next chunk, or the first part of it; undefined if none is here. @param most bytes at most */
  take(most: number): Uint8Array | undefined {
    const [first] = this.chunks
    if (first === undefined) return undefined
    const isWhole = first.byteLength <= most
    const chunk = isWhole ? first : first.subarray(0, most)
    if (isWhole) this.chunks.shift()
    else this.chunks[0] = first.subarray(most)
    this.buffered -= chunk.byteLength
    this.pull()
    return chunk
  }

  /** Nobody wants the rest. */
  cancel(): void {
    this.read = true
    this.chunks.length = 0
    this.buffered = 0
    // It may be broken already.
    this.reader?.cancel().catch(() => {})
  }

  private pull(): void {
    if (this.reading || this.read || this.failure !== undefined) return
    if (this.buffered >= this.limit || this.chunks.length >= MAX_CHUNKS) return
    this.reading = true
    this.reader?.read().then(
      ({ done, value }) => {
        this.reading = false
        if (done) this.read = true
        else if (!this.read && value.byteLength > 0) {
          this.chunks.push(value)
          this.buffered += value.byteLength
        }
        this.pull()
      },
      (error: unknown) => {
        this.reading = false
        this.failure = TrafficError.from(error)
      },
    )
  }
}
