import type { Socket } from 'node:net'
import { copyOf } from '../message/copy-of.ts'
import { TrafficError } from '../message/errors.ts'
import type { Cancellable, Exchange } from '../message/exchange.ts'
import type { HttpResponse } from '../message/response.ts'
import type { ConnectionFacts } from '../message/wire-facts.ts'
import type { Timer } from '../time/timer.ts'
import { type ClientConnectionOptions, optionsFor } from '../socket/connection-options.ts'
import type { ConnectionOwner } from '../message/connections.ts'
import { after } from '../message/state-table.ts'
import { WireFault } from './fault.ts'
import { type Framing, NO_BODY } from './framing.ts'
import { type FoundHead, wholeBody } from './head-buffer.ts'
import { spokenInstead } from './other-protocol.ts'
import { Persistence } from './persistence.ts'
import { RequestWriter } from './request-writer.ts'
import { ResponseBody, type ResponseBodyOwner } from './response-body.ts'
import { ResponseHeads } from './response-heads.ts'
import { type ResponseIntake, responseOf } from './response-intake.ts'
import type { ReadTarget, SocketReader } from '../socket/socket-reader.ts'
import { CLIENT_STATES, type ClientEvent, type ClientState } from './states.ts'
import { TunnelEnd } from './tunnel.ts'
import { type UpstreamErrorCode, upstreamError } from '../message/upstream-error.ts'
import { isBrokenPipe, LAST_READ_TIMEOUT, onWriteFailure } from '../socket/write-failure.ts'

/**
 * One HTTP/1.1 connection on which requests are sent, one exchange at a time. The rows of `CLIENT_STATES` are its life.
 * It is used again only when request and response are both proven finished; bytes that arrive while it is idle destroy it.
 */
export class ClientConnection implements ResponseBodyOwner, Cancellable, ReadTarget {
  owner: ConnectionOwner<ClientConnection> | undefined
  readonly socket: Socket
  private readonly base: ClientConnectionOptions
  private options: ClientConnectionOptions
  private readonly heads: ResponseHeads
  readonly persistence: Persistence = new Persistence()
  /** How it came to be, where whoever opened it has looked. */
  facts: ConnectionFacts | undefined
  private readonly timer: Timer
  private state: ClientState = 'idle'
  private exchange: Exchange | undefined
  private answer: PromiseWithResolvers<HttpResponse> | undefined
  private writer: RequestWriter | undefined
  private arriving: ResponseBody | undefined
  private tunnel: TunnelEnd | undefined
  private sawBytes = false
  /** Why the upstream takes nothing more; what it sent before is still read. */
  private unwritable: Error | undefined

  /**
   * @param socket connected, and for TLS verified
   * @param reader what the socket was connected with, so that it reads into it
   */
  constructor(socket: Socket, reader: SocketReader, options: ClientConnectionOptions) {
    this.socket = socket
    this.base = options
    this.options = options
    this.heads = new ResponseHeads(options.limits, this.persistence)
    this.timer = options.clock.timer(() => this.timedOut())
    reader.target = this
    socket.on('end', () => this.ended())
    socket.on('drain', () => this.drained())
    socket.on('error', (error: Error) => this.lose(error))
    socket.on('close', () => this.lose(undefined))
    onWriteFailure(socket, this.writeFailed)
    // While it is idle it keeps no process alive.
    socket.unref()
  }

  /**
   * Sends the exchange's request and resolves with the head of the final response, whose body may still be arriving.
   * Rejects with a TrafficError. One exchange at a time: the owner sees to that.
   */
  send(exchange: Exchange): Promise<HttpResponse> {
    this.move('sent')
    this.exchange = exchange
    exchange.upstreamVersion = '1.1'
    this.persistence.sent()
    this.heads.reset()
    this.sawBytes = false
    this.socket.ref()
    this.options = optionsFor(exchange, this.base)
    exchange.wire?.begin(this.facts, this.persistence.exchanges > 1)
    exchange.occupy(this)
    const answer = Promise.withResolvers<HttpResponse>()
    this.answer = answer
    this.writer = new RequestWriter(this.socket, this.options, this)
    try {
      this.writer.begin(exchange.request)
    } catch (thrown) {
      this.fail(TrafficError.from(thrown))
    }
    return answer.promise
  }

  /** Whether it is of no further use. */
  get closed(): boolean {
    return this.state === 'closed'
  }

  /** For the writer: the request is out, now it is the upstream's turn. */
  requestWritten(): void {
    if (this.unwritable !== undefined) return
    this.exchange?.wire?.requestWritten(this.options.clock.now())
    if (this.state === 'waiting') this.timer.arm(this.options.responseHeadTimeout)
    else if (this.state === 'body' && this.arriving === undefined) this.complete()
  }

  /** For the writer: the request's body broke; what is on the wire is half a request. */
  requestBroken(error: TrafficError): void {
    // One that has answered need not take the rest: what it sends counts (RFC 9112 9.5).
    if (this.arriving !== undefined && error.source === 'upstream') this.writer?.giveUp()
    else this.fail(error)
  }

  /** The upstream is gone, but may have answered before. */
  private readonly writeFailed = (error: Error): boolean => {
    if (this.state !== 'waiting' && this.state !== 'body') return false
    this.unwritable = error
    this.writer?.giveUp()
    if (this.state === 'waiting') this.timer.arm(LAST_READ_TIMEOUT)
    else if (this.state === 'body' && this.arriving === undefined) this.retire()
    return true
  }

  cancelled(error: TrafficError): void {
    this.fail(error)
  }

  destroy(): void {
    // On TLS that is the closure alert (RFC 9112 9.8), which `destroy` does not send; what still waits to be sent is dropped.
    if (this.socket.writableLength === 0) this.socket.end()
    this.socket.destroy()
  }

  private move(event: ClientEvent): void {
    this.state = after(CLIENT_STATES, this.state, event)
  }

  get streaming(): boolean {
    return this.arriving !== undefined || this.tunnel !== undefined
  }

  read(chunk: Buffer, owned: boolean): boolean {
    if (this.arriving !== undefined) return this.arriving.read(owned ? chunk : Buffer.from(chunk))
    if (this.state === 'tunnel') return this.tunnel?.read(owned ? chunk : Buffer.from(chunk)) ?? true
    if (this.state === 'waiting') this.readHead(chunk)
    else this.fail(this.error('malformed_response', 'the upstream sent bytes that belong to no response'))
    return true
  }

  private readHead(chunk: Buffer): void {
    const { exchange, writer } = this
    this.sawBytes = true
    if (exchange === undefined || writer === undefined) return
    const head = this.heads.take(chunk, exchange, writer)
    // Passing a 1xx on may have ended it.
    if (head === undefined || this.state !== 'waiting') return
    if (head instanceof WireFault) {
      const code = head.code === 'response_head_too_large' ? head.code : 'malformed_response'
      return this.fail(this.error(code, spokenInstead(chunk, this.socket) ?? head.message))
    }
    if (head.framing === undefined) this.switchProtocols(head, this.heads.lastFound())
    else this.final(head, head.framing, this.heads.lastFound())
  }

  private switchProtocols(head: ResponseIntake, found: FoundHead): void {
    const early = '101 before all of the request was there (RFC 9110 7.8)'
    if (this.persistence.answeredEarly) return this.fail(this.error('malformed_response', early))
    this.move('switched')
    this.timer.disarm()
    this.tunnel = new TunnelEnd(this.socket, this.options.clock, this.options.tunnelIdleTimeout)
    this.answer?.resolve(responseOf(head, this.tunnel))
    if (found.next < found.buffer.length)
      this.tunnel.read(copyOf(found.buffer, found.next, found.buffer.length))
  }

  private final(head: ResponseIntake, framing: Framing, found: FoundHead): void {
    this.persistence.take(head)
    this.timer.hold()
    this.exchange?.wire?.responded(this.options.clock.now())
    // A body that was held back for a 100 that did not come will never be sent (RFC 9110 10.1.1).
    this.writer?.forgo()
    this.move('head')
    const response = responseOf(head)
    const { answer } = this
    this.beginBody(response, framing, found)
    // Not `this.answer`: the connection may be free by now, and its owner may have sent the next exchange.
    answer?.resolve(response)
  }

  /** Gives the response its body: here already, or still to come. */
  private beginBody(response: HttpResponse, framing: Framing, found: FoundHead): void {
    const { buffer, next } = found
    const here = buffer.length - next
    if (framing === NO_BODY || (framing > 0 && here >= framing)) {
      if (framing > 0) response.body = wholeBody(found, framing)
      // Two responses to one request: neither the second nor the connection is trusted.
      return this.responseRead(here > framing)
    }
    this.arriving = new ResponseBody(this.socket, framing, response.headers, this.options, this)
    response.body = this.arriving.stream
    if (here > 0) this.arriving.read(copyOf(buffer, next, buffer.length))
  }

  responseBroken(code: UpstreamErrorCode, reason: string): void {
    this.fail(this.error(code, reason))
  }

  /** Whoever read the response's body wants no more of it: the rest cannot be skipped, so the connection goes. */
  responseUnwanted(error: TrafficError): void {
    this.fail(error)
  }

  /** The response is complete; the connection is free if the request is, too. */
  responseRead(more: boolean): void {
    this.arriving = undefined
    if (more) this.persistence.spoil()
    if (this.writer === undefined || this.writer.done) this.complete()
    else if (!this.persistence.lasts || this.writer.forgone) this.retire()
  }

  private complete(): void {
    const { exchange } = this
    if (!this.persistence.reusable || this.socket.destroyed) return this.retire()
    this.move('complete')
    this.exchange = undefined
    this.answer = undefined
    this.writer = undefined
    this.timer.hold()
    exchange?.release(this)
    if (this.socket.isPaused()) this.socket.resume()
    this.socket.unref()
    this.owner?.released(this)
  }

  /** The exchange went well, but the connection is not to be used again. */
  private retire(): void {
    const { exchange } = this
    this.exchange = undefined
    exchange?.release(this)
    const more = this.writer?.done === true && this.unwritable === undefined && this.socket.writableLength > 0
    this.writer?.stop()
    this.close()
    if (!more) return this.destroy()
    // One that answered early and reads on gets the rest of what it was promised.
    this.socket.destroySoon()
    this.timer.arm(this.options.pace.idle)
  }

  private ended(): void {
    // Behind a reset the kernel says this, too: the upstream's own end only makes writing fail with EPIPE.
    if (this.unwritable !== undefined && !isBrokenPipe(this.unwritable)) this.lose(undefined)
    else if (this.state === 'tunnel') this.tunnel?.ended()
    else if (!this.arriving?.ended()) this.lose(undefined)
  }

  private timedOut(): void {
    if (this.state === 'closed') this.socket.destroy()
    else if (this.unwritable !== undefined) this.lose(undefined)
    else {
      const reason = `no response head within ${this.options.responseHeadTimeout} ms`
      this.fail(this.error('upstream_timeout', reason))
    }
  }

  private drained(): void {
    if (this.state === 'tunnel') this.tunnel?.drained()
    else this.writer?.drained()
  }

  /** The socket ended or broke. */
  private lose(cause: Error | undefined): void {
    if (this.state === 'closed') return this.timer.disarm()
    const reason = 'the upstream closed the connection before its response was complete'
    this.fail(this.error('upstream_closed', reason, cause ?? this.unwritable))
  }

  /** Ends connection and exchange: whoever waits for either learns why. */
  private fail(error: TrafficError): void {
    const { exchange, arriving, answer } = this
    if (this.state === 'closed') return
    this.exchange = undefined
    this.arriving = undefined
    this.answer = undefined
    exchange?.release(this)
    this.writer?.stop(exchange?.cancellation)
    this.close()
    this.destroy()
    answer?.reject(error)
    arriving?.fail(error)
    this.tunnel?.gone()
  }

  private close(): void {
    this.move('gone')
    this.timer.disarm()
    this.owner?.closed(this)
  }

  private error(code: UpstreamErrorCode, reason: string, cause?: Error): TrafficError {
    return upstreamError(code, reason, {
      exchange: this.exchange,
      bytesSent: this.writer?.bytesSent ?? 0,
      inBody: this.arriving !== undefined,
      stale: this.persistence.exchanges > 1 && !this.sawBytes,
      cause,
    })
  }
}
