import type { Socket } from 'node:net'
import { TrafficError } from '../message/errors.ts'
import type { Cancellable, Exchange } from '../message/exchange.ts'
import { HttpResponse } from '../message/response.ts'
import type { Timer } from '../time/timer.ts'
import type { ClientConnectionOptions } from './connection-options.ts'
import { WireFault } from './fault.ts'
import { type Framing, NO_BODY } from './framing.ts'
import type { ResponseHead } from './head.ts'
import { type FoundHead, HeadBuffer, wholeBody } from './head-buffer.ts'
import { RequestWriter } from './request-writer.ts'
import { ResponseBody, type ResponseBodyOwner } from './response-body.ts'
import { type ResponseIntake, takeInResponse } from './response-intake.ts'
import type { ReadTarget, SocketReader } from './socket-reader.ts'
import { after, CLIENT_STATES, type ClientEvent, type ClientState } from './states.ts'
import { TunnelEnd } from './tunnel.ts'
import { type UpstreamErrorCode, upstreamError } from './upstream-error.ts'

/** Whoever keeps the connection between exchanges. */
export interface ClientConnectionOwner {
  /** An exchange is over with proven framing: the connection may take another. */
  released(connection: ClientConnection): void
  /** It is gone; called once. */
  closed(connection: ClientConnection): void
}

/**
 * One HTTP/1.1 connection on which requests are sent, one exchange at a time. The rows of `CLIENT_STATES` are its life.
 * It is used again only when request and response are both proven finished; octets that arrive while it is idle destroy it.
 */
export class ClientConnection implements ResponseBodyOwner, Cancellable, ReadTarget {
  owner: ClientConnectionOwner | undefined
  /** Exchanges sent. */
  exchanges = 0
  readonly socket: Socket
  private readonly options: ClientConnectionOptions
  private readonly head: HeadBuffer
  private readonly timer: Timer
  private state: ClientState = 'idle'
  private exchange: Exchange | undefined
  private resolve: ((response: HttpResponse) => void) | undefined
  private reject: ((error: TrafficError) => void) | undefined
  private writer: RequestWriter | undefined
  private arriving: ResponseBody | undefined
  private tunnel: TunnelEnd | undefined
  private persistent = true
  private sawOctets = false
  private interimOctets = 0

  /**
   * @param socket connected, and for TLS verified
   * @param reader what the socket was connected with, so that it reads into it
   */
  constructor(socket: Socket, reader: SocketReader, options: ClientConnectionOptions) {
    this.socket = socket
    this.options = options
    this.head = new HeadBuffer(options.limits.head, 'malformed_response')
    this.timer = options.clock.timer(() => {
      this.fail(this.error('upstream_timeout', `no response head within ${options.responseHeadTimeout} ms`))
    })
    reader.target = this
    socket.on('end', () => this.ended())
    socket.on('drain', () => this.drained())
    socket.on('error', (error: Error) => this.lose(error))
    socket.on('close', () => this.lose(undefined))
  }

  /**
   * Sends the exchange's request and resolves with the head of the final response, whose body may still be arriving.
   * Rejects with a TrafficError. One exchange at a time: the owner sees to that.
   */
  send(exchange: Exchange): Promise<HttpResponse> {
    this.move('sent')
    this.exchange = exchange
    this.exchanges++
    this.sawOctets = false
    this.interimOctets = 0
    this.persistent = true
    exchange.occupy(this)
    return new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
      this.writer = new RequestWriter(this.socket, this.options, this)
      try {
        this.writer.begin(exchange.request)
      } catch (thrown) {
        this.fail(TrafficError.from(thrown))
      }
    })
  }

  /** Whether it is of no further use. */
  get closed(): boolean {
    return this.state === 'closed'
  }

  /** For the writer: the request is out, now it is the upstream's turn. */
  requestWritten(): void {
    if (this.state === 'waiting') this.timer.arm(this.options.responseHeadTimeout)
    else if (this.state === 'body' && this.arriving === undefined) this.complete()
  }

  /** For the writer: the request's body broke; what is on the wire is half a request. */
  requestBroken(error: TrafficError): void {
    this.fail(error)
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
    else this.fail(this.error('malformed_response', 'the upstream sent octets that belong to no response'))
    return true
  }

  private readHead(chunk: Buffer): void {
    this.sawOctets = true
    let rest: Buffer | undefined = chunk
    while (rest !== undefined) {
      const found = this.head.take(rest)
      const { exchange } = this
      if (found === undefined || exchange === undefined) return
      if (found instanceof WireFault) return this.fail(this.headError(found))
      const head = takeInResponse(found, exchange.request, this.options.limits)
      if (head instanceof WireFault) return this.fail(this.headError(head))
      const { framing } = head
      rest = framing === undefined ? this.interim(head, found) : this.final(head, framing, found)
    }
  }

  private headError(fault: WireFault): TrafficError {
    const code = fault.code === 'response_head_too_large' ? fault.code : 'malformed_response'
    return this.error(code, fault.message)
  }

  /** A 1xx response (RFC 9110 15.2); answers the octets behind it, in which the next head is looked for. */
  private interim(head: ResponseHead, found: FoundHead): Buffer | undefined {
    if (head.status === 101) return this.switchProtocols(head, found)
    // Each may have to wait for a slow peer: without a limit an upstream could fill the memory with them.
    this.interimOctets += found.next
    if (this.interimOctets > this.options.limits.head) {
      const reason = `the 1xx responses before the final one are larger than ${this.options.limits.head} octets`
      this.fail(this.error('response_head_too_large', reason))
      return undefined
    }
    if (head.status === 100) this.writer?.proceed()
    else this.exchange?.inform?.(head.status, head.headers)
    return found.next < found.buffer.length ? found.buffer.subarray(found.next) : undefined
  }

  private switchProtocols(head: ResponseHead, found: FoundHead): undefined {
    this.move('switched')
    this.timer.disarm()
    this.tunnel = new TunnelEnd(this.socket, this.options.clock, this.options.tunnelIdleTimeout)
    this.resolve?.(new HttpResponse(101, head.headers, undefined, this.tunnel))
    if (found.next < found.buffer.length) this.tunnel.read(Buffer.from(found.buffer.subarray(found.next)))
  }

  private final(head: ResponseIntake, framing: Framing, found: FoundHead): undefined {
    this.persistent = head.persistent
    this.timer.hold()
    // A body that was held back for a 100 that did not come will never be sent (RFC 9110 10.1.1).
    this.writer?.forgo()
    this.move('head')
    const response = new HttpResponse(head.status, head.headers)
    const { resolve } = this
    this.beginBody(response, framing, found)
    // Not `this.resolve`: the connection may be free by now, and its owner may have sent the next exchange.
    resolve?.(response)
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
    if (here > 0) this.arriving.read(Buffer.from(buffer.subarray(next)))
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
    if (more) this.persistent = false
    if (this.writer === undefined || this.writer.done) this.complete()
    else if (!this.persistent || this.writer.forgone) this.retire()
  }

  private complete(): void {
    const { exchange } = this
    if (!this.persistent || this.socket.destroyed) return this.retire()
    this.move('complete')
    this.exchange = undefined
    this.resolve = undefined
    this.reject = undefined
    this.writer = undefined
    this.timer.hold()
    exchange?.release(this)
    if (this.socket.isPaused()) this.socket.resume()
    this.owner?.released(this)
  }

  /** The exchange went well, but the connection is not to be used again. */
  private retire(): void {
    const { exchange } = this
    this.exchange = undefined
    exchange?.release(this)
    this.writer?.stop()
    this.close()
    this.destroy()
  }

  private ended(): void {
    if (this.state === 'tunnel') this.tunnel?.ended()
    else if (!this.arriving?.ended()) this.lose(undefined)
  }

  private drained(): void {
    if (this.state === 'tunnel') this.tunnel?.drained()
    else this.writer?.drained()
  }

  /** The socket ended or broke. */
  private lose(cause: Error | undefined): void {
    if (this.state === 'closed') return
    this.fail(
      this.error(
        'upstream_closed',
        'the upstream closed the connection before its response was complete',
        cause,
      ),
    )
  }

  /** Ends connection and exchange: whoever waits for either learns why. */
  private fail(error: TrafficError): void {
    const { exchange, arriving, reject } = this
    if (this.state === 'closed') return
    this.exchange = undefined
    this.arriving = undefined
    this.resolve = undefined
    this.reject = undefined
    exchange?.release(this)
    this.writer?.stop()
    this.close()
    this.destroy()
    reject?.(error)
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
      stale: this.exchanges > 1 && !this.sawOctets,
      cause,
    })
  }
}
