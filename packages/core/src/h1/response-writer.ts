import type { Socket } from 'node:net'
import { httpDate } from '../fields/http-date.ts'
import { type Body, cancelBody, type WholeBody } from '../message/body.ts'
import { TrafficError } from '../message/errors.ts'
import type { HttpVersion } from '../message/request.ts'
import { hasNoContent, type HttpResponse } from '../message/response.ts'
import { BodyWriter, type BodyWriterOwner } from './body-writer.ts'
import type { ServerConnectionOptions } from '../socket/connection-options.ts'
import { type Framing, framingToSend, UNTIL_CLOSE } from './framing.ts'
import type { PaceLimits } from '../message/exchange-times.ts'
import { type ConnectionOption, JOINED_BODY } from './write-head.ts'
import { responseHead } from './write-response-head.ts'
import { WriteWatch } from '../socket/write-watch.ts'

/** What the way of writing a response depends on, besides the response. */
export interface ResponseContext {
  /** The request's. */
  readonly method: string
  readonly version: HttpVersion
  /** The protocols that the request asked to switch to, if any. */
  readonly upgrade: string | undefined
  /** Whether the connection ends with this response. */
  readonly last: boolean
  /** How fast the peer must take it. */
  readonly pace: PaceLimits
}

/** Writes one response: decides its framing, joins head and small body in one write, lets a stream flow with back-pressure. */
export class ResponseWriter implements BodyWriterOwner {
  begun = false
  status: number | undefined
  last = false
  private readonly socket: Socket
  private readonly options: ServerConnectionOptions
  private readonly done: (error: TrafficError | undefined) => void
  private body: Body | undefined
  private bodyWriter: BodyWriter | undefined
  private watch: WriteWatch | undefined
  private wholeBytes = 0
  private pace: PaceLimits

  /** @param done called once, when the body is handed to the socket, or broken */
  constructor(
    socket: Socket,
    options: ServerConnectionOptions,
    done: (error: TrafficError | undefined) => void,
  ) {
    this.socket = socket
    this.options = options
    this.pace = options.pace
    this.done = done
  }

  /** Bytes of content written so far. */
  get bodyBytes(): number {
    return this.bodyWriter?.written ?? this.wholeBytes
  }

  /** Whether the peer takes the connection's end for the body's. */
  get untilClose(): boolean {
    return this.bodyWriter?.untilClose ?? false
  }

  /** @throws TrafficError `internal`, with nothing written, if the response's status or fields would break the framing */
  begin(response: HttpResponse, context: ResponseContext): void {
    const { status, headers, body } = response
    if (!endsExchange(status) && !switches(response, context)) throw noFinalStatus(status)
    const framing = hasNoContent(context.method, status)
      ? undefined
      : framingToSend(body.length, context.version)
    const last = context.last || framing === UNTIL_CLOSE
    const connection = connectionOption(status, last, context.version)
    const date = httpDate(this.options.clock.wallTime())
    const { whole } = body
    const joined = framing !== undefined && whole !== undefined && whole.length <= JOINED_BODY
    const head = responseHead(
      { status, headers, framing, connection, upgrade: context.upgrade, date },
      joined ? whole.latin1 : '',
    )
    this.begun = true
    this.pace = context.pace
    this.status = status
    this.last = last
    if (joined) {
      this.wholeBytes = whole.length
      this.socket.write(head, 'latin1')
      return this.done(undefined)
    }
    if (framing === undefined) {
      this.socket.write(head, 'latin1')
      if (body.whole === undefined) body.cancel(new TrafficError('cancelled', 'this response has no content'))
      // A switch of protocols is not the end: bytes follow, both ways.
      if (status !== 101) this.done(undefined)
    } else if (whole !== undefined) this.writeWhole(head, whole)
    else this.stream(head, body, framing)
  }

  private writeWhole(head: string, body: WholeBody): void {
    this.wholeBytes = body.length
    this.socket.cork()
    this.socket.write(head, 'latin1')
    this.socket.write(body.bytes)
    this.socket.uncork()
    this.done(undefined)
  }

  private stream(head: string, body: Body, framing: Framing): void {
    this.body = body
    this.bodyWriter = new BodyWriter(this.socket, framing, this)
    // What is here of the body already leaves with the head.
    this.socket.cork()
    this.socket.write(head, 'latin1')
    body.flowTo(this.bodyWriter)
    this.socket.uncork()
  }

  awaitDrain(): void {
    this.watch ??= new WriteWatch(this.socket, this.options.clock, this.pace, () => {
      this.abandon(new TrafficError('downstream_too_slow', 'the peer takes the response too slowly'))
    })
    this.watch.start()
  }

  /** The socket has room again. */
  drained(): void {
    this.watch?.stop()
    this.body?.resume()
  }

  /** The peer is lost: stops the body, and tells. */
  abandon(error: TrafficError): void {
    this.settle(error)
  }

  bodyWritten(): void {
    this.settle(undefined)
  }

  bodyBroken(error: TrafficError): void {
    this.settle(error)
  }

  private settle(error: TrafficError | undefined): void {
    this.watch?.stop()
    const body = this.body
    this.body = undefined
    if (error !== undefined && body !== undefined) cancelBody(body, error)
    this.done(error)
  }
}

/** Whether it is the status of a final response (RFC 9110 section 15): a peer waits on after any other. */
function endsExchange(status: number): boolean {
  return status >= 200 && status <= 599 && Number.isInteger(status)
}

function switches({ status, tunnel, headers }: HttpResponse, { upgrade }: ResponseContext): boolean {
  if (status !== 101 || tunnel === undefined || upgrade === undefined) return false
  // Which protocol it is must be told; where one was asked for, it is that one.
  return headers.has('upgrade') || !upgrade.includes(',')
}

function noFinalStatus(status: number): TrafficError {
  const reason = `the response has status ${status}: a final one is within 200 to 599, and 101 needs a tunnel, a request for it, and an Upgrade field where there is a choice`
  return new TrafficError('internal', reason, { phase: 'send' })
}

function connectionOption(status: number, last: boolean, version: HttpVersion): ConnectionOption {
  if (status === 101) return 'upgrade'
  if (last) return 'close'
  return version === '1.0' ? 'keep-alive' : undefined
}

/** Writes the response to a request that was not accepted; nothing follows it. */
export function writeLast(response: HttpResponse, socket: Socket, options: ServerConnectionOptions): void {
  const writer = new ResponseWriter(socket, options, () => {})
  writer.begin(response, {
    method: 'GET',
    version: '1.1',
    upgrade: undefined,
    last: true,
    pace: options.pace,
  })
}
