import { copyOf } from '../message/copy-of.ts'
import { WholeBody } from '../message/body.ts'
import { type MalformedCode, WireFault } from './fault.ts'
import { PartialHead } from './partial-head.ts'

/** A head that is complete: `text` holds it from `start`, its last CRLF ends at `end`, and its body begins at `next`. */
export interface FoundHead {
  /** What was read, one byte a character, at least up to `next`. */
  readonly text: string
  readonly start: number
  readonly end: number
  /** All bytes read, of which `text` shows the beginning. */
  readonly buffer: Buffer
  readonly next: number
}

/** A read up to this size is turned into text whole; of a larger one only what the head takes. */
const SMALL_READ = 4096

/**
 * Collects bytes until a head is complete. It nearly always comes in one read, and then nothing is copied or kept.
 */
export class HeadBuffer {
  private partial: PartialHead | undefined
  private readonly limit: number
  private readonly malformed: MalformedCode

  /** @param malformed what a fault is called: tells requests from responses */
  constructor(limit: number, malformed: MalformedCode) {
    this.limit = limit
    this.malformed = malformed
  }

  /** Whether a part of a head is here. */
  get begun(): boolean {
    return this.partial !== undefined
  }

  /** The head, or undefined if more bytes are needed, or the fault that shows already. */
  take(chunk: Buffer): FoundHead | undefined | WireFault {
    if (this.partial !== undefined) return this.takeMore(this.partial, chunk)
    const text = chunk.toString('latin1', 0, textLength(chunk, this.limit))
    // An empty line before a request is a relic of old clients (RFC 9112 2.2).
    const start = this.malformed === 'malformed_request' && text.startsWith('\r\n') ? 2 : 0
    const blank = text.indexOf('\r\n\r\n', start)
    if (blank >= 0) return this.found(text, start, blank, chunk)
    // Copied: the bytes may stand in a buffer that the next read overwrites.
    const partial = new PartialHead()
    partial.append(chunk)
    return this.keep(partial, start)
  }

  /** The head came in several reads. */
  private takeMore(partial: PartialHead, chunk: Buffer): FoundHead | undefined | WireFault {
    partial.append(chunk)
    const start = this.malformed === 'malformed_request' && partial.beginsWithEmptyLine ? 2 : 0
    const blank = partial.findEnd(start)
    if (blank < 0) return this.keep(partial, start)
    const { bytes } = partial
    const text = bytes.toString('latin1', 0, bytes.length <= SMALL_READ ? bytes.length : blank + 4)
    return this.found(text, start, blank, bytes)
  }

  private found(text: string, start: number, blank: number, buffer: Buffer): FoundHead | WireFault {
    this.partial = undefined
    if (blank + 4 - start > this.limit) return this.tooLarge(text, start)
    return { text, start, end: blank + 2, buffer, next: blank + 4 }
  }

  private keep(partial: PartialHead, start: number): undefined | WireFault {
    const { bytes } = partial
    if (bytes.length - start >= this.limit) {
      this.partial = undefined
      return this.tooLarge(bytes.toString('latin1', 0, this.limit + 4), start)
    }
    // Would never be complete: said now, not when the time is up.
    if (partial.hasWrongLine())
      return new WireFault(this.malformed, 'a line does not end in CRLF (RFC 9112 2.2)')
    this.partial = partial
    return undefined
  }

  private tooLarge(text: string, start: number): WireFault {
    const larger = `is larger than ${this.limit} bytes`
    if (this.malformed === 'malformed_response') {
      return new WireFault('response_head_too_large', `the response head ${larger}`)
    }
    const lineEnd = text.indexOf('\r\n', start)
    return lineEnd < 0 || lineEnd - start > this.limit
      ? new WireFault('request_target_too_long', `the request line ${larger}`)
      : new WireFault('request_head_too_large', `the head ${larger}`)
  }
}

/**
 * How much to turn into text: all of a small read; of a large one the head, lest a flood of small messages in one read costs a
 * long text each.
 */
function textLength(buffer: Buffer, limit: number): number {
  if (buffer.length <= SMALL_READ) return buffer.length
  const blank = buffer.indexOf('\r\n\r\n', 2, 'latin1')
  return Math.min(buffer.length, blank < 0 ? limit + 4 : Math.min(blank + 4, limit + 4))
}

/** The `length` bytes behind a head, which are all here: as text if they are text already, else copied. */
export function wholeBody(found: FoundHead, length: number): WholeBody {
  const { text, buffer, next } = found
  if (text.length >= next + length) return WholeBody.fromLatin1(text.slice(next, next + length))
  return WholeBody.fromBytes(copyOf(buffer, next, next + length))
}
