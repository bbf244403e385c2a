import { dropLateFields } from '../fields/late-fields.ts'
import type { HeaderList } from '../message/headers.ts'
import { type MalformedCode, WireFault } from './fault.ts'
import { parseFields } from './fields.ts'
import { PartialHead } from './partial-head.ts'

/** How much the trailer fields of a body may be. */
export interface TrailerLimits {
  /** Bytes of all of them. */
  readonly head: number
  readonly fields: number
}

/** Reads the trailer fields of a chunked body (RFC 9112 7.1.2), and drops those that come too late to be heeded. */
export class TrailerSection {
  done = false
  /** What is left of them, when `done`; undefined if there are none. */
  fields: HeaderList | undefined
  private readonly partial = new PartialHead()
  private readonly limits: TrailerLimits
  private readonly malformed: MalformedCode
  private readonly connection: string | undefined

  /** @param connection the head's Connection value: it removes trailers as well (RFC 9110 7.6.1) */
  constructor(limits: TrailerLimits, malformed: MalformedCode, connection: string | undefined) {
    this.limits = limits
    this.malformed = malformed
    this.connection = connection
  }

  /** Takes bytes from `start` on, and returns where the next message begins, or the chunk's end. */
  take(chunk: Buffer, start: number): number | WireFault {
    const { partial } = this
    const before = partial.bytes.length
    partial.append(chunk.subarray(start, start + this.limits.head + 4 - before))
    if (partial.beginsWithEmptyLine) {
      this.done = true
      return start + 2 - before
    }
    const end = partial.findEnd(0)
    if (end < 0) return this.incomplete() ?? chunk.length
    if (end + 4 > this.limits.head) return this.tooLarge()
    const fault = this.parse(end + 2)
    if (fault !== undefined) return fault
    this.done = true
    return start + end + 4 - before
  }

  private incomplete(): WireFault | undefined {
    if (this.partial.bytes.length >= this.limits.head) return this.tooLarge()
    if (!this.partial.hasWrongLine()) return undefined
    return new WireFault(this.malformed, 'a line of the trailer fields does not end in CRLF (RFC 9112 7.1)')
  }

  private tooLarge(): WireFault {
    return new WireFault(this.malformed, 'the trailer fields are too large (RFC 9112 7.1)')
  }

  private parse(end: number): WireFault | undefined {
    const { bytes } = this.partial
    const text = bytes.toString('latin1', 0, end)
    const fields = parseFields(text, bytes, 0, end, this.limits.fields, this.malformed)
    if (fields instanceof WireFault) return fields
    dropLateFields(fields, this.connection)
    if (fields.size > 0) this.fields = fields
    return undefined
  }
}
