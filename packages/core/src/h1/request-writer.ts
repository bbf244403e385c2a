import type { Socket } from 'node:net'
import type { Body } from '../message/body.ts'
import { asksWebSocket, newWebSocketKey } from '../fields/websocket.ts'
import { TrafficError } from '../message/errors.ts'
import { type HttpRequest, isIdempotent } from '../message/request.ts'
import type { Timer } from '../time/timer.ts'
import { BodyWriter, type BodyWriterOwner } from './body-writer.ts'
import type { ClientConnectionOptions } from '../socket/connection-options.ts'
import { framingToSend } from './framing.ts'
import { JOINED_BODY, requestHead } from './write-head.ts'
import { WriteWatch } from '../socket/write-watch.ts'

/** Told how the writing of a request ended. */
export interface RequestWriterOwner {
  requestWritten(): void
  requestBroken(error: TrafficError): void
}

/** Writes one request: joins head and small body in one write, holds a body back that expects 100, lets a stream flow. */
export class RequestWriter implements BodyWriterOwner {
  /** All of the request was handed to the socket. */
  done = false
  /** The body was held back for good: what the head announced will never come. */
  forgone = false
  /** The Sec-WebSocket-Key that was made for a request which came without one over HTTP/2, where there is none (RFC 8441 5). */
  webSocketKey: string | undefined
  private headBytes = 0
  private readonly socket: Socket
  private readonly options: ClientConnectionOptions
  private readonly owner: RequestWriterOwner
  private body: Body | undefined
  private bodyWriter: BodyWriter | undefined
  private held: (() => void) | undefined
  private continueTimer: Timer | undefined
  private watch: WriteWatch | undefined
  private replaySafe: 'idempotent' | 'unknown' = 'unknown'

  constructor(socket: Socket, options: ClientConnectionOptions, owner: RequestWriterOwner) {
    this.socket = socket
    this.options = options
    this.owner = owner
  }

  /** Whether all of the request has left this process: nothing of it waits in the socket. */
  get flushed(): boolean {
    return this.done && this.socket.writableLength === 0
  }

  /** Bytes handed to the socket so far, framing of the body not counted. */
  get bytesSent(): number {
    return this.headBytes + (this.bodyWriter?.written ?? 0)
  }

  /** @throws TrafficError `internal`, with nothing written, if the request would break the framing */
  begin(request: HttpRequest): void {
    const { body } = request
    this.replaySafe = isIdempotent(request.method) ? 'idempotent' : 'unknown'
    const framing = framingToSend(body.length, '1.1')
    const { whole } = body
    const joined = whole !== undefined && whole.length <= JOINED_BODY
    const connection = request.upgrade === undefined ? undefined : 'upgrade'
    if (request.version === '2' && asksWebSocket(request)) this.webSocketKey = newWebSocketKey()
    const head = requestHead(request, framing, connection, joined ? whole.latin1 : '', this.webSocketKey)
    this.headBytes = head.length
    if (joined) {
      this.socket.write(head, 'latin1')
      this.finished()
    } else this.stream(head, request, new BodyWriter(this.socket, framing, this))
  }

  private stream(head: string, request: HttpRequest, bodyWriter: BodyWriter): void {
    const { body } = request
    this.body = body
    this.bodyWriter = bodyWriter
    if (request.headers.get('expect') !== undefined) {
      this.socket.write(head, 'latin1')
      this.held = () => body.flowTo(bodyWriter)
      this.continueTimer = this.options.clock.timer(() => this.proceed())
      this.continueTimer.arm(this.options.continueTimeout)
      return
    }
    this.socket.cork()
    this.socket.write(head, 'latin1')
    body.flowTo(bodyWriter)
    this.socket.uncork()
  }

  /** 100 came, or did not come for so long that the body is sent all the same. */
  proceed(): void {
    this.continueTimer?.disarm()
    const flow = this.held
    this.held = undefined
    flow?.()
  }

  /** A final response came before the body was begun. */
  forgo(): void {
    if (this.held === undefined) return
    this.continueTimer?.disarm()
    this.held = undefined
    this.forgone = true
  }

  drained(): void {
    this.watch?.stop()
    this.body?.resume()
  }

  /** The upstream takes no more of the request, but its response may be here: what the head announced will never come. */
  giveUp(): void {
    this.forgone = !this.done
    this.stop()
  }

  /**
   * The connection is lost, or the response is complete without the rest of the request.
   * @param why told to whoever made the body, where there is more to say than that
   */
  stop(why?: TrafficError): void {
    this.continueTimer?.disarm()
    this.watch?.stop()
    const body = this.body
    this.body = undefined
    this.held = undefined
    if (!this.done)
      body?.cancel(why ?? new TrafficError('cancelled', 'the upstream takes no more of the request body'))
  }

  awaitDrain(): void {
    this.watch ??= new WriteWatch(this.socket, this.options.clock, this.options.pace, () => {
      const reason = 'the upstream takes the request body too slowly'
      const { replaySafe } = this
      const error = new TrafficError('upstream_too_slow', reason, { phase: 'send', replaySafe })
      error.onlyElsewhere = true
      this.bodyBroken(error)
    })
    this.watch.start()
  }

  bodyWritten(): void {
    this.finished()
  }

  bodyBroken(error: TrafficError): void {
    this.watch?.stop()
    this.owner.requestBroken(error)
  }

  private finished(): void {
    this.watch?.stop()
    this.done = true
    this.body = undefined
    this.owner.requestWritten()
  }
}
