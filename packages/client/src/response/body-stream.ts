import type { UnderlyingByteSource } from 'node:stream/web'
import { type Body, type BodySink, TrafficError } from '@headgate/core'
import type { Failures } from './failures.ts'

/** A body as a stream of bytes of the web platform (one with BYOB readers), pulled as it is read. */
export function bodyStream(body: Body, failures: Failures): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream(new StreamSource(body, failures), { highWaterMark: 0 }) as ReadableStream<
    Uint8Array<ArrayBuffer>
  >
}

/** Lets the body flow on when its reader asks for more. */
class StreamSource implements UnderlyingByteSource, BodySink {
  readonly type = 'bytes'
  private readonly body: Body
  private readonly failures: Failures
  private controller: ReadableByteStreamController | undefined
  private flowing = false
  private pulled: (() => void) | undefined

  constructor(body: Body, failures: Failures) {
    this.body = body
    this.failures = failures
  }

  start(controller: ReadableByteStreamController): void {
    this.gaveUp(controller)
  }

  /** Resolves when something has come: until then the stream does not ask again. */
  pull(controller: ReadableByteStreamController): Promise<void> {
    this.controller = controller
    if (this.gaveUp(controller)) return Promise.resolve()
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
    this.controller?.error(this.failures.body(error))
    this.settle()
  }

  /** The call was given up: what is here already is not to be had any more (WHATWG Fetch 5.6, "abort fetch"). */
  private gaveUp(controller: ReadableByteStreamController): boolean {
    const { signal } = this.failures
    if (signal?.aborted !== true) return false
    controller.error(signal.reason)
    this.cancel(signal.reason)
    return true
  }

  private settle(): void {
    this.pulled?.()
    this.pulled = undefined
  }
}
