import { TrafficError } from '../message/errors.ts'
import { type HttpRequest, isIdempotent } from '../message/request.ts'
import type { ClientConnectionOptions } from '../socket/connection-options.ts'
import type { Timer } from '../time/timer.ts'
import { ContentSender } from './content-sender.ts'
import type { Http2Stream } from './stream.ts'

/** Told when the content of a request cannot be sent to its end. */
export interface RequestSenderOwner {
  requestBroken(error: TrafficError): void
}

/** Sends a request's content, and not before 100 where that is expected. */
export class RequestSender extends ContentSender {
  /** The content, or the rest of it, will not be sent: the stream cannot end properly. */
  forgone = false
  private readonly options: ClientConnectionOptions
  private readonly owner: RequestSenderOwner
  private readonly replaySafe: 'idempotent' | 'unknown'
  private continueTimer: Timer | undefined

  constructor(
    stream: Http2Stream,
    request: HttpRequest,
    options: ClientConnectionOptions,
    owner: RequestSenderOwner,
  ) {
    super(stream, options.clock)
    this.options = options
    this.owner = owner
    this.replaySafe = isIdempotent(request.method) ? 'idempotent' : 'unknown'
    this.hold(request.body, options.pace)
  }

  /** @param expectsContinue whether it waits for 100, a while (RFC 9110 10.1.1) */
  begin(expectsContinue: boolean): void {
    if (!expectsContinue) return this.flow()
    this.continueTimer = this.options.clock.timer(() => this.proceed())
    this.continueTimer.arm(this.options.continueTimeout)
  }

  /** 100 came, or did not come for so long that the content is sent all the same. */
  proceed(): void {
    if (!this.isHeld) return
    this.endWait()
    this.flow()
  }

  /** A final response came before the content was begun: it will never be sent. */
  forgo(): void {
    if (!this.isHeld) return
    this.endWait()
    this.forgone = true
  }

  /** What was given as a whole waits for the windows. */
  wholeWaits(): void {
    this.waits(this.options.pace)
  }

  /** The peer takes no more, and may have answered: the stream cannot end properly. */
  giveUp(why: TrafficError): void {
    this.forgone = true
    this.stop(why)
  }

  override stop(why: TrafficError): void {
    this.endWait()
    super.stop(why)
  }

  private get isHeld(): boolean {
    return this.continueTimer !== undefined
  }

  private endWait(): void {
    this.continueTimer?.disarm()
    this.continueTimer = undefined
  }

  protected override broken(error: TrafficError): void {
    this.owner.requestBroken(error)
  }

  protected override slowPeer(): TrafficError {
    const error = new TrafficError('upstream_too_slow', 'the upstream takes the request body too slowly', {
      phase: 'send',
      replaySafe: this.replaySafe,
    })
    error.onlyElsewhere = true
    return error
  }
}
