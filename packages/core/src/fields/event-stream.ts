import { TrafficError } from '../message/errors.ts'

/** One event of an event stream (WHATWG HTML 9.2.6). */
export interface ServerSentEvent {
  /** `message` where the stream names none. */
  readonly type: string
  readonly data: string
  /** The last id that the stream gave, with this event or before it; empty if none. */
  readonly lastEventId: string
}

const CR = 0x0d
const LF = 0x0a
const COLON = 0x3a
const SPACE = 0x20
const NOTHING = new Uint8Array(0)
/** Bytes for the first part of a line. */
const SMALLEST = 64
/** What a server may ask for at most, in milliseconds: what is longer stands for "never". */
const LONGEST = 2 ** 31

/**
 * Makes events of the bytes of an event stream, however these are cut into chunks (WHATWG HTML 9.2.5 and 9.2.6). An event that
 * the end of the stream interrupts is none.
 */
export class EventStreamParser {
  /** The id to ask for what comes after: that of the last event, also of one without data. */
  lastEventId: string
  /** Milliseconds to wait before connecting again, as the stream asks; undefined if it does not. */
  retry: number | undefined
  private readonly limit: number
  private readonly events: ServerSentEvent[] = []
  /** It begins with the start of a line whose end has not come yet: one piece of memory, however small the reads are. */
  private partial: Uint8Array = NOTHING
  private partialSize = 0
  private atStart = true
  /** The last byte was CR: an LF that follows belongs to it. */
  private afterCr = false
  private id: string
  private type = ''
  private data: string[] = []
  private dataSize = 0

  /**
   * @param limit bytes of one event, and of one line, at most
   * @param lastEventId of the stream that this one continues. HTML has each stream begin with an empty one, which would forget
   *   the place with the first event that has no id of its own; browsers keep it, and so does this.
   */
  constructor(limit: number, lastEventId = '') {
    this.limit = limit
    this.lastEventId = lastEventId
    this.id = lastEventId
  }

  /**
   * Takes a chunk and returns the events that it completes. The chunk is not referred to after that.
   * @throws TrafficError `response_body_too_large`; the parser is of no use after that
   */
  push(chunk: Uint8Array): readonly ServerSentEvent[] {
    let start = 0
    for (let index = 0; index < chunk.length; index++) {
      const byte = chunk[index]
      if (byte === LF && this.afterCr) start = index + 1
      else if (byte === LF || byte === CR) {
        this.endLine(chunk.subarray(start, index))
        start = index + 1
      }
      this.afterCr = byte === CR
    }
    if (start < chunk.length) this.keep(chunk.subarray(start))
    return this.events.splice(0)
  }

  private keep(part: Uint8Array): void {
    const size = this.partialSize + part.length
    this.checkSize(size)
    if (size > this.partial.length) {
      // Twice as much each time, so that each byte is copied a few times at most.
      const larger = new Uint8Array(Math.max(size, Math.min(this.limit, SMALLEST + 2 * this.partial.length)))
      larger.set(this.partial.subarray(0, this.partialSize))
      this.partial = larger
    }
    this.partial.set(part, this.partialSize)
    this.partialSize = size
  }

  private endLine(end: Uint8Array): void {
    let line = end
    if (this.partialSize > 0) {
      if (end.length > 0) this.keep(end)
      line = this.partial.subarray(0, this.partialSize)
      this.partial = NOTHING
      this.partialSize = 0
    }
    if (this.atStart) {
      this.atStart = false
      // A byte order mark is no part of the text, but only here.
      if (line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf) line = line.subarray(3)
    }
    if (line.length === 0) this.dispatch()
    else this.takeField(line)
  }

  private takeField(line: Uint8Array): void {
    this.checkSize(line.length)
    const colon = line.indexOf(COLON)
    // A comment.
    if (colon === 0) return
    const name = textOf(colon < 0 ? line : line.subarray(0, colon))
    const rest = colon < 0 ? line.subarray(line.length) : line.subarray(colon + 1)
    const bytes = rest[0] === SPACE ? rest.subarray(1) : rest
    switch (name) {
      case 'data':
        this.dataSize += bytes.length + 1
        this.checkSize(this.dataSize)
        this.data.push(textOf(bytes))
        return
      case 'event':
        this.type = textOf(bytes)
        return
      case 'id':
        if (!bytes.includes(0)) this.id = textOf(bytes)
        return
      case 'retry': {
        const digits = textOf(bytes)
        if (/^[0-9]+$/.test(digits)) this.retry = Math.min(LONGEST, Number(digits))
        return
      }
      // Other fields are ignored.
      default:
    }
  }

  private dispatch(): void {
    this.lastEventId = this.id
    const { type, data } = this
    this.type = ''
    if (data.length === 0) return
    this.data = []
    this.dataSize = 0
    // Data of one empty line is an event with empty data: the buffer held a line's end.
    this.events.push({ type: type || 'message', data: data.join('\n'), lastEventId: this.id })
  }

  private checkSize(size: number): void {
    if (size <= this.limit) return
    const message = `an event of the stream is larger than ${this.limit} bytes: raise the limit if that is to be expected`
    throw new TrafficError('response_body_too_large', message, { phase: 'response-body' })
  }
}

/** UTF-8 as the web decodes it: what is malformed becomes U+FFFD. */
function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}
