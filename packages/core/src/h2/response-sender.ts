import { type Body, type BodySink, cancelBody } from '../message/body.ts'
import { TrafficError } from '../message/errors.ts'
import type { PaceLimits } from '../message/exchange-times.ts'
import type { HeaderList } from '../message/headers.ts'
import { hasNoContent, type HttpResponse } from '../message/response.ts'
import { Pace } from '../socket/pace.ts'
import type { Clock } from '../time/clock.ts'
import { informationalFields, responseFields, trailerFields } from './message-fields.ts'
import type { Http2Stream } from './stream.ts'

/** Told how the sending of a response ended. */
export interface ResponseSenderOwner {
  /** All of it is written. */
  responseSent(): void
  /** It cannot be completed: the stream is to be reset. */
  responseBroken(error: TrafficError): void
}

/** Sends one response on a stream: never more or less than its head announced, and no faster than the peer takes it. */
export class ResponseSender implements BodySink {
  begun = false
  status: number | undefined
  /** Bytes of content written, or handed over to be. */
  bodyBytes = 0
  private readonly stream: Http2Stream
  private readonly clock: Clock
  private readonly owner: ResponseSenderOwner
  private body: Body | undefined
  private length: number | undefined
  private limits: PaceLimits | undefined
  private pace: Pace | undefined

  constructor(stream: Http2Stream, clock: Clock, owner: ResponseSenderOwner) {
    this.stream = stream
    this.clock = clock
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
    this.limits = pace
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
      this.stream.sendWhole(whole.bytes)
      if (this.stream.outgoing !== undefined) this.wait()
    } else {
      this.length = body.length
      this.body = body
      body.flowTo(this)
    }
  }

  write(chunk: Uint8Array): boolean {
    const size = chunk.byteLength
    if (size === 0) return true
    this.bodyBytes += size
    if (this.length !== undefined && this.bodyBytes > this.length) {
      this.owner.responseBroken(
        new TrafficError('internal', `the body is longer than its length of ${this.length} bytes`),
      )
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
      return this.owner.responseBroken(new TrafficError('internal', reason))
    }
    try {
      this.stream.sendEnd(trailerFields(trailers))
    } catch (thrown) {
      this.owner.responseBroken(TrafficError.from(thrown))
    }
  }

  fail(error: TrafficError): void {
    this.body = undefined
    this.owner.responseBroken(error)
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
    this.owner.responseSent()
  }

  /** The peer is lost, or what was begun cannot be completed. */
  abandon(error: TrafficError): void {
    this.pace?.stop()
    const { body } = this
    this.body = undefined
    if (body !== undefined) cancelBody(body, error)
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
    this.owner.responseBroken(
      new TrafficError('downstream_too_slow', 'the peer does not open the window of the stream'),
    )
  }
}

function noFinalStatus(status: number): TrafficError {
  const reason = `the response has status ${status}: a final one is within 200 to 599, and HTTP/2 does not switch protocols (RFC 9113 8.6)`
  return new TrafficError('internal', reason, { phase: 'send' })
}
