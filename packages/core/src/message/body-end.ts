import type { Body, BodySink } from './body.ts'
import type { TrafficError } from './errors.ts'
import type { HeaderList } from './headers.ts'
import type { HttpResponse } from './response.ts'

/**
 * Has `ended` called once when the response's body has arrived, broken, or been cancelled: at once where it is here already,
 * so that only a body that streams costs anything.
 */
export function onBodyEnd(response: HttpResponse, ended: () => void): void {
  if (response.body.whole !== undefined) ended()
  else response.body = new WatchedBody(response.body, ended)
}

/** Passes everything on, and tells of the end. */
class WatchedBody implements Body, BodySink {
  readonly length: number | undefined
  readonly whole: undefined = undefined
  private readonly inner: Body
  private ended: (() => void) | undefined
  private sink: BodySink | undefined

  constructor(inner: Body, ended: () => void) {
    this.inner = inner
    this.length = inner.length
    this.ended = ended
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
    this.tell()
  }

  write(chunk: Uint8Array): boolean {
    return this.sink?.write(chunk) ?? true
  }

  end(trailers?: HeaderList): void {
    this.tell()
    this.sink?.end(trailers)
  }

  fail(error: TrafficError): void {
    this.tell()
    this.sink?.fail(error)
  }

  private tell(): void {
    const { ended } = this
    this.ended = undefined
    ended?.()
  }
}
