import { cancelBody } from '../message/body.ts'
import { TrafficError } from '../message/errors.ts'
import type { PaceLimits } from '../message/exchange-times.ts'
import type { HeaderList } from '../message/headers.ts'
import { hasNoContent, type HttpResponse } from '../message/response.ts'
import type { Clock } from '../time/clock.ts'
import { ContentSender } from './content-sender.ts'
import { informationalFields, responseFields } from './message-fields.ts'
import type { Http2Stream } from './stream.ts'
import { grantedFields } from './websocket.ts'

/** Told how the sending of a response ended. */
export interface ResponseSenderOwner {
  /** All of it is written. */
  responseSent(): void
  /** It cannot be completed: the stream is to be reset. */
  responseBroken(error: TrafficError): void
}

/** Sends one response on a stream. */
export class ResponseSender extends ContentSender {
  begun = false
  status: number | undefined
  private readonly owner: ResponseSenderOwner

  constructor(stream: Http2Stream, clock: Clock, owner: ResponseSenderOwner) {
    super(stream, clock)
    this.owner = owner
  }

  /** @throws TrafficError `internal` if a field is malformed; nothing is sent then */
  inform(status: number, headers?: HeaderList): void {
    if (!this.begun) this.stream.sendHeaders(informationalFields(status, headers), false)
  }

  /** @throws TrafficError `internal`, with nothing sent, if the response's status or fields must not get out */
  begin(response: HttpResponse, method: string, pace: PaceLimits): void {
    const { status, headers, body, tunnel } = response
    if (tunnel !== undefined || status < 200 || status > 599 || !Number.isInteger(status))
      throw noFinalStatus(status)
    const isEmpty = hasNoContent(method, status)
    const fields = responseFields(status, headers, body.length, isEmpty, this.clock.wallTime())
    const { whole } = body
    const endsAtOnce = isEmpty || whole?.length === 0
    // Before the sending, which may be told to have ended by then; if it throws, nothing has begun.
    this.begun = true
    this.status = status
    try {
      this.stream.sendHeaders(fields, endsAtOnce)
    } catch (thrown) {
      this.begun = false
      this.status = undefined
      throw thrown
    }
    if (endsAtOnce) {
      if (whole === undefined) cancelBody(body, new TrafficError('cancelled', 'this response has no content'))
    } else if (whole !== undefined) {
      this.bodyBytes = whole.length
      this.stream.sendWhole(whole)
      if (this.stream.outgoing !== undefined) this.waits(pace)
    } else {
      this.hold(body, pace)
      this.flow()
    }
  }

  /** @throws TrafficError `internal`, with nothing sent, if the status is not 101, or a field is malformed */
  switchProtocols({ status, headers }: HttpResponse): void {
    if (status !== 101) throw noFinalStatus(status)
    this.stream.sendHeaders(grantedFields(headers, this.clock.wallTime()), false)
    this.begun = true
    // As over HTTP/1.1, whatever stands for it on the wire: logs and figures go by what happened.
    this.status = status
  }

  override sent(): void {
    super.sent()
    this.owner.responseSent()
  }

  protected override broken(error: TrafficError): void {
    this.owner.responseBroken(error)
  }

  protected override slowPeer(): TrafficError {
    return new TrafficError('downstream_too_slow', 'the peer does not open the window of the stream')
  }
}

function noFinalStatus(status: number): TrafficError {
  const reason = `the response has status ${status}: a final one is within 200 to 599, and 101 needs a tunnel, and a request for it`
  return new TrafficError('internal', reason, { phase: 'send' })
}
