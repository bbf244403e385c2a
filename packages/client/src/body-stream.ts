import type { UnderlyingSource } from 'node:stream/web'
import { type Body, type BodySink, TrafficError } from '@headgate/core'

/** A body as a stream of the web platform: octets, pulled as they are read. */
export function bodyStream(body: Body): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream(new StreamSource(body), { highWaterMark: 0 })
}

/** Lets the body flow on when its reader asks for more. */
class StreamSource implements UnderlyingSource<Uint8Array<ArrayBuffer>>, BodySink {
  private readonly body: Body
  private controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined
  private flowing = false

  constructor(body: Body) {
    this.body = body
  }

  pull(controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): void {
    this.controller = controller
    if (this.flowing) return this.body.resume()
    this.flowing = true
    this.body.flowTo(this)
  }

  cancel(reason: unknown): void {
    const message = `the response body was given up: ${reason instanceof Error ? reason.message : 'nobody reads it'}`
    this.body.cancel(new TrafficError('cancelled', message, { phase: 'response-body', cause: reason }))
  }

  write(chunk: Uint8Array): boolean {
    // An engine's chunk is never a view of shared memory.
    this.controller?.enqueue(chunk as Uint8Array<ArrayBuffer>)
    return (this.controller?.desiredSize ?? 0) > 0
  }

  end(): void {
    this.controller?.close()
  }

  fail(error: TrafficError): void {
    this.controller?.error(error)
  }
}
