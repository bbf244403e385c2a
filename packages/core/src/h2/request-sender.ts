import { type Body, type BodySink, cancelBody } from '../message/body.ts'
import { TrafficError } from '../message/errors.ts'
import type { HeaderList } from '../message/headers.ts'
import { type HttpRequest, isIdempotent } from '../message/request.ts'
import type { ClientConnectionOptions } from '../socket/connection-options.ts'
import { Pace } from '../socket/pace.ts'
import type { Timer } from '../time/timer.ts'
import { trailerFields } from './message-fields.ts'
import type { Http2Stream } from './stream.ts'

/** Told when the content of a request cannot be sent to its end. */
export interface RequestSenderOwner {
  requestBroken(error: TrafficError): void
}

/** Sends a request's content behind its head: never more or less than that announced, no faster than the peer takes it, and not before 100 where that is expected. */
export class RequestSender implements BodySink {
  /** Bytes of content written, or handed over to be. */
  bodyBytes = 0
  /** The content, or the rest of it, will not be sent: the stream cannot end properly. */
  forgone = false
  private readonly stream: Http2Stream
  private readonly options: ClientConnectionOptions
  private readonly owner: RequestSenderOwner
  private readonly replaySafe: 'idempotent' | 'unknown'
  private readonly length: number | undefined
  private body: Body | undefined
  private pace: Pace | undefined
  private continueTimer: Timer | undefined

  constructor(
    stream: Http2Stream,
    request: HttpRequest,
    options: ClientConnectionOptions,
    owner: RequestSenderOwner,
  ) {
    this.stream = stream
    this.options = options
    this.owner = owner
    this.replaySafe = isIdempotent(request.method) ? 'idempotent' : 'unknown'
    this.length = request.body.length
    this.body = request.body
  }

  /** @param expectsContinue whether it waits for 100, a while (RFC 9110 10.1.1) */
  begin(expectsContinue: boolean): void {
    if (!expectsContinue) return this.body?.flowTo(this)
    this.continueTimer = this.options.clock.timer(() => this.proceed())
    this.continueTimer.arm(this.options.continueTimeout)
  }

  /** 100 came, or did not come for so long that the content is sent all the same. */
  proceed(): void {
    if (!this.isHeld) return
    this.endWait()
    this.body?.flowTo(this)
  }

  /** A final response came before the content was begun: it will never be sent. */
  forgo(): void {
    if (!this.isHeld) return
    this.endWait()
    this.forgone = true
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

  /** What was given as a whole waits for the windows. */
  wholeWaits(): void {
    this.body = undefined
    this.wait()
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

  /** The peer takes no more, and may have answered: the stream cannot end properly. */
  giveUp(why: TrafficError): void {
    this.forgone = true
    this.stop(why)
  }

  /** Nothing more is sent. @param why told to whoever makes the content */
  stop(why: TrafficError): void {
    this.endWait()
    this.pace?.stop()
    const { body } = this
    this.body = undefined
    if (body !== undefined) cancelBody(body, why)
  }

  private get isHeld(): boolean {
    return this.continueTimer !== undefined
  }

  private endWait(): void {
    this.continueTimer?.disarm()
    this.continueTimer = undefined
  }

  /** It is the peer's turn: to open the stream's window. */
  private wait(): void {
    this.pace ??= new Pace(this.options.clock, this.options.pace, () => this.slow())
    this.pace.start()
  }

  private slow(): void {
    // Where its window is open it waits for others, or for the connection, which is judged as a whole.
    if (this.stream.sendWindow.available > 0) return this.pace?.start()
    const reason = 'the upstream takes the request body too slowly'
    const error = new TrafficError('upstream_too_slow', reason, {
      phase: 'send',
      replaySafe: this.replaySafe,
    })
    error.onlyElsewhere = true
    this.break(error)
  }

  private break(error: TrafficError): void {
    this.pace?.stop()
    this.owner.requestBroken(error)
  }
}
