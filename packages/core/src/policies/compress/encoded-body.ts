import type { Body, BodySink } from '../../message/body.ts'
import { TrafficError } from '../../message/errors.ts'
import type { HeaderList } from '../../message/headers.ts'
import type { Encoder } from './encode.ts'

/** A body encoded while it arrives, no faster than it is taken. The work is done by other threads. */
export class EncodedBody implements Body, BodySink {
  readonly length: undefined = undefined
  readonly whole: undefined = undefined
  private readonly inner: Body
  private readonly makeEncoder: () => Encoder
  private readonly told: (before: number, after: number) => void
  private encoder: Encoder | undefined
  private sink: BodySink | undefined
  private trailers: HeaderList | undefined
  private before = 0
  private after = 0

  /** @param told called at the end, also where the body breaks, with the bytes that came and those that left */
  constructor(inner: Body, makeEncoder: () => Encoder, told: (before: number, after: number) => void) {
    this.inner = inner
    this.makeEncoder = makeEncoder
    this.told = told
  }

  flowTo(sink: BodySink): void {
    this.sink = sink
    const encoder = this.makeEncoder()
    this.encoder = encoder
    encoder.on('data', (chunk: Buffer) => {
      this.after += chunk.length
      if (this.sink?.write(chunk) === false) encoder.pause()
    })
    encoder.on('drain', () => this.inner.resume())
    encoder.on('end', () => this.stop()?.end(this.trailers))
    encoder.on('error', (cause) => {
      const error = new TrafficError('internal', `the response could not be compressed: ${cause.message}`, {
        cause,
      })
      const waiting = this.stop()
      this.inner.cancel(error)
      waiting?.fail(error)
    })
    this.inner.flowTo(this)
  }

  resume(): void {
    this.encoder?.resume()
  }

  cancel(error: TrafficError): void {
    this.stop()
    this.inner.cancel(error)
  }

  write(chunk: Uint8Array): boolean {
    if (this.encoder === undefined || this.sink === undefined) return true
    this.before += chunk.length
    return this.encoder.write(chunk)
  }

  end(trailers?: HeaderList): void {
    this.trailers = trailers
    this.encoder?.end()
  }

  fail(error: TrafficError): void {
    this.stop()?.fail(error)
  }

  /** Lets go of encoder and sink; returns the sink, for the last call to it. */
  private stop(): BodySink | undefined {
    const { sink } = this
    if (sink === undefined) return undefined
    this.sink = undefined
    this.encoder?.destroy()
    this.told(this.before, this.after)
    return sink
  }
}
