import { type Body, type BodySink, cancelBody } from '../message/body.ts'
import { TrafficError } from '../message/errors.ts'
import type { PaceLimits } from '../message/exchange-times.ts'
import type { HeaderList } from '../message/headers.ts'
import { Pace } from '../socket/pace.ts'
import type { Clock } from '../time/clock.ts'
import { trailerFields } from './message-fields.ts'
import type { Http2Stream } from './stream.ts'

/** Sends a message's content behind its head: never more or less than that announced, and no faster than the peer takes it. */
export abstract class ContentSender implements BodySink {
  /** Bytes of content written, or handed over to be. */
  bodyBytes = 0
  protected readonly stream: Http2Stream
  protected readonly clock: Clock
  private body: Body | undefined
  private length: number | undefined
  private limits: PaceLimits | undefined
  private pace: Pace | undefined

  constructor(stream: Http2Stream, clock: Clock) {
    this.stream = stream
    this.clock = clock
  }

  /** It cannot be sent to its end: the stream is to be reset. */
  protected abstract broken(error: TrafficError): void
  /** What fails where the peer does not open the stream's window. */
  protected abstract slowPeer(): TrafficError

  /** @param limits how fast the peer must take it */
  protected hold(body: Body, limits: PaceLimits): void {
    this.body = body
    this.length = body.length
    this.limits = limits
  }

  /** What is held is sent as it comes. */
  protected flow(): void {
    this.body?.flowTo(this)
  }

  /** What was given as a whole waits for the windows. */
  protected waits(limits: PaceLimits): void {
    this.body = undefined
    this.limits = limits
    this.wait()
  }

  write(chunk: Uint8Array): boolean {
    const size = chunk.byteLength
    if (size === 0) return true
    this.bodyBytes += size
    if (this.length !== undefined && this.bodyBytes > this.length) {
      this.break(new TrafficError('internal', `the body is longer than its length of ${this.length} bytes`))
      return false
    }
    const room = this.stream.sendData(chunk)
    if (!room) this.wait()
    return room
  }

  end(trailers?: HeaderList): void {
    this.body = undefined
    if (this.length !== undefined && this.bodyBytes < this.length) {
      const reason = `the body ended after ${this.bodyBytes} of ${this.length} bytes`
      return this.break(new TrafficError('internal', reason))
    }
    try {
      this.stream.sendEnd(trailerFields(trailers))
    } catch (thrown) {
      this.break(TrafficError.from(thrown))
    }
  }

  fail(error: TrafficError): void {
    this.body = undefined
    this.break(error)
  }

  /** All that was given is copied to where it is sent from. */
  get holdsNothing(): boolean {
    return this.stream.outgoing === undefined
  }

  progressed(bytes: number): void {
    this.pace?.progress(bytes)
  }

  writable(): void {
    this.pace?.stop()
    this.body?.resume()
  }

  sent(): void {
    this.pace?.stop()
  }

  /** Nothing more is sent. @param why told to whoever makes the content */
  stop(why: TrafficError): void {
    this.pace?.stop()
    const { body } = this
    this.body = undefined
    if (body !== undefined) cancelBody(body, why)
  }

  /** It is the peer's turn: to open the stream's window. */
  private wait(): void {
    if (this.limits === undefined) return
    this.pace ??= new Pace(this.clock, this.limits, () => this.slow())
    this.pace.start()
  }

  private slow(): void {
    // Where its window is open it waits for others, or for the connection, which is judged as a whole.
    if (this.stream.sendWindow.available > 0) return this.pace?.start()
    this.break(this.slowPeer())
  }

  private break(error: TrafficError): void {
    this.pace?.stop()
    this.broken(error)
  }
}
