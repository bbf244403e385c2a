import type { UnderlyingByteSource } from 'node:stream/web'
import { type Body, type BodySink, TrafficError } from '@headgate/core'

/** What a reader of the stream is told of a failure. */
export type StreamFailure = (error: TrafficError) => unknown

/** A body as a stream of bytes of the web platform (one with BYOB readers), pulled as it is read. */
export function bodyStream(body: Body, failure: StreamFailure): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream(new StreamSource(body, failure), { highWaterMark: 0 }) as ReadableStream<
    Uint8Array<ArrayBuffer>
  >
}

/** Lets the body flow on when its reader asks for more. */
class StreamSource implements UnderlyingByteSource, BodySink {
  readonly type = 'bytes'
  private readonly body: Body
  private readonly failure: StreamFailure
  private controller: ReadableByteStreamController | undefined
  private flowing = false
  private pulled: (() => void) | undefined

  constructor(body: Body, failure: StreamFailure) {
    this.body = body
    this.failure = failure
  }

  /** Resolves when something has come: until then the stream does not ask again. */
  pull(controller: ReadableByteStreamController): Promise<void> {
    this.controller = controller
    const pulled = new Promise<void>((resolve) => {
      this.pulled = resolve
    })
    if (this.flowing) this.body.resume()
    else {
      this.flowing = true
      this.body.flowTo(this)
    }
    return pulled
  }

  cancel(reason: unknown): void {
    // Whoever says why is to be heard: an event stream that fell silent was not given up by its reader.
    if (reason instanceof TrafficError) return this.body.cancel(reason)
    const message = `the response body was given up: ${reason instanceof Error ? reason.message : 'nobody reads it'}`
    this.body.cancel(new TrafficError('cancelled', message, { phase: 'response-body', cause: reason }))
  }

  write(chunk: Uint8Array): boolean {
    if (chunk.byteLength === 0) return true
    // A stream of bytes takes the memory of what it is given away from everybody else, and a chunk may be a part of more.
    this.controller?.enqueue(new Uint8Array(chunk))
    this.settle()
    return false
  }

  end(): void {
    this.controller?.close()
    // A reader that brought its own buffer waits for it (WHATWG Streams 4.7.3, "close").
    this.controller?.byobRequest?.respond(0)
    this.settle()
  }

  fail(error: TrafficError): void {
    this.controller?.error(this.failure(error))
    this.settle()
  }

  private settle(): void {
    this.pulled?.()
    this.pulled = undefined
  }
}
