import { TrafficError } from '../message/errors.ts'
import type { Cancellable, Exchange } from '../message/exchange.ts'
import type { HeaderList } from '../message/headers.ts'
import { InterimResponses } from '../message/interim-responses.ts'
import type { HttpResponse } from '../message/response.ts'
import { type ClientConnectionOptions, optionsFor } from '../socket/connection-options.ts'
import { abortError } from './abort-error.ts'
import { type Refusal, refused, type ResponseHead, takeInResponse } from './client-intake.ts'
import type { ClientStreamOwner } from './client-stream-owner.ts'
import { type EarlyContent, joined } from './early-content.ts'
import { Http2Fault } from './fault.ts'
import type { FieldSection } from './field-section.ts'
import { OutgoingRequest } from './outgoing-request.ts'
import { connectFields, requestFields } from './request-fields.ts'
import type { RequestSenderOwner } from './request-sender.ts'
import { ResponseContent, type ResponseContentOwner } from './response-content.ts'
import type { Http2Stream } from './stream.ts'
import type { StreamAbort, StreamReceiver } from './stream-receiver.ts'
import { StreamTunnel, type StreamTunnelOwner } from './stream-tunnel.ts'
import { takeInTrailers } from './trailers.ts'
import { switchedResponse } from './websocket.ts'

type Phase =
  /** The head of the final response is to come. */
  | 'waiting'
  /** It is here, its content or its end is not. */
  | 'content'
  /** The response is here, and the request is not sent to its end. */
  | 'sending'
  /** It has opened a tunnel. */
  | 'tunnel'
  | 'over'

/** One exchange on a stream, from its request's head to the end of both messages. */
export class ClientStream
  implements StreamReceiver, Cancellable, RequestSenderOwner, ResponseContentOwner, StreamTunnelOwner
{
  readonly answer: PromiseWithResolvers<HttpResponse> = Promise.withResolvers()
  /** By when the response's head must be here; Infinity while it is not its turn. */
  headDueAt: number = Infinity
  private readonly owner: ClientStreamOwner
  private readonly exchange: Exchange
  private readonly options: ClientConnectionOptions
  private readonly stream: Http2Stream
  private readonly request: OutgoingRequest
  private content: ResponseContent | undefined
  private readonly asksTunnel: boolean
  private tunnel: StreamTunnel | undefined
  private phase: Phase = 'waiting'
  /** What was not handed over yet. */
  private head: ResponseHead | undefined
  private early: EarlyContent[] | undefined
  private hasEnded = false
  private trailers: HeaderList | undefined
  private isAwaited = true
  private interim: InterimResponses | undefined
  private readonly readsBefore: number

  /** @param asksTunnel whether its head is an extended CONNECT */
  constructor(owner: ClientStreamOwner, exchange: Exchange, asksTunnel: boolean) {
    this.owner = owner
    this.exchange = exchange
    this.asksTunnel = asksTunnel
    this.options = optionsFor(exchange, owner.options)
    this.stream = owner.connection.streams.open(this)
    this.request = new OutgoingRequest(
      this.stream,
      exchange.request,
      this.options,
      owner.connection.out,
      this,
    )
    this.readsBefore = owner.reads
    owner.awaited(1)
  }

  /** Sends the request. */
  begin(): void {
    const { exchange, request, asksTunnel } = this
    const { scheme } = this.owner
    const isEmpty = exchange.request.body.whole?.length === 0
    exchange.occupy(this)
    try {
      const makeFields = asksTunnel ? connectFields : requestFields
      request.sendHead(makeFields(exchange.request, scheme), isEmpty && !asksTunnel)
    } catch (thrown) {
      return this.fail(TrafficError.from(thrown))
    }
    if (asksTunnel) this.requestOut()
    else if (!isEmpty) request.sendContent()
  }

  fields(section: FieldSection, endStream: boolean): Http2Fault | undefined {
    if (this.phase === 'over') return undefined
    if (this.head !== undefined || this.phase !== 'waiting') return this.takeTrailers(section, endStream)
    const { size } = section
    const head = takeInResponse(section, this.exchange.request.method, endStream, this.options.limits)
    section.giveBack()
    if ('reason' in head) return this.refuse(head)
    const { status, headers } = head.response
    if (status < 200) return this.inform(status, headers, size)
    this.head = head
    if (!this.opensTunnel) {
      this.stream.expect(head.length)
      if (this.asksTunnel) this.stream.sendEnd()
    }
    this.hasEnded = endStream
    this.headDueAt = Infinity
    this.exchange.wire?.responded(this.options.clock.now())
    this.request.answered()
    this.owner.arrived(this)
    return undefined
  }

  /** Whether the head that is here has opened the tunnel (RFC 9110 9.3.6). */
  private get opensTunnel(): boolean {
    return this.asksTunnel && this.head !== undefined && this.head.response.status < 300
  }

  private inform(status: number, headers: HeaderList, size: number): Http2Fault | undefined {
    const { exchange } = this
    this.interim ??= new InterimResponses(this.options.limits.head)
    const reason = this.interim.add(size, exchange)
    if (reason !== undefined) return this.refuse({ code: 'response_head_too_large', reason })
    if (status === 100) this.request.proceed()
    else exchange.inform?.(status, headers)
    return undefined
  }

  private takeTrailers(section: FieldSection, endStream: boolean): Http2Fault | undefined {
    if (this.opensTunnel) return this.refuse(refused('HEADERS within a tunnel (RFC 9113 8.5)'))
    const trailers = takeInTrailers(section, endStream)
    if (typeof trailers === 'string') return this.refuse(refused(trailers))
    this.trailers = trailers
    this.ended()
    return undefined
  }

  /** What the exchange fails with, and what its stream is reset for. */
  private refuse({ code, reason }: Refusal): Http2Fault {
    this.conclude(this.errorOf({ by: 'fault', code: 'PROTOCOL_ERROR', message: reason }, code))
    return new Http2Fault('PROTOCOL_ERROR', this.stream.id, reason)
  }

  data(bytes: Buffer, start: number, end: number): void {
    if (this.content !== undefined) this.content.data(bytes, start, end)
    // Looked at within the same read, hence not copied.
    else if (this.head === undefined) this.headless('DATA before a final response')
    else if (this.early === undefined) this.early = [{ bytes, start, end }]
    else this.early.push({ bytes, start, end })
  }

  ended(): void {
    this.hasEnded = true
    if (this.head !== undefined) return
    if (this.phase === 'content') this.responseRead()
    else this.headless('the stream has ended without a final response')
  }

  private headless(what: string): void {
    if (this.phase !== 'waiting') return
    this.stream.reset('PROTOCOL_ERROR')
    const reason = `${what} (RFC 9113 8.1)`
    this.conclude(this.errorOf({ by: 'fault', code: 'PROTOCOL_ERROR', message: reason }))
  }

  /** Hands the response over, unless the same read has brought its failure. */
  deliver(): void {
    const { head, early, trailers } = this
    this.head = undefined
    this.early = undefined
    if (head === undefined || this.phase !== 'waiting') return
    const { response, length } = head
    if (this.asksTunnel && response.status < 300) return this.beginTunnel(response, early ?? [])
    this.phase = 'content'
    if (this.hasEnded && trailers === undefined) {
      if (early !== undefined) response.body = joined(early)
      this.responseRead()
    } else {
      this.beginContent(response, length)
      for (const { bytes, start, end } of early ?? []) this.content?.data(bytes, start, end)
      if (this.hasEnded) this.responseRead()
      // A body that nobody reads keeps no process alive.
      else this.await(false)
    }
    this.answer.resolve(response)
  }

  private beginTunnel(granted: HttpResponse, early: readonly EarlyContent[]): void {
    const { exchange, options, owner, stream } = this
    const tunnel = new StreamTunnel(stream, owner.connection.memory, options.clock)
    this.phase = 'tunnel'
    this.tunnel = tunnel
    for (const { bytes, start, end } of early) tunnel.data(bytes, start, end)
    if (this.hasEnded) tunnel.ended()
    tunnel.open(options.tunnelIdleTimeout, this)
    this.answer.resolve(switchedResponse(granted, exchange.request, tunnel))
  }

  tunnelOver(): void {
    this.request.stop()
    this.conclude(undefined)
  }

  private beginContent(response: HttpResponse, length: number | undefined): void {
    const { connection } = this.owner
    this.content = new ResponseContent(connection, this.stream, length, response.headers, this.options, this)
    response.body = this.content.body
  }

  private responseRead(): void {
    const { content } = this
    this.content = undefined
    this.phase = 'sending'
    if (this.request.isSent) this.conclude(undefined)
    else if (this.request.isForgone) this.stopSending()
    content?.end(this.trailers)
  }

  private stopSending(): void {
    this.stream.reset('CANCEL')
    this.conclude(undefined)
  }

  progressed(bytes: number): void {
    this.request.progressed(bytes)
  }

  writable(): void {
    this.request.writable()
  }

  sent(): void {
    this.request.sent()
    if (!this.asksTunnel) this.requestOut()
    if (this.phase === 'sending') this.conclude(undefined)
  }

  /** It is the peer's turn. */
  private requestOut(): void {
    const { clock, responseHeadTimeout } = this.options
    this.exchange.wire?.requestWritten(clock.now())
    if (this.phase === 'waiting' && this.head === undefined && responseHeadTimeout !== Infinity) {
      this.headDueAt = clock.now() + responseHeadTimeout
      this.owner.waitUntil(this.headDueAt)
    }
  }

  overdue(): void {
    const reason = `no response head within ${this.options.responseHeadTimeout} ms`
    this.fail(this.errorOf({ by: 'fault', code: 'CANCEL', message: reason }, 'upstream_timeout'))
  }

  /** The request's content broke: what was sent is half a request. */
  requestBroken(error: TrafficError): void {
    // One that has answered need not take the rest: what it sends counts.
    if (!this.hasAnswered || error.source !== 'upstream') return this.fail(error)
    this.request.giveUp(error)
    if (this.phase === 'sending') this.stopSending()
  }

  contentBroken(reason: string): void {
    this.fail(this.errorOf({ by: 'slow', code: 'CANCEL', message: reason }))
  }

  contentUnwanted(error: TrafficError): void {
    this.fail(error)
  }

  contentWanted(): void {
    this.await(true)
  }

  cancelled(error: TrafficError): void {
    this.fail(error)
  }

  aborted(abort: StreamAbort): void {
    if (this.phase === 'over') return
    // A server may end a request whose response is complete (RFC 9113 8.1).
    const isHere = this.hasEnded && this.head !== undefined && abort.by !== 'fault'
    const isComplete = isHere || this.phase === 'sending'
    if (!isComplete) return this.conclude(this.errorOf(abort))
    this.request.stop()
    if (this.phase === 'sending') this.conclude(undefined)
  }

  /** Ends stream and exchange: whoever waits for either learns why. */
  private fail(error: TrafficError): void {
    if (this.phase === 'over') return
    if (this.phase === 'tunnel') return this.tunnel?.abort()
    this.stream.reset('CANCEL')
    this.conclude(error)
  }

  private conclude(error: TrafficError | undefined): void {
    if (this.phase === 'over') return
    const { exchange, content } = this
    this.phase = 'over'
    this.head = undefined
    this.early = undefined
    this.content = undefined
    this.headDueAt = Infinity
    exchange.release(this)
    this.await(false)
    this.request.stop(exchange.cancellation)
    this.owner.over()
    if (error === undefined) return
    this.answer.reject(error)
    content?.fail(error)
  }

  private await(isAwaited: boolean): void {
    if (this.isAwaited === isAwaited) return
    this.isAwaited = isAwaited
    this.owner.awaited(isAwaited ? 1 : -1)
  }

  private get hasAnswered(): boolean {
    return this.head !== undefined || this.phase === 'content' || this.phase === 'sending'
  }

  private errorOf(abort: StreamAbort, code?: Refusal['code']): TrafficError {
    const { owner, exchange } = this
    return abortError(abort, this.hasAnswered, code, {
      takesHttp1: abort.code === 'HTTP_1_1_REQUIRED' && !this.hasAnswered && owner.http1Required(),
      exchange,
      bytesSent: this.request.bytesSent,
      inBody: this.phase === 'content',
      stale: abort.by === 'connection' && owner.exchanges > 1 && owner.reads === this.readsBefore,
      cause: owner.lossCause,
    })
  }
}
