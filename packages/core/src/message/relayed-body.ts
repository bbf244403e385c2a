import type { Body, BodySink } from './body.ts'
import type { TrafficError } from './errors.ts'
import type { HeaderList } from './headers.ts'

/**
 * A body that passes through somebody's hands. By itself it changes nothing, and keeps no chunk; what looks at the bytes, or
 * at their end, extends it.
 */
export class RelayedBody implements Body, BodySink {
  readonly length: number | undefined
  readonly whole: undefined = undefined
  protected inner: Body
  protected sink: BodySink | undefined

  constructor(inner: Body) {
    this.inner = inner
    this.length = inner.length
  }

  get holdsNothing(): boolean {
    return this.sink?.holdsNothing === true
  }

  flowTo(sink: BodySink): void {
    this.sink = sink
    this.inner.flowTo(this)
  }

  resume(): void {
    this.inner.resume()
  }

  cancel(error: TrafficError): void {
    this.inner.cancel(error)
  }

  write(chunk: Uint8Array): boolean {
    return this.sink?.write(chunk) ?? true
  }

  end(trailers?: HeaderList): void {
    this.sink?.end(trailers)
  }

  fail(error: TrafficError): void {
    this.sink?.fail(error)
  }
}
