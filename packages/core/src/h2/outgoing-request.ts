import type { WholeBody } from '../message/body.ts'
import type { TrafficError } from '../message/errors.ts'
import type { HttpRequest } from '../message/request.ts'
import type { ClientConnectionOptions } from '../socket/connection-options.ts'
import { noMoreTaken } from './abort-error.ts'
import type { Fields } from './field-list.ts'
import { RequestSender, type RequestSenderOwner } from './request-sender.ts'
import { SentBytes } from './sent-bytes.ts'
import type { Http2Stream } from './stream.ts'
import type { WriteBuffer } from './write-buffer.ts'

/** The request's half of a stream: its head, its content, and how much of both has left. */
export class OutgoingRequest {
  /** Whether all of it is sent, or no more of it has to be. */
  isSent = false
  private readonly stream: Http2Stream
  private readonly request: HttpRequest
  private readonly options: ClientConnectionOptions
  private readonly owner: RequestSenderOwner
  private readonly bytes: SentBytes
  /** Undefined where there is no content, or all of it is with the stream already. */
  private sender: RequestSender | undefined

  /** Its head is about to be written. */
  constructor(
    stream: Http2Stream,
    request: HttpRequest,
    options: ClientConnectionOptions,
    out: WriteBuffer,
    owner: RequestSenderOwner,
  ) {
    this.stream = stream
    this.request = request
    this.options = options
    this.owner = owner
    this.bytes = new SentBytes(out)
  }

  /** @throws TrafficError if the head cannot be sent: nothing of it is */
  sendHead(fields: Fields, endStream: boolean): void {
    this.stream.sendHeaders(fields, endStream)
    this.bytes.headWritten()
  }

  sendContent(): void {
    const { headers, body } = this.request
    const expectsContinue = headers.get('expect') !== undefined
    if (body.whole !== undefined && !expectsContinue) this.sendWhole(body.whole)
    else this.newSender().begin(expectsContinue)
  }

  private sendWhole(whole: WholeBody): void {
    this.bytes.content = whole.length
    this.stream.sendWhole(whole)
    if (this.stream.outgoing !== undefined) this.newSender().wholeWaits()
  }

  private newSender(): RequestSender {
    this.sender = new RequestSender(this.stream, this.request, this.options, this.owner)
    return this.sender
  }

  /** 100 has come. */
  proceed(): void {
    this.sender?.proceed()
  }

  /** The final response has come: content that was held back for a 100 will never be sent (RFC 9110 10.1.1). */
  answered(): void {
    this.sender?.forgo()
  }

  /** Whether what the head announced will never come. */
  get isForgone(): boolean {
    return this.sender?.forgone === true
  }

  /** The content broke, or its peer takes no more of it, and the response counts nevertheless. */
  giveUp(error: TrafficError): void {
    this.sender?.giveUp(error)
  }

  progressed(bytes: number): void {
    this.sender?.progressed(bytes)
  }

  writable(): void {
    this.sender?.writable()
  }

  sent(): void {
    this.isSent = true
    this.sender?.sent()
  }

  /** No more of it is to be sent. @param why told to whoever makes the content, where it is not that the peer takes no more */
  stop(why?: TrafficError): void {
    if (!this.isSent) this.sender?.stop(why ?? noMoreTaken())
    this.isSent = true
  }

  /** Bytes of it that the socket was given: 0 where nothing has left. */
  get bytesSent(): number {
    return this.bytes.sent(this.sender?.bodyBytes)
  }
}
