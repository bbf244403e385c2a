import type { Body } from '@headgate/core'
import { giveUpWith, heldElsewhere } from './abandoned.ts'
import { bodyStream } from './body-stream.ts'
import type { Failures } from './failures.ts'
import { keptPart } from './kept-part.ts'

type ByteStream = ReadableStream<Uint8Array<ArrayBuffer>>

/** What Node asks a stream whether anything was read from it or it was cancelled (`stream.isDisturbed`). */
const DISTURBED = Symbol.for('nodejs.stream.disturbed')

/**
 * A response's content, which becomes a stream of the platform when somebody asks for one, and passes for one before that: the
 * platform's `Response` is made over it. Measured, a ReadableStream costs 5 µs and a `Response` over one 11 µs;
 * a `Response` over this costs 0.3 µs, and most responses are read whole, without a stream.
 */
export class LazyStream {
  content: Body
  private readonly failures: Failures
  private stream: ByteStream | undefined
  private taken = false

  constructor(content: Body, failures: Failures, stream?: ByteStream) {
    this.content = content
    this.failures = failures
    this.stream = stream
    if (stream === undefined && content.whole === undefined) giveUpWith(this, content)
  }

  /** Whether there is a stream: then the content can no longer be read past it. */
  get streaming(): boolean {
    return this.stream !== undefined
  }

  /** Whether nobody has read from it, nor holds a stream of it. */
  get untouched(): boolean {
    return !this.taken && this.stream === undefined
  }

  /** The content was read without a stream. */
  take(): void {
    this.taken = true
    // What is here already was never registered.
    if (this.content.whole === undefined) heldElsewhere(this)
  }

  /** Keeps what an error may need of it, and lets go of the rest. */
  keepPart(): void {
    if (this.content.whole !== undefined || this.stream !== undefined) return
    heldElsewhere(this)
    this.content = keptPart(this.content)
  }

  get real(): ByteStream {
    if (this.stream === undefined) {
      this.stream = bodyStream(this.content, this.failures)
      heldElsewhere(this)
      if (this.content.whole === undefined) giveUpWith(this.stream, this.content)
    }
    return this.stream
  }

  /** Two streams with the same content; the first takes the place of this one's. */
  split(): ByteStream {
    const [mine, other] = this.real.tee()
    this.stream = mine
    return other
  }

  get disturbed(): boolean {
    if (this.taken) return true
    return this.stream !== undefined && isDisturbed(this.stream)
  }

  get locked(): boolean {
    return this.taken || this.stream?.locked === true
  }

  cancel(reason?: unknown): Promise<void> {
    return this.real.cancel(reason)
  }

  getReader(): ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> {
    return this.real.getReader()
  }

  /** Asked for by the platform's own `clone`, which puts the first in the place of this: so it is what this stands for, too. */
  tee(): [ByteStream, ByteStream] {
    const other = this.split()
    return [this.real, other]
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array<ArrayBuffer>> {
    return this.real[Symbol.asyncIterator]()
  }
}

/** Whether anything was read from a stream, or it was cancelled: Node's own know, and its types do not say so. */
export function isDisturbed(stream: ReadableStream): boolean {
  return (stream as unknown as Record<symbol, boolean>)[DISTURBED] === true
}

// `new Response(stream)` asks whether its argument is a ReadableStream by its prototypes.
Object.defineProperty(LazyStream.prototype, DISTURBED, {
  get(this: LazyStream) {
    return this.disturbed
  },
})
Object.setPrototypeOf(LazyStream.prototype, ReadableStream.prototype)
