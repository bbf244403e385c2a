import { type Body, type BodySink, type HeaderList, RelayedBody, TrafficError } from '@headgate/core'

/** The streams that are being sent: each goes on until its source, its reader or the admin listener ends it. */
export class OpenStreams {
  private readonly most: number
  private readonly streams = new Set<OpenStream>()
  private isEnding = false

  /** @param most how many there may be at the same time */
  constructor(most: number) {
    this.most = most
  }

  /** What to send in place of `body`; undefined if there are as many as there may be: `body` is cancelled then. */
  open(body: Body): Body | undefined {
    if (this.streams.size >= this.most) {
      body.cancel(new TrafficError('overloaded', 'there are as many streams as there may be'))
      return undefined
    }
    const stream = new OpenStream(body, () => this.streams.delete(stream))
    this.streams.add(stream)
    // Whoever was asked before the end may return a stream after it.
    if (this.isEnding) stream.stop()
    return stream
  }

  /** Ends all of them, and those that are still to come: to their readers they are complete. */
  end(): void {
    this.isEnding = true
    for (const stream of this.streams) stream.stop()
  }
}

/** A stream that can be ended from outside. */
class OpenStream extends RelayedBody {
  private readonly gone: () => void
  private isStopped = false

  constructor(inner: Body, gone: () => void) {
    super(inner)
    this.gone = gone
  }

  stop(): void {
    const { sink } = this
    this.isStopped = true
    this.cancel(new TrafficError('shutting_down', 'the gateway ends'))
    sink?.end()
  }

  override flowTo(sink: BodySink): void {
    if (this.isStopped) sink.end()
    else super.flowTo(sink)
  }

  override cancel(error: TrafficError): void {
    this.sink = undefined
    this.gone()
    super.cancel(error)
  }

  override end(trailers?: HeaderList): void {
    this.gone()
    super.end(trailers)
  }

  override fail(error: TrafficError): void {
    this.gone()
    super.fail(error)
  }
}
