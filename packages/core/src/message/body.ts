// The global of that name is a getter, which costs a tenth of what a short chunk does.
import { Buffer } from 'node:buffer'
import { reportDefect } from '../time/defect.ts'
import { TrafficError } from './errors.ts'
import type { HeaderList } from './headers.ts'

/** Where a body flows to: a connection, a collector, a test. */
export interface BodySink {
  /** Takes a chunk. False asks the body to wait until its `resume()` is called. */
  write(chunk: Uint8Array): boolean
  /** The body was complete. */
  end(trailers?: HeaderList): void
  /** The body broke: what was written so far must not look complete. */
  fail(error: TrafficError): void
  /**
   * Whether nothing that was written is referred to any more: the memory of the chunks may then be used again. A sink that
   * keeps chunks, or passes them on to one that may, leaves this out.
   */
  readonly holdsNothing?: boolean
  /**
   * As `write`, for a chunk in memory that is lent: `returned` is called once when nothing refers to it any more, also where the sink
   * breaks. A sink that cannot tell leaves this out, and is given copies.
   */
  lend?(chunk: Uint8Array, returned: () => void): boolean
}

/**
 * The content of a message. It flows once into one sink, with back-pressure; a body that is already here
 * (`whole` is set) may flow any number of times.
 */
export interface Body {
  /** Bytes, where known before the end. */
  readonly length: number | undefined
  /** The content, if all of it is here. */
  readonly whole: WholeBody | undefined
  flowTo(sink: BodySink): void
  /** The sink has room again. */
  resume(): void
  /** Nobody wants the rest. No call reaches the sink after this. */
  cancel(error: TrafficError): void
  /** A fresh body with the same content, where a stream can be had again. The one before is of no use after that. */
  readonly replay?: (() => Body) | undefined
}

/** A body that is here, and no stream: kept as it came, bytes or latin1 text, and turned over when asked. */
export class WholeBody implements Body {
  readonly length: number
  private content: Uint8Array | undefined
  private text: string | undefined

  private constructor(content: Uint8Array | undefined, text: string | undefined) {
    this.content = content
    this.text = text
    this.length = content?.byteLength ?? text?.length ?? 0
  }

  static fromBytes(content: Uint8Array): WholeBody {
    return new WholeBody(content, undefined)
  }

  /** Each character is one byte. */
  static fromLatin1(text: string): WholeBody {
    return new WholeBody(undefined, text)
  }

  get whole(): WholeBody {
    return this
  }

  get bytes(): Uint8Array {
    this.content ??= Buffer.from(this.text ?? '', 'latin1')
    return this.content
  }

  /** One character for each byte: what a connection writes together with the head. */
  get latin1(): string {
    this.text ??= asBuffer(this.content ?? EMPTY).toString('latin1')
    return this.text
  }

  /** Copies it to where it is sent from; text needs no bytes of its own for that. The caller has made room. @returns the end */
  copyTo(target: Buffer, start: number): number {
    const { content, text } = this
    if (content === undefined) return start + target.write(text ?? '', start, 'latin1')
    target.set(content, start)
    return start + content.byteLength
  }

  flowTo(sink: BodySink): void {
    if (this.length > 0) sink.write(this.bytes)
    sink.end()
  }

  resume(): void {}

  cancel(): void {}
}

const EMPTY = new Uint8Array(0)

/** The body of a message without content. */
export const EMPTY_BODY: WholeBody = WholeBody.fromLatin1('')

/** What fills a `StreamBody`: told when to go on, and when to stop. */
export interface BodySource {
  resumeBody(): void
  cancelBody(error: TrafficError): void
}

/**
 * A body still on its way. Its source pushes; what arrives before a sink is there is kept, and `push` returns false once
 * that is `readAhead` bytes, so that no more than these and what one read brought is ever held.
 */
export class StreamBody implements Body {
  readonly length: number | undefined
  /** Bytes passed on or held so far. */
  received = 0
  private readonly source: BodySource
  private readonly readAhead: number
  private sink: BodySink | undefined
  private held: Uint8Array[] = []
  private ending: { readonly trailers: HeaderList | undefined } | undefined
  private failure: TrafficError | undefined
  private cancellation: TrafficError | undefined
  private settled = false

  /** @param readAhead bytes to take before anybody reads; 0, the default, asks to wait from the first chunk on */
  constructor(length: number | undefined, source: BodySource, readAhead = 0) {
    this.length = length
    this.source = source
    this.readAhead = readAhead
  }

  get whole(): undefined {
    return undefined
  }

  /** Whether it has begun to flow: from then on it cannot be replayed. */
  get started(): boolean {
    return this.sink !== undefined
  }

  /** For the source: false asks it to wait for `resumeBody`. */
  push(chunk: Uint8Array): boolean {
    if (this.settled) return true
    this.received += chunk.byteLength
    if (this.sink !== undefined) return this.pass(this.sink, chunk)
    this.held.push(chunk)
    return this.received < this.readAhead
  }

  /** For the source: whether the memory of what it pushed may be used again. */
  get holdsNothing(): boolean {
    return this.held.length === 0 && this.sink?.holdsNothing === true
  }

  /** For the source: that was all. */
  end(trailers?: HeaderList): void {
    if (this.settled) return
    if (this.sink === undefined) this.ending = { trailers }
    else this.settle(() => this.sink?.end(trailers))
  }

  /** For the source: there will be no proper end. */
  fail(error: TrafficError): void {
    // Complete is complete, whatever becomes of the connection while nobody reads.
    if (this.settled || this.ending !== undefined) return
    if (this.sink === undefined) this.failure = error
    else this.settle(() => this.sink?.fail(error))
  }

  /** @throws TypeError if it flows already: a stream can be read once. */
  flowTo(sink: BodySink): void {
    if (this.sink !== undefined)
      throw new TypeError('this body has already been read: a streamed body flows once')
    this.sink = sink
    // Given up before anybody read it: whoever reads it now must not wait for ever.
    if (this.cancellation !== undefined) return sink.fail(this.cancellation)
    let room = true
    for (const chunk of this.held) {
      room = this.pass(sink, chunk) && room
      // Writing may be what made the sink cancel.
      if (this.settled) return
    }
    this.held = []
    if (this.failure !== undefined)
      this.settle(() => sink.fail(this.failure as TrafficError)) // checked right before
    else if (this.ending !== undefined) this.settle(() => sink.end(this.ending?.trailers))
    else if (room) this.wake()
  }

  resume(): void {
    if (!this.settled) this.wake()
  }

  cancel(error: TrafficError): void {
    if (this.settled) return
    this.settled = true
    this.cancellation = error
    this.held = []
    // All of it arrived already: there is nothing left to stop.
    if (this.ending !== undefined || this.failure !== undefined) return
    try {
      this.source.cancelBody(error)
    } catch (thrown) {
      reportDefect('the source of a body', thrown)
    }
  }

  private wake(): void {
    try {
      this.source.resumeBody()
    } catch (thrown) {
      reportDefect('the source of a body', thrown)
      this.fail(TrafficError.from(thrown))
    }
  }

  /** The sink may be anybody's: one that throws breaks this body, not the connection that the bytes come from. */
  private pass(sink: BodySink, chunk: Uint8Array): boolean {
    try {
      return sink.write(chunk)
    } catch (thrown) {
      reportDefect('a body sink', thrown)
      if (this.settled) return true
      const error = TrafficError.from(thrown)
      this.cancel(error)
      this.settle(() => sink.fail(error))
      return true
    }
  }

  private settle(tell: () => void): void {
    this.settled = true
    try {
      tell()
    } catch (thrown) {
      reportDefect('a body sink', thrown)
    }
  }
}

/** Cancels a body that may be anybody's: who gives up must not fail for it. */
export function cancelBody(body: Body, error: TrafficError): void {
  try {
    body.cancel(error)
  } catch (thrown) {
    reportDefect('cancelling a body', thrown)
  }
}

/** Views the bytes as a Buffer, without a copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Makes a body of text (as UTF-8) or bytes. */
export function bodyFrom(content: string | Uint8Array): WholeBody {
  return WholeBody.fromBytes(typeof content === 'string' ? Buffer.from(content) : content)
}

/** Content that has come to its end, and what came behind it. */
export interface Collected {
  readonly content: Buffer
  readonly trailers: HeaderList | undefined
}

/**
 * Reads a whole body into memory.
 * @param limit the most bytes to hold
 * @throws TrafficError what broke the body, or `internal` if it is larger than `limit`
 */
export async function collect(body: Body, limit: number = 16 * 1024 * 1024): Promise<Buffer> {
  return (await collectWithTrailers(body, limit)).content
}

/** The same, with the trailers. */
export function collectWithTrailers(body: Body, limit: number): Promise<Collected> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = []
    let size = 0
    body.flowTo({
      write(chunk) {
        size += chunk.byteLength
        if (size <= limit) chunks.push(chunk)
        else {
          const error = new TrafficError(
            'internal',
            `the body is larger than the limit of ${limit} bytes for reading it whole`,
          )
          body.cancel(error)
          reject(error)
        }
        return true
      },
      end: (trailers) => resolve({ content: Buffer.concat(chunks), trailers }),
      fail: reject,
    })
  })
}
