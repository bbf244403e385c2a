import { type BodySource, StreamBody } from '../message/body.ts'
import { TrafficError } from '../message/errors.ts'
import type { PaceLimits } from '../message/exchange-times.ts'
import type { HeaderList } from '../message/headers.ts'
import { Pace } from '../socket/pace.ts'
import type { Clock } from '../time/clock.ts'
import { HeldBytes } from './held-bytes.ts'
import type { ReadMemory } from './read-memory.ts'
import type { Http2Stream } from './stream.ts'

/** The stream that content arrives on. */
export interface IncomingContentOwner {
  /** The content is wanted by someone, and the peer waits to be told (RFC 9110 10.1.1). */
  continueWanted(): void
  /** It will never be complete. */
  contentBroken(error: TrafficError): void
  /** The message is answered, and the rest of the content is not worth waiting for. */
  restUnwanted(): void
}

export interface IncomingContentOptions {
  readonly clock: Clock
  readonly pace: PaceLimits
  /** Bytes of what nobody wants that the peer may send on once it is answered. */
  readonly discardLimit: number
}

/** The content of a message while it arrives: the peer may send on as what came is taken, or thrown away. */
export class IncomingContent implements BodySource {
  readonly body: StreamBody
  private readonly memory: ReadMemory
  private readonly stream: Http2Stream
  private readonly options: IncomingContentOptions
  private readonly owner: IncomingContentOwner
  private readonly pace: Pace
  private continueOwed: boolean
  /** What came and nobody has taken yet. Bytes. */
  private untaken = 0
  /** What came behind that: joined, as a chunk for each frame of a byte would take a hundred times its content. */
  private readonly held = new HeldBytes()
  private flowing = false
  private unwanted = false
  private answered = false
  private discarded = 0
  private isOver = false

  /** @param continueOwed whether the peer sends nothing before it gets 100 */
  constructor(
    memory: ReadMemory,
    stream: Http2Stream,
    length: number | undefined,
    continueOwed: boolean,
    options: IncomingContentOptions,
    owner: IncomingContentOwner,
  ) {
    this.memory = memory
    this.stream = stream
    this.options = options
    this.owner = owner
    this.continueOwed = continueOwed
    this.body = new StreamBody(length, this)
    this.pace = new Pace(options.clock, options.pace, () => this.tooSlow())
    this.pace.start()
    if (continueOwed) this.pace.pause()
    memory.contentBegins()
  }

  /** What came before there was a body to push it to. */
  early(parts: readonly Buffer[]): void {
    const [first] = parts
    if (first !== undefined) this.push(parts.length === 1 ? first : Buffer.concat(parts))
  }

  data(bytes: Buffer, start: number, end: number): void {
    this.pace.progress(end - start)
    if (this.unwanted) return this.discardMore(end - start)
    if (this.untaken > 0) return this.held.add(bytes, start, end)
    this.push(this.memory.take(bytes, start, end))
    if (!this.body.holdsNothing) this.memory.keep()
  }

  private push(chunk: Buffer): void {
    if (this.body.push(chunk)) return this.stream.consumed(chunk.length)
    this.untaken += chunk.length
    this.pace.pause()
  }

  private pushHeld(): void {
    if (this.held.length > 0) this.push(this.held.take())
  }

  /** The content has ended. */
  end(trailers?: HeaderList): void {
    this.finish()
    this.pushHeld()
    // What it holds is here, whoever takes it and when; the connection's window is for what others send.
    this.giveBack()
    this.body.end(trailers)
  }

  /** The stream is lost. */
  stop(error: TrafficError): void {
    this.finish()
    this.pushHeld()
    this.body.fail(error)
  }

  /** The route may be known by now, and have times of its own. */
  use(pace: PaceLimits): void {
    this.pace.use(pace)
  }

  /** The message is answered: unless somebody is still at it, as an upstream that answered early, the rest is thrown away. */
  discard(): void {
    this.answered = true
    if (this.flowing || this.isOver) return
    this.unwanted = true
    // A route may let its streams be silent for hours: that is for who is still at them.
    this.pace.use(this.options.pace)
    const left = this.body.length === undefined ? 0 : this.body.length - this.body.received
    this.body.cancel(new TrafficError('cancelled', 'answered before the request body was read'))
    // A client that reads the answer and the reset at a time may take the former for broken, as curl does: a little is read on all the
    // same. More than its window holds would not come: some no longer look at windows once they have their answer.
    if (this.continueOwed || left > this.options.discardLimit) return this.owner.restUnwanted()
    this.pace.resume()
    this.discardMore(0)
  }

  resumeBody(): void {
    if (this.unwanted || this.isOver) return
    if (!this.flowing) this.stream.widen()
    this.flowing = true
    if (this.continueOwed) {
      this.continueOwed = false
      this.owner.continueWanted()
    }
    this.pace.resume()
    this.giveBack()
    this.pushHeld()
  }

  /** Nobody wants the rest: what becomes of it is decided when the response is written. */
  cancelBody(): void {
    if (this.unwanted) return
    this.flowing = false
    this.unwanted = true
    this.untaken += this.held.take().length
    if (this.answered) this.discard()
    else this.pace.pause()
  }

  /** Before the answer nothing is given back: the peer waits, once its window is used up, for what becomes of it. */
  private discardMore(length: number): void {
    this.untaken += length
    if (!this.answered) return
    this.discarded += this.untaken
    if (this.discarded > this.options.discardLimit) this.owner.restUnwanted()
    else this.giveBack()
  }

  private giveBack(): void {
    const { untaken } = this
    this.untaken = 0
    this.stream.consumed(untaken)
  }

  private finish(): void {
    if (this.isOver) return
    this.isOver = true
    this.pace.stop()
    this.memory.contentEnds()
  }

  private tooSlow(): void {
    if (this.answered && this.unwanted) return this.owner.restUnwanted()
    this.owner.contentBroken(
      new TrafficError('request_timeout', 'the request body comes too slowly', { phase: 'request-body' }),
    )
  }
}
