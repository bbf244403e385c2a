import type { Body, BodySink } from './body.ts'
import { TrafficError } from './errors.ts'
import type { HeaderList } from './headers.ts'
import { canReplay } from './replay.ts'

/**
 * Keeps what flows out of a stream, up to a limit, so that it can be sent again from the start: `open` gives each attempt its
 * body. What is longer than the limit flows on but can no longer be replayed, and what was kept is let go.
 */
export class Spool implements BodySink {
  readonly source: Body
  private readonly limit: number
  private kept: Uint8Array[] | undefined = []
  private size = 0
  private reader: SpooledBody | undefined
  private flowing = false
  private ending: { readonly trailers: HeaderList | undefined } | undefined
  private failure: TrafficError | undefined
  private settled = false

  /** @param limit bytes to keep at most */
  constructor(source: Body, limit: number) {
    this.source = source
    this.limit = limit
  }

  /** Whether all that has come so far is still here. */
  get intact(): boolean {
    return this.kept !== undefined && !this.settled
  }

  /** A body with all of the content. The one opened before is cut off. */
  open(): Body {
    const before = this.reader
    this.reader = new SpooledBody(this, this.source.length)
    before?.cutOff()
    return this.reader
  }

  /** There will be no further attempt: nothing more is kept, and who cancels the body that was opened last cancels the source. */
  settle(): void {
    if (this.settled) return
    this.settled = true
    this.kept = undefined
    const error = this.reader?.cancellation
    if (error !== undefined) this.source.cancel(error)
  }

  /** For a reader: it takes what was kept, and then what comes. */
  begin(reader: SpooledBody, sink: BodySink): void {
    let room = true
    for (const chunk of this.kept ?? []) {
      room = sink.write(chunk) && room
      if (reader.cancellation !== undefined) return
    }
    if (this.failure !== undefined) reader.take()?.fail(this.failure)
    else if (this.ending !== undefined) reader.take()?.end(this.ending.trailers)
    else if (!this.flowing) {
      this.flowing = true
      this.source.flowTo(this)
    } else if (room) this.source.resume()
  }

  /** For a reader: it has room. */
  resumeFor(reader: SpooledBody): void {
    if (reader === this.reader) this.source.resume()
  }

  /** For a reader: the attempt that it was for is over. The source waits for the next. */
  cancelledBy(reader: SpooledBody, error: TrafficError): void {
    // One that was opened later goes on.
    if (reader === this.reader && this.settled) this.source.cancel(error)
  }

  get holdsNothing(): boolean {
    return this.kept === undefined && this.reader?.sink?.holdsNothing === true
  }

  write(chunk: Uint8Array): boolean {
    this.size += chunk.byteLength
    if (this.size <= this.limit) this.kept?.push(chunk)
    else this.kept = undefined
    const { sink } = this.reader ?? {}
    // Between two attempts nobody takes it: it is kept, or nothing can be done with the rest.
    if (sink === undefined) return false
    return sink.write(chunk)
  }

  end(trailers?: HeaderList): void {
    this.ending = { trailers }
    this.reader?.take()?.end(trailers)
  }

  fail(error: TrafficError): void {
    this.failure = error
    this.reader?.take()?.fail(error)
  }
}

/** What one attempt reads of a spool. */
class SpooledBody implements Body {
  readonly length: number | undefined
  readonly whole: undefined = undefined
  sink: BodySink | undefined
  cancellation: TrafficError | undefined
  private readonly spool: Spool
  private flows = false

  constructor(spool: Spool, length: number | undefined) {
    this.spool = spool
    this.length = length
  }

  get replay(): (() => Body) | undefined {
    return this.spool.intact ? () => this.spool.open() : undefined
  }

  flowTo(sink: BodySink): void {
    if (this.flows) throw new TypeError('this body flows already: replay() makes a fresh one')
    if (this.cancellation !== undefined) return sink.fail(this.cancellation)
    this.flows = true
    this.sink = sink
    this.spool.begin(this, sink)
  }

  resume(): void {
    this.spool.resumeFor(this)
  }

  /** A later attempt reads now: half a request must not look complete. */
  cutOff(): void {
    const sink = this.take()
    const error = new TrafficError('cancelled', 'this body was opened again for a later attempt', {
      phase: 'request-body',
    })
    this.cancellation ??= error
    sink?.fail(error)
  }

  /** The sink, for the last call to it. */
  take(): BodySink | undefined {
    const { sink } = this
    this.sink = undefined
    return sink
  }

  cancel(error: TrafficError): void {
    if (this.cancellation !== undefined) return
    this.cancellation = error
    this.sink = undefined
    this.spool.cancelledBy(this, error)
  }
}

/** A spool for a body that needs one: a stream that cannot be replayed by itself, and is not known to be too long. */
export function spoolFor(body: Body, limit: number): Spool | undefined {
  if (canReplay(body)) return undefined
  if (body.length !== undefined && body.length > limit) return undefined
  return new Spool(body, limit)
}
