import type { Socket } from 'node:net'
import { type Body, StreamBody } from '../message/body.ts'
import { TrafficError } from '../message/errors.ts'
import type { Exchange } from '../message/exchange.ts'
import type { HeaderList } from '../message/headers.ts'
import type { HttpVersion } from '../message/request.ts'
import { type Responder, checkResponse, discard } from '../message/responder.ts'
import type { HttpResponse, Tunnel } from '../message/response.ts'
import type { ServerConnectionOptions } from '../socket/connection-options.ts'
import type { PaceLimits } from '../message/exchange-times.ts'
import { ResponseWriter } from './response-writer.ts'
import { openTunnel, type TunnelEnd } from './tunnel.ts'
import { informationalHead } from './write-response-head.ts'

/** One exchange of a server connection, from the handler's response to the outcome. */
export class Answer {
  readonly exchange: Exchange
  /** The protocols that the peer asked to switch to. */
  readonly upgrade: string | undefined
  private readonly socket: Socket
  private readonly options: ServerConnectionOptions
  private readonly responder: Responder
  private readonly writer: ResponseWriter
  /** What the peer asked: a policy may change the request on its way, but not what the peer waits for. */
  private readonly method: string
  private readonly version: HttpVersion
  /** The request's content as it came; a policy may put another in its place. */
  content: Body
  /** Our end of the tunnel, once the protocol was switched. */
  tunnel: TunnelEnd | undefined

  /** @param done told when the response is written, or broken: then the connection cannot be used again */
  constructor(
    socket: Socket,
    exchange: Exchange,
    options: ServerConnectionOptions,
    responder: Responder,
    done: (answer: Answer, error: TrafficError | undefined) => void,
  ) {
    const { method, version, upgrade, body } = exchange.request
    this.exchange = exchange
    this.options = options
    this.responder = responder
    this.method = method
    this.version = version
    this.upgrade = upgrade
    this.content = body
    this.socket = socket
    this.writer = new ResponseWriter(socket, options, (error) => done(this, error))
    // HTTP/1.0 has no 1xx (RFC 9110 15.2).
    if (version === '1.1') exchange.inform = this.inform
  }

  private readonly inform = (status: number, headers: HeaderList): void => {
    if (!this.begun && this.exchange.cancellation === undefined) {
      this.exchange.beforeInform?.(headers)
      this.socket.write(informationalHead(status, headers), 'latin1')
    }
  }

  /** How fast the peer must take the response. */
  get pace(): PaceLimits {
    return this.exchange.times?.downstream ?? this.options.pace
  }

  /** Tells the peer to go on with the body (RFC 9110 10.1.1). */
  sendContinue(): void {
    if (!this.begun) this.socket.write('HTTP/1.1 100 Continue\r\n\r\n', 'latin1')
  }

  /** Whether the head of the final response is out. */
  get begun(): boolean {
    return this.writer.begun
  }

  /** Whether the response said that the connection ends with it. */
  get last(): boolean {
    return this.writer.last
  }

  /** Whether the peer takes the connection's end for the body's. */
  get untilClose(): boolean {
    return this.writer.untilClose
  }

  /**
   * Writes the response; false if a policy put something into it that must not get out, and an error went out instead.
   * @param unread whether the request's body has not arrived whole
   */
  write(response: HttpResponse, last: boolean, unread: boolean): boolean {
    const { method, version, upgrade, writer } = this
    try {
      checkResponse(response)
      if (unread && response.tunnel !== undefined) throw switchedTooEarly()
      writer.begin(response, { method, version, upgrade, last, pace: this.pace })
      return true
    } catch (thrown) {
      const error = TrafficError.from(thrown)
      discard(response, error)
      // Once its head is out, no other response may follow.
      if (writer.begun) writer.abandon(error)
      else writer.begin(this.refusal(error), { method, version, upgrade, last: true, pace: this.pace })
      return false
    }
  }

  /** Once 101 is written: bytes pass both ways from now on. */
  openTunnel(upstream: Tunnel): TunnelEnd {
    const { clock, tunnelIdleTimeout } = this.options
    const idle = this.exchange.times?.streamIdle ?? tunnelIdleTimeout
    this.tunnel = openTunnel(this.socket, upstream, clock, idle)
    return this.tunnel
  }

  /** The response for an exchange that failed: the log tells why. */
  refusal(thrown: unknown): HttpResponse {
    const error = TrafficError.from(thrown)
    this.exchange.error = error
    return this.responder.refusal(error, this.exchange, this.exchange.peer)
  }

  /** The socket has room again. */
  drained(): void {
    this.writer.drained()
  }

  /** The peer is lost. In this order: what has finished cannot be cancelled any more. */
  abandon(error: TrafficError): void {
    this.exchange.cancel(error)
    this.writer.abandon(error)
    this.conclude(error)
  }

  /** Tells the exchange how it ended; what follows the first time is without effect. */
  conclude(error: TrafficError | undefined): void {
    const { content, exchange, tunnel, writer } = this
    const received = content instanceof StreamBody ? content.received : (content.length ?? 0)
    exchange.finish({
      status: writer.status,
      error: error ?? exchange.error,
      bytesSent: writer.bodyBytes + (tunnel?.written ?? 0),
      bytesReceived: received + (tunnel?.incoming.received ?? 0),
    })
  }
}

/** What is left of the request would pass for the new protocol (RFC 9110 7.8). */
function switchedTooEarly(): TrafficError {
  return new TrafficError('internal', 'the protocol was switched before the request body was read')
}
