import type { Field } from './field.ts'

/** How our side of a stream ends, behind its content. */
export interface Ending {
  readonly trailers: readonly Field[] | undefined
}

/** What waits to be sent on one stream, behind its head. */
export class Outgoing {
  /** Bytes of content. */
  length = 0
  ending: Ending | undefined
  /** Whether the stream stands in the queue of those that may send. */
  queued = false
  private readonly parts: Buffer[] = []
  private offset = 0

  /** Not copied. */
  push(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.parts.push(bytes)
    this.length += bytes.length
  }

  /** The part that is next, from `start` on. */
  get next(): Buffer | undefined {
    return this.parts[0]
  }

  get start(): number {
    return this.offset
  }

  /** So many bytes of the next part are sent. */
  take(count: number): void {
    this.length -= count
    this.offset += count
    if (this.offset < (this.parts[0]?.length ?? 0)) return
    this.parts.shift()
    this.offset = 0
  }
}
