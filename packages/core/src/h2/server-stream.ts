import { copyOf } from '../message/copy-of.ts'
import { type Body, StreamBody, WholeBody } from '../message/body.ts'
import { TrafficError } from '../message/errors.ts'
import { Exchange } from '../message/exchange.ts'
import type { PaceLimits } from '../message/exchange-times.ts'
import type { HeaderList } from '../message/headers.ts'
import { joinTunnel } from '../message/join-tunnel.ts'
import { ask, checkResponse, discard } from '../message/responder.ts'
import type { HttpResponse, Tunnel } from '../message/response.ts'
import { Http2Fault } from './fault.ts'
import type { FieldSection } from './field-section.ts'
import { IncomingContent, type IncomingContentOwner } from './incoming-content.ts'
import { takeInRequest, whyNoRequest } from './request-intake.ts'
import { prioritizeResponse } from './priorities.ts'
import { ResponseSender, type ResponseSenderOwner } from './response-sender.ts'
import type { ServerStreamOwner } from './server-stream-owner.ts'
import type { Http2Stream } from './stream.ts'
import type { StreamAbort, StreamReceiver } from './stream-receiver.ts'
import { StreamTunnel, type StreamTunnelOwner } from './stream-tunnel.ts'
import { takeInTrailers } from './trailers.ts'
import { notSwitched } from './websocket.ts'

/** One request on a stream and its response, from the request's head to the outcome. */
export class ServerStream
  implements StreamReceiver, IncomingContentOwner, ResponseSenderOwner, StreamTunnelOwner
{
  private readonly stream: Http2Stream
  private readonly owner: ServerStreamOwner
  private readonly sender: ResponseSender
  private section: FieldSection | undefined
  /** What came before the request was handed over. */
  private early: Buffer[] | undefined
  private hasEnded = false
  private trailers: HeaderList | undefined
  private method = ''
  private exchange: Exchange | undefined
  private incoming: IncomingContent | undefined
  /** The request's content as it came; a policy may put another in its place. */
  private content: Body | undefined
  /** Our end of the tunnel that was asked for; undefined where none was, or it was refused. */
  private tunnel: StreamTunnel | undefined
  private isOver = false

  constructor(stream: Http2Stream, owner: ServerStreamOwner) {
    this.stream = stream
    this.owner = owner
    this.sender = new ResponseSender(stream, owner.options.clock, this)
  }

  fields(section: FieldSection, endStream: boolean): Http2Fault | undefined {
    if (this.method !== '') return this.takeTrailers(section, endStream)
    const reason = whyNoRequest(section)
    if (reason !== undefined) return this.malformed(reason)
    this.method = section.method?.value ?? '?' // a section that is too large need not have one
    this.section = section
    this.hasEnded = endStream
    this.stream.expect(section.contentLength)
    this.owner.arrived(this)
    return undefined
  }

  private takeTrailers(section: FieldSection, endStream: boolean): Http2Fault | undefined {
    if (this.method === 'CONNECT') return this.malformed('HEADERS behind those of CONNECT (RFC 9113 8.5)')
    const trailers = takeInTrailers(section, endStream)
    if (typeof trailers === 'string') return this.malformed(trailers)
    this.trailers = trailers
    this.ended()
    return undefined
  }

  data(bytes: Buffer, start: number, end: number): void {
    if (this.incoming !== undefined) this.incoming.data(bytes, start, end)
    else if (this.tunnel !== undefined) this.tunnel.data(bytes, start, end)
    // Without a section nobody wants it, and the stream is about to be reset: what it held is given back then.
    else if (this.section !== undefined) this.keepEarly(copyOf(bytes, start, end))
  }

  private keepEarly(chunk: Buffer): void {
    if (this.early === undefined) this.early = [chunk]
    else this.early.push(chunk)
  }

  ended(): void {
    this.hasEnded = true
    this.tunnel?.ended()
    const { incoming } = this
    this.incoming = undefined
    incoming?.end(this.trailers)
  }

  /** Hands the request over, unless it is gone by now: what the same read has taken back never reaches a handler. */
  dispatch(): void {
    const { section, owner } = this
    this.section = undefined
    if (section === undefined || this.isOver) return
    const { options, peer } = owner
    const early = this.takeEarly()
    const intake = takeInRequest(
      section,
      this.hasEnded && early.length === 0,
      options,
      peer.encrypted ? 'https' : 'http',
    )
    const { contentLength } = section
    section.giveBack()
    if (intake instanceof TrafficError) {
      this.stream.consumed(lengthOf(early))
      return this.refuse(intake)
    }
    const { request, expectsContinue } = intake
    const exchange = new Exchange(request, options.clock, peer)
    this.exchange = exchange
    if (request.upgrade === undefined) this.beginContent(exchange, contentLength, expectsContinue, early)
    else this.holdTunnel(early)
    this.content = request.body
    exchange.inform = this.inform
    owner.handling(1)
    ask(owner.responder, exchange).then(this.respond, this.failed)
    if (exchange.times !== undefined) this.incoming?.use(exchange.times.downstream)
  }

  private takeEarly(): Buffer[] {
    const early = this.early ?? []
    this.early = undefined
    return early
  }

  /** What comes is the tunnel's, and held until there is one: nobody may take it for a request (RFC 8441 5). */
  private holdTunnel(early: readonly Buffer[]): void {
    const { connection, options } = this.owner
    this.tunnel = new StreamTunnel(this.stream, connection.memory, options.clock)
    for (const chunk of early) this.tunnel.data(chunk, 0, chunk.length)
    if (this.hasEnded) this.tunnel.ended()
  }

  /** Content that is here already is no stream. */
  private beginContent(
    exchange: Exchange,
    length: number | undefined,
    expectsContinue: boolean,
    early: readonly Buffer[],
  ): void {
    const { request } = exchange
    if (this.hasEnded && this.trailers === undefined) {
      if (early.length === 0) return
      const whole = early.length === 1 ? (early[0] as Buffer) : Buffer.concat(early) // there is one
      request.body = WholeBody.fromBytes(whole)
      return this.stream.consumed(whole.length)
    }
    const continueOwed = expectsContinue && early.length === 0
    const { connection, content } = this.owner
    const incoming = new IncomingContent(connection.memory, this.stream, length, continueOwed, content, this)
    request.body = incoming.body
    incoming.early(early)
    if (this.hasEnded) incoming.end(this.trailers)
    else this.incoming = incoming
  }

  private readonly inform = (status: number, headers: HeaderList): void => {
    const { exchange, sender } = this
    if (this.isOver || sender.begun || exchange === undefined || exchange.cancellation !== undefined) return
    exchange.beforeInform?.(headers)
    sender.inform(status, headers)
  }

  continueWanted(): void {
    if (!this.isOver) this.sender.inform(100)
  }

  private readonly respond = (response: HttpResponse): void => {
    this.owner.handling(-1)
    this.send(response)
  }

  private readonly failed = (thrown: unknown): void => {
    this.owner.handling(-1)
    if (!this.isOver) this.send(this.refusal(TrafficError.from(thrown)))
  }

  private send(response: HttpResponse): void {
    if (this.isOver)
      return discard(response, new TrafficError('downstream_closed', 'the peer left meanwhile'))
    const { sender, method, tunnel } = this
    try {
      checkResponse(response)
      if (tunnel !== undefined) {
        if (response.tunnel !== undefined) return this.switchProtocols(tunnel, response, response.tunnel)
        this.refuseTunnel(tunnel, response)
      }
      prioritizeResponse(this.stream, response)
      sender.begin(response, method, this.pace)
    } catch (thrown) {
      const error = TrafficError.from(thrown)
      discard(response, error)
      // Once its head is out, no other response may follow.
      if (sender.begun) this.responseBroken(error)
      else sender.begin(this.refusal(error), method, this.pace)
    }
  }

  private switchProtocols(tunnel: StreamTunnel, response: HttpResponse, upstream: Tunnel): void {
    this.sender.switchProtocols(response)
    tunnel.open(this.exchange?.times?.streamIdle ?? this.owner.options.tunnelIdleTimeout, this)
    joinTunnel(tunnel, upstream)
  }

  private refuseTunnel(tunnel: StreamTunnel, { status }: HttpResponse): void {
    this.tunnel = undefined
    tunnel.drop()
    if (status < 300) throw notSwitched(status)
  }

  tunnelOver(): void {
    this.conclude(undefined)
  }

  /** How fast the peer must take the response. */
  private get pace(): PaceLimits {
    return this.exchange?.times?.downstream ?? this.owner.options.pace
  }

  /** The response for an exchange that failed, or never was one: the log tells why. */
  private refusal(error: TrafficError): HttpResponse {
    if (this.exchange !== undefined) this.exchange.error = error
    return this.owner.responder.refusal(error, this.exchange, this.owner.peer)
  }

  private refuse(error: TrafficError): void {
    this.send(this.refusal(error))
  }

  /** What no request may be is told to the log alone: the stream is reset (RFC 9113 8.1.1). */
  private malformed(reason: string): Http2Fault {
    if (this.exchange === undefined)
      this.refusal(new TrafficError('malformed_request', reason, { phase: 'request-head' }))
    return new Http2Fault('PROTOCOL_ERROR', this.stream.id, reason)
  }

  aborted({ by, message }: StreamAbort): void {
    const code =
      by === 'fault' ? 'malformed_request' : by === 'slow' ? 'downstream_too_slow' : 'downstream_closed'
    this.abandon(new TrafficError(code, message))
  }

  progressed(bytes: number): void {
    this.sender.progressed(bytes)
  }

  writable(): void {
    this.sender.writable()
  }

  sent(): void {
    this.sender.sent()
  }

  responseSent(): void {
    this.conclude(undefined)
    if (this.hasEnded) return
    const { connection, content } = this.owner
    // One that was refused has nobody who reads it.
    this.incoming ??= new IncomingContent(connection.memory, this.stream, undefined, false, content, this)
    this.incoming.discard()
  }

  responseBroken(error: TrafficError): void {
    if (this.isOver) return
    this.stream.reset(error.source === 'downstream' ? 'CANCEL' : 'INTERNAL_ERROR')
    this.abandon(error)
  }

  contentBroken(error: TrafficError): void {
    const { incoming } = this
    this.incoming = undefined
    this.exchange?.cancel(error)
    incoming?.stop(error)
  }

  restUnwanted(): void {
    const { incoming } = this
    this.incoming = undefined
    incoming?.stop(new TrafficError('cancelled', 'answered before the request body was read'))
    this.stream.reset('NO_ERROR')
  }

  /** In this order: what has finished cannot be cancelled any more. */
  private abandon(error: TrafficError): void {
    const { incoming } = this
    this.incoming = undefined
    this.section = undefined
    this.exchange?.cancel(error)
    incoming?.stop(error)
    this.sender.stop(error)
    this.conclude(error)
  }

  private conclude(error: TrafficError | undefined): void {
    this.isOver = true
    const { content, exchange, sender, tunnel } = this
    if (exchange === undefined) return
    const received = content instanceof StreamBody ? content.received : (content?.length ?? 0)
    exchange.finish({
      status: sender.status,
      error: error ?? exchange.error,
      bytesSent: sender.bodyBytes + (tunnel?.written ?? 0),
      bytesReceived: received + (tunnel?.incoming.received ?? 0),
    })
  }
}

function lengthOf(chunks: readonly Buffer[]): number {
  return chunks.reduce((sum, { length }) => sum + length, 0)
}
